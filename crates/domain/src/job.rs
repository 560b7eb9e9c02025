//! Jobs: pieces of work that survive a crash.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::conflict::Conflict;

/// The lanes, in the order in which workers serve them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Work that somebody waits for: a message in an inbox, or a release on a page.
    Prompt,
    /// Deliveries of announcements.
    Delivery,
    /// Work that can wait, such as cleaning up.
    Maintenance,
}

crate::text::named! {
    Lane {
        Prompt => "prompt",
        Delivery => "delivery",
        Maintenance => "maintenance",
    }
}

impl Lane {
    /// Returns the lane's place in the queue. The lowest is served first.
    pub const fn rank(self) -> i32 {
        match self {
            Self::Prompt => 0,
            Self::Delivery => 1,
            Self::Maintenance => 2,
        }
    }
}

/// The state of a job. A finished job is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// The job waits for its time and a worker.
    Ready,
    /// A worker holds its lease.
    Running,
    /// The job used all its attempts. It is a dead letter until somebody replays it.
    Dead,
}

crate::text::named! {
    JobState {
        Ready => "ready",
        Running => "running",
        Dead => "dead",
    }
}

/// The work of a job. Payloads carry ids, not content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobPayload {
    /// Decide the answer to a request for a subscription, and send its email.
    SubscriptionAnswer {
        /// The request.
        request: i64,
    },
    /// Process a delivery in which a forge reports a release.
    SourceEvent {
        /// The delivery of the webhook.
        delivery: i64,
    },
    /// Fetch the releases that already existed when a repository was added.
    SourceBackfill {
        /// The repository.
        repository: i64,
    },
    /// Ask a repository's forge for releases that its webhook did not report.
    SourcePoll {
        /// The repository.
        repository: i64,
    },
    /// Write a job for each repository whose polling is due.
    SourcePolls,
    /// Publish a scheduled release if its time has come.
    ReleasePublish {
        /// The release.
        release: String,
    },
    /// Close a group if its time has come.
    GroupClose {
        /// The group.
        group: i64,
    },
    /// Write the deliveries of an announcement.
    AnnouncementSpread {
        /// The announcement.
        announcement: i64,
    },
    /// Send the deliveries of an announcement in a range of ids.
    DeliverySend {
        /// The announcement.
        announcement: i64,
        /// The first delivery.
        first: i64,
        /// The last delivery.
        last: i64,
    },
    /// Compute versions and bumps, and fold addresses, again that rules of an earlier version of the program made.
    VersionRules,
    /// Delete data that is past its retention.
    Prune,
}

impl JobPayload {
    /// Returns the name of the kind of work, as in the payload and the logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::SubscriptionAnswer { .. } => "subscription_answer",
            Self::SourceEvent { .. } => "source_event",
            Self::SourceBackfill { .. } => "source_backfill",
            Self::SourcePoll { .. } => "source_poll",
            Self::SourcePolls => "source_polls",
            Self::ReleasePublish { .. } => "release_publish",
            Self::GroupClose { .. } => "group_close",
            Self::AnnouncementSpread { .. } => "announcement_spread",
            Self::DeliverySend { .. } => "delivery_send",
            Self::VersionRules => "version_rules",
            Self::Prune => "prune",
        }
    }

    /// Returns the lane of the work.
    pub const fn lane(&self) -> Lane {
        match self {
            Self::SubscriptionAnswer { .. }
            | Self::SourceEvent { .. }
            | Self::ReleasePublish { .. }
            | Self::GroupClose { .. } => Lane::Prompt,
            Self::AnnouncementSpread { .. } | Self::DeliverySend { .. } => Lane::Delivery,
            Self::SourceBackfill { .. }
            | Self::SourcePoll { .. }
            | Self::SourcePolls
            | Self::VersionRules
            | Self::Prune => Lane::Maintenance,
        }
    }
}

/// The number of attempts after which a job becomes a dead letter. Deliveries to a mail server count their own time.
/// They are delayed instead of failed.
pub const ATTEMPTS_MAX: i32 = 12;

/// The number of times that a worker can take a job and die before the job becomes a dead letter. It is larger than
/// [`ATTEMPTS_MAX`], since a machine that restarts again and again is not the fault of the job.
pub const CLAIMS_MAX: i32 = 50;

/// Returns the time to wait after a failed attempt. It starts at 1 s, doubles each time and is at most an hour.
/// `jitter` (0 to 1) shortens it by up to half. `attempt` counts from 1.
pub fn job_backoff(attempt: i32, jitter: f64) -> Duration {
    let exponent = attempt.clamp(1, 13) - 1;
    let full = Duration::from_secs((1_u64 << exponent).min(3_600));
    full.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

/// The conflict where a job is to be tried again that is not a dead letter.
pub const JOB_NOT_DEAD: Conflict = Conflict("only a dead job can be tried again, and this one is not dead");

/// The conflict where mail is to be given up while workers send it.
pub const QUEUE_NOT_HELD: Conflict = Conflict("the queue is not held");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_read_back() {
        let payload = JobPayload::DeliverySend { announcement: 1, first: 2, last: 3 };
        let json = serde_json::to_value(&payload).expect("a payload can be written as JSON");
        assert_eq!(json["kind"], payload.kind());
        assert_eq!(serde_json::from_value::<JobPayload>(json).expect("a written payload can be read"), payload);
    }

    #[test]
    fn backoff_grows_and_ends() {
        assert_eq!(job_backoff(1, 1.0), Duration::from_secs(1));
        assert_eq!(job_backoff(4, 1.0), Duration::from_secs(8));
        assert_eq!(job_backoff(4, 0.0), Duration::from_secs(4));
        assert_eq!(job_backoff(i32::MAX, 1.0), Duration::from_secs(3_600));
        assert_eq!(job_backoff(i32::MIN, 1.0), Duration::from_secs(1));
    }
}
