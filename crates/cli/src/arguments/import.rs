//! The arguments of `releasepage import`.

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use releasepage_domain::repository::RepositoryName;
use releasepage_sources::changelog_import::{TagFormat, day_parse};

/// What is imported.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Import the versions of a changelog as releases of a repository; nobody is mailed, and done twice it changes nothing
    #[command(
        after_help = "Examples:\n  releasepage import changelog CHANGELOG.md --repository acme/api --dry-run\n  releasepage import changelog web/CHANGES.md --repository acme/api --tag-format 'web-v{version}'\n  git show main:CHANGELOG.md | releasepage import changelog - --repository acme/api\n\nWhat is read, and what becomes of what is there: docs/changelogs.md. Exit status 1 where a version was refused."
    )]
    Changelog(ChangelogArguments),
}

/// How a changelog is imported.
#[derive(Debug, Args)]
pub(crate) struct ChangelogArguments {
    /// The changelog, Markdown; - for standard input
    pub(crate) file: String,
    /// The repository, as the server calls it
    #[arg(long, value_name = "OWNER/NAME", value_parser = repository_name)]
    pub(crate) repository: RepositoryName,
    /// The organization that has the repository, by name or slug, where several have one of that name
    #[arg(long, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    /// Only say what would become of each version
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What tags are made of, such as web-v{version} or {package}-v{version}; without it, they are written as the
    /// repository's other tags are
    #[arg(long, value_name = "FORMAT", value_parser = tag_format)]
    pub(crate) tag_format: Option<TagFormat>,
    /// The day of new releases whose heading names none; without it, that of the next older version that has one
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub(crate) undated: Option<NaiveDate>,
}

fn repository_name(name: &str) -> Result<RepositoryName, String> {
    RepositoryName::parse("it", name).map_err(|fault| fault.to_string())
}

fn tag_format(format: &str) -> Result<TagFormat, String> {
    TagFormat::parse("it", format).map_err(|fault| fault.to_string())
}

fn day(text: &str) -> Result<NaiveDate, &'static str> {
    day_parse(text).ok_or("it must be a day, such as 2024-08-10")
}
