//! The jobs that need only the database.

use std::{fmt, sync::Arc};

use releasepage_domain::job::JobPayload;
use releasepage_storage::{
    Store,
    database::clock::Clock,
    groups::closing::{group_close_due, group_jobs_restore},
    jobs::retention::{Retention, prune},
    releases::{edits::release_publish_due, row::ReleaseContext, version_rules::version_rules_apply},
    subscribers::address_rules::address_rules_apply,
};

use crate::{
    handler::{JobEnd, JobFailure},
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

    /// Closes a group, if its time has come.
    pub async fn group_close(&self, group: i64) -> Result<JobEnd, JobFailure> {
        let again = group_close_due(&self.store, group, self.context()).await?;
        Ok(again.map_or(JobEnd::Done, JobEnd::PutOff))
    }

    /// Publishes a scheduled release, if its time has come.
    pub async fn release_publish(&self, release: &str) -> Result<JobEnd, JobFailure> {
        release_publish_due(&self.store, release.to_owned(), self.context()).await?;
        Ok(JobEnd::Done)
    }

    /// Computes versions and bumps again if an older version of the program computed them, and folds addresses again if
    /// an older version folded them.
    pub async fn rules_apply(&self) -> Result<JobEnd, JobFailure> {
        let done = version_rules_apply(&self.store).await?;
        if done > 0 {
            tracing::info!(repositories = done, "versions and bumps were computed again, by the rules of this program");
        }
        let key = self.address_key.clone();
        let folded = address_rules_apply(&self.store, move |address| (key.0)(address), self.clock.now()).await?;
        if folded > 0 {
            tracing::info!(addresses = folded, "addresses were folded again, by the rules of this program");
        }
        Ok(JobEnd::Done)
    }

    /// Removes data that is past its retention, and gives each open group whose job failed for good another job.
    pub async fn tidy(&self) -> Result<JobEnd, JobFailure> {
        let now = self.clock.now();
        let restored = group_jobs_restore(&self.store, now).await?;
        if restored > 0 {
            tracing::warn!(groups = restored, "open groups had no job that would close them: they have one again");
        }
        prune(&self.store, self.retention, now).await?;
        Ok(JobEnd::Done)
    }

    fn context(&self) -> ReleaseContext {
        ReleaseContext { notify_delay: self.notify_delay, now: self.clock.now(), is_news: true }
    }
}
