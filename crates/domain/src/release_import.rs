//! The rule for importing a history of releases, such as a changelog.
//!
//! An import is about the past. It announces nothing and never overwrites a decision of a forge or a person. A second
//! run changes nothing.

use crate::{
    fault::Fault,
    release::{
        ReleaseInput, ReleaseState, release_author_check, release_notes_check, release_tag_check, release_title_check,
    },
    time::UtcTime,
};

/// The precision of a release's time in an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportTime {
    /// The time is exact to the second.
    Exact,
    /// Only the day is known. `published_at` is its midnight.
    Day,
    /// The time is unknown. `published_at` is a guess and is used only for a new release.
    Guess,
}

/// A release in the source of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseImport {
    /// The release. Drafts are not part of a history, so `draft` counts as `false`.
    pub input: ReleaseInput,
    /// The precision of its `published_at`.
    pub time: ImportTime,
}

impl ReleaseImport {
    /// Checks the fields that the reader of the source may not have checked.
    ///
    /// # Errors
    ///
    /// The fault of the first wrong field.
    pub fn check(&self) -> Result<(), Fault> {
        let input = &self.input;
        release_tag_check("tag", &input.tag)?;
        release_title_check("title", &input.title)?;
        input.notes.as_deref().map_or(Ok(()), |notes| release_notes_check("notes", notes))?;
        input.author.as_deref().map_or(Ok(()), |author| release_author_check("author", author))
    }

    /// Returns the tags that mean the same release, the best first. A changelog may write `1.2.0` for the tag `v1.2.0`.
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

/// A release that exists before an import.
#[derive(Clone, Copy, Debug)]
pub struct ImportBefore<'a> {
    /// Its stored fields.
    pub input: &'a ReleaseInput,
    /// Its state.
    pub state: ReleaseState,
    /// True if its forge reports it.
    pub is_of_forge: bool,
}

/// The reason why an import does not change a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportKept {
    /// Its forge reports it, and knows better.
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

/// The result of an import for one release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportStep {
    /// The release is new.
    Add(Box<ReleaseInput>),
    /// The release exists, and gets these fields.
    Change(Box<ReleaseInput>),
    /// The release exists and is already the same.
    Same,
    /// The release exists, and the import must not change it.
    Keep(ImportKept),
}

/// Returns the result of an import for one release. `before` is the existing release, if there is one.
///
/// Fields that the import leaves empty stay: title, notes and author. So do the identity of the release, its
/// pre-release flag, and the choices about email and charts, which no history knows. Its time stays if the import does
/// not know it better, or if one of the two times is in the future.
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
