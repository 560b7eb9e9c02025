//! A release and its life.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{fault::Fault, tag::Tag, text::line_is_clean, time::UtcTime};

/// Releases further in the past than this are history: shown, not announced unless somebody asks for it.
pub const HISTORY_AGE: Duration = Duration::days(7);

/// The longest notes of a release, in bytes.
pub const NOTES_MAX: usize = 1024 * 1024;

/// Where a release stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReleaseState {
    /// Being written; only its team sees it.
    Draft,
    /// Complete; its time has not come.
    Scheduled,
    /// Visible to readers.
    Published,
    /// Taken back, remembered.
    Withdrawn,
}

crate::text::named! {
    ReleaseState {
        Draft => "draft",
        Scheduled => "scheduled",
        Published => "published",
        Withdrawn => "withdrawn",
    }
}

/// What happens to a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseEvent {
    /// Somebody publishes it, now or for a time to come.
    Publish,
    /// The clock reaches its time.
    TimeComes,
    /// A pre-release is made a release.
    Promote,
    /// Its text, time or platforms change.
    Edit,
    /// It is withdrawn or deleted.
    Withdraw,
    /// The same release is sent again by its source.
    Arrive,
}

/// What a change of a release means to subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseEffect {
    /// Nobody is mailed.
    Quiet,
    /// It is announced, if [`release_is_announced`] or, where it was published before, [`promotion_is_announced`] says so.
    Announce,
    /// Whatever is still queued for it is cancelled.
    Cancel,
    /// Nothing of it stays: it was never published.
    Forget,
}

/// The table of a release's life. `due` says whether its `published_at` has come.
pub fn release_next(state: ReleaseState, event: ReleaseEvent, due: bool) -> (ReleaseState, ReleaseEffect) {
    use ReleaseEffect::{Announce, Cancel, Forget, Quiet};
    use ReleaseEvent as Event;
    use ReleaseState::{Draft, Published, Scheduled, Withdrawn};
    match (state, event) {
        (Draft | Scheduled, Event::Publish | Event::TimeComes)
        | (Scheduled, Event::Edit | Event::Arrive | Event::Promote) => {
            if due {
                (Published, Announce)
            } else {
                (Scheduled, Quiet)
            }
        }
        (Draft, Event::Edit | Event::Arrive | Event::Promote) => (Draft, Quiet),
        (Draft, Event::Withdraw) => (Withdrawn, Forget),
        (Scheduled | Withdrawn, Event::Withdraw) => (Withdrawn, Quiet),
        (Published, Event::Promote) => (Published, Announce),
        (Published, Event::Withdraw) => (Withdrawn, Cancel),
        (Published, Event::Publish | Event::TimeComes | Event::Edit | Event::Arrive) => (Published, Quiet),
        (Withdrawn, Event::Publish | Event::Promote | Event::Arrive) => {
            if due {
                (Published, Quiet)
            } else {
                (Scheduled, Quiet)
            }
        }
        (Withdrawn, Event::Edit | Event::TimeComes) => (Withdrawn, Quiet),
    }
}

/// Whether subscribers hear of a release that was just published.
///
/// `notify` is what its author said: `Some(false)` never, `Some(true)` also of history, `None` as usual.
pub fn release_is_announced(notify: Option<bool>, published_at: UtcTime, now: UtcTime) -> bool {
    notify.unwrap_or(now - published_at <= HISTORY_AGE)
}

/// Whether subscribers hear of a published pre-release that was made a release. It is news, however old the pre-release
/// is; `notify` as in [`release_is_announced`].
pub fn promotion_is_announced(notify: Option<bool>) -> bool {
    notify != Some(false)
}

/// The platforms that a release is for: no name twice, in the order given. Which release it is depends on the set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Platforms(Vec<String>);

impl Platforms {
    /// Checks a list: at most 50 names of 1 to 100 characters on one line.
    pub fn parse(field: &str, names: Vec<String>) -> Result<Self, Fault> {
        let mut distinct: Vec<String> = Vec::with_capacity(names.len());
        for name in names {
            if name.trim().is_empty() || name.chars().count() > 100 || !line_is_clean(&name) {
                return Err(Fault::invalid(field, "must be platform names of 1 to 100 characters"));
            }
            if !distinct.contains(&name) {
                distinct.push(name);
            }
        }
        if distinct.len() > 50 {
            return Err(Fault::invalid(field, "must be at most 50 platform names"));
        }
        Ok(Self(distinct))
    }

    /// The names in the order given.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// What makes two sets the same: the sorted names as a JSON list.
    pub fn key(&self) -> String {
        let mut names: Vec<&str> = self.0.iter().map(String::as_str).collect();
        names.sort_unstable();
        serde_json::Value::from(names).to_string()
    }
}

/// Everything that a source or a person says of a release. Whoever parses the fields checks them, with
/// [`release_tag_check`] and its like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseInput {
    /// The tag or version as it was given: 1 to 200 characters on one line.
    pub tag: String,
    /// The platforms, part of the release's identity.
    pub platforms: Platforms,
    /// What to call it; may be empty (then the tag is shown), at most 500 characters on one line.
    pub title: String,
    /// Markdown; `None` where nothing was given.
    pub notes: Option<String>,
    /// Who made it.
    pub author: Option<String>,
    /// When it is or was published.
    pub published_at: UtcTime,
    /// When its roll-out ends.
    pub ends_at: Option<UtcTime>,
    /// Whether its author calls it a pre-release; `None` where nothing was said, so that its tag decides.
    pub prerelease: Option<bool>,
    /// Whether it stays invisible for now.
    pub draft: bool,
    /// What its author said about mail: see [`release_is_announced`].
    pub notify: Option<bool>,
    /// Whether it is an annotation on charts.
    pub chart_visibility: bool,
    /// The caller's own parameters, a JSON object.
    pub params: serde_json::Map<String, serde_json::Value>,
}

impl ReleaseInput {
    /// Whether it is a pre-release: what its author says decides, and where nothing was said, its tag.
    pub fn is_prerelease(&self) -> bool {
        self.prerelease.unwrap_or_else(|| Tag::parse(&self.tag, None).is_prerelease())
    }
}

/// Whether a text has the form of a release's id: 7 lower-case letters and digits.
pub fn release_id_is_valid(id: &str) -> bool {
    id.len() == 7 && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
}

/// Checks a tag or version: 1 to 200 characters on one line, not blank.
pub fn release_tag_check(field: &str, tag: &str) -> Result<(), Fault> {
    if tag.trim().is_empty() || tag.chars().count() > 200 || !line_is_clean(tag) {
        return Err(Fault::invalid(field, "must be one line of 1 to 200 characters, such as v1.2.0"));
    }
    Ok(())
}

/// Checks a title: at most 500 characters on one line.
pub fn release_title_check(field: &str, title: &str) -> Result<(), Fault> {
    if title.chars().count() > 500 || !line_is_clean(title) {
        return Err(Fault::invalid(field, "must be one line of at most 500 characters"));
    }
    Ok(())
}

/// Checks an author: at most 200 characters on one line.
pub fn release_author_check(field: &str, author: &str) -> Result<(), Fault> {
    if author.chars().count() > 200 || !line_is_clean(author) {
        return Err(Fault::invalid(field, "must be one line of at most 200 characters"));
    }
    Ok(())
}

/// Checks notes: at most [`NOTES_MAX`] bytes, without U+0000.
pub fn release_notes_check(field: &str, notes: &str) -> Result<(), Fault> {
    if notes.len() > NOTES_MAX || notes.contains('\0') {
        return Err(Fault::invalid(field, "must be Markdown of at most 1 MiB without U+0000"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{ReleaseEffect::*, ReleaseEvent::*, ReleaseState::*, *};

    #[test]
    fn the_table_of_a_release_s_life() {
        let rows = [
            // state, event, due → state, effect
            (Draft, Publish, true, Published, Announce),
            (Draft, Publish, false, Scheduled, Quiet),
            (Draft, Edit, true, Draft, Quiet),
            (Draft, Arrive, true, Draft, Quiet),
            (Draft, Withdraw, true, Withdrawn, Forget),
            (Scheduled, TimeComes, true, Published, Announce),
            (Scheduled, TimeComes, false, Scheduled, Quiet),
            (Scheduled, Edit, false, Scheduled, Quiet),
            (Scheduled, Edit, true, Published, Announce),
            (Scheduled, Arrive, false, Scheduled, Quiet),
            (Scheduled, Withdraw, false, Withdrawn, Quiet),
            (Published, Promote, true, Published, Announce),
            (Published, Edit, true, Published, Quiet),
            (Published, Edit, false, Published, Quiet),
            (Published, Arrive, true, Published, Quiet),
            (Published, Withdraw, true, Withdrawn, Cancel),
            (Withdrawn, Publish, true, Published, Quiet),
            (Withdrawn, Promote, true, Published, Quiet),
            (Withdrawn, Edit, true, Withdrawn, Quiet),
            (Withdrawn, Arrive, true, Published, Quiet),
            (Withdrawn, TimeComes, true, Withdrawn, Quiet),
        ];
        for (state, event, due, next, effect) in rows {
            assert_eq!(release_next(state, event, due), (next, effect), "{state} {event:?} {due}");
        }
    }

    #[test]
    fn history_is_announced_only_on_request() {
        let now = crate::time::time_parse("2024-05-10T00:00:00Z").expect("valid");
        for (notify, days, announced) in
            [(None, 0, true), (None, 7, true), (None, 8, false), (Some(true), 800, true), (Some(false), 0, false)]
        {
            assert_eq!(release_is_announced(notify, now - Duration::days(days), now), announced, "{notify:?} {days}");
        }
    }

    #[test]
    fn ids() {
        assert!(release_id_is_valid("xbcehyc") && release_id_is_valid("0a1b2c3"));
        for bad in ["", "xbcehy", "xbcehycc", "Xbcehyc", "xbc-hyc", "xbcehy\0", "xbcehé"] {
            assert!(!release_id_is_valid(bad), "{bad:?}");
        }
    }

    #[test]
    fn platforms_are_a_set() {
        let parse = |names: &[&str]| Platforms::parse("platforms", names.iter().map(ToString::to_string).collect());
        let one = parse(&["iOS", "Android", "iOS"]).expect("valid");
        assert_eq!(one.names(), ["iOS", "Android"]);
        assert_eq!(one.key(), parse(&["Android", "iOS"]).expect("valid").key());
        assert_ne!(one.key(), Platforms::default().key());
        assert!(parse(&[""]).is_err());
        assert!(parse(&["a\nb"]).is_err());
    }
}
