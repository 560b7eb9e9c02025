//! The import of a changelog into a repository. Each version becomes a release or keeps one unchanged.
//!
//! `docs/changelogs.md` describes the rules for users. An import tells nobody, and a second import changes nothing.
//! [`releasepage_domain::release_import`] holds that rule.

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
    releases::{
        imports::{IMPORT_BATCH, ImportResult, release_import, release_import_plan},
        row::ReleaseContext,
    },
    repositories::tags::repository_tags,
};

use self::plan::changelog_plan;
pub use self::tags::{TAG_FORMAT_EXPECTED, TagFormat};
use crate::changelog::{Changelog, ChangelogWarning};

/// The options of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangelogOptions {
    /// The format of the tags. If it is missing, tags follow the repository's other tags.
    pub tag_format: Option<TagFormat>,
    /// The day of new releases whose heading names none. If it is missing, such a release gets the day of the next
    /// older version that has one.
    pub undated: Option<NaiveDate>,
    /// True for an import that only reports the results and changes nothing.
    pub dry_run: bool,
}

/// The result of importing one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryImported {
    /// The line of its heading, from 1.
    pub line: usize,
    /// The version unchanged from the changelog.
    pub version: String,
    /// The tag of its release. `None` if no tag can be made.
    pub tag: Option<String>,
    /// The day, if the heading names one.
    pub date: Option<NaiveDate>,
    /// The first words of its title or notes. They often say more than the version.
    pub words: String,
    /// The result.
    pub outcome: EntryOutcome,
}

/// The result for one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryOutcome {
    /// A new release was added.
    Added,
    /// An existing release was changed to match the changelog.
    Changed,
    /// An existing release matched the changelog already.
    Same,
    /// An existing release was left unchanged, or none was added. The field is the reason.
    Kept(&'static str),
    /// The version cannot be imported. The field is the reason.
    Refused(String),
}

impl EntryOutcome {
    /// The result in one word.
    pub fn result(&self) -> EntryResult {
        match self {
            Self::Added => EntryResult::Added,
            Self::Changed => EntryResult::Changed,
            Self::Same => EntryResult::Same,
            Self::Kept(_) => EntryResult::Kept,
            Self::Refused(_) => EntryResult::Refused,
        }
    }

    /// The reason why the version was kept or refused.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Kept(why) => Some(why),
            Self::Refused(why) => Some(why),
            Self::Added | Self::Changed | Self::Same => None,
        }
    }
}

/// An [`EntryOutcome`] in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryResult {
    /// A new release was added.
    Added,
    /// An existing release was changed to match the changelog.
    Changed,
    /// An existing release matched the changelog already.
    Same,
    /// An existing release was left unchanged, or none was added.
    Kept,
    /// The version cannot be imported.
    Refused,
}

impl EntryResult {
    /// All results in the order of reports.
    pub const ALL: &'static [Self] = &[Self::Added, Self::Changed, Self::Same, Self::Kept, Self::Refused];

    /// The word in the API and the command.
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

/// The result of importing a changelog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangelogImported {
    /// The result for each version, in the order of the changelog.
    pub entries: Vec<EntryImported>,
    /// The warnings of the reader.
    pub warnings: Vec<ChangelogWarning>,
    /// The lines of the headings of unreleased sections.
    pub unreleased: Vec<usize>,
}

impl ChangelogImported {
    /// The number of versions with this result.
    pub fn count(&self, result: EntryResult) -> usize {
        self.entries.iter().filter(|entry| entry.outcome.result() == result).count()
    }
}

/// Reads a day such as `2024-08-10`, from 1970 to 9999.
pub fn day_parse(text: &str) -> Option<NaiveDate> {
    let has_form = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    text.parse().ok().filter(|day: &NaiveDate| has_form && day.year() >= 1970)
}

/// Imports a changelog into a repository in batches. Each batch is one transaction. `progress` gets the number of
/// finished versions after each batch, so that the caller can show it.
///
/// # Errors
///
/// Returns the errors of the database. Earlier batches stay imported, and the same import can finish the rest.
pub async fn changelog_import(
    store: &Store,
    repository_id: i64,
    changelog: Changelog,
    options: &ChangelogOptions,
    context: ReleaseContext,
    mut progress: impl FnMut(usize),
) -> Result<ChangelogImported, StoreError> {
    // An import is history, so nobody is notified.
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
