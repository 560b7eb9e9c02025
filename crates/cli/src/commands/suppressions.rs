//! `releasepage suppressions`: lists suppressed subscribers and lifts suppressions.

use std::collections::HashSet;

use releasepage_auth::address_key::AddressKeys;
use releasepage_domain::{subscriber::SubscriberAddress, time::time_iso8601};
use releasepage_storage::{
    Store, StoreError,
    database::cursor::IdCursor,
    subscribers::suppressions::{
        Suppression, SuppressionLifted, SuppressionName, SuppressionsOf, suppression_lift, suppression_list,
    },
};

use super::{block_on, print, refused_say};
use crate::{
    arguments::SuppressionsCommand, failure::Failure, secret::secret_key_existing, settings::Settings,
    wiring::store_open,
};

/// The number of subscribers that one query reads.
const BATCH: u32 = 500;

/// Runs a subcommand on the suppressions of the whole server.
pub(super) fn suppressions(settings: &Settings, command: SuppressionsCommand) -> Result<(), Failure> {
    let store = store_open(settings)?;
    let key = secret_key_existing(settings)?.ok_or_else(|| {
        Failure::Said(
            "there is no secret key, by which addresses are known: set secret_key as the server has it".into(),
        )
    })?;
    let keys = AddressKeys::new(&key);
    block_on(async {
        match command {
            SuppressionsCommand::List { limit } => print(&list(&store, &keys, limit).await?),
            SuppressionsCommand::Lift { all: true, .. } => lift_all(&store, &keys).await,
            SuppressionsCommand::Lift { addresses, .. } => {
                let mut refused = Vec::new();
                for address in addresses {
                    if !lift(&store, &keys, &address).await? {
                        refused.push(format!("{} is not suppressed", address.as_str()));
                    }
                }
                refused_say(&refused)
            }
        }
    })
}

/// Reads up to `limit` suppressed subscribers that follow the given one. Also returns true if there are more.
async fn suppressed(
    store: &Store,
    keys: &AddressKeys,
    after: IdCursor,
    limit: u32,
) -> Result<(Vec<Suppression>, bool), Failure> {
    let keys = keys.clone();
    let key = move |address: &str| keys.key(address);
    let part = suppression_list(store, SuppressionsOf::Server, None, key, after, limit).await?;
    Ok((part.rows, part.next.is_some()))
}

async fn list(store: &Store, keys: &AddressKeys, limit: u32) -> Result<String, Failure> {
    let (readers, more) = suppressed(store, keys, IdCursor::default(), limit).await?;
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

/// Lifts the suppression of one address and prints it. Returns false if there is none.
async fn lift(store: &Store, keys: &AddressKeys, address: &SubscriberAddress) -> Result<bool, Failure> {
    let (keys, name) = (keys.clone(), SuppressionName::Address(address.clone()));
    let shown = address.as_str();
    let key = move |address: &str| keys.key(address);
    match suppression_lift(store, SuppressionsOf::Server, name, key).await {
        Ok(SuppressionLifted { confirmed: 1, .. }) => {
            print(&format!("{shown} is sent mail again, for 1 subscription.\n"))?;
        }
        Ok(SuppressionLifted { confirmed, .. }) => {
            print(&format!("{shown} is sent mail again, for {confirmed} subscriptions.\n"))?;
        }
        Err(StoreError::NotFound) => return Ok(false),
        Err(other) => return Err(other.into()),
    }
    Ok(true)
}

/// Lifts every suppression. A failure for one subscriber does not stop the others. The failures are reported at the
/// end.
async fn lift_all(store: &Store, keys: &AddressKeys) -> Result<(), Failure> {
    let (mut lifted, mut refused) = (HashSet::new(), Vec::new());
    let mut after = IdCursor::default();
    loop {
        let (readers, more) = suppressed(store, keys, after, BATCH).await?;
        for reader in readers {
            after = IdCursor(reader.id);
            let Ok(address) = SubscriberAddress::parse("address", &reader.address) else {
                refused.push(format!("the address of subscriber {} cannot be read", reader.id));
                continue;
            };
            // The same address on another page was lifted together with the first one.
            if lifted.contains(&address.folded()) {
                continue;
            }
            if lift(store, keys, &address).await? {
                lifted.insert(address.folded());
            } else {
                refused.push(format!("the suppression of {} is not found", reader.address));
            }
        }
        if !more {
            break;
        }
    }
    if lifted.is_empty() && refused.is_empty() {
        print("No address is suppressed.\n")?;
    }
    refused_say(&refused)
}
