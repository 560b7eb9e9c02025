//! The jobs that need only the database.

use std::{fmt, sync::Arc};

use releasepage_domain::{job::JobPayload, time::UtcTime};
use releasepage_storage::{
    Store, StoreError,
    database::clock::Clock,
    groups::closing::{group_close_due, group_jobs_restore},
    jobs::retention::{Retention, prune},
    releases::{edits::release_publish_due, row::ReleaseContext, version_rules::version_rules_apply},
    subscribers::address_rules::address_rules_apply,
};

use crate::{
    handler::{Job, JobEnd, JobFailure},
    runner::Recurring,
};

/// Makes the keyed hash of a folded address, under which mail to it is suppressed.
#[derive(Clone)]
pub struct AddressKey(Arc<dyn Fn(&str) -> String + Send + Sync>);

impl AddressKey {
    /// Takes the function that makes the hash.
    pub fn new(key: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(key))
    }
}

impl fmt::Debug for AddressKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AddressKey")
    }
}

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
    /// The keyed hash of addresses.
    pub address_key: AddressKey,
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
            JobPayload::VersionRules => self.rules_apply(context.now).await,
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

    /// Computes versions and bumps again if an older version of the program computed them, and folds addresses again if
    /// an older version folded them.
    async fn rules_apply(&self, now: UtcTime) -> Result<(), StoreError> {
        let done = version_rules_apply(&self.store).await?;
        if done > 0 {
            tracing::info!(repositories = done, "versions and bumps were computed again, by the rules of this program");
        }
        let key = self.address_key.clone();
        let folded = address_rules_apply(&self.store, move |address| (key.0)(address), now).await?;
        if folded > 0 {
            tracing::info!(addresses = folded, "addresses were folded again, by the rules of this program");
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
