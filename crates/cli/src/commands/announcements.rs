//! `releasepage announcements`: those that did not reach everybody, sent again to those who did not get them.

use releasepage_storage::{
    Store, StoreError,
    announcements::retry::{announcement_retry, announcements_failed},
    database::clock::Clock,
    jobs::list::JobsOf,
};

use super::{block_on, print};
use crate::{arguments::AnnouncementsCommand, failure::Failure, settings::Settings, wiring::store_open};

/// Does what was asked for with the announcements of the whole server.
pub(super) fn announcements(settings: &Settings, command: AnnouncementsCommand) -> Result<(), Failure> {
    let store = store_open(settings)?;
    let text = block_on(async {
        match command {
            AnnouncementsCommand::List => list(&store).await,
            AnnouncementsCommand::Retry { all: true, .. } => {
                let failed = announcements_failed(&store).await?;
                let ids: Vec<i64> = failed.iter().map(|announcement| announcement.id).collect();
                match ids.as_slice() {
                    [] => Ok("No announcement has messages that can be sent again.\n".to_owned()),
                    ids => retry(&store, ids).await,
                }
            }
            AnnouncementsCommand::Retry { announcements, .. } => retry(&store, &announcements).await,
        }
    })?;
    print(&text)
}

async fn list(store: &Store) -> Result<String, Failure> {
    let failed = announcements_failed(store).await?;
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

async fn retry(store: &Store, announcements: &[i64]) -> Result<String, Failure> {
    let mut text = String::new();
    for &id in announcements {
        let queued = announcement_retry(store, JobsOf::Server, id, Clock::system().now()).await;
        let queued = queued.map_err(|error| match error {
            StoreError::NotFound => Failure::Said(format!("there is no announcement {id}")),
            StoreError::Conflict(why) => Failure::Said(format!("announcement {id}: {why}")),
            other => other.into(),
        })?;
        text.push_str(&match queued {
            1 => format!("Announcement {id}: 1 message is sent again.\n"),
            queued => format!("Announcement {id}: {queued} messages are sent again.\n"),
        });
    }
    Ok(text)
}
