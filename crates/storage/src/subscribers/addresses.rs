//! Addresses on the whole server, known by a keyed hash only: mail counted per person, and suppression.

use diesel::prelude::*;
use releasepage_domain::{
    environment::Environment,
    reply::doubt_is_evidence,
    subscriber::{SubscriberAddress, SubscriberState},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::schema::{address_mails, addresses, subscribers},
};

/// Tells whether mail to an address is known to be refused.
pub(crate) fn address_is_suppressed(connection: &mut AnyConnection, address_key: &str) -> QueryResult<bool> {
    let suppressed = addresses::table.find(address_key).filter(addresses::suppressed_at.is_not_null());
    Ok(diesel::select(diesel::dsl::exists(suppressed)).get_result(connection)?)
}

/// Counts the mails that a stranger's requests sent to a person since then.
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

/// The knowledge of mail to an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AddressStanding {
    /// Nobody reads mail there.
    pub(crate) suppressed: bool,
    /// A message to it was refused without a clear reason, and none was taken since.
    pub(crate) doubted: bool,
}

/// Reads what is known of mail to an address.
pub(crate) fn address_standing(connection: &mut AnyConnection, address_key: &str) -> QueryResult<AddressStanding> {
    let row: Option<(Option<UtcTime>, Option<UtcTime>)> = addresses::table
        .find(address_key)
        .select((addresses::suppressed_at, addresses::doubted_at))
        .first(connection)
        .optional()?;
    let (suppressed_at, doubted_at) = row.unwrap_or_default();
    Ok(AddressStanding { suppressed: suppressed_at.is_some(), doubted: doubted_at.is_some() })
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
            suppress(connection, &address, &address_key, &because, now)
        })
        .await
}

/// Notes that a message to an address was refused without a clear reason. Where the first such refusal, with no message
/// taken since, is days old ([`doubt_is_evidence`]), the address is suppressed. Answers whether it was.
pub async fn address_doubt(
    store: &Store,
    address: SubscriberAddress,
    address_key: String,
    because: String,
    now: UtcTime,
) -> Result<bool, StoreError> {
    store
        .write(&[Scope::Address(address_key.clone())], move |connection| {
            let row = addresses::table.find(&address_key);
            let doubted_at: Option<Option<UtcTime>> = row.select(addresses::doubted_at).first(connection).optional()?;
            match doubted_at {
                Some(Some(at)) if doubt_is_evidence(at, now) => {
                    suppress(connection, &address, &address_key, &because, now)?;
                    return Ok(true);
                }
                Some(Some(_)) => {}
                Some(None) => {
                    diesel::update(row).set(addresses::doubted_at.eq(now)).execute(connection)?;
                }
                None => {
                    diesel::insert_into(addresses::table)
                        .values((addresses::address_key.eq(&address_key), addresses::doubted_at.eq(now)))
                        .execute(connection)?;
                }
            }
            Ok(false)
        })
        .await
}

/// Notes that a message to an address was taken, in the caller's transaction under the address's scope: an unclear
/// refusal before it counts no more.
pub(crate) fn address_reached(connection: &mut AnyConnection, address_key: &str) -> QueryResult<()> {
    diesel::update(addresses::table.find(address_key).filter(addresses::doubted_at.is_not_null()))
        .set(addresses::doubted_at.eq(None::<UtcTime>))
        .execute(connection)?;
    Ok(())
}

fn suppress(
    connection: &mut AnyConnection,
    address: &SubscriberAddress,
    address_key: &str,
    because: &str,
    now: UtcTime,
) -> QueryResult<()> {
    let suppressed = (
        addresses::suppressed_at.eq(now),
        addresses::suppressed_because.eq(because),
        addresses::doubted_at.eq(None::<UtcTime>),
    );
    let row = addresses::table.find(address_key);
    if diesel::select(diesel::dsl::exists(row)).get_result(connection)? {
        diesel::update(row).set(suppressed).execute(connection)?;
    } else {
        diesel::insert_into(addresses::table)
            .values((addresses::address_key.eq(address_key), suppressed))
            .execute(connection)?;
    }
    readers_suppress(connection, &address.folded())
}

/// Suppresses the live subscriptions with an address on every page, in the caller's transaction under the address's
/// scope.
pub(crate) fn readers_suppress(connection: &mut AnyConnection, address_folded: &str) -> QueryResult<()> {
    let live = subscribers::environment.eq(Environment::Live.as_str());
    diesel::update(subscribers::table.filter(subscribers::address_folded.eq(address_folded).and(live)))
        .set(subscribers::state.eq(SubscriberState::Suppressed.as_str()))
        .execute(connection)?;
    Ok(())
}

/// Moves what is known of mail to an address to another key, in the caller's transaction under the scopes of both. What
/// is known there already stays, and a suppression is kept from either.
pub(crate) fn address_move(connection: &mut AnyConnection, from: &str, to: &str) -> QueryResult<()> {
    let Some(moved) = standing_row(connection, from)? else { return Ok(()) };
    diesel::delete(addresses::table.find(from)).execute(connection)?;
    let there = standing_row(connection, to)?;
    let kept = match &there {
        Some(there) if there.suppressed_at.is_some() => return Ok(()),
        Some(there) if moved.suppressed_at.is_none() => {
            StandingRow { doubted_at: there.doubted_at.or(moved.doubted_at), ..moved }
        }
        _ => moved,
    };
    if there.is_some() {
        diesel::update(addresses::table.find(to)).set(kept).execute(connection)?;
    } else {
        diesel::insert_into(addresses::table).values((addresses::address_key.eq(to), kept)).execute(connection)?;
    }
    Ok(())
}

/// The stored facts about mail to an address.
#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = addresses, treat_none_as_null = true, treat_none_as_default_value = false)]
struct StandingRow {
    suppressed_at: Option<UtcTime>,
    suppressed_because: Option<String>,
    doubted_at: Option<UtcTime>,
}

fn standing_row(connection: &mut AnyConnection, address_key: &str) -> QueryResult<Option<StandingRow>> {
    let row = addresses::table.find(address_key).select(StandingRow::as_select());
    Ok(row.first(connection).optional()?)
}
