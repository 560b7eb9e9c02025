//! Addresses on the whole server, known by a keyed hash only: mail counted per person, and suppression.

use diesel::prelude::*;
use releasepage_domain::{
    environment::Environment,
    subscriber::{SubscriberAddress, SubscriberState},
    time::UtcTime,
};

use crate::{
    QueryResult, Scope, Store, StoreError,
    backend::AnyConnection,
    schema::{address_mails, addresses, subscribers},
};

/// Whether mail to an address is known to be refused.
pub(crate) fn address_is_suppressed(connection: &mut AnyConnection, address_key: &str) -> QueryResult<bool> {
    let suppressed = addresses::table.find(address_key).filter(addresses::suppressed_at.is_not_null());
    Ok(diesel::select(diesel::dsl::exists(suppressed)).get_result(connection)?)
}

/// How many mails a stranger's requests sent to a person since then.
pub(crate) fn address_mails_since(connection: &mut AnyConnection, person: &str, since: UtcTime) -> QueryResult<i64> {
    Ok(address_mails::table
        .filter(address_mails::address_key.eq(person).and(address_mails::sent_at.gt(since)))
        .count()
        .get_result(connection)?)
}

/// Counts one more mail to a person.
pub(crate) fn address_mail_note(connection: &mut AnyConnection, person: &str, now: UtcTime) -> QueryResult<()> {
    diesel::insert_into(address_mails::table)
        .values((address_mails::address_key.eq(person), address_mails::sent_at.eq(now)))
        .execute(connection)?;
    Ok(())
}

/// Notes that an address cannot be reached: its live subscriptions, on every page, are suppressed, and no confirmation
/// is sent to it any more.
pub async fn address_suppress(
    store: &Store,
    address: SubscriberAddress,
    address_key: String,
    because: String,
    now: UtcTime,
) -> Result<(), StoreError> {
    store
        .write(&[Scope::Address(address_key.clone())], move |connection| {
            let row = addresses::table.find(&address_key);
            if diesel::select(diesel::dsl::exists(row)).get_result(connection)? {
                diesel::update(row)
                    .set((addresses::suppressed_at.eq(now), addresses::suppressed_because.eq(&because)))
                    .execute(connection)?;
            } else {
                diesel::insert_into(addresses::table)
                    .values((
                        addresses::address_key.eq(&address_key),
                        addresses::suppressed_at.eq(now),
                        addresses::suppressed_because.eq(&because),
                    ))
                    .execute(connection)?;
            }
            diesel::update(subscribers::table)
                .filter(
                    subscribers::address_folded
                        .eq(address.folded())
                        .and(subscribers::environment.eq(Environment::Live.as_str())),
                )
                .set(subscribers::state.eq(SubscriberState::Suppressed.as_str()))
                .execute(connection)?;
            Ok(())
        })
        .await
}
