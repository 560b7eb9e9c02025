//! The command line (`management-v1.md`, Command line).

mod groups;
mod import;
mod mail;
mod owner;
mod publish;

use std::path::PathBuf;

use clap::{
    Parser, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use releasepage_domain::job::{JobState, Lane};

pub(crate) use groups::{GroupArgument, GroupEdit, GroupsCommand, PageArgument};
pub(crate) use import::{ChangelogArguments, ImportCommand};
pub(crate) use mail::{AnnouncementsCommand, SuppressionsCommand};
pub(crate) use owner::{OwnerCommand, TokenArguments, TokenCommand};
pub(crate) use publish::PublishArguments;

/// Tells people about software releases: public pages, badges, an API, and mail to those who asked for it.
#[derive(Debug, Parser)]
#[command(
    name = "releasepage",
    version,
    arg_required_else_help = true,
    after_help = "Examples:\n  releasepage demo\n  releasepage owner create --email ada@example.com --organization Acme\n  releasepage serve --config /etc/releasepage/releasepage.toml"
)]
pub(crate) struct Arguments {
    /// A file of settings (TOML), for that of RELEASEPAGE_CONFIG or /etc/releasepage/releasepage.toml; docs/settings.toml
    /// shows them all
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a whole product with sample data in a temporary directory
    #[command(
        after_help = "Examples:\n  releasepage demo\n  RELEASEPAGE__SERVER__LISTEN=127.0.0.1:8081 releasepage demo"
    )]
    Demo,
    /// Run the server, with the worker inside
    #[command(
        after_help = "Examples:\n  releasepage serve --config /etc/releasepage/releasepage.toml\n  RELEASEPAGE__SERVER__LISTEN=0.0.0.0:8080 releasepage serve --no-worker"
    )]
    Serve {
        /// Leave jobs and mail to `releasepage work`
        #[arg(long)]
        no_worker: bool,
    },
    /// Run the worker alone: jobs and mail
    #[command(after_help = "Example:\n  releasepage work --config /etc/releasepage/releasepage.toml")]
    Work,
    /// Bring the database to this binary's schema
    #[command(
        after_help = "Example:\n  RELEASEPAGE__DATABASE__URL=postgres://releasepage@db/releasepage releasepage migrate"
    )]
    Migrate,
    /// Accounts: made, listed, and let in again
    #[command(
        subcommand,
        after_help = "Examples:\n  releasepage owner create --email ada@example.com --organization Acme\n  releasepage owner list\n  releasepage owner link --email ada@example.com"
    )]
    Owner(OwnerCommand),
    /// Personal access tokens
    #[command(subcommand, after_help = "Example:\n  releasepage token create --email ada@example.com")]
    Token(TokenCommand),
    /// Publish a release from a pipeline, through the API of a server; done twice, it changes nothing the second time
    #[command(
        after_help = "Examples:\n  releasepage publish --repo acme/api --version v1.2.0 --notes-file notes.md\n  releasepage publish                                 # on a tag, beside a CHANGELOG.md\n\nRELEASEPAGE_URL is the server's address, RELEASEPAGE_TOKEN a personal access token with the scope publish. The settings\nof a server are not read. Prints where people read the release."
    )]
    Publish(PublishArguments),
    /// Import a history that is kept elsewhere
    #[command(
        subcommand,
        after_help = "Example:\n  releasepage import changelog CHANGELOG.md --repository acme/api --dry-run"
    )]
    Import(ImportCommand),
    /// Releases of several components that readers see as one version
    #[command(
        subcommand,
        after_help = "Examples:\n  releasepage groups list --page acme\n  releasepage groups create --page acme --version v1.4.0 acme/api@v2.0.0 acme/web@v3.1.0\n\nWhat groups are, and who is told of them: docs/groups.md."
    )]
    Groups(GroupsCommand),
    /// Announcements that did not reach everybody
    #[command(
        subcommand,
        after_help = "Examples:\n  releasepage announcements list\n  releasepage announcements retry --all"
    )]
    Announcements(AnnouncementsCommand),
    /// Readers to whom no mail goes, since a mail server refused their address
    #[command(
        subcommand,
        after_help = "Examples:\n  releasepage suppressions list\n  releasepage suppressions lift reader@example.com"
    )]
    Suppressions(SuppressionsCommand),
    /// What the queue holds: dead letters, and holding it
    #[command(
        subcommand,
        after_help = "Examples:\n  releasepage jobs list\n  releasepage jobs retry --all\n  releasepage jobs resume"
    )]
    Jobs(JobsCommand),
    /// Back up the SQLite database and the secret key to one file, while the server runs
    #[command(
        after_help = "Examples:\n  releasepage backup /backups/releasepage-$(date +%F).db\n  releasepage backup --config /etc/releasepage/releasepage.toml /backups/today.db\n\nThe file is checked, readable by you alone, and must not exist. Keep it as safe as the server: it holds its\nsecret key. A Postgres database is backed up with pg_dump; deploy/README.md says how."
    )]
    Backup {
        /// The file to make
        file: PathBuf,
    },
    /// Restore a server from a back-up; it mails nothing until `releasepage jobs resume`
    #[command(
        after_help = "Examples:\n  RELEASEPAGE__DATA_DIR=/var/lib/releasepage releasepage restore /backups/today.db\n  releasepage restore --config /etc/releasepage/releasepage.toml /backups/today.db && releasepage jobs resume --cancel-mail\n\nA database that is there is never overwritten: move it away first. A Postgres database is restored with\npg_restore, then `releasepage jobs hold` before anything is started; deploy/README.md says how."
    )]
    Restore {
        /// The file that `releasepage backup` made
        file: PathBuf,
    },
    /// Look at settings, database, mail and clock, and say what to do about each fault: exit status 1 if there is one
    #[command(
        after_help = "Examples:\n  releasepage doctor\n  releasepage doctor --config /etc/releasepage/releasepage.toml\n\nNothing is changed, and no mail sent: the mail server is asked for everything but to take a message."
    )]
    Doctor,
    /// Print the settings that count, secrets masked, and where each was set
    #[command(
        after_help = "Examples:\n  releasepage config\n  releasepage config --config /etc/releasepage/releasepage.toml | grep RELEASEPAGE__"
    )]
    Config,
    /// Ask the server on this machine whether it is well: exit status 0 if so
    #[command(after_help = "Examples:\n  releasepage health || echo down\n  releasepage health --worker")]
    Health {
        /// Ask the worker, where worker.listen says
        #[arg(long)]
        worker: bool,
    },
    /// Print docs/settings.toml as it follows from the code
    #[command(hide = true)]
    SettingsDocument,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// List jobs, oldest first: dead letters, unless asked for others
    #[command(
        after_help = "Examples:\n  releasepage jobs list\n  releasepage jobs list --state ready --lane delivery --limit 20"
    )]
    List {
        /// Where they stand
        #[arg(long, default_value = "dead", value_parser = job_states())]
        state: JobState,
        /// The lane they wait in
        #[arg(long, value_parser = lanes())]
        lane: Option<Lane>,
        /// The most to list
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
    /// Have dead letters tried again, with all their attempts before them
    #[command(after_help = "Examples:\n  releasepage jobs retry 4711 4712\n  releasepage jobs retry --all")]
    Retry {
        /// The jobs, by the ids that `list` shows
        #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
        jobs: Vec<i64>,
        /// Every dead letter
        #[arg(long)]
        all: bool,
    },
    /// Hold the queue: jobs are written and none is taken; what is running ends
    #[command(after_help = "Example:\n  releasepage jobs hold --reason \"the mail server moves\"")]
    Hold {
        /// Why, for whoever looks
        #[arg(long, default_value = "somebody asked for it")]
        reason: String,
    },
    /// Let a held queue go on
    #[command(
        after_help = "Examples:\n  releasepage jobs resume\n  releasepage jobs resume --cancel-mail\n\nWhat waited is mailed then. After a restore, that may have been mailed before, by the server that was backed up:\n--cancel-mail gives it up."
    )]
    Resume {
        /// Give up the mail that waits: messages, announcements, and answers to subscription requests
        #[arg(long)]
        cancel_mail: bool,
    },
}

/// The names of the states of a job.
fn job_states() -> impl TypedValueParser<Value = JobState> {
    PossibleValuesParser::new(JobState::ALL.iter().map(|state| state.as_str())).try_map(|name| name.parse::<JobState>())
}

/// The names of the lanes.
fn lanes() -> impl TypedValueParser<Value = Lane> {
    PossibleValuesParser::new(Lane::ALL.iter().map(|lane| lane.as_str())).try_map(|name| name.parse::<Lane>())
}
