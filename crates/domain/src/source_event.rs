//! What a forge tells of a release, in one form for all forges, and which of its events count.
//!
//! Events come late, twice and in any order. They are ranked, not trusted in their order: what was deleted stays
//! deleted, the newer of two counts where their source gives them times, and where it gives none, a publication beats
//! the creation before it, and for the text an edit beats both. Among equals, the later to arrive counts.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::{
    release::{Platforms, ReleaseInput},
    time::UtcTime,
};

/// How long a delivery that was processed is remembered, so that it is not processed twice.
pub const DELIVERY_REMEMBERED: Duration = Duration::days(30);

/// How long a delivery may wait to be processed before a repetition of it is taken as a new one: longer than all the
/// tries of its job take, so that only a job that is lost is written again.
const DELIVERY_WAITS: Duration = Duration::hours(3);

/// What happened to a release at its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceEventKind {
    /// It was written down, perhaps as a draft.
    Created,
    /// Its text, tag or flags were changed.
    Edited,
    /// It was published, as a pre-release or a release, or a pre-release was made a release.
    Published,
    /// It was made a draft again.
    Unpublished,
    /// It was deleted.
    Deleted,
}

impl SourceEventKind {
    /// How much it says about where the release stands, among events whose times do not tell.
    const fn stage_rank(self) -> i32 {
        match self {
            Self::Created => 0,
            Self::Edited => 1,
            Self::Published | Self::Unpublished | Self::Deleted => 2,
        }
    }

    /// How much it says about the text, likewise.
    const fn text_rank(self) -> i32 {
        match self {
            Self::Created => 0,
            Self::Published | Self::Unpublished | Self::Deleted => 1,
            Self::Edited => 2,
        }
    }
}

/// The repository that an event is of, as its forge knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRepository {
    /// Its number at the forge, which stays when it is renamed or transferred.
    pub id: i64,
    /// Its present name, `owner/name`; not checked.
    pub name: String,
}

/// One event of one release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEvent {
    /// What happened.
    pub kind: SourceEventKind,
    /// The release's id at the forge, which stays when its tag is changed.
    pub release_id: String,
    /// When the release was last changed, where the forge says so.
    pub updated_at: Option<UtcTime>,
    /// What readers are to see of it; `None` where they are to see nothing: it is a draft, or gone.
    pub shown: Option<SourceText>,
}

/// What readers are to see of a release. Whoever parses the fields checks them, as those of a [`ReleaseInput`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceText {
    /// The tag.
    pub tag: String,
    /// What it is called; empty where the tag is all.
    pub title: String,
    /// Markdown.
    pub notes: Option<String>,
    /// Who made it.
    pub author: Option<String>,
    /// When it was published, where the forge says so.
    pub published_at: Option<UtcTime>,
    /// Whether its source calls it a pre-release.
    pub prerelease: bool,
}

impl SourceText {
    /// The release as it is stored: over `before`, where there is one, whose platforms and settings stay.
    pub fn input(&self, before: Option<&ReleaseInput>, prerelease: bool, now: UtcTime) -> ReleaseInput {
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

/// Where a release stands at its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceStage {
    /// Its team alone sees it.
    Draft,
    /// Published as a pre-release.
    Prerelease,
    /// Published.
    Release,
    /// Gone for good: a forge never gives an id twice.
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
    /// Whether readers are to see the release.
    pub const fn is_shown(self) -> bool {
        matches!(self, Self::Prerelease | Self::Release)
    }
}

/// How an event compares with others: by its time, where sources give times, then by what kind of event it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceMark {
    /// When the release was last changed as of the event.
    pub at: Option<UtcTime>,
    /// The rank of the event's kind.
    pub rank: i32,
}

/// What is remembered of a release of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceStanding {
    /// Where it stands.
    pub stage: SourceStage,
    /// The event that said so.
    pub stage_mark: SourceMark,
    /// The event whose text readers see; `None` where they see nothing, so that whatever brings the release into the
    /// open brings its text along.
    pub text_mark: Option<SourceMark>,
}

/// What an event comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceStep {
    /// Where the release stands now.
    pub standing: SourceStanding,
    /// Whether the event's text is what readers are to see.
    pub takes_text: bool,
}

/// The rule: what an event makes of a release that stands there; `None` for one that was never heard of.
pub fn source_step(before: Option<&SourceStanding>, event: &SourceEvent) -> SourceStep {
    let mark = |rank| SourceMark { at: event.updated_at, rank };
    let stage = match (event.kind, &event.shown) {
        (SourceEventKind::Deleted, _) => SourceStage::Deleted,
        (_, None) => SourceStage::Draft,
        (_, Some(text)) if text.prerelease => SourceStage::Prerelease,
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
    if !stage.is_shown() {
        return SourceStep { standing: SourceStanding { stage, stage_mark, text_mark: None }, takes_text: false };
    }
    let text_mark = mark(event.kind.text_rank());
    let text_before = before.and_then(|before| before.text_mark);
    let takes_text = event.shown.is_some() && text_before.is_none_or(|before| text_mark >= before);
    let text_mark = if takes_text { Some(text_mark) } else { text_before };
    SourceStep { standing: SourceStanding { stage, stage_mark, text_mark }, takes_text }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStanding {
    /// Stored, with a job that will process it.
    Queued,
    /// Processed.
    Done,
    /// Its job failed for good.
    Failed,
}

crate::text::named! {
    DeliveryStanding {
        Queued => "queued",
        Done => "done",
        Failed => "failed",
    }
}

/// Whether a delivery that came before is to be processed when it comes again: if it failed, or if it has waited so
/// long since `received_at` that its job must be lost.
pub fn delivery_is_due_again(standing: DeliveryStanding, received_at: UtcTime, now: UtcTime) -> bool {
    match standing {
        DeliveryStanding::Queued => now - received_at > DELIVERY_WAITS,
        DeliveryStanding::Done => false,
        DeliveryStanding::Failed => true,
    }
}

/// What became of a delivery, as the owner of the repository is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryResult {
    /// Stored, and to be processed within moments.
    Accepted,
    /// Processed.
    Processed,
    /// Understood; it changes nothing here.
    Ignored,
    /// Not taken: its content cannot be used, or is another repository's.
    Refused,
    /// It could not be processed.
    Failed,
}

crate::text::named! {
    DeliveryResult {
        Accepted => "accepted",
        Processed => "processed",
        Ignored => "ignored",
        Refused => "refused",
        Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::{SourceEventKind::*, *};
    use crate::time::time_parse;
    use proptest::prelude::*;

    /// An event, whose text is called like it.
    fn event(name: &str, kind: SourceEventKind, minute: Option<u32>, prerelease: bool) -> SourceEvent {
        let is_shown = !matches!(kind, Unpublished | Deleted) && name != "draft";
        let text = SourceText {
            tag: "v1".into(),
            title: name.into(),
            notes: None,
            author: None,
            published_at: None,
            prerelease,
        };
        let updated_at = minute.map(|minute| time_parse(&format!("2024-05-01T12:{minute:02}:00Z")).expect("a time"));
        SourceEvent { kind, release_id: "7".into(), updated_at, shown: is_shown.then_some(text) }
    }

    /// Where the release stands after the events, and which text readers see.
    fn fold(events: &[SourceEvent]) -> (SourceStanding, Option<String>) {
        let mut standing = None;
        let mut shown = None;
        for event in events {
            let step = source_step(standing.as_ref(), event);
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
            (vec![one(Deleted), one(Published)], Gone, None),
            (vec![one(Published), one(Deleted), one(Edited)], Gone, None),
            (vec![event("new", Edited, Some(5), true), event("old", Edited, Some(4), false)], Prerelease, Some("new")),
            (
                vec![event("old", Published, Some(4), false), event("new", Edited, Some(5), true)],
                Prerelease,
                Some("new"),
            ),
            // The same moment, told twice: the later to arrive.
            (vec![event("old", Edited, Some(4), false), event("new", Edited, Some(4), false)], Release, Some("new")),
        ] {
            let (standing, text) = fold(&events);
            assert_eq!((standing.stage, text.as_deref()), (stage, shown), "{events:#?}");
        }
    }

    #[test]
    fn only_what_was_not_done_is_done_again() {
        let now = time_parse("2024-05-01T12:00:00Z").expect("a time");
        for (standing, hours, again) in [
            (DeliveryStanding::Queued, 0, false),
            (DeliveryStanding::Queued, 4, true),
            (DeliveryStanding::Done, 400, false),
            (DeliveryStanding::Failed, 0, true),
        ] {
            assert_eq!(delivery_is_due_again(standing, now - Duration::hours(hours), now), again, "{standing} {hours}");
        }
    }

    #[test]
    fn what_the_source_does_not_know_stays() {
        let now = time_parse("2024-05-01T12:00:00Z").expect("a time");
        let text = event("one", Published, None, false).shown.expect("it is shown");
        let new = text.input(None, true, now);
        assert_eq!((new.published_at, new.prerelease, new.notify, new.chart_visibility), (now, true, None, true));
        let before = ReleaseInput { notify: Some(false), chart_visibility: false, published_at: now, ..new };
        let after = text.input(Some(&before), false, now + Duration::hours(1));
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
                // Without times, an edit cannot be told from one before another publication.
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

    proptest! {
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
