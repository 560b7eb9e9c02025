//! The import of a changelog into a repository. Each version becomes a release or keeps one unchanged.
//!
//! `docs/changelogs.md` describes the rules for users. An import tells nobody, and a second import changes nothing.
//! [`releasepage_domain::release_import`] holds that rule.

mod entry;
mod options;
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
pub use self::{
    entry::{EntryImported, EntryOutcome, EntryResult},
    options::ChangelogOptions,
};
use crate::changelog::{Changelog, ChangelogWarning};

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
