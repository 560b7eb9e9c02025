//! A changelog, imported into a repository: which release each of its versions is, and what becomes of it.
//!
//! `docs/changelogs.md` says for people what the rules are. Nobody is told of what is imported, and done twice it comes to
//! the same: that is [`releasepage_domain::release_import`]'s rule.

mod plan;
mod tags;

use chrono::{Datelike, NaiveDate};
use releasepage_auth::random::release_id_new;
use releasepage_domain::{
    fault::Fault,
    release_import::{ImportKept, ReleaseImport},
};
use releasepage_storage::{
    Store, StoreError,
    release_imports::{IMPORT_BATCH, ImportResult, release_import, release_import_plan},
    releases::ReleaseContext,
    repository_tags::repository_tags,
};

use self::plan::changelog_plan;
pub use self::tags::{TAG_FORMAT_EXPECTED, TagFormat};
use crate::changelog::{Changelog, ChangelogWarning};

/// How a changelog is imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangelogOptions {
    /// What tags are made of; where it is missing, they are written as the repository's other tags are.
    pub tag_format: Option<TagFormat>,
    /// The day of new releases whose heading names none; where it is missing, that of the next older version that has
    /// one.
    pub undated: Option<NaiveDate>,
    /// Whether this only says what would become of the versions.
    pub dry_run: bool,
}

/// What became of a version of a changelog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryImported {
    /// The line of its heading, from 1.
    pub line: usize,
    /// The version as it is written.
    pub version: String,
    /// The tag of its release; `None` where none can be made.
    pub tag: Option<String>,
    /// Its day, where its heading names one.
    pub date: Option<NaiveDate>,
    /// The first words of its title or notes; often more telling than the version.
    pub words: String,
    /// What became of it.
    pub outcome: EntryOutcome,
}

/// What becomes of a version of a changelog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryOutcome {
    /// It is a new release.
    Added,
    /// The release was there, and is as the changelog says now.
    Changed,
    /// The release was there like that.
    Same,
    /// The release is left as it is, or was not made: why.
    Kept(&'static str),
    /// It cannot be imported: why.
    Refused(String),
}

impl EntryOutcome {
    /// What it is in one word.
    pub fn result(&self) -> EntryResult {
        match self {
            Self::Added => EntryResult::Added,
            Self::Changed => EntryResult::Changed,
            Self::Same => EntryResult::Same,
            Self::Kept(_) => EntryResult::Kept,
            Self::Refused(_) => EntryResult::Refused,
        }
    }

    /// Why it was kept or refused.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Kept(why) => Some(why),
            Self::Refused(why) => Some(why),
            Self::Added | Self::Changed | Self::Same => None,
        }
    }
}

/// What an [`EntryOutcome`] is in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryResult {
    /// A new release.
    Added,
    /// A release that was there, and is as the changelog says now.
    Changed,
    /// A release that was there like that.
    Same,
    /// Left as it is, or out.
    Kept,
    /// Cannot be imported.
    Refused,
}

impl EntryResult {
    /// Every result, in the order in which they are told.
    pub const ALL: &'static [Self] = &[Self::Added, Self::Changed, Self::Same, Self::Kept, Self::Refused];

    /// The word, as the API and the command have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Same => "same",
            Self::Kept => "kept",
            Self::Refused => "refused",
        }
    }
}

/// What became of a changelog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangelogImported {
    /// Each version, in the order of the changelog.
    pub entries: Vec<EntryImported>,
    /// What was not read as somebody may have meant it.
    pub warnings: Vec<ChangelogWarning>,
    /// The lines of the sections that are not released yet.
    pub unreleased: Vec<usize>,
}

impl ChangelogImported {
    /// How many versions came to this.
    pub fn count(&self, result: EntryResult) -> usize {
        self.entries.iter().filter(|entry| entry.outcome.result() == result).count()
    }
}

/// Reads a day as `2024-08-10`, of the years 1970 to 9999.
pub fn day_parse(text: &str) -> Option<NaiveDate> {
    let has_form = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    text.parse().ok().filter(|day: &NaiveDate| has_form && day.year() >= 1970)
}

/// Imports a changelog into a repository, in batches that are a transaction each. `progress` is told how many versions
/// are done after each of them; the caller shows it to somebody.
///
/// # Errors
///
/// Those of the database. What was imported before stays, and the same import does the rest.
pub async fn changelog_import(
    store: &Store,
    repository_id: i64,
    changelog: Changelog,
    options: &ChangelogOptions,
    context: ReleaseContext,
    mut progress: impl FnMut(usize),
) -> Result<ChangelogImported, StoreError> {
    // A history, whatever the caller does otherwise.
    let context = ReleaseContext { is_news: false, ..context };
    let tags = repository_tags(store, repository_id).await?;
    let Changelog { entries, warnings, unreleased } = changelog;
    let mut planned = changelog_plan(entries, &tags, options, context.now);
    let mut done = 0;
    for batch in planned.chunks_mut(IMPORT_BATCH) {
        let asked = batch.iter_mut().enumerate().filter_map(|(place, entry)| Some((place, entry.import.take()?)));
        let (places, imports): (Vec<usize>, Vec<ReleaseImport>) = asked.unzip();
        let results = if options.dry_run {
            release_import_plan(store, repository_id, imports, context.now).await?
        } else {
            release_import(store, repository_id, imports, release_id_new, context).await?
        };
        for (place, result) in places.into_iter().zip(results) {
            batch[place].imported.outcome = outcome(result);
        }
        done += batch.len();
        progress(done);
    }
    Ok(ChangelogImported { entries: planned.into_iter().map(|entry| entry.imported).collect(), warnings, unreleased })
}

fn outcome(result: ImportResult) -> EntryOutcome {
    match result {
        ImportResult::Added => EntryOutcome::Added,
        ImportResult::Changed => EntryOutcome::Changed,
        ImportResult::Same => EntryOutcome::Same,
        ImportResult::Kept(ImportKept::Forge) => EntryOutcome::Kept("its forge tells of it, and knows better"),
        ImportResult::Kept(ImportKept::Withdrawn) => EntryOutcome::Kept("it was withdrawn"),
        ImportResult::Kept(ImportKept::Draft) => EntryOutcome::Kept("it is a draft that somebody is writing"),
        ImportResult::Refused(Fault { field, expected, .. }) => {
            EntryOutcome::Refused(format!("its {field} {expected}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days() {
        assert_eq!(day_parse("2024-08-10"), NaiveDate::from_ymd_opt(2024, 8, 10));
        for text in ["", "2024-8-10", "2024-02-30", "1969-12-31", "+2024-08-1", "2024-08-10 ", "20240810"] {
            assert_eq!(day_parse(text), None, "{text}");
        }
    }
}
