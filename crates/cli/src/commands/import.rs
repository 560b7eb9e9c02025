//! `releasepage import changelog`: makes releases from a changelog.

mod report;

use std::io::Read;

use chrono::Duration;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use releasepage_domain::repository::RepositoryName;
use releasepage_sources::{
    changelog::{CHANGELOG_BYTES_MAX, Changelog, changelog_read, changelog_text},
    changelog_import::{ChangelogOptions, EntryResult, changelog_import},
};
use releasepage_storage::{
    Store,
    database::clock::Clock,
    releases::row::ReleaseContext,
    repositories::search::{RepositoryFound, repositories_search},
};

use self::report::report;
use super::{block_on, print};
use crate::{
    arguments::{ChangelogArguments, ImportCommand},
    failure::Failure,
    settings::Settings,
    wiring::store_open,
};

/// The most repositories that a message lists.
const NAMED_MAX: usize = 10;

/// Runs an import.
pub(super) fn import(settings: &Settings, command: ImportCommand) -> Result<(), Failure> {
    match command {
        ImportCommand::Changelog(arguments) => changelog(settings, arguments),
    }
}

fn changelog(settings: &Settings, arguments: ChangelogArguments) -> Result<(), Failure> {
    let ChangelogArguments { file, repository, organization, dry_run, tag_format, undated } = arguments;
    let changelog = file_read(&file)?;
    let store = store_open(settings)?;
    let options = ChangelogOptions { tag_format, undated, dry_run };
    let notify_delay = Duration::seconds(settings.notify.delay_seconds.into());
    let context = ReleaseContext { notify_delay, now: Clock::system().now(), is_news: false };
    let imported = block_on(async {
        let repository = repository_find(&store, &repository, organization.as_deref()).await?;
        let bar = progress_bar(changelog.entries.len());
        let progress = |done: usize| bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
        let imported = changelog_import(&store, repository.id, changelog, &options, context, progress).await;
        bar.finish_and_clear();
        Ok(imported?)
    })?;
    print(&report(&imported, dry_run))?;
    match imported.count(EntryResult::Refused) {
        0 => Ok(()),
        refused => Err(Failure::Said(format!("{refused} of {} versions cannot be imported", imported.entries.len()))),
    }
}

/// Reads a changelog from a file, or from standard input for `-`. It must name a version.
fn file_read(file: &str) -> Result<Changelog, Failure> {
    let mut bytes = Vec::new();
    // One byte over the limit is read, to detect a file that is too large.
    let limit = u64::try_from(CHANGELOG_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let read = match file {
        "-" => std::io::stdin().take(limit).read_to_end(&mut bytes),
        path => std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)),
    };
    read.map_err(Failure::io(format!("{file} cannot be read")))?;
    if bytes.len() > CHANGELOG_BYTES_MAX {
        return Err(Failure::Said(format!("{file} is too large: at most {CHANGELOG_BYTES_MAX} bytes are read")));
    }
    let text = changelog_text(&bytes).map_err(|error| Failure::Said(format!("{file} {error}")))?;
    let changelog = changelog_read(text);
    if changelog.entries.is_empty() {
        let lines = changelog.warnings.iter().map(|warning| format!("; line {}: {}", warning.line, warning.message));
        return Err(Failure::Said(format!(
            "{file} names no version: a heading such as `## 1.2.0 - 2024-08-10` was expected{}",
            lines.take(NAMED_MAX).collect::<String>()
        )));
    }
    Ok(changelog)
}

/// Returns the repository of that name. Otherwise fails with the names that exist.
async fn repository_find(
    store: &Store,
    name: &RepositoryName,
    organization: Option<&str>,
) -> Result<RepositoryFound, Failure> {
    let limit = i64::try_from(NAMED_MAX).unwrap_or(i64::MAX).saturating_add(1);
    // Every organization may have a repository of that name.
    let mut found = repositories_search(store, Some(name.folded()), i64::MAX).await?;
    if let Some(organization) = organization {
        found
            .retain(|one| one.organization.eq_ignore_ascii_case(organization) || one.organization_slug == organization);
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => {
            let all = repositories_search(store, None, limit).await?;
            let of =
                organization.map(|organization| format!(" of the organization {organization}")).unwrap_or_default();
            Err(Failure::Said(format!("there is no repository {}{of}: {}", name.as_str(), listed(&all))))
        }
        _ => {
            let of: Vec<_> =
                found.iter().map(|one| format!("{} ({})", one.organization, one.organization_slug)).collect();
            let name = name.as_str();
            Err(Failure::Said(format!(
                "{name} is a repository of {}: say which with --organization",
                of.join(" and of ")
            )))
        }
    }
}

/// The repositories that exist, in words.
fn listed(all: &[RepositoryFound]) -> String {
    if all.is_empty() {
        return "there is none yet; the portal and POST /v1/repositories make one".to_owned();
    }
    let mut names: Vec<String> =
        all.iter().take(NAMED_MAX).map(|one| format!("{} (of {})", one.name, one.organization)).collect();
    if all.len() > NAMED_MAX {
        names.push("others".to_owned());
    }
    format!("there is {}", names.join(", "))
}

/// A progress bar on a terminal. Elsewhere it is hidden, because the report is enough.
fn progress_bar(versions: usize) -> ProgressBar {
    let length = u64::try_from(versions).unwrap_or(u64::MAX);
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    // If the template is wrong, the default style is good enough.
    match ProgressStyle::with_template("{bar:40} {pos}/{len} versions") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
