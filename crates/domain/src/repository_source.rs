//! Fetching releases from a forge: the walks through its listing, and the results that the owner of a repository sees.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{fault::Fault, repository::RepositoryOrigin, time::UtcTime};

/// The time between walks through the whole listing. They find older releases that were changed or deleted.
const FULL_WALK_EVERY: Duration = Duration::days(1);

/// The largest number of releases that a forge lists. Older ones exist but are not listed.
const LISTED_MAX: i64 = 10_000;

/// The largest number of unusable releases that the owner sees.
pub const REFUSALS_MAX: usize = 20;

/// True if the releases of such a repository can be fetched, because its forge has an API that lists them.
pub const fn origin_has_listing(origin: RepositoryOrigin) -> bool {
    matches!(origin, RepositoryOrigin::Github | RepositoryOrigin::Gitlab | RepositoryOrigin::Gitea)
}

/// The place of a forge's API, as it matters for the token that is sent there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourcePlace {
    /// The place in the server's settings.
    OfSettings,
    /// This scheme, host and port.
    Origin(String),
}

/// Checks that a stored token is sent only to the place that it was given for. If the place changes, the token must be
/// sent again or cleared. `is_told` is true if the edit does one of the two.
pub fn source_token_check(
    has_token: bool,
    is_told: bool,
    before: &SourcePlace,
    after: &SourcePlace,
) -> Result<(), Fault> {
    if !has_token || is_told || before == after {
        return Ok(());
    }
    let expected =
        "must be given with an api_url of another scheme, host or port: the token for the new place, or null for none";
    Err(Fault::missing("source.token", expected))
}

/// The progress of a backfill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackfillState {
    /// To begin in a few moments.
    Waiting,
    /// Running. After an interruption, it continues from there.
    Running,
    /// All releases were fetched.
    Done,
    /// The forge refuses the releases. It is asked again at the next polling.
    Failed,
}

crate::text::named! {
    BackfillState {
        Waiting => "waiting",
        Running => "running",
        Done => "done",
        Failed => "failed",
    }
}

/// The purpose of a walk through a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceWalk {
    /// To fetch the releases that exist. History among them is not announced.
    Backfill,
    /// To find recent releases that the webhook did not report.
    Poll,
    /// The same as [`Self::Poll`], through the whole listing.
    Full,
}

crate::text::named! {
    SourceWalk {
        Backfill => "backfill",
        Poll => "poll",
        Full => "full",
    }
}

impl SourceWalk {
    /// Returns the purpose of polling a repository whose listing was last walked in full at `walked_at`.
    pub fn of_poll(walked_at: Option<UtcTime>, now: UtcTime) -> Self {
        match walked_at {
            Some(walked_at) if now - walked_at < FULL_WALK_EVERY => Self::Poll,
            _ => Self::Full,
        }
    }

    /// True if a release that the walk finds may be news. A backfill finds history, which ends at `history_end`, and
    /// releases published since. A release without a time of publication counts as history.
    pub fn is_news(self, published_at: Option<UtcTime>, history_end: UtcTime) -> bool {
        self != Self::Backfill || published_at.is_some_and(|published_at| published_at > history_end)
    }

    /// True if it goes through the whole listing. A poll ends at the first slice without anything new.
    pub const fn is_full(self) -> bool {
        !matches!(self, Self::Poll)
    }
}

/// True if a complete walk can tell which releases are gone from their source. A walk that found nothing cannot tell,
/// since a forge may hide the releases from us. A walk that found the forge's maximum may have missed the rest.
pub const fn walk_tells_missing(listed: i64) -> bool {
    0 < listed && listed < LISTED_MAX
}

/// The result of the last request to a forge, as the owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceResult {
    /// It answered.
    Ok,
    /// It asks for fewer requests. The next one follows at the time that it says.
    Limited,
    /// It refuses the releases: the name, the token or the address is wrong.
    Refused,
    /// It could not be reached, or its answer could not be used.
    Failed,
}

crate::text::named! {
    SourceResult {
        Ok => "ok",
        Limited => "limited",
        Refused => "refused",
        Failed => "failed",
    }
}

/// A listed release that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRefusal {
    /// The name of the release at its source: its tag, or its id there.
    pub release: String,
    /// The reason why it cannot be used.
    pub message: String,
}

/// Returns the next time to poll a repository: after `interval`, plus or minus a tenth. Repositories that were added
/// together are then polled at different times.
pub fn poll_at(repository_id: i64, interval: Duration, now: UtcTime) -> UtcTime {
    let mixed = repository_id.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 44;
    let share = i32::try_from(mixed % 201).unwrap_or(0) - 100;
    now + interval + interval * share / 1_000
}

/// The sentence on a repository whose releases cannot be fetched.
pub const SOURCE_NONE: &str = "its releases cannot be fetched: only those of origin github, gitlab and gitea are";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::time_parse;

    #[test]
    fn all_of_a_listing_is_walked_once_a_day() {
        let now = time_parse("2024-05-10T12:00:00Z").expect("a time");
        assert_eq!(SourceWalk::of_poll(None, now), SourceWalk::Full);
        for (hours, walk) in [(0, SourceWalk::Poll), (23, SourceWalk::Poll), (24, SourceWalk::Full)] {
            assert_eq!(SourceWalk::of_poll(Some(now - Duration::hours(hours)), now), walk, "{hours}");
        }
    }

    #[test]
    fn a_backfill_finds_history_and_what_was_published_since() {
        let end = time_parse("2024-05-10T12:00:00Z").expect("a time");
        let second = Duration::seconds(1);
        for (published_at, is_news) in
            [(Some(end - second), false), (Some(end), false), (Some(end + second), true), (None, false)]
        {
            assert_eq!(SourceWalk::Backfill.is_news(published_at, end), is_news, "{published_at:?}");
            assert!(SourceWalk::Poll.is_news(published_at, end) && SourceWalk::Full.is_news(published_at, end));
        }
    }

    #[test]
    fn a_token_stays_where_it_was_given_for() {
        let at = |origin: &str| SourcePlace::Origin(origin.into());
        let (here, there) = (at("https://git.example.com"), at("https://git.example.org"));
        for (has_token, is_told, before, after, good) in [
            (true, false, &here, &here, true),
            (true, false, &here, &there, false),
            (true, false, &here, &SourcePlace::OfSettings, false),
            (true, false, &SourcePlace::OfSettings, &here, false),
            (true, false, &SourcePlace::OfSettings, &SourcePlace::OfSettings, true),
            (true, true, &here, &there, true),
            (false, false, &here, &there, true),
        ] {
            let checked = source_token_check(has_token, is_told, before, after);
            assert_eq!(checked.is_ok(), good, "{has_token} {is_told} {before:?} {after:?}");
        }
        let fault = source_token_check(true, false, &here, &there).expect_err("elsewhere");
        assert_eq!(fault.field, "source.token");
    }

    #[test]
    fn what_a_walk_tells_of_missing_releases() {
        for (listed, tells) in [(0, false), (1, true), (9_999, true), (10_000, false)] {
            assert_eq!(walk_tells_missing(listed), tells, "{listed}");
        }
    }

    #[test]
    fn polls_are_spread() {
        let now = time_parse("2024-05-10T12:00:00Z").expect("a time");
        let at = |id| (poll_at(id, Duration::minutes(30), now) - now).num_seconds();
        assert!((50_000..51_000).all(|id| (27 * 60..=33 * 60).contains(&at(id))));
        let distinct: std::collections::HashSet<_> = (50_000..50_100).map(at).collect();
        assert!(distinct.len() > 50, "{}", distinct.len());
    }
}
