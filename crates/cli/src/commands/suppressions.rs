//! `releasepage suppressions`: readers to whom no mail goes, and bringing them back.

use releasepage_auth::address_key::AddressKeys;
use releasepage_domain::{subscriber::SubscriberAddress, time::time_iso8601};
use releasepage_storage::{
    Store, StoreError,
    database::cursor::IdCursor,
    subscribers::suppressions::{Suppression, SuppressionName, SuppressionsOf, suppression_lift, suppression_list},
};

use super::{block_on, print};
use crate::{
    arguments::SuppressionsCommand, failure::Failure, secret::secret_key_existing, settings::Settings,
    wiring::store_open,
};

/// How many readers are lifted before it is looked for more.
const BATCH: u32 = 500;

/// Does what was asked for with the suppressions of the whole server.
pub(super) fn suppressions(settings: &Settings, command: SuppressionsCommand) -> Result<(), Failure> {
    let store = store_open(settings)?;
    let key = secret_key_existing(settings)?.ok_or_else(|| {
        Failure::Said(
            "there is no secret key, by which addresses are known: set secret_key as the server has it".into(),
        )
    })?;
    let keys = AddressKeys::new(&key);
    let text = block_on(async {
        match command {
            SuppressionsCommand::List { limit } => list(&store, &keys, limit).await,
            SuppressionsCommand::Lift { all: true, .. } => lift_all(&store, &keys).await,
            SuppressionsCommand::Lift { addresses, .. } => {
                let mut text = String::new();
                for address in addresses {
                    text.push_str(&lift(&store, &keys, address).await?);
                }
                Ok(text)
            }
        }
    })?;
    print(&text)
}

/// Reads the first suppressed readers.
async fn suppressed(store: &Store, keys: &AddressKeys, limit: u32) -> Result<(Vec<Suppression>, bool), Failure> {
    let keys = keys.clone();
    let key = move |address: &str| keys.key(address);
    let part = suppression_list(store, SuppressionsOf::Server, None, key, IdCursor::default(), limit).await?;
    Ok((part.rows, part.next.is_some()))
}

async fn list(store: &Store, keys: &AddressKeys, limit: u32) -> Result<String, Failure> {
    let (readers, more) = suppressed(store, keys, limit).await?;
    if readers.is_empty() {
        return Ok("No address is suppressed.\n".to_owned());
    }
    let mut text = format!("{:<20}  {:<12}  {:<32}  REASON\n", "SINCE", "PAGE", "ADDRESS");
    for reader in &readers {
        let since = reader.suppressed_at.map_or_else(|| "-".to_owned(), time_iso8601);
        let because = reader.because.as_deref().unwrap_or("-");
        text.push_str(&format!("{since:<20}  {:<12}  {:<32}  {because}\n", reader.page_id, reader.address));
    }
    if more {
        text.push_str(&format!("… and more; these are the first {limit}: --limit shows others\n"));
    }
    Ok(text)
}

async fn lift(store: &Store, keys: &AddressKeys, address: SubscriberAddress) -> Result<String, Failure> {
    let (keys, shown) = (keys.clone(), address.as_str().to_owned());
    let name = SuppressionName::Address(address);
    let lifted = suppression_lift(store, SuppressionsOf::Server, name, move |address| keys.key(address)).await;
    let lifted = lifted.map_err(|error| match error {
        StoreError::NotFound => Failure::Said(format!("{shown} is not suppressed")),
        other => other.into(),
    })?;
    Ok(match lifted.confirmed {
        1 => format!("{shown} is sent mail again, for 1 subscription.\n"),
        confirmed => format!("{shown} is sent mail again, for {confirmed} subscriptions.\n"),
    })
}

async fn lift_all(store: &Store, keys: &AddressKeys) -> Result<String, Failure> {
    let mut text = String::new();
    loop {
        let (readers, _) = suppressed(store, keys, BATCH).await?;
        if readers.is_empty() {
            break;
        }
        for reader in readers {
            let address = SubscriberAddress::parse("address", &reader.address)
                .map_err(|_| Failure::Said(format!("the address of subscriber {} cannot be read", reader.id)))?;
            match lift(store, keys, address).await {
                Ok(line) => text.push_str(&line),
                // Lifted before, with the same address on another page.
                Err(Failure::Said(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
    }
    Ok(if text.is_empty() { "No address is suppressed.\n".to_owned() } else { text })
}
