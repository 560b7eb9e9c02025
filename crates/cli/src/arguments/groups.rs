//! The arguments of `releasepage groups`.

use std::path::PathBuf;

use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use releasepage_domain::{
    group::{GroupState, GroupVersion},
    page::slug_check,
};

/// What is done with the groups of a page.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupsCommand {
    /// List the groups of a page, the ones made last first
    #[command(
        after_help = "Examples:\n  releasepage groups list --page acme\n  releasepage groups list --page acme --state open"
    )]
    List {
        #[command(flatten)]
        page: PageArgument,
        /// Where they stand; all of them without it
        #[arg(long, value_parser = group_states())]
        state: Option<GroupState>,
        /// The most to list
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
    /// Show a group with its releases
    #[command(after_help = "Example:\n  releasepage groups show --page acme 17")]
    Show {
        #[command(flatten)]
        group: GroupArgument,
    },
    /// Put releases together on a page whose grouping is manual; readers see the group at once
    #[command(
        after_help = "Examples:\n  releasepage groups create --page acme --version v1.4.0 acme/api@v2.0.0 acme/web@v3.1.0\n  releasepage groups create --page acme --version v1.4.1 --notes-file notes.md --silent xbcehyc\n\nSubscribers are told of it in one message, after notify.delay_seconds."
    )]
    Create {
        #[command(flatten)]
        page: PageArgument,
        /// The version that readers see for all of them
        #[arg(long, value_parser = group_version)]
        version: GroupVersion,
        /// A file with words about the whole, Markdown; - for standard input
        #[arg(long, value_name = "FILE")]
        notes_file: Option<PathBuf>,
        /// Tell no subscriber
        #[arg(long)]
        silent: bool,
        /// The releases: REPO@VERSION, or the id at the end of a release's address
        #[arg(value_name = "RELEASE", required = true)]
        releases: Vec<String>,
    },
    /// Change the words or, on a page whose grouping is manual, the version of a group; nobody is mailed
    #[command(
        after_help = "Examples:\n  releasepage groups edit --page acme 17 --notes-file notes.md\n  releasepage groups edit --page acme 17 --version v1.5.0 --no-notes"
    )]
    Edit {
        #[command(flatten)]
        group: GroupArgument,
        #[command(flatten)]
        edit: GroupEdit,
    },
    /// Take a group back: its releases stand by themselves again, and mail of it that waits is not sent
    #[command(after_help = "Example:\n  releasepage groups withdraw --page acme 17")]
    Withdraw {
        #[command(flatten)]
        group: GroupArgument,
    },
}

/// A page.
#[derive(Debug, Args)]
pub(crate) struct PageArgument {
    /// The page: the last part of its address, /p/SLUG
    #[arg(long, value_name = "SLUG", value_parser = slug)]
    pub(crate) page: String,
}

/// A group of a page.
#[derive(Debug, Args)]
pub(crate) struct GroupArgument {
    #[command(flatten)]
    pub(crate) page: PageArgument,
    /// The group, by the id that `list` shows
    #[arg(value_name = "ID")]
    pub(crate) id: i64,
}

/// What becomes of a group.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct GroupEdit {
    /// Another version
    #[arg(long, value_parser = group_version)]
    pub(crate) version: Option<GroupVersion>,
    /// A file with words about the whole, Markdown; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) notes_file: Option<PathBuf>,
    /// No words about the whole
    #[arg(long, conflicts_with = "notes_file")]
    pub(crate) no_notes: bool,
}

fn slug(text: &str) -> Result<String, String> {
    slug_check("it", text).map_err(|fault| fault.to_string())
}

fn group_version(text: &str) -> Result<GroupVersion, String> {
    GroupVersion::parse("it", text).map_err(|fault| fault.to_string())
}

/// The names of the states of a group.
fn group_states() -> impl TypedValueParser<Value = GroupState> {
    PossibleValuesParser::new(GroupState::ALL.iter().map(|state| state.as_str()))
        .try_map(|name| name.parse::<GroupState>())
}
