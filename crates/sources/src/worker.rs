//! The job that processes a stored webhook request.

use chrono::Duration;
use releasepage_auth::random::release_id_new;
use releasepage_domain::job::ATTEMPTS_MAX;
use releasepage_jobs::handler::{Job, JobEnd, JobFailure};
use releasepage_storage::{
    Store, StoreError,
    database::clock::Clock,
    releases::row::ReleaseContext,
    sources::{hook_deliveries::hook_delivery_fail, releases::source_event_apply},
};

/// The wait until a failure is recorded again, if the database is not available.
const NOTE_AGAIN: Duration = Duration::minutes(1);

/// The worker that processes webhook requests.
#[derive(Clone, Debug)]
pub struct SourceWorker {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The time to take a release back before subscribers are notified.
    pub notify_delay: Duration,
}

impl SourceWorker {
    /// Processes one delivery.
    pub async fn event_apply(&self, job: &Job, delivery: i64) -> Result<JobEnd, JobFailure> {
        let context = ReleaseContext { notify_delay: self.notify_delay, now: self.clock.now(), is_news: true };
        match source_event_apply(&self.store, delivery, release_id_new, context).await {
            Ok(()) => Ok(JobEnd::Done),
            Err(error) if job.attempt < ATTEMPTS_MAX => Err(JobFailure::Retry(error.to_string())),
            Err(error) => self.give_up(delivery, &error).await,
        }
    }

    /// Records for the owner that a webhook request cannot be processed. The job does not end before that is recorded,
    /// so every failure can be seen.
    async fn give_up(&self, delivery: i64, error: &StoreError) -> Result<JobEnd, JobFailure> {
        let message = match error {
            StoreError::NotFound | StoreError::Conflict(_) | StoreError::Faults(_) => error.to_string(),
            // The text of a database error goes only to the operator's log.
            StoreError::Unavailable(_) | StoreError::Database(_) => {
                "the server failed to process it; let the forge deliver it again".to_owned()
            }
        };
        match hook_delivery_fail(&self.store, delivery, message).await {
            Ok(()) => Err(JobFailure::Fail(error.to_string())),
            Err(unnoted) => {
                tracing::warn!(error = %unnoted, "the failure of a delivery cannot be noted yet");
                Ok(JobEnd::PutOff(self.clock.now() + NOTE_AGAIN))
            }
        }
    }
}
