//! The rule for releases in a forge's listing, which complements its webhook.
//!
//! A listing shows the present state, not the events. It was fetched a moment ago, and the webhook may have reported
//! more since. The newer information counts. Without times, the webhook counts.

use crate::source_event::{SourceEvent, SourceMark, SourceStage, SourceStanding, SourceStep};

/// The rank of a listing among events of the same moment. Each event says more than a listing.
const LISTED_RANK: i32 = 0;

/// Returns what a listed release changes in the known state `before`. `None` if the listing brings nothing new.
///
/// `is_heard_since` is true if an event of the release was processed after the listing was fetched. It decides if the
/// times do not. The kind of `listed` does not matter.
pub fn listing_step(before: Option<&SourceStanding>, is_heard_since: bool, listed: &SourceEvent) -> Option<SourceStep> {
    let (before, made_at) = listed.life(before)?;
    let is_newer = match before {
        None => true,
        Some(before) if before.stage == SourceStage::Deleted => false,
        Some(before) => {
            match (listed.updated_at, before.stage_mark.at.max(before.text_mark.and_then(|mark| mark.at))) {
                (Some(listed), Some(known)) => listed > known,
                _ => !is_heard_since,
            }
        }
    };
    if !is_newer {
        return None;
    }
    let stage = match &listed.shown {
        None => SourceStage::Draft,
        Some(text) if text.prerelease == Some(true) => SourceStage::Prerelease,
        Some(_) => SourceStage::Release,
    };
    let mark = SourceMark { at: listed.updated_at, rank: LISTED_RANK };
    let stage_mark = before.map_or(mark, |before| before.stage_mark.max(mark));
    let text_before = before.and_then(|before| before.text_mark);
    let text_mark = stage.is_shown().then(|| text_before.map_or(mark, |before| before.max(mark)));
    Some(SourceStep {
        standing: SourceStanding { made_at, stage, stage_mark, text_mark },
        takes_text: stage.is_shown(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        source_event::{SourceEventKind, SourceText, source_step},
        time::{UtcTime, time_parse},
    };

    fn at(minute: u32) -> Option<UtcTime> {
        time_parse(&format!("2024-05-01T12:{minute:02}:00Z"))
    }

    fn event(kind: SourceEventKind, updated_at: Option<UtcTime>, prerelease: bool) -> SourceEvent {
        let text = SourceText {
            tag: "v1".into(),
            title: String::new(),
            notes: None,
            author: None,
            published_at: None,
            prerelease: Some(prerelease),
        };
        let is_shown = !matches!(kind, SourceEventKind::Unpublished | SourceEventKind::Deleted);
        SourceEvent { kind, release_id: "7".into(), made_at: None, updated_at, shown: is_shown.then_some(text) }
    }

    fn listed(updated_at: Option<UtcTime>, prerelease: bool) -> SourceEvent {
        event(SourceEventKind::Published, updated_at, prerelease)
    }

    #[test]
    fn what_was_never_heard_of_is_taken() {
        let step = listing_step(None, false, &listed(None, true)).expect("the release is new");
        assert_eq!((step.standing.stage, step.takes_text), (SourceStage::Prerelease, true));
        let draft = SourceEvent { shown: None, ..listed(None, false) };
        let step = listing_step(None, false, &draft).expect("the draft is stored");
        assert_eq!((step.standing.stage, step.standing.text_mark, step.takes_text), (SourceStage::Draft, None, false));
    }

    #[test]
    fn the_newer_counts_and_without_times_what_was_heard_since() {
        use SourceEventKind::{Deleted, Edited, Published, Unpublished};
        for (kind, told, is_heard_since, listed_at, is_news) in [
            (Edited, at(5), false, at(6), true),
            (Edited, at(5), true, at(6), true),
            (Edited, at(5), false, at(5), false),
            (Edited, at(5), false, at(4), false),
            (Unpublished, at(5), false, at(4), false),
            (Unpublished, at(5), false, at(6), true),
            (Published, None, false, None, true),
            (Published, None, true, None, false),
            (Edited, at(5), false, None, true),
            (Edited, at(5), true, None, false),
            (Edited, None, true, at(5), false),
            (Deleted, at(5), false, at(6), false),
            (Deleted, None, false, None, false),
        ] {
            let told_of = event(kind, told, false);
            let before = source_step(None, &told_of).expect("the first event counts").standing;
            let step = listing_step(Some(&before), is_heard_since, &listed(listed_at, true));
            assert_eq!(step.is_some(), is_news, "{told_of:?} {is_heard_since} {listed_at:?}");
            if let Some(step) = step {
                assert_eq!((step.standing.stage, step.takes_text), (SourceStage::Prerelease, true));
                // A second listing brings nothing new, if there are times to tell.
                let again = listing_step(Some(&step.standing), is_heard_since, &listed(listed_at, true));
                assert_eq!(again.is_none(), listed_at.is_some() && told.is_some(), "{step:?}");
            }
        }
    }

    #[test]
    fn what_the_webhook_tells_later_still_counts() {
        for (listed_at, told_at) in [(None, None), (at(5), at(5)), (at(5), at(6))] {
            let before = listing_step(None, false, &listed(listed_at, true)).expect("the release is new").standing;
            let told = event(SourceEventKind::Edited, told_at, false);
            let step = source_step(Some(&before), &told).expect("the event counts");
            assert_eq!(
                (step.standing.stage, step.takes_text),
                (SourceStage::Release, true),
                "{listed_at:?} {told_at:?}"
            );
        }
    }

    #[test]
    fn a_name_that_was_free_again_is_a_new_release() {
        let of = |minute, event: SourceEvent| SourceEvent { made_at: at(minute), ..event };
        let gone = of(1, event(SourceEventKind::Deleted, None, false));
        let before = source_step(None, &gone).expect("the event counts").standing;
        assert!(listing_step(Some(&before), false, &of(1, listed(None, false))).is_none());
        assert!(listing_step(Some(&before), true, &of(2, listed(None, false))).is_some());
    }
}
