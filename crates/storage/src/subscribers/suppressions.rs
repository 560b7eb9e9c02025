//! Readers to whom no mail goes since a mail server refused their address: looked at, and brought back.

use std::collections::HashMap;

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    environment::Environment,
    subscriber::{SubscriberAddress, SubscriberState, state_unsuppressed},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    accounts::row::runs_the_server,
    database::{
        cursor::{IdCursor, ListPart},
        schema::{addresses, pages, subscribers},
        stored::stored,
    },
    subscribers::row::{address_stored, subscriber_scope},
};

/// The owner of the suppressed readers that are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressionsOf {
    /// Everybody's: for who runs the server.
    Server,
    /// Those of an organization's pages.
    Organization(i64),
}

/// One reader to whom no mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The subscriber.
    pub id: i64,
    /// The page that they subscribed to.
    pub page_id: String,
    /// Their address.
    pub address: String,
    /// The time at which the address was suppressed last.
    pub suppressed_at: Option<UtcTime>,
    /// The words of the mail server.
    pub because: Option<String>,
}

/// The suppression that is meant: by a reader of it, or by the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuppressionName {
    /// The subscriber.
    Reader(i64),
    /// The address, however it is written.
    Address(SubscriberAddress),
}

/// A suppression that was lifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuppressionLifted {
    /// The number of readers, on all pages, who are sent mail again.
    pub confirmed: usize,
    /// The number of others who had the address: they stand where they stood.
    pub others: usize,
}

/// The live readers that are suppressed, as a query to be narrowed further.
macro_rules! suppressed_readers {
    ($of:expr) => {{
        let suppressed = subscribers::table.inner_join(pages::table).filter(
            subscribers::state
                .eq(SubscriberState::Suppressed.as_str())
                .and(subscribers::environment.eq(Environment::Live.as_str())),
        );
        match $of {
            SuppressionsOf::Server => suppressed.into_boxed(),
            SuppressionsOf::Organization(id) => suppressed.filter(pages::organization_id.eq(id)).into_boxed(),
        }
    }};
}

/// Suppressed readers, in the order in which they subscribed: at most `limit` after the cursor; with `address`, those
/// who have it. `address_key` makes the keyed hash under which an address is suppressed.
pub async fn suppression_list(
    store: &Store,
    of: SuppressionsOf,
    address: Option<SubscriberAddress>,
    address_key: impl Fn(&str) -> String + Send + 'static,
    after: IdCursor,
    limit: u32,
) -> Result<ListPart<Suppression>, StoreError> {
    store
        .read(move |connection| {
            let mut query = suppressed_readers!(of).filter(subscribers::id.gt(after.0));
            if let Some(address) = &address {
                query = query.filter(subscribers::address_folded.eq(address.folded()));
            }
            let rows: Vec<(i64, String, String, String)> = query
                .order(subscribers::id)
                .limit(i64::from(limit) + 1)
                .select((subscribers::id, subscribers::page_id, subscribers::address, subscribers::address_folded))
                .load(connection)?;
            let keys: Vec<String> = rows.iter().map(|(_, _, _, folded)| address_key(folded)).collect();
            let known = reasons(connection, &keys)?;
            let entries = rows
                .into_iter()
                .zip(&keys)
                .map(|((id, page_id, address, _), key)| {
                    let (suppressed_at, because) = known.get(key).cloned().unwrap_or_default();
                    Suppression { id, page_id, address, suppressed_at, because }
                })
                .collect();
            Ok(ListPart::cut(entries, limit, |last: &Suppression| IdCursor(last.id).to_string()))
        })
        .await
}

/// The number of addresses in one statement. SQLite binds no more than 32,766 values.
const REASONS_MAX: usize = 500;

type Reason = (Option<UtcTime>, Option<String>);

fn reasons(connection: &mut AnyConnection, keys: &[String]) -> QueryResult<HashMap<String, Reason>> {
    let mut reasons = HashMap::with_capacity(keys.len());
    for keys in keys.chunks(REASONS_MAX) {
        let rows: Vec<(String, Option<UtcTime>, Option<String>)> = addresses::table
            .filter(addresses::address_key.eq_any(keys))
            .select((addresses::address_key, addresses::suppressed_at, addresses::suppressed_because))
            .load(connection)?;
        reasons.extend(rows.into_iter().map(|(key, at, because)| (key, (at, because))));
    }
    Ok(reasons)
}

/// Lifts a suppression, on every page: mail goes to the address again, and its readers stand where they would stand
/// without it.
///
/// Fails with [`StoreError::NotFound`] where there is none that the one who asks may see. The people of the server's
/// first organization, who run it, may lift any by its address.
pub async fn suppression_lift(
    store: &Store,
    of: SuppressionsOf,
    name: SuppressionName,
    address_key: impl Fn(&str) -> String + Send + 'static,
) -> Result<SuppressionLifted, StoreError> {
    store
        .write(&[], move |connection| {
            let address = address_named(connection, of, &name)?;
            let key = address_key(&address.folded());
            readers_lock(connection, &address)?;
            connection.lock(&Scope::Address(key.clone()))?;
            let listed = addresses::table.find(&key).filter(addresses::suppressed_at.is_not_null());
            let was_listed = diesel::update(listed)
                .set((
                    addresses::suppressed_at.eq(None::<UtcTime>),
                    addresses::suppressed_because.eq(None::<String>),
                    addresses::doubted_at.eq(None::<UtcTime>),
                ))
                .execute(connection)?;
            let readers = readers_restore(connection, &address)?;
            if was_listed == 0 && readers.is_empty() {
                return Err(StoreError::NotFound.into());
            }
            let confirmed = readers.iter().filter(|state| **state == SubscriberState::Confirmed).count();
            Ok(SuppressionLifted { confirmed, others: readers.len() - confirmed })
        })
        .await
}

/// The address that is meant, where whoever asks may see it.
fn address_named(
    connection: &mut AnyConnection,
    of: SuppressionsOf,
    name: &SuppressionName,
) -> QueryResult<SubscriberAddress> {
    match name {
        SuppressionName::Reader(id) => {
            let address = suppressed_readers!(of).filter(subscribers::id.eq(*id)).select(subscribers::address);
            let address: Option<String> = address.first(connection).optional()?;
            address_stored(&address.ok_or(StoreError::NotFound)?)
        }
        SuppressionName::Address(address) => {
            let may = match of {
                SuppressionsOf::Server => true,
                SuppressionsOf::Organization(id) => {
                    let own = pages::table.filter(pages::organization_id.eq(id)).select(pages::id);
                    let theirs = subscribers::table.filter(
                        subscribers::address_folded
                            .eq(address.folded())
                            .and(subscribers::state.eq(SubscriberState::Suppressed.as_str()))
                            .and(subscribers::page_id.eq_any(own)),
                    );
                    diesel::select(exists(theirs)).get_result(connection)? || runs_the_server(connection, id)?
                }
            };
            if may { Ok(address.clone()) } else { Err(StoreError::NotFound.into()) }
        }
    }
}

/// Takes the scopes of an address's readers, which come before that of the address: whoever is leaving at this moment
/// does so first.
fn readers_lock(connection: &mut AnyConnection, address: &SubscriberAddress) -> QueryResult<()> {
    let places: Vec<(String, String)> = subscribers::table
        .filter(subscribers::address_folded.eq(address.folded()))
        .order((subscribers::page_id, subscribers::environment))
        .select((subscribers::page_id, subscribers::environment))
        .load(connection)?;
    for (page_id, environment) in places {
        connection.lock(&subscriber_scope(&page_id, stored(&environment, "environment")?, address))?;
    }
    Ok(())
}

/// Gives every suppressed reader with this address the state that they would have without it. Answers these states.
fn readers_restore(connection: &mut AnyConnection, address: &SubscriberAddress) -> QueryResult<Vec<SubscriberState>> {
    let rows: Vec<(i64, Option<UtcTime>, Option<UtcTime>)> = subscribers::table
        .filter(
            subscribers::address_folded
                .eq(address.folded())
                .and(subscribers::state.eq(SubscriberState::Suppressed.as_str())),
        )
        .order(subscribers::id)
        .select((subscribers::id, subscribers::confirmed_at, subscribers::unsubscribed_at))
        .load(connection)?;
    let mut states = Vec::with_capacity(rows.len());
    for (id, confirmed_at, unsubscribed_at) in rows {
        let state = state_unsuppressed(confirmed_at, unsubscribed_at);
        diesel::update(subscribers::table.find(id)).set(subscribers::state.eq(state.as_str())).execute(connection)?;
        states.push(state);
    }
    Ok(states)
}
