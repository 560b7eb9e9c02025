//! Pieces of work that survive a crash.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The lanes, in the order in which they are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Somebody waits in front of an inbox, or for a release to appear.
    Prompt,
    /// Announcements.
    Delivery,
    /// Cleaning up.
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
    /// The lane's place in the queue: lower is served first.
    pub const fn rank(self) -> i32 {
        match self {
            Self::Prompt => 0,
            Self::Delivery => 1,
            Self::Maintenance => 2,
        }
    }
}

/// Where a job stands. Done jobs are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waits for its time and a worker.
    Ready,
    /// A worker holds its lease.
    Running,
    /// Past its attempts: a dead letter, until somebody replays it.
    Dead,
}

crate::text::named! {
    JobState {
        Ready => "ready",
        Running => "running",
        Dead => "dead",
    }
}

/// What is to be done. Payloads carry ids, not content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobPayload {
    /// Decide what becomes of a subscription request, and send its mail.
    SubscriptionAnswer {
        /// The request.
        request: i64,
    },
    /// Process what a forge told of a release.
    SourceEvent {
        /// The delivery.
        delivery: i64,
    },
    /// Fetch the releases that were there when a repository was added.
    SourceBackfill {
        /// The repository.
        repository: i64,
    },
    /// Ask a repository's forge for what its webhook missed.
    SourcePoll {
        /// The repository.
        repository: i64,
    },
    /// Write down which repositories are to be polled.
    SourcePolls,
    /// Publish a scheduled release, if its time has come.
    ReleasePublish {
        /// The release.
        release: String,
    },
    /// Close a group, if its time has come.
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
    /// Compute versions and bumps again where that was done by the rules of an earlier release of the program.
    VersionRules,
    /// Remove what is past its retention.
    Prune,
}

impl JobPayload {
    /// The name of the kind of work, as in the payload and the logs.
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

    /// The lane that the work belongs to.
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

/// How often a job is tried before it becomes a dead letter. Work that waits for a mail server counts its own time
/// and is put off instead of failed.
pub const ATTEMPTS_MAX: i32 = 12;

/// How often a job is taken by a worker that dies with it before it becomes a dead letter. It is larger than
/// [`ATTEMPTS_MAX`], since a machine that is restarted again and again is no fault of the job.
pub const CLAIMS_MAX: i32 = 50;

/// How long to wait after a failed attempt: 1 s doubled each time, at most an hour, between half and all of it as
/// `jitter` (0 to 1) says. `attempt` counts from 1.
pub fn job_backoff(attempt: i32, jitter: f64) -> Duration {
    let exponent = attempt.clamp(1, 13) - 1;
    let full = Duration::from_secs((1_u64 << exponent).min(3_600));
    full.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_read_back() {
        let payload = JobPayload::DeliverySend { announcement: 1, first: 2, last: 3 };
        let json = serde_json::to_value(&payload).expect("a payload is JSON");
        assert_eq!(json["kind"], payload.kind());
        assert_eq!(serde_json::from_value::<JobPayload>(json).expect("reads back"), payload);
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
