//! The command line (`management-v1.md`, Command line).

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Tells people about software releases: pages, feeds, badges and mail to those who asked for it.
#[derive(Debug, Parser)]
#[command(
    name = "releasepage",
    version,
    arg_required_else_help = true,
    after_help = "Examples:\n  releasepage demo\n  releasepage owner create --email ada@example.com --organization Acme\n  releasepage serve --config /etc/releasepage.toml"
)]
pub(crate) struct Arguments {
    /// A file of settings (TOML); docs/settings.toml shows them all
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a whole product with sample data in a temporary directory
    #[command(after_help = "Example:\n  releasepage demo")]
    Demo,
    /// Run the server, with the worker inside
    #[command(
        after_help = "Examples:\n  releasepage serve --config /etc/releasepage.toml\n  RELEASEPAGE__SERVER__LISTEN=0.0.0.0:8080 releasepage serve --no-worker"
    )]
    Serve {
        /// Leave jobs and mail to `releasepage work`
        #[arg(long)]
        no_worker: bool,
    },
    /// Run the worker alone: jobs and mail
    #[command(after_help = "Example:\n  releasepage work --config /etc/releasepage.toml")]
    Work,
    /// Bring the database to this binary's schema
    #[command(
        after_help = "Example:\n  RELEASEPAGE__DATABASE__URL=postgres://releasepage@db/releasepage releasepage migrate"
    )]
    Migrate,
    /// Accounts
    #[command(
        subcommand,
        after_help = "Example:\n  releasepage owner create --email ada@example.com --organization Acme"
    )]
    Owner(OwnerCommand),
    /// Ask the server on this machine whether it is well: exit status 0 if so
    #[command(after_help = "Example:\n  releasepage health || echo down")]
    Health,
    /// Print docs/settings.toml as it follows from the code
    #[command(hide = true)]
    SettingsDocument,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OwnerCommand {
    /// Make an organization and its owner; reads the password from standard input, or prints a link under which it is
    /// set once
    #[command(
        after_help = "Examples:\n  releasepage owner create --email ada@example.com --organization Acme\n  pass show releasepage | releasepage owner create --email ada@example.com --organization Acme --json"
    )]
    Create {
        /// The owner's address, to sign in with
        #[arg(long)]
        email: String,
        /// The organization's name
        #[arg(long)]
        organization: String,
        /// Print JSON, with a personal access token
        #[arg(long)]
        json: bool,
    },
}
