//! When a message that could not be delivered is tried again, and for how long.

use std::time::Duration;

use releasepage_domain::time::UtcTime;

/// The longest time between two tries.
const LONGEST: Duration = Duration::from_secs(4 * 60 * 60);

/// How far the jitter moves a try, as a part of the time to it.
const SPREAD: f64 = 0.2;

/// What a message is about, as far as trying again is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// A mail that somebody waits for, with a link that expires: 24 hours.
    Confirmation,
    /// A mail that is still worth reading days later: 5 days (RFC 5321, section 4.5.4.1, asks for at least 4).
    Announcement,
}

impl Patience {
    /// How long after the first try the last one may be.
    pub const fn limit(self) -> Duration {
        match self {
            Self::Confirmation => Duration::from_secs(24 * 60 * 60),
            Self::Announcement => Duration::from_secs(5 * 24 * 60 * 60),
        }
    }
}

/// The time to wait after the try with number `attempt` (the first is 1): `shortest`, then twice as long each time, up
/// to 4 hours. `jitter`, from 0 to 1, spreads it by a fifth to both sides, within these bounds, so that what failed
/// together does not come back together.
pub fn retry_after(attempt: u32, shortest: Duration, jitter: f64) -> Duration {
    let shortest = shortest.min(LONGEST);
    let doublings = attempt.saturating_sub(1).min(16);
    let plain = shortest.saturating_mul(1 << doublings).min(LONGEST);
    let earliest = plain.mul_f64(1.0 - SPREAD).max(shortest);
    let latest = plain.mul_f64(1.0 + SPREAD).min(LONGEST);
    earliest + (latest - earliest).mul_f64(jitter.clamp(0.0, 1.0))
}

/// Whether a message is given up that was tried `tries` times, with the waits of [`retry_after`] between them. Time that
/// passed before the first try, or while nobody was there to try, does not count.
pub fn retry_spent(tries: u32, shortest: Duration, patience: Patience) -> bool {
    let limit = patience.limit();
    let waits = (1..tries).scan(Duration::ZERO, |waited, attempt| {
        *waited += retry_after(attempt, shortest, 0.5);
        Some(*waited)
    });
    waits.take_while(|waited| *waited < limit).count() < tries.saturating_sub(1) as usize
}

/// Whether a message that was first tried at `first_try` is given up at `now`.
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
        let tries = |patience| (1..10_000).find(|&tries| retry_spent(tries, SHORTEST, patience)).expect("it ends");
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
            // A clock that went back gives nothing up.
            ("2026-02-01T12:00:00Z", Patience::Confirmation, false),
        ] {
            assert_eq!(retry_over(first, time(now), patience), over, "{now} {patience:?}");
        }
    }

    proptest! {
        #[test]
        fn stays_within_its_bounds(attempt in any::<u32>(), jitter in any::<f64>()) {
            // `clamp` keeps NaN, which no source of jitter makes.
            prop_assume!(!jitter.is_nan());
            let after = retry_after(attempt, SHORTEST, jitter);
            prop_assert!((SHORTEST..=LONGEST).contains(&after), "{after:?}");
        }
    }
}
