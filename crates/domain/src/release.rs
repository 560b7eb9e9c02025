//! Releases: their states, events and fields.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{conflict::Conflict, fault::Fault, tag::Tag, text::line_is_clean, time::UtcTime};

/// The age from which a release is history. History is shown, but is not announced unless somebody asks for it.
pub const HISTORY_AGE: Duration = Duration::days(7);

/// The longest notes of a release, in bytes.
pub const NOTES_MAX: usize = 1024 * 1024;

/// The state of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReleaseState {
    /// Being written. Only its team sees it.
    Draft,
    /// Complete, to be published at a later time.
    Scheduled,
    /// Visible to readers.
    Published,
    /// Taken back, but remembered.
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

/// An event in the life of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseEvent {
    /// Somebody publishes it, now or at a later time.
    Publish,
    /// Its time of publication comes.
    TimeComes,
    /// A pre-release becomes a release.
    Promote,
    /// Its text, time or platforms change.
    Edit,
    /// It is withdrawn or deleted.
    Withdraw,
    /// Its source sends the same release again.
    Arrive,
}

/// The effect of a change of a release on subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseEffect {
    /// Nobody is told.
    Quiet,
    /// The release is announced, if [`release_is_announced`] says so. If it was published before,
    /// [`promotion_is_announced`] decides.
    Announce,
    /// Its queued deliveries are cancelled.
    Cancel,
    /// Nothing of it is kept, since it was never published.
    Forget,
}

/// Returns the next state of a release and the effect on subscribers. `due` is true if its `published_at` has come.
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

/// True if a release that was just published is announced.
///
/// `notify` is the author's choice: `Some(false)` never, `Some(true)` even for history, `None` by age.
pub fn release_is_announced(notify: Option<bool>, published_at: UtcTime, now: UtcTime) -> bool {
    notify.unwrap_or(now - published_at <= HISTORY_AGE)
}

/// True if a published pre-release that became a release is announced. It is news, however old the pre-release is. For
/// `notify`, see [`release_is_announced`].
pub fn promotion_is_announced(notify: Option<bool>) -> bool {
    notify != Some(false)
}

/// The platforms of a release, without repeated names, in the given order. The set is part of the release's identity.
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

    /// Returns the names in the given order.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Returns the key of the set: the sorted names as a JSON list. Equal sets have equal keys.
    pub fn key(&self) -> String {
        let mut names: Vec<&str> = self.0.iter().map(String::as_str).collect();
        names.sort_unstable();
        serde_json::Value::from(names).to_string()
    }
}

/// All fields of a release from a source or a person. The parser of the fields checks them, with [`release_tag_check`]
/// and similar functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseInput {
    /// The tag or version as it was given: 1 to 200 characters on one line.
    pub tag: String,
    /// The platforms, part of the release's identity.
    pub platforms: Platforms,
    /// The title: at most 500 characters on one line. If it is empty, the tag is shown instead.
    pub title: String,
    /// The notes, in Markdown. `None` if none were given.
    pub notes: Option<String>,
    /// The author.
    pub author: Option<String>,
    /// The time of publication, past or future.
    pub published_at: UtcTime,
    /// The time when its roll-out ends.
    pub ends_at: Option<UtcTime>,
    /// The author's mark for a pre-release. `None` if the author did not say, so that the tag decides.
    pub prerelease: Option<bool>,
    /// True if it stays invisible for now.
    pub draft: bool,
    /// The author's choice of telling subscribers, see [`release_is_announced`].
    pub notify: Option<bool>,
    /// True if it is an annotation on charts.
    pub chart_visibility: bool,
    /// The caller's own parameters, a JSON object.
    pub params: serde_json::Map<String, serde_json::Value>,
}

impl ReleaseInput {
    /// True if it is a pre-release. The author's mark decides, or else the tag.
    pub fn is_prerelease(&self) -> bool {
        self.prerelease.unwrap_or_else(|| Tag::parse(&self.tag, None).is_prerelease())
    }
}

/// True if a text has the form of a release's id: 7 lower-case letters and digits.
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

/// The way in which a release comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseArrival {
    /// From a source that may send it again: what is there is updated.
    Repeatable,
    /// From a person: what is there already is a conflict, unless it was withdrawn.
    ByHand,
}

/// The event that the arrival of a release is to the one that is there with its version and platforms.
pub fn release_arrival(
    arrival: ReleaseArrival,
    before: ReleaseState,
    is_draft: bool,
) -> Result<ReleaseEvent, Conflict> {
    match (arrival, before) {
        (ReleaseArrival::Repeatable, _) => Ok(ReleaseEvent::Arrive),
        (ReleaseArrival::ByHand, ReleaseState::Withdrawn) if is_draft => Ok(ReleaseEvent::Edit),
        (ReleaseArrival::ByHand, ReleaseState::Withdrawn) => Ok(ReleaseEvent::Publish),
        (ReleaseArrival::ByHand, _) => {
            Err(Conflict("this repository has a release of this version and these platforms"))
        }
    }
}

/// The event that an edit is: a draft that is one no longer is published.
pub fn release_edit_event(before: ReleaseState, is_draft: bool) -> ReleaseEvent {
    if before == ReleaseState::Draft && !is_draft { ReleaseEvent::Publish } else { ReleaseEvent::Edit }
}

/// Checks that an edit of a release was made on what is stored. An edit that names no revision applies to whatever is
/// there.
pub fn release_revision_check(current: i64, named: Option<i64>) -> Result<(), Conflict> {
    match named {
        Some(named) if named != current => Err(Conflict("the release was changed since that revision")),
        _ => Ok(()),
    }
}

/// Checks that an edit leaves a release its own version and platforms: `holder` is the id of the release that has them,
/// where there is one.
pub fn release_identity_check(own: &str, holder: Option<&str>) -> Result<(), Conflict> {
    match holder {
        Some(holder) if holder != own => Err(Conflict("another release has this version and these platforms")),
        _ => Ok(()),
    }
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

    #[test]
    fn a_person_makes_a_release_once() {
        use ReleaseArrival::{ByHand, Repeatable};
        for (arrival, before, is_draft, event) in [
            (Repeatable, Published, false, Some(Arrive)),
            (Repeatable, Withdrawn, true, Some(Arrive)),
            (ByHand, Withdrawn, false, Some(Publish)),
            (ByHand, Withdrawn, true, Some(Edit)),
            (ByHand, Published, false, None),
            (ByHand, Draft, true, None),
            (ByHand, Scheduled, false, None),
        ] {
            assert_eq!(release_arrival(arrival, before, is_draft).ok(), event, "{arrival:?} {before} {is_draft}");
        }
    }

    #[test]
    fn what_an_edit_may_do() {
        for (before, is_draft, event) in
            [(Draft, false, Publish), (Draft, true, Edit), (Published, false, Edit), (Withdrawn, false, Edit)]
        {
            assert_eq!(release_edit_event(before, is_draft), event, "{before} {is_draft}");
        }
        assert!(release_identity_check("a", None).is_ok() && release_identity_check("a", Some("a")).is_ok());
        assert!(release_identity_check("a", Some("b")).is_err());
        assert!(release_revision_check(2, None).is_ok() && release_revision_check(2, Some(2)).is_ok());
        assert!(release_revision_check(2, Some(1)).is_err());
    }
}
