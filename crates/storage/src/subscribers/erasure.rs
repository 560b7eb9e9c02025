//! Erasing a subscriber: what names them goes, wherever it stands.

use std::collections::HashSet;

use diesel::prelude::*;
use releasepage_domain::{environment::Environment, subscriber::SubscriberAddress};

use crate::{
    AnyConnection, QueryResult, Store, StoreError,
    database::{
        schema::{deliveries, mailbox, subscriber_components, subscribers, subscription_requests as requests},
        stored::stored,
    },
    pages::row::page_load,
    subscribers::row::{address_stored, subscriber_scope},
};

/// A subscription and its messages, as they are looked for.
struct Traces {
    environment: Environment,
    address: SubscriberAddress,
    /// The address as it is written on captured messages.
    recipients: HashSet<String>,
}

/// Erases a subscriber of a page: their subscription, their requests, what was sent to them and what is still queued,
/// and their captured messages. A message that is on its way to the mail server at this moment arrives.
///
/// The rest names nobody: a keyed hash of an address that refused mail, and for a day the keyed hash under which
/// mail to a person is counted, so that erasing is no way around the caps.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such page, or the page no such subscriber.
pub async fn subscriber_erase(store: &Store, organization_id: i64, page_id: String, id: i64) -> Result<(), StoreError> {
    let page = page_id.clone();
    // Read before: every captured message of the page may have to be looked at, which is too slow for a transaction
    // that others wait for. What is captured until then is written to an address that the transaction finds by itself.
    let traces = store
        .read(move |connection| {
            page_load(connection, organization_id, &page)?;
            traces_find(connection, &page, id)
        })
        .await?;
    store
        .write(&[subscriber_scope(&page_id, traces.environment, &traces.address)], move |connection| {
            erase(connection, &page_id, id, &traces)
        })
        .await
}

fn traces_find(connection: &mut AnyConnection, page_id: &str, id: i64) -> QueryResult<Traces> {
    let (environment, address): (String, String) = subscribers::table
        .filter(subscribers::id.eq(id).and(subscribers::page_id.eq(page_id)))
        .select((subscribers::environment, subscribers::address))
        .first(connection)
        .optional()?
        .ok_or(StoreError::NotFound)?;
    let address = address_stored(&address)?;
    let folded = address.folded();
    let captured: Vec<String> = mailbox::table
        .filter(mailbox::page_id.eq(page_id).and(mailbox::environment.eq(&environment)))
        .select(mailbox::recipient)
        .distinct()
        .load(connection)?;
    let is_theirs =
        |recipient: &String| SubscriberAddress::parse("", recipient).is_ok_and(|address| address.folded() == folded);
    let recipients = captured.into_iter().filter(is_theirs).collect();
    Ok(Traces { environment: stored(&environment, "environment")?, address, recipients })
}

fn erase(connection: &mut AnyConnection, page_id: &str, id: i64, traces: &Traces) -> QueryResult<()> {
    let Traces { environment, address, recipients } = traces;
    let theirs = requests::page_id
        .eq(page_id)
        .and(requests::environment.eq(environment.as_str()))
        .and(requests::address_folded.eq(address.folded()));
    let mut recipients = recipients.clone();
    recipients.extend(requests::table.filter(theirs.clone()).select(requests::address).load::<String>(connection)?);
    recipients.extend(subscribers::table.find(id).select(subscribers::address).first::<String>(connection).optional()?);
    diesel::delete(requests::table.filter(theirs)).execute(connection)?;
    let captured = mailbox::page_id
        .eq(page_id)
        .and(mailbox::environment.eq(environment.as_str()))
        .and(mailbox::recipient.eq_any(recipients));
    diesel::delete(mailbox::table.filter(captured)).execute(connection)?;
    diesel::delete(deliveries::table.filter(deliveries::subscriber_id.eq(id))).execute(connection)?;
    let followed = subscriber_components::subscriber_id.eq(id);
    diesel::delete(subscriber_components::table.filter(followed)).execute(connection)?;
    let erased = diesel::delete(subscribers::table.find(id)).execute(connection)?;
    if erased == 0 { Err(StoreError::NotFound.into()) } else { Ok(()) }
}
