//! Fetching releases from a forge: the walks through its listing, and what the owner of a repository is told of them.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{fault::Fault, repository::RepositoryOrigin, time::UtcTime};

/// How often the whole listing is walked, so that what was changed or deleted further back is noticed.
const FULL_WALK_EVERY: Duration = Duration::days(1);

/// How many releases a forge lists at most: what is further back is not in a listing, though it is there.
const LISTED_MAX: i64 = 10_000;

/// How many releases that cannot be used the owner is shown.
pub const REFUSALS_MAX: usize = 20;

/// Whether the releases of such a repository can be fetched: its forge has an API that lists them.
pub const fn origin_has_listing(origin: RepositoryOrigin) -> bool {
    matches!(origin, RepositoryOrigin::Github | RepositoryOrigin::Gitlab | RepositoryOrigin::Gitea)
}

/// Where a forge's API is, as far as a token is concerned that is handed to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourcePlace {
    /// Where the server's settings say.
    OfSettings,
    /// At this scheme, host and port.
    Origin(String),
}

/// Checks that a stored token is handed to nobody but whom it was given for: with another place it must come again, or
/// be cleared. `is_told` says that the edit does either.
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
        "must come with an api_url of another scheme, host or port: the token for that place, or null for none";
    Err(Fault::missing("source.token", expected))
}

/// How far the fetching of the releases is that were there when their repository was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackfillState {
    /// To begin within moments.
    Waiting,
    /// Under way; an interrupted one goes on where it was.
    Running,
    /// All of them are here.
    Done,
    /// The forge does not hand them out; it is asked again when it would be polled.
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

/// What a listing is walked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceWalk {
    /// To fetch what is there. What is history of it is told to nobody.
    Backfill,
    /// To find what the webhook missed lately.
    Poll,
    /// The same, in all of the listing.
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
    /// What to walk for when a repository is polled, whose listing was last walked in full at `walked_at`.
    pub fn of_poll(walked_at: Option<UtcTime>, now: UtcTime) -> Self {
        match walked_at {
            Some(walked_at) if now - walked_at < FULL_WALK_EVERY => Self::Poll,
            _ => Self::Full,
        }
    }

    /// Whether a release that it finds may be news. A backfill finds history, which ends at `history_end`, and what was
    /// published since. What does not say when it was published is history to it.
    pub fn is_news(self, published_at: Option<UtcTime>, history_end: UtcTime) -> bool {
        self != Self::Backfill || published_at.is_some_and(|published_at| published_at > history_end)
    }

    /// Whether it goes through all of the listing. A poll ends at the first page that holds nothing new.
    pub const fn is_full(self) -> bool {
        !matches!(self, Self::Poll)
    }
}

/// Whether a walk that is complete can tell which releases are gone from their source. One that found nothing at all
/// says nothing of what was there: a forge may hide the releases of a repository from who asks. One that found as many
/// as a forge lists may have missed the rest.
pub const fn walk_tells_missing(listed: i64) -> bool {
    0 < listed && listed < LISTED_MAX
}

/// What came of the last request to a forge, as the owner is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceResult {
    /// It answered.
    Ok,
    /// It wants to be asked less: it is asked again when it says.
    Limited,
    /// It does not hand out the releases: the name, the token or the address is wrong.
    Refused,
    /// It could not be asked, or its answer not be used.
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
    /// What names it at its source: its tag, or its id there.
    pub release: String,
    /// What is wrong with it.
    pub message: String,
}

/// When to poll a repository next: after `interval`, a tenth more or less, so that those that were added together are
/// not asked for together.
pub fn poll_at(repository_id: i64, interval: Duration, now: UtcTime) -> UtcTime {
    let mixed = repository_id.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 44;
    let share = i32::try_from(mixed % 201).unwrap_or(0) - 100;
    now + interval + interval * share / 1_000
}

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
