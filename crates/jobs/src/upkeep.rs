//! Jobs that need nothing but the database.

use releasepage_domain::job::JobPayload;
use releasepage_storage::{
    Store,
    clock::Clock,
    group_closing::group_close_due,
    releases::{ReleaseContext, release_publish_due},
    retention::{Retention, prune},
};

use crate::{
    handler::{Job, JobEnd, JobFailure},
    runner::Recurring,
};

/// Publishes scheduled releases, closes groups and removes what is past its retention.
#[derive(Clone, Debug)]
pub struct Upkeep {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The time to take a release back before anyone is mailed.
    pub notify_delay: chrono::Duration,
    /// How long what is kept.
    pub retention: Retention,
}

impl Upkeep {
    /// The recurring part of the work.
    pub fn recurring() -> Vec<Recurring> {
        vec![Recurring { name: "prune", payload: JobPayload::Prune, every: chrono::Duration::hours(1) }]
    }

    /// Does a job of this kind; `None` for any other kind.
    pub async fn handle(&self, job: &Job) -> Option<Result<JobEnd, JobFailure>> {
        let context = ReleaseContext { notify_delay: self.notify_delay, now: self.clock.now(), is_news: true };
        let done = match &job.payload {
            JobPayload::GroupClose { group } => {
                let closed = group_close_due(&self.store, *group, context).await;
                return Some(closed.map(|again| again.map_or(JobEnd::Done, JobEnd::PutOff)).map_err(JobFailure::from));
            }
            JobPayload::ReleasePublish { release } => release_publish_due(&self.store, release.clone(), context).await,
            JobPayload::Prune => prune(&self.store, self.retention, context.now).await,
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
}
