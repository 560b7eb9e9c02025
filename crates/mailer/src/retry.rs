//! The times at which a failed message is tried again, and the time when it is given up.

use std::time::Duration;

use releasepage_domain::time::UtcTime;

/// The longest time between two tries.
const LONGEST: Duration = Duration::from_secs(4 * 60 * 60);

/// The largest shift of a try by jitter, as a part of the wait.
const SPREAD: f64 = 0.2;

/// The kind of a message, which sets the time after which it is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// An email that somebody waits for, with a link that expires: 24 hours.
    Confirmation,
    /// An email that is still useful days later: 5 days. RFC 5321, section 4.5.4.1, asks for at least 4.
    Announcement,
}

impl Patience {
    /// The longest time from the first try to the last.
    pub const fn limit(self) -> Duration {
        match self {
            Self::Confirmation => Duration::from_secs(24 * 60 * 60),
            Self::Announcement => Duration::from_secs(5 * 24 * 60 * 60),
        }
    }
}

/// Returns the time to wait after try number `attempt`. The first try has number 1.
///
/// The wait is `shortest` at first and doubles with each try, up to 4 hours. `jitter`, from 0 to 1, moves it by up to a
/// fifth in both directions, within these bounds. So messages that failed together are not all tried again at the same
/// time.
pub fn retry_after(attempt: u32, shortest: Duration, jitter: f64) -> Duration {
    let shortest = shortest.min(LONGEST);
    let doublings = attempt.saturating_sub(1).min(16);
    let plain = shortest.saturating_mul(1 << doublings).min(LONGEST);
    let earliest = plain.mul_f64(1.0 - SPREAD).max(shortest);
    let latest = plain.mul_f64(1.0 + SPREAD).min(LONGEST);
    earliest + (latest - earliest).mul_f64(jitter.clamp(0.0, 1.0))
}

/// True if a message is given up after `tries` tries with the waits of [`retry_after`] between them. Only these waits
/// count. Time before the first try or without a running worker does not.
pub fn retry_spent(tries: u32, shortest: Duration, patience: Patience) -> bool {
    let limit = patience.limit();
    let waits = (1..tries).scan(Duration::ZERO, |waited, attempt| {
        *waited += retry_after(attempt, shortest, 0.5);
        Some(*waited)
    });
    waits.take_while(|waited| *waited < limit).count() < tries.saturating_sub(1) as usize
}

/// True if a message that was first tried at `first_try` is given up at `now`.
pub fn retry_over(first_try: UtcTime, now: UtcTime, patience: Patience) -> bool {
    (now - first_try).to_std().is_ok_and(|tried_for| tried_for >= patience.limit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use releasepage_domain::time::time_parse;

    use super::*;

    const SHORTEST: Duration = Duration::from_secs(60);

    #[test]
    fn waits_longer_each_time() {
        for (attempt, minutes) in [(0, 1), (1, 1), (2, 2), (3, 4), (8, 128)] {
            let plain = Duration::from_secs(minutes * 60);
            let range = plain.mul_f64(0.8)..=plain.mul_f64(1.2);
            assert!(range.contains(&retry_after(attempt, SHORTEST, 0.5)), "{attempt}");
        }
        assert_eq!(retry_after(1, SHORTEST, 0.0), Duration::from_secs(60));
        assert_eq!(retry_after(40, SHORTEST, 1.0), Duration::from_secs(4 * 60 * 60));
    }

    #[test]
    fn gives_up_after_its_tries() {
        let tries = |patience| (1..10_000).find(|&tries| retry_spent(tries, SHORTEST, patience)).expect("a limit");
        let waited = |tries| (1..tries).map(|attempt| retry_after(attempt, SHORTEST, 0.5)).sum::<Duration>();
        for patience in [Patience::Confirmation, Patience::Announcement] {
            let last = tries(patience);
            assert!(waited(last) >= patience.limit() && waited(last - 1) < patience.limit(), "{last}");
        }
        assert!(!retry_spent(0, SHORTEST, Patience::Announcement) && !retry_spent(1, SHORTEST, Patience::Announcement));
    }

    #[test]
    fn gives_up_after_its_patience() {
        let time = |text| time_parse(text).expect("a time");
        let first = time("2026-03-01T12:00:00Z");
        for (now, patience, over) in [
            ("2026-03-02T11:59:59Z", Patience::Confirmation, false),
            ("2026-03-02T12:00:00Z", Patience::Confirmation, true),
            ("2026-03-06T11:59:59Z", Patience::Announcement, false),
            ("2026-03-06T12:00:00Z", Patience::Announcement, true),
            // A clock that went back gives up no message.
            ("2026-02-01T12:00:00Z", Patience::Confirmation, false),
        ] {
            assert_eq!(retry_over(first, time(now), patience), over, "{now} {patience:?}");
        }
    }

    proptest! {
        #[test]
        fn stays_within_its_bounds(attempt in any::<u32>(), jitter in any::<f64>()) {
            // `clamp` keeps NaN. No source of jitter makes NaN.
            prop_assume!(!jitter.is_nan());
            let after = retry_after(attempt, SHORTEST, jitter);
            prop_assert!((SHORTEST..=LONGEST).contains(&after), "{after:?}");
        }
    }
}
