//! What an import of a history, such as a changelog, makes of each of its releases.
//!
//! An import tells of the past: it announces nothing, never overwrites what a forge or a person decided, and done
//! twice it comes to the same.

use crate::{
    fault::Fault,
    release::{
        ReleaseInput, ReleaseState, release_author_check, release_notes_check, release_tag_check, release_title_check,
    },
    time::UtcTime,
};

/// How well an import knows when a release was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportTime {
    /// To the second.
    Exact,
    /// The day alone: `published_at` is its midnight.
    Day,
    /// Not at all: `published_at` is a guess that only serves a release that is new.
    Guess,
}

/// A release as the source of an import tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseImport {
    /// The release. Drafts are no part of a history: `draft` counts as `false`.
    pub input: ReleaseInput,
    /// What its `published_at` is worth.
    pub time: ImportTime,
}

impl ReleaseImport {
    /// Checks what whoever read the source may not have checked, and names the first field at fault.
    pub fn check(&self) -> Result<(), Fault> {
        let input = &self.input;
        release_tag_check("tag", &input.tag)?;
        release_title_check("title", &input.title)?;
        input.notes.as_deref().map_or(Ok(()), |notes| release_notes_check("notes", notes))?;
        input.author.as_deref().map_or(Ok(()), |author| release_author_check("author", author))
    }

    /// The tags of what would be the same release, best first: a changelog writes `1.2.0` where the tag is `v1.2.0`.
    pub fn tags(&self) -> Vec<String> {
        let tag = &self.input.tag;
        let twin = match tag.strip_prefix('v') {
            Some(rest) if rest.starts_with(|first: char| first.is_ascii_digit()) => Some(rest.to_owned()),
            None if tag.starts_with(|first: char| first.is_ascii_digit()) => Some(format!("v{tag}")),
            _ => None,
        };
        [Some(tag.clone()), twin].into_iter().flatten().collect()
    }
}

/// A release that is there before an import.
#[derive(Clone, Copy, Debug)]
pub struct ImportBefore<'a> {
    /// What is stored of it.
    pub input: &'a ReleaseInput,
    /// Where it stands.
    pub state: ReleaseState,
    /// Whether its forge tells of it.
    pub is_of_forge: bool,
}

/// Why an import leaves a release as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportKept {
    /// Its forge tells of it, and knows better.
    Forge,
    /// It was withdrawn.
    Withdrawn,
    /// Its team is writing it.
    Draft,
}

crate::text::named! {
    ImportKept {
        Forge => "forge",
        Withdrawn => "withdrawn",
        Draft => "draft",
    }
}

/// What an import makes of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportStep {
    /// It is new.
    Add(Box<ReleaseInput>),
    /// It is there, and becomes this.
    Change(Box<ReleaseInput>),
    /// It is there as the import tells of it.
    Same,
    /// It is there, and the import must not touch it.
    Keep(ImportKept),
}

/// The rule: what an import makes of a release; `before` is what is there of it.
///
/// What the import does not say stays: an empty title, no notes, no author. So does the identity of the release, its
/// being a pre-release, and what was said about mail and charts, which no history knows. Its time stays where the import
/// knows no better, and where one of the two is still to come.
pub fn import_step(before: Option<ImportBefore<'_>>, told: &ReleaseImport, now: UtcTime) -> ImportStep {
    let input = &told.input;
    let Some(ImportBefore { input: before, state, is_of_forge }) = before else {
        return ImportStep::Add(Box::new(ReleaseInput { draft: false, ..input.clone() }));
    };
    match state {
        ReleaseState::Withdrawn => return ImportStep::Keep(ImportKept::Withdrawn),
        ReleaseState::Draft => return ImportStep::Keep(ImportKept::Draft),
        ReleaseState::Published | ReleaseState::Scheduled if is_of_forge => return ImportStep::Keep(ImportKept::Forge),
        ReleaseState::Published | ReleaseState::Scheduled => {}
    }
    let is_time_known = match told.time {
        ImportTime::Exact => true,
        ImportTime::Day => before.published_at.date() != input.published_at.date(),
        ImportTime::Guess => false,
    };
    let takes_time = is_time_known && state == ReleaseState::Published && input.published_at <= now;
    let after = ReleaseInput {
        title: if input.title.is_empty() { before.title.clone() } else { input.title.clone() },
        notes: input.notes.clone().or_else(|| before.notes.clone()),
        author: input.author.clone().or_else(|| before.author.clone()),
        published_at: if takes_time { input.published_at } else { before.published_at },
        ..before.clone()
    };
    if after == *before { ImportStep::Same } else { ImportStep::Change(Box::new(after)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{release::Platforms, time::time_parse};

    fn now() -> UtcTime {
        time_parse("2024-05-10T12:00:00Z").expect("a time")
    }

    fn input(tag: &str) -> ReleaseInput {
        ReleaseInput {
            tag: tag.into(),
            platforms: Platforms::default(),
            title: "One".into(),
            notes: Some("- a".into()),
            author: Some("ada".into()),
            published_at: now(),
            ends_at: None,
            prerelease: None,
            draft: false,
            notify: None,
            chart_visibility: true,
            params: serde_json::Map::new(),
        }
    }

    fn told(change: impl FnOnce(&mut ReleaseInput), time: ImportTime) -> ReleaseImport {
        let mut input = input("v1.2.0");
        change(&mut input);
        ReleaseImport { input, time }
    }

    fn step(state: ReleaseState, is_of_forge: bool, told: &ReleaseImport) -> ImportStep {
        import_step(Some(ImportBefore { input: &input("v1.2.0"), state, is_of_forge }), told, now())
    }

    #[test]
    fn what_is_new_is_added_and_never_as_a_draft() {
        let draft = told(|input| input.draft = true, ImportTime::Day);
        assert_eq!(import_step(None, &draft, now()), ImportStep::Add(Box::new(input("v1.2.0"))));
    }

    #[test]
    fn what_others_decided_is_kept() {
        use ImportKept::{Draft, Forge, Withdrawn};
        use ReleaseState as State;
        let changed = told(|input| input.notes = Some("- b".into()), ImportTime::Exact);
        for (state, is_of_forge, kept) in [
            (State::Published, false, None),
            (State::Scheduled, false, None),
            (State::Published, true, Some(Forge)),
            (State::Scheduled, true, Some(Forge)),
            (State::Withdrawn, false, Some(Withdrawn)),
            (State::Withdrawn, true, Some(Withdrawn)),
            (State::Draft, false, Some(Draft)),
        ] {
            let came_to = match step(state, is_of_forge, &changed) {
                ImportStep::Keep(kept) => Some(kept),
                ImportStep::Change(input) => {
                    assert_eq!(input.notes.as_deref(), Some("- b"));
                    None
                }
                other => panic!("{state} {is_of_forge}: {other:?}"),
            };
            assert_eq!(came_to, kept, "{state} {is_of_forge}");
        }
    }

    #[test]
    fn what_the_import_does_not_know_stays() {
        let silent = told(
            |input| {
                *input = ReleaseInput {
                    tag: "1.2.0".into(),
                    title: String::new(),
                    notes: None,
                    author: None,
                    notify: Some(true),
                    prerelease: Some(true),
                    ..input.clone()
                }
            },
            ImportTime::Exact,
        );
        assert_eq!(step(ReleaseState::Published, false, &silent), ImportStep::Same);
    }

    #[test]
    fn a_time_is_taken_as_far_as_it_is_known() {
        let midnight = |day| time_parse(&format!("2024-05-{day:02}T00:00:00Z")).expect("a time");
        for (state, time, published_at, is_taken) in [
            (ReleaseState::Published, ImportTime::Day, midnight(10), false),
            (ReleaseState::Published, ImportTime::Day, midnight(9), true),
            (ReleaseState::Published, ImportTime::Exact, midnight(10), true),
            (ReleaseState::Published, ImportTime::Guess, midnight(9), false),
            (ReleaseState::Published, ImportTime::Exact, midnight(11), false),
            (ReleaseState::Scheduled, ImportTime::Exact, midnight(9), false),
        ] {
            let told = told(|input| input.published_at = published_at, time);
            let expected = match is_taken {
                true => ImportStep::Change(Box::new(ReleaseInput { published_at, ..input("v1.2.0") })),
                false => ImportStep::Same,
            };
            assert_eq!(step(state, false, &told), expected, "{state} {time:?} {published_at}");
        }
    }

    #[test]
    fn a_version_is_found_with_and_without_its_v() {
        for (tag, tags) in [
            ("v1.2.0", &["v1.2.0", "1.2.0"][..]),
            ("1.2.0", &["1.2.0", "v1.2.0"]),
            ("web-v1.2.0", &["web-v1.2.0"]),
            ("vnext", &["vnext"]),
            ("nightly", &["nightly"]),
        ] {
            assert_eq!(told(|input| input.tag = tag.into(), ImportTime::Day).tags(), tags);
        }
    }

    #[test]
    fn a_release_that_cannot_be_stored_is_named() {
        let fault = |change: fn(&mut ReleaseInput)| told(change, ImportTime::Day).check().map_err(|fault| fault.field);
        assert_eq!(fault(|_| {}), Ok(()));
        assert_eq!(fault(|input| input.tag = "a\nb".into()), Err("tag".into()));
        assert_eq!(fault(|input| input.title = "x".repeat(501)), Err("title".into()));
        assert_eq!(fault(|input| input.notes = Some("\0".into())), Err("notes".into()));
        assert_eq!(fault(|input| input.author = Some("\n".into())), Err("author".into()));
    }
}
