//! The arguments of `releasepage publish`.

use std::path::PathBuf;

use clap::Args;

/// A release to publish through the API of a server.
#[derive(Debug, Args)]
pub(crate) struct PublishArguments {
    /// The version or tag; that of the pipeline or of the commit where it is missing, else the newest of the changelog,
    /// but for pipelines of branches and pull requests
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// The repository's name on the server; that of the pipeline, or of git's `origin`, where it is missing
    #[arg(long, value_name = "OWNER/NAME")]
    pub(crate) repo: Option<String>,
    /// What it is called
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// A file with its notes, Markdown; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "changelog")]
    pub(crate) notes_file: Option<PathBuf>,
    /// The changelog that has its notes; CHANGELOG.md where there is one and nothing else is said
    #[arg(long, value_name = "FILE")]
    pub(crate) changelog: Option<PathBuf>,
    /// Who made it
    #[arg(long)]
    pub(crate) author: Option<String>,
    /// It is a pre-release
    #[arg(long)]
    pub(crate) prerelease: bool,
    /// Mail nobody
    #[arg(long)]
    pub(crate) no_notify: bool,
}
