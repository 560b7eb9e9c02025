//! The arguments of `releasepage suppressions` and `releasepage announcements`.

use clap::Subcommand;
use releasepage_domain::subscriber::SubscriberAddress;

#[derive(Debug, Subcommand)]
pub(crate) enum SuppressionsCommand {
    /// List the readers whose address a mail server refused, and what it said
    #[command(after_help = "Examples:\n  releasepage suppressions list\n  releasepage suppressions list --limit 1000")]
    List {
        /// The most to list
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
    /// Have mail go to addresses again, on every page; whoever left stays away
    #[command(
        after_help = "Examples:\n  releasepage suppressions lift reader@example.com\n  releasepage suppressions lift --all\n\nFrom then on, the readers get what is announced. `releasepage announcements retry ID` sends them again the message that was refused. What was announced while they were suppressed is not sent to them."
    )]
    Lift {
        /// The addresses
        #[arg(
            value_name = "ADDRESS", required_unless_present = "all", conflicts_with = "all", value_parser = address
        )]
        addresses: Vec<SubscriberAddress>,
        /// Every address that `list` shows
        #[arg(long)]
        all: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AnnouncementsCommand {
    /// List the announcements that did not reach everybody, newest first, and what was said of one message
    #[command(after_help = "Example:\n  releasepage announcements list")]
    List,
    /// Send announcements again to those who did not get them
    #[command(
        after_help = "Examples:\n  releasepage announcements retry 12 13\n  releasepage announcements retry --all\n\n\
            An announcement that is named takes every failed message but those that the mail server refused as such. \
            Messages that failed before reasons were recorded are among them. `--all` takes only messages of the last \
            30 days that were refused for the sender's sake. What was sent is not sent again."
    )]
    Retry {
        /// The announcements, by the ids that `list` shows
        #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
        announcements: Vec<i64>,
        /// Every announcement of the last 30 days with messages that were refused for the sender's sake
        #[arg(long)]
        all: bool,
    },
}

fn address(text: &str) -> Result<SubscriberAddress, String> {
    SubscriberAddress::parse("address", text).map_err(|fault| fault.to_string())
}
