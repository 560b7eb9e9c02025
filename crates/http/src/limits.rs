//! Limits on requests: fixed windows, counted in this server's memory (`releasepage-v1.md`, Rate limit).

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use quick_cache::sync::Cache;
use releasepage_domain::{environment::Environment, time::UtcTime};

use crate::client::ClientBucket;

/// The approximate maximum of windows in memory. Beyond it, rarely used windows are dropped and begin anew.
const WINDOWS_MAX: usize = 100_000;

/// The microseconds in a second.
const MICROS: i64 = 1_000_000;

/// A kind of request that has its own count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// Reads, per minute.
    Read,
    /// Requests to subscribe, per minute.
    Subscribe,
    /// Requests to subscribe, per hour: a second limit for each unknown client.
    SubscribeHourly,
    /// Changes with an access token, per minute.
    Write,
    /// Attempts to sign in, per quarter of an hour.
    SignIn,
}

impl Bucket {
    /// Returns the length of a window, in seconds.
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Read | Self::Subscribe | Self::Write => 60,
            Self::SubscribeHourly => 3_600,
            Self::SignIn => 900,
        }
    }

    /// Returns the name of the bucket in `RateLimit`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Subscribe => "subscribe",
            Self::SubscribeHourly => "subscribe-hourly",
            Self::Write => "write",
            Self::SignIn => "sign-in",
        }
    }
}

/// The owner of a count: requests of one subject are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A client without a valid key.
    Client(ClientBucket),
    /// A page key of one environment. The number identifies the page.
    Key(u64, Environment),
    /// One client that uses such a key.
    KeyClient(u64, Environment, ClientBucket),
    /// A personal access token, by its id.
    Token(i64),
    /// A browser from which a user signed in before, by the user's id.
    Device(i64),
    /// An account that somebody tries to sign in to, by a hash of its name.
    Account(u64),
    /// A project of the Releases API, by its `app_id`.
    Project(i64),
}

/// The requests that one subject may make in one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The kind of request.
    pub bucket: Bucket,
    /// The owner of the count.
    pub subject: Subject,
    /// The number of requests allowed in a window.
    pub limit: u32,
}

/// The status of a subject's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitStatus {
    /// The kind of request that was counted.
    pub bucket: Bucket,
    /// The number of requests allowed in a window.
    pub limit: u32,
    /// The requests left in the current window.
    pub remaining: u32,
    /// The end of the window, in seconds of Unix time.
    pub reset: i64,
    /// The seconds until the window ends, at least 1.
    pub seconds: u32,
    /// True if the request exceeds the limit.
    pub refused: bool,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    /// The time of the first request, in microseconds of Unix time.
    start: i64,
    count: u32,
}

/// The windows of this server.
#[derive(Debug)]
pub struct Limits {
    windows: Cache<(Bucket, Subject), Arc<Mutex<Window>>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

impl Limits {
    /// Makes limits without any counts.
    pub fn new() -> Self {
        Self { windows: Cache::new(WINDOWS_MAX) }
    }

    /// Counts a request, unless it is refused.
    pub fn take(&self, quota: Quota, now: UtcTime) -> RateLimitStatus {
        let now = now.and_utc().timestamp_micros();
        let begin = || Ok::<_, Infallible>(Arc::new(Mutex::new(Window { start: now, count: 0 })));
        let Ok(window) = self.windows.get_or_insert_with(&(quota.bucket, quota.subject), begin);
        // A panic in another thread can leave only a number behind, and any number is valid.
        let mut window = window.lock().unwrap_or_else(PoisonError::into_inner);
        if !window.is_open(quota.bucket, now) {
            *window = Window { start: now, count: 0 };
        }
        let refused = window.count >= quota.limit;
        if !refused {
            window.count += 1;
        }
        window.status(quota, refused, now)
    }

    /// Returns the status of a subject's limit without counting a request.
    pub fn peek(&self, quota: Quota, now: UtcTime) -> RateLimitStatus {
        let now = now.and_utc().timestamp_micros();
        let known = self.windows.get(&(quota.bucket, quota.subject));
        let known = known.map(|window| *window.lock().unwrap_or_else(PoisonError::into_inner));
        let window = known.filter(|window| window.is_open(quota.bucket, now));
        window.unwrap_or(Window { start: now, count: 0 }).status(quota, false, now)
    }
}

impl Window {
    /// Returns true while the window lasts. A clock that was set back ends the window, so that nobody waits for the old
    /// time.
    fn is_open(self, bucket: Bucket, now: i64) -> bool {
        (self.start..self.end(bucket)).contains(&now)
    }

    /// Returns the end of the window, in microseconds of Unix time.
    fn end(self, bucket: Bucket) -> i64 {
        self.start.saturating_add(i64::from(bucket.seconds()) * MICROS)
    }

    fn status(self, quota: Quota, refused: bool, now: i64) -> RateLimitStatus {
        let end = self.end(quota.bucket);
        // Rounded up, so that a client who waits until then finds a new window.
        let up = |micros: i64| micros.div_euclid(MICROS) + i64::from(micros.rem_euclid(MICROS) > 0);
        RateLimitStatus {
            bucket: quota.bucket,
            limit: quota.limit,
            remaining: quota.limit.saturating_sub(self.count),
            reset: up(end),
            seconds: u32::try_from(up(end.saturating_sub(now)).max(1)).unwrap_or(quota.bucket.seconds()),
            refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use releasepage_domain::time::time_parse;

    use super::*;

    const QUOTA: Quota = Quota { bucket: Bucket::Read, subject: Subject::Key(7, Environment::Live), limit: 3 };

    fn at(millis: i64) -> UtcTime {
        time_parse("2024-05-01T12:00:00Z").unwrap() + chrono::Duration::milliseconds(millis)
    }

    #[test]
    fn a_window_starts_with_its_first_request() {
        let limits = Limits::new();
        for (millis, remaining, refused, seconds) in [
            (500, 2, false, 60),
            (1_000, 1, false, 60),
            (59_000, 0, false, 2),
            (60_499, 0, true, 1),
            (60_500, 2, false, 60),
            (60_500, 1, false, 60),
        ] {
            let status = limits.take(QUOTA, at(millis));
            assert_eq!(
                (status.remaining, status.refused, status.seconds, status.limit),
                (remaining, refused, seconds, 3),
                "{millis}"
            );
        }
        let reset = limits.peek(QUOTA, at(61_000)).reset;
        assert_eq!(reset, at(121_000).and_utc().timestamp(), "half a second past two minutes, rounded up");
    }

    #[test]
    fn buckets_and_subjects_are_counted_apart() {
        let limits = Limits::new();
        for _ in 0..3 {
            assert!(!limits.take(QUOTA, at(0)).refused);
        }
        assert!(limits.take(QUOTA, at(0)).refused);
        for other in [
            Quota { bucket: Bucket::Subscribe, ..QUOTA },
            Quota { subject: Subject::Key(7, Environment::Test), ..QUOTA },
            Quota { subject: Subject::Key(8, Environment::Live), ..QUOTA },
            Quota { subject: Subject::Token(7), ..QUOTA },
        ] {
            assert!(!limits.take(other, at(0)).refused, "{other:?}");
        }
    }

    #[test]
    fn peeking_counts_nothing() {
        let limits = Limits::new();
        assert_eq!(limits.peek(QUOTA, at(0)).remaining, 3);
        limits.take(QUOTA, at(0));
        assert_eq!(limits.peek(QUOTA, at(1)).remaining, 2);
        assert_eq!(limits.peek(QUOTA, at(1)).remaining, 2);
        assert_eq!(limits.peek(QUOTA, at(60_000)).remaining, 3);
    }

    #[test]
    fn a_clock_set_back_blocks_nobody() {
        let limits = Limits::new();
        for _ in 0..4 {
            limits.take(QUOTA, at(3_600_000));
        }
        assert!(!limits.take(QUOTA, at(0)).refused);
    }

    #[test]
    fn a_lowered_limit_holds_at_once() {
        let limits = Limits::new();
        limits.take(QUOTA, at(0));
        limits.take(QUOTA, at(0));
        let status = limits.take(Quota { limit: 1, ..QUOTA }, at(0));
        assert_eq!((status.remaining, status.refused), (0, true));
    }
}
