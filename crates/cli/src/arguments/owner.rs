//! The arguments of `releasepage owner` and `releasepage token`.

use clap::Subcommand;

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
        /// Print JSON, with a personal access token where the owner is made
        #[arg(long)]
        json: bool,
        /// Where the address has an account, make nothing: print a new link while its password was never set, and end
        /// well
        #[arg(long)]
        if_missing: bool,
    },
    /// List the accounts: address, organization, role, and when each was last seen
    #[command(after_help = "Examples:\n  releasepage owner list\n  releasepage owner list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a new link under which an account's password is set, once; the links before stop working
    #[command(
        after_help = "Example:\n  releasepage owner link --email ada@example.com\n\nThe password of before works until the link is used."
    )]
    Link {
        /// The address that the account signs in with
        #[arg(long)]
        email: String,
    },
    /// Set an account's password, read from standard input; its sessions and links end
    #[command(
        after_help = "Example:\n  pass show releasepage | releasepage owner set-password --email ada@example.com"
    )]
    SetPassword {
        /// The address that the account signs in with
        #[arg(long)]
        email: String,
    },
    /// End all sessions of an account; its personal access tokens go on
    #[command(after_help = "Example:\n  releasepage owner sign-out --email ada@example.com")]
    SignOut {
        /// The address that the account signs in with
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a personal access token for an account, and print it: it is shown this once
    #[command(
        after_help = "Examples:\n  TOKEN=$(releasepage token create --email ada@example.com)\n  releasepage token create --email ada@example.com --name pipeline --scope publish --expires 365d --json\n\nStandard output is the token alone, or JSON. Tokens are listed and revoked at /v1/tokens."
    )]
    Create(TokenArguments),
}

/// What a token is to be.
#[derive(Debug, clap::Args)]
pub(crate) struct TokenArguments {
    /// The address that the account signs in with
    #[arg(long)]
    pub(crate) email: String,
    /// What to call it
    #[arg(long, default_value = "command line")]
    pub(crate) name: String,
    /// What it may do: read, publish, manage or admin, each with those before it; all that the account may, unless said
    #[arg(long)]
    pub(crate) scope: Option<String>,
    /// When it stops working: a number of days (90d) or a time (2027-01-31T00:00:00Z); never, unless said
    #[arg(long, value_name = "WHEN")]
    pub(crate) expires: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
