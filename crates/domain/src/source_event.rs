//! Events of releases at forges, in one form for all forges, and the rule for which of them count.
//!
//! Events arrive late, twice and in any order. The rule ranks them instead of trusting their order:
//!
//! - A deleted release stays deleted.
//! - If the source gives times, the newer of two events counts.
//! - Without times, a publication counts more than a creation. For the text, an edit counts more than both.
//! - Among equals, the event that arrives later counts.

use chrono::SubsecRound;
use serde::{Deserialize, Serialize};

use crate::{
    release::{Platforms, ReleaseInput},
    time::UtcTime,
};

/// The kind of change of a release at its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceEventKind {
    /// The release was created, perhaps as a draft.
    Created,
    /// Its text, tag or flags were changed.
    Edited,
    /// The same as [`Self::Edited`], from a source that publishes a release only once. The release is already
    /// published.
    Amended,
    /// The release was published, as a pre-release or a release. Or a pre-release was made a release.
    Published,
    /// It was made a draft again.
    Unpublished,
    /// It was deleted.
    Deleted,
}

impl SourceEventKind {
    /// Returns the event's rank for the stage of the release, when times do not decide.
    const fn stage_rank(self) -> i32 {
        match self {
            Self::Created => 0,
            Self::Edited => 1,
            Self::Published | Self::Unpublished | Self::Deleted => 2,
            Self::Amended => 3,
        }
    }

    /// Returns the event's rank for the text of the release, when times do not decide.
    const fn text_rank(self) -> i32 {
        match self {
            Self::Created => 0,
            Self::Published | Self::Unpublished | Self::Deleted => 1,
            Self::Edited | Self::Amended => 2,
        }
    }

    /// True if the event changes a release without publishing it.
    pub const fn is_edit(self) -> bool {
        matches!(self, Self::Edited | Self::Amended)
    }
}

/// The repository of an event, as its forge knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRepository {
    /// Its number at the forge, which stays after a rename or a transfer. `None` if the forge sends none.
    pub id: Option<i64>,
    /// Its present name, `owner/name`, not checked.
    pub name: String,
}

/// One event of one release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEvent {
    /// The kind of change.
    pub kind: SourceEventKind,
    /// The lasting name of the release at its source: its id, or its tag if the source has no ids.
    pub release_id: String,
    /// The time when the release was made. Only sources that free a name after a deletion send it. A later time under
    /// the same name means a new release. Times are compared to the second, since not all sources send finer ones.
    pub made_at: Option<UtcTime>,
    /// The time of the last change of the release, if the forge sends it.
    pub updated_at: Option<UtcTime>,
    /// The text for readers. `None` if they see nothing, because the release is a draft or is deleted.
    pub shown: Option<SourceText>,
}

impl SourceEvent {
    /// Returns the part of `before` that belongs to this release, and the time when the release was made. `None` if the
    /// event belongs to an older release of the same name, which was deleted.
    pub(crate) fn life<'a>(
        &self,
        before: Option<&'a SourceStanding>,
    ) -> Option<(Option<&'a SourceStanding>, Option<UtcTime>)> {
        let made_at = self.made_at.map(|time| time.trunc_subsecs(0));
        let made_before = before.and_then(|before| before.made_at);
        let before = match (made_before, made_at) {
            (Some(known), Some(told)) if told < known => return None,
            (Some(known), Some(told)) if told > known => None,
            _ => before,
        };
        Some((before, made_at.or(made_before)))
    }
}

/// The text of a release for readers. The parser of the fields checks them, as for a [`ReleaseInput`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceText {
    /// The tag.
    pub tag: String,
    /// The title. Empty if the release has only a tag.
    pub title: String,
    /// The notes, in Markdown.
    pub notes: Option<String>,
    /// The author.
    pub author: Option<String>,
    /// The time of publication, if the forge sends it.
    pub published_at: Option<UtcTime>,
    /// True for a pre-release. `None` if the source does not say.
    pub prerelease: Option<bool>,
}

impl SourceText {
    /// Returns the pre-release flag for a stage. `None` if the source never marks pre-releases.
    pub fn prerelease_at(&self, stage: SourceStage) -> Option<bool> {
        self.prerelease.map(|_| stage == SourceStage::Prerelease)
    }

    /// Returns the release as it is stored. Platforms and settings of `before` stay, if there is one.
    pub fn input(&self, before: Option<&ReleaseInput>, prerelease: Option<bool>, now: UtcTime) -> ReleaseInput {
        let kept = before.cloned();
        ReleaseInput {
            tag: self.tag.clone(),
            title: self.title.clone(),
            notes: self.notes.clone(),
            author: self.author.clone(),
            published_at: self.published_at.or(before.map(|before| before.published_at)).unwrap_or(now),
            prerelease,
            draft: false,
            platforms: kept.as_ref().map_or_else(Platforms::default, |kept| kept.platforms.clone()),
            ends_at: kept.as_ref().and_then(|kept| kept.ends_at),
            notify: kept.as_ref().and_then(|kept| kept.notify),
            chart_visibility: kept.as_ref().is_none_or(|kept| kept.chart_visibility),
            params: kept.map(|kept| kept.params).unwrap_or_default(),
        }
    }
}

/// The stage of a release at its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceStage {
    /// Only its team sees it.
    Draft,
    /// Published as a pre-release.
    Prerelease,
    /// Published.
    Release,
    /// Deleted for good, since a source never reuses an id. At a source that reuses names, a new release can have the
    /// name.
    Deleted,
}

crate::text::named! {
    SourceStage {
        Draft => "draft",
        Prerelease => "prerelease",
        Release => "release",
        Deleted => "deleted",
    }
}

impl SourceStage {
    /// True if readers see the release.
    pub const fn is_shown(self) -> bool {
        matches!(self, Self::Prerelease | Self::Release)
    }
}

/// The order of events: first their time, if sources send it, then their kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceMark {
    /// The time of the last change of the release, as of the event.
    pub at: Option<UtcTime>,
    /// The rank of the event's kind.
    pub rank: i32,
}

/// The stored state of a release of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceStanding {
    /// The time when the release was made, as in [`SourceEvent::made_at`].
    pub made_at: Option<UtcTime>,
    /// The stage of the release.
    pub stage: SourceStage,
    /// The mark of the event that set the stage.
    pub stage_mark: SourceMark,
    /// The mark of the event whose text readers see. `None` if they see nothing. Any event that then makes the release
    /// visible also sets its text.
    pub text_mark: Option<SourceMark>,
}

/// The result of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceStep {
    /// The new state of the release.
    pub standing: SourceStanding,
    /// True if readers now see the event's text.
    pub takes_text: bool,
}

/// Returns the result of an event for the known state `before`. `before` is `None` for an unknown release.
///
/// Returns `None` if the event belongs to an older release of the same name. Such an event changes nothing.
pub fn source_step(before: Option<&SourceStanding>, event: &SourceEvent) -> Option<SourceStep> {
    let (before, made_at) = event.life(before)?;
    let mark = |rank| SourceMark { at: event.updated_at, rank };
    let stage = match (event.kind, &event.shown) {
        (SourceEventKind::Deleted, _) => SourceStage::Deleted,
        (_, None) => SourceStage::Draft,
        (_, Some(text)) if text.prerelease == Some(true) => SourceStage::Prerelease,
        (_, Some(_)) => SourceStage::Release,
    };
    let stage_mark = mark(event.kind.stage_rank());
    let (stage, stage_mark) = match before {
        Some(before) if before.stage == SourceStage::Deleted => (before.stage, before.stage_mark),
        Some(before) if stage != SourceStage::Deleted && stage_mark < before.stage_mark => {
            (before.stage, before.stage_mark)
        }
        _ => (stage, stage_mark),
    };
    let text_mark = mark(event.kind.text_rank());
    let text_before = before.and_then(|before| before.text_mark);
    let takes_text = stage.is_shown() && event.shown.is_some() && text_before.is_none_or(|before| text_mark >= before);
    let text_mark = match (stage.is_shown(), takes_text) {
        (false, _) => None,
        (true, true) => Some(text_mark),
        (true, false) => text_before,
    };
    Some(SourceStep { standing: SourceStanding { made_at, stage, stage_mark, text_mark }, takes_text })
}

#[cfg(test)]
mod tests {
    use super::{SourceEventKind::*, *};
    use crate::time::time_parse;
    use chrono::Duration;
    use proptest::prelude::*;

    /// Makes an event. The name is also its text.
    fn event(name: &str, kind: SourceEventKind, minute: Option<u32>, prerelease: bool) -> SourceEvent {
        let is_shown = !matches!(kind, Unpublished | Deleted) && name != "draft";
        let text = SourceText {
            tag: "v1".into(),
            title: name.into(),
            notes: None,
            author: None,
            published_at: None,
            prerelease: Some(prerelease),
        };
        let updated_at = minute.map(|minute| time_parse(&format!("2024-05-01T12:{minute:02}:00Z")).expect("a time"));
        SourceEvent { kind, release_id: "7".into(), made_at: None, updated_at, shown: is_shown.then_some(text) }
    }

    /// Returns the state after the events, and the text that readers see.
    fn fold(events: &[SourceEvent]) -> (SourceStanding, Option<String>) {
        let mut standing = None;
        let mut shown = None;
        for event in events {
            let Some(step) = source_step(standing.as_ref(), event) else { continue };
            if step.takes_text {
                shown = event.shown.as_ref().map(|text| text.title.clone());
            }
            standing = Some(step.standing);
        }
        let standing = standing.expect("there are events");
        (standing, shown.filter(|_| standing.stage.is_shown()))
    }

    #[test]
    fn what_events_come_to() {
        let one = |kind| event("one", kind, None, false);
        let pre = |kind| event("pre", kind, None, true);
        let draft = |kind| event("draft", kind, None, false);
        use SourceStage::{Deleted as Gone, Draft, Prerelease, Release};
        for (events, stage, shown) in [
            (vec![draft(Created)], Draft, None),
            (vec![draft(Created), one(Published)], Release, Some("one")),
            (vec![one(Published), draft(Created)], Release, Some("one")),
            (vec![one(Published), draft(Edited)], Release, Some("one")),
            (vec![one(Published), event("two", Edited, None, false), one(Created)], Release, Some("two")),
            (vec![event("two", Edited, None, false), one(Published)], Release, Some("two")),
            (vec![pre(Published), one(Published)], Release, Some("one")),
            (vec![pre(Published), pre(Edited), one(Published)], Release, Some("pre")),
            (vec![one(Published), one(Edited), one(Unpublished)], Draft, None),
            (vec![one(Published), one(Edited), one(Unpublished), one(Published)], Release, Some("one")),
            (vec![one(Unpublished), one(Edited)], Draft, None),
            // A source without times that publishes only once: a later edit sets the stage.
            (vec![pre(Published), one(Amended)], Release, Some("one")),
            (vec![one(Amended), pre(Published)], Release, Some("one")),
            (vec![one(Amended), one(Deleted), pre(Published)], Gone, None),
            (vec![one(Deleted), one(Published)], Gone, None),
            (vec![one(Published), one(Deleted), one(Edited)], Gone, None),
            (vec![event("new", Edited, Some(5), true), event("old", Edited, Some(4), false)], Prerelease, Some("new")),
            (
                vec![event("old", Published, Some(4), false), event("new", Edited, Some(5), true)],
                Prerelease,
                Some("new"),
            ),
            // Two events of the same moment: the one that arrives later counts.
            (vec![event("old", Edited, Some(4), false), event("new", Edited, Some(4), false)], Release, Some("new")),
        ] {
            let (standing, text) = fold(&events);
            assert_eq!((standing.stage, text.as_deref()), (stage, shown), "{events:#?}");
        }
    }

    #[test]
    fn what_the_source_does_not_know_stays() {
        let now = time_parse("2024-05-01T12:00:00Z").expect("a time");
        let text = event("one", Published, None, false).shown.expect("it is shown");
        let new = text.input(None, Some(true), now);
        assert_eq!((new.published_at, new.prerelease, new.notify, new.chart_visibility), (now, Some(true), None, true));
        let before = ReleaseInput { notify: Some(false), chart_visibility: false, published_at: now, ..new };
        let after = text.input(Some(&before), Some(false), now + Duration::hours(1));
        assert_eq!((after.published_at, after.notify, after.chart_visibility), (now, Some(false), false));
    }

    /// The events of one release, each later than the one before, or all without times.
    fn life() -> impl Strategy<Value = Vec<SourceEvent>> {
        (any::<bool>(), any::<[bool; 4]>(), any::<[bool; 3]>()).prop_map(|(timed, prerelease, there)| {
            let at = |minute| timed.then_some(minute);
            let created = if prerelease[0] { "draft" } else { "created" };
            let mut events = vec![event(created, Created, at(0), prerelease[1])];
            events.push(event("published", Published, at(1), prerelease[1]));
            if there[0] {
                // Without times, an edit could also be from before another publication.
                events.push(event("edited", Edited, at(2), if timed { prerelease[2] } else { prerelease[1] }));
            }
            if there[1] {
                events.push(event("deleted", Deleted, at(5), false));
            }
            if there[2] && timed {
                events.push(event("unpublished", Unpublished, at(3), false));
                events.push(event("published again", Published, at(4), prerelease[3]));
            }
            events
        })
    }

    /// The events of releases made one after the other under one name. The source sends no times of changes. All
    /// releases but the last were deleted, and perhaps the last one too.
    fn lives() -> impl Strategy<Value = Vec<SourceEvent>> {
        prop::collection::vec(any::<[bool; 3]>(), 1..4).prop_map(|lives| {
            let last = lives.len() - 1;
            let mut events = Vec::new();
            for (number, [prerelease, amended, deleted]) in lives.into_iter().enumerate() {
                let made_at = time_parse(&format!("2024-05-01T12:00:0{number}.5Z"));
                let mut told = |what, kind, prerelease| {
                    let name = format!("{what} {number}");
                    events.push(SourceEvent { made_at, ..event(&name, kind, None, prerelease) });
                };
                told("published", Published, prerelease);
                if amended {
                    told("amended", Amended, false);
                }
                if deleted || number < last {
                    told("deleted", Deleted, false);
                }
            }
            events
        })
    }

    #[test]
    fn a_name_is_free_again_after_a_deletion() {
        let of = |second: u32, kind, name: &str| {
            let made_at = time_parse(&format!("2024-05-01T12:00:{second:02}Z"));
            SourceEvent { made_at, ..event(name, kind, None, false) }
        };
        let (first, gone, anew) = (of(1, Published, "first"), of(1, Deleted, "gone"), of(2, Published, "anew"));
        for events in [[&first, &gone, &anew], [&anew, &first, &gone], [&first, &anew, &gone]] {
            let events = events.map(Clone::clone);
            let (standing, text) = fold(&events);
            assert_eq!((standing.stage, text.as_deref()), (SourceStage::Release, Some("anew")), "{events:#?}");
        }
        // A time of the same second with a fraction means the same release.
        let exact = SourceEvent { made_at: time_parse("2024-05-01T12:00:01.75Z"), ..of(1, Amended, "late") };
        assert_eq!(fold(&[first.clone(), gone.clone(), exact]).0.stage, SourceStage::Deleted);
        // An event without this time belongs to the known release.
        let nameless = SourceEvent { made_at: None, ..of(1, Deleted, "gone") };
        assert_eq!(fold(&[first, nameless, gone]).0.stage, SourceStage::Deleted);
    }

    proptest! {
        #[test]
        fn every_order_of_several_lives_comes_to_the_last(
            (events, shuffled) in lives().prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
        ) {
            prop_assert_eq!(fold(&events), fold(&shuffled));
        }

        #[test]
        fn every_order_comes_to_the_same(
            (events, shuffled) in life().prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
        ) {
            prop_assert_eq!(fold(&events), fold(&shuffled));
        }

        #[test]
        fn twice_is_as_good_as_once(events in life(), index in any::<prop::sample::Index>()) {
            let once = fold(&events);
            let mut twice = events.clone();
            twice.push(events[index.index(events.len())].clone());
            prop_assert_eq!(once, fold(&twice));
        }
    }
}
