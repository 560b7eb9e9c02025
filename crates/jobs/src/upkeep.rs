//! The jobs that need only the database.

use releasepage_domain::{job::JobPayload, time::UtcTime};
use releasepage_storage::{
    Store, StoreError,
    database::clock::Clock,
    groups::closing::{group_close_due, group_jobs_restore},
    jobs::retention::{Retention, prune},
    releases::{edits::release_publish_due, row::ReleaseContext, version_rules::version_rules_apply},
};

use crate::{
    handler::{Job, JobEnd, JobFailure},
    runner::Recurring,
};

/// The handler of upkeep. It publishes scheduled releases, closes groups, and removes data past its retention. It also
/// restores the job of an open group whose job failed for good.
#[derive(Clone, Debug)]
pub struct Upkeep {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The time to take a release back before subscribers are notified.
    pub notify_delay: chrono::Duration,
    /// The times for which data is kept.
    pub retention: Retention,
}

impl Upkeep {
    /// The jobs that recur at an interval.
    pub fn recurring() -> Vec<Recurring> {
        let hourly = |name, payload| Recurring { name, payload, every: chrono::Duration::hours(1) };
        vec![hourly("prune", JobPayload::Prune), hourly("version_rules", JobPayload::VersionRules)]
    }

    /// Runs a job of this kind. Returns `None` for any other kind.
    pub async fn handle(&self, job: &Job) -> Option<Result<JobEnd, JobFailure>> {
        let context = ReleaseContext { notify_delay: self.notify_delay, now: self.clock.now(), is_news: true };
        let done = match &job.payload {
            JobPayload::GroupClose { group } => {
                let closed = group_close_due(&self.store, *group, context).await;
                return Some(closed.map(|again| again.map_or(JobEnd::Done, JobEnd::PutOff)).map_err(JobFailure::from));
            }
            JobPayload::ReleasePublish { release } => release_publish_due(&self.store, release.clone(), context).await,
            JobPayload::Prune => self.tidy(context.now).await,
            JobPayload::VersionRules => self.rules_apply().await,
            JobPayload::SubscriptionAnswer { .. }
            | JobPayload::SourceEvent { .. }
            | JobPayload::SourceBackfill { .. }
            | JobPayload::SourcePoll { .. }
            | JobPayload::SourcePolls
            | JobPayload::AnnouncementSpread { .. }
            | JobPayload::DeliverySend { .. } => return None,
        };
        Some(done.map(|()| JobEnd::Done).map_err(JobFailure::from))
    }

    /// Computes versions and bumps again if an older version of the program computed them.
    async fn rules_apply(&self) -> Result<(), StoreError> {
        let done = version_rules_apply(&self.store).await?;
        if done > 0 {
            tracing::info!(repositories = done, "versions and bumps were computed again, by the rules of this program");
        }
        Ok(())
    }

    /// Does the hourly work.
    async fn tidy(&self, now: UtcTime) -> Result<(), StoreError> {
        let restored = group_jobs_restore(&self.store, now).await?;
        if restored > 0 {
            tracing::warn!(groups = restored, "open groups had no job that would close them: they have one again");
        }
        prune(&self.store, self.retention, now).await
    }
}
