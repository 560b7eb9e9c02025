//! `releasepage announcements`: sends announcements again to the subscribers who did not get them.

use releasepage_domain::time::UtcTime;
use releasepage_storage::{
    Store, StoreError,
    announcements::retry::{RetryOf, announcement_retry, announcements_failed, announcements_refused},
    database::clock::Clock,
    jobs::list::JobsOf,
};

use super::{block_on, print, refused_say};
use crate::{arguments::AnnouncementsCommand, failure::Failure, settings::Settings, wiring::store_open};

/// Runs a subcommand on the announcements of the whole server.
pub(super) fn announcements(settings: &Settings, command: AnnouncementsCommand) -> Result<(), Failure> {
    let store = store_open(settings)?;
    block_on(async {
        let now = Clock::system().now();
        match command {
            AnnouncementsCommand::List => print(&list(&store, now).await?),
            AnnouncementsCommand::Retry { all: true, .. } => {
                let refused = announcements_refused(&store, now).await?;
                if refused.is_empty() {
                    return print(
                        "No message of the last 30 days failed for the sender's sake. Name the announcements to send \
                         others again: `releasepage announcements list` shows them.\n",
                    );
                }
                retry(&store, &refused, RetryOf::Sender).await
            }
            AnnouncementsCommand::Retry { announcements, .. } => retry(&store, &announcements, RetryOf::Any).await,
        }
    })
}

async fn list(store: &Store, now: UtcTime) -> Result<String, Failure> {
    let failed = announcements_failed(store, now).await?;
    if failed.is_empty() {
        return Ok("No announcement has messages that can be sent again.\n".to_owned());
    }
    let mut text = format!("{:>8}  {:<12}  {:<20}  {:>8}  RESULT\n", "ID", "PAGE", "RELEASE", "FAILED");
    for announcement in failed {
        text.push_str(&format!(
            "{:>8}  {:<12}  {:<20}  {:>8}  {}\n",
            announcement.id,
            announcement.page_id,
            announcement.tag,
            announcement.failed,
            announcement.result.as_deref().unwrap_or("-"),
        ));
    }
    Ok(text)
}

/// Sends announcements again. A failure of one does not stop the others. The failures are reported at the end.
async fn retry(store: &Store, announcements: &[i64], messages: RetryOf) -> Result<(), Failure> {
    let mut refused = Vec::new();
    for &id in announcements {
        match announcement_retry(store, JobsOf::Server, id, messages, Clock::system().now()).await {
            Ok(1) => print(&format!("Announcement {id}: 1 message is sent again.\n"))?,
            Ok(queued) => print(&format!("Announcement {id}: {queued} messages are sent again.\n"))?,
            Err(StoreError::NotFound) => refused.push(format!("there is no announcement {id}")),
            Err(StoreError::Conflict(why)) => refused.push(format!("announcement {id}: {why}")),
            Err(other) => return Err(other.into()),
        }
    }
    refused_say(&refused)
}
