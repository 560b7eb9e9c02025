//! The work that an upgrade leaves to do when it compares addresses by other rules.
//!
//! Earlier versions kept quotation marks that an address does not need: `"anna"@example.com` was another reader than
//! `anna@example.com`, and was suppressed under another key.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    consent::{Addition, Confirmation, Consent, KnownReader, addition_decide},
    environment::Environment,
    subscriber::{SubscriberAddress, SubscriberState, state_unsuppressed},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::{
        schema::{subscriber_components, subscribers, subscription_requests as requests, users},
        stored::stored,
    },
    subscribers::{
        addresses::{address_is_suppressed, address_move, readers_suppress},
        row::{address_stored, subscriber_scope},
    },
};

/// The number of addresses in one slice.
const BATCH: i64 = 500;

/// The addresses that begin with a quotation mark. The rules for all others are still the same.
macro_rules! quoted {
    ($folded:expr) => {
        $folded.ge("\"").and($folded.lt("#"))
    };
}

/// Folds the stored addresses of subscribers and users again if earlier rules folded them, each in a transaction of its
/// own. If it is broken off, the next call goes on. `address_key` makes the keyed hash under which an address is
/// suppressed. Answers how many addresses there were.
///
/// If two readers of a page turn out to have one address, the later of yes and no counts. A suppression of either
/// spelling stays. Two users with one address stay apart.
pub async fn address_rules_apply(
    store: &Store,
    address_key: impl Fn(&str) -> String + Clone + Send + 'static,
    now: UtcTime,
) -> Result<usize, StoreError> {
    let (mut done, mut after) = (0, 0);
    loop {
        let (stale, last) = store.read(move |connection| readers_stale(connection, after)).await?;
        for id in stale {
            let key = address_key.clone();
            let folded = store.write(&[], move |connection| reader_fold(connection, id, &key, now)).await?;
            done += usize::from(folded);
        }
        let Some(last) = last else { break };
        after = last;
    }
    Ok(done + store.write(&[Scope::Server], users_fold).await?)
}

/// The subscribers after this one whose addresses earlier rules folded, and the last one that was looked at. `None` if
/// there are no others.
fn readers_stale(connection: &mut AnyConnection, after: i64) -> QueryResult<(Vec<i64>, Option<i64>)> {
    let rows: Vec<(i64, String, String)> = subscribers::table
        .filter(quoted!(subscribers::address_folded).and(subscribers::id.gt(after)))
        .order(subscribers::id)
        .limit(BATCH)
        .select((subscribers::id, subscribers::address, subscribers::address_folded))
        .load(connection)?;
    let last = rows.last().map(|(id, ..)| *id);
    let is_stale = |address: &str, folded: &str| folded_now(address).is_some_and(|now| now != folded);
    Ok((rows.iter().filter(|(_, address, folded)| is_stale(address, folded)).map(|(id, ..)| *id).collect(), last))
}

/// The folded form of a stored address. `None` for one that is no longer accepted.
fn folded_now(address: &str) -> Option<String> {
    SubscriberAddress::parse("address", address).ok().map(|address| address.folded())
}

/// A reader as they are stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = subscribers)]
struct ReaderRow {
    id: i64,
    page_id: String,
    environment: String,
    address: String,
    address_folded: String,
    state: String,
    confirmed_at: Option<UtcTime>,
    consent_at: Option<UtcTime>,
    unsubscribed_at: Option<UtcTime>,
}

impl ReaderRow {
    /// The reader without a suppression, which is known by the address.
    fn known(&self) -> QueryResult<KnownReader> {
        let (confirmed_at, unsubscribed_at) = (self.confirmed_at, self.unsubscribed_at);
        let state = match stored(&self.state, "subscriber")? {
            SubscriberState::Suppressed => state_unsuppressed(confirmed_at, unsubscribed_at),
            state => state,
        };
        Ok(KnownReader { state, confirmed_at, vouched_at: self.consent_at, unsubscribed_at })
    }

    /// True if this reader said yes or no after another one, who is the same person.
    fn is_later_than(&self, other: &Self, now: UtcTime) -> QueryResult<bool> {
        let known = self.known()?;
        let said = match known.state {
            SubscriberState::Pending | SubscriberState::Suppressed => return Ok(false),
            SubscriberState::Unsubscribed => Confirmation::Left(known.unsubscribed_at.unwrap_or(now)),
            SubscriberState::Confirmed => {
                // A yes without a known time is never the later one.
                let Some(time) = known.vouched_at.or(known.confirmed_at) else { return Ok(false) };
                Confirmation::Vouched(Consent { source: String::new(), time })
            }
        };
        let decided = addition_decide(Some(other.known()?), false, &said);
        Ok(matches!(decided, Addition::Confirm | Addition::NoteLeft | Addition::NoteTime))
    }
}

/// Folds the address of one reader again. Answers false if that was done meanwhile.
fn reader_fold(
    connection: &mut AnyConnection,
    id: i64,
    address_key: &impl Fn(&str) -> String,
    now: UtcTime,
) -> QueryResult<bool> {
    let Some(found) = reader_load(connection, id)? else { return Ok(false) };
    let address = address_stored(&found.address)?;
    let environment: Environment = stored(&found.environment, "environment")?;
    let (key, folded) = (address_key(&address.folded()), address.folded());
    let key_before = address_key(&found.address_folded);
    let mut scopes = [
        subscriber_scope(&found.page_id, environment, &address),
        Scope::Address(key.clone()),
        Scope::Address(key_before.clone()),
    ];
    scopes.sort_unstable();
    for scope in &scopes {
        connection.lock(scope)?;
    }
    // It may have changed before the locks were there.
    let Some(reader) = reader_load(connection, id)?.filter(|reader| reader.address == found.address) else {
        return Ok(false);
    };
    if reader.address_folded == folded {
        return Ok(false);
    }
    address_move(connection, &key_before, &key)?;
    diesel::update(requests::table)
        .filter(
            requests::page_id
                .eq(&reader.page_id)
                .and(requests::environment.eq(&reader.environment))
                .and(requests::address_folded.eq(&reader.address_folded)),
        )
        .set(requests::address_folded.eq(&folded))
        .execute(connection)?;
    reader_merge(connection, &reader, &folded, now)?;
    if environment == Environment::Live && address_is_suppressed(connection, &key)? {
        readers_suppress(connection, &folded)?;
    }
    Ok(true)
}

fn reader_load(connection: &mut AnyConnection, id: i64) -> QueryResult<Option<ReaderRow>> {
    Ok(subscribers::table.find(id).select(ReaderRow::as_select()).first(connection).optional()?)
}

/// Gives a reader this folded address. If another reader of the page has it, one of the two is left: the one who said
/// yes or no last.
fn reader_merge(connection: &mut AnyConnection, reader: &ReaderRow, folded: &str, now: UtcTime) -> QueryResult<()> {
    let same = subscribers::table.filter(
        subscribers::page_id
            .eq(&reader.page_id)
            .and(subscribers::environment.eq(&reader.environment))
            .and(subscribers::address_folded.eq(folded)),
    );
    let other: Option<ReaderRow> = same.select(ReaderRow::as_select()).first(connection).optional()?;
    if let Some(other) = other {
        let stays = reader.is_later_than(&other, now)?;
        let goes = if stays { other.id } else { reader.id };
        let followed = subscriber_components::subscriber_id.eq(goes);
        diesel::delete(subscriber_components::table.filter(followed)).execute(connection)?;
        diesel::delete(subscribers::table.find(goes)).execute(connection)?;
        if !stays {
            return Ok(());
        }
    }
    diesel::update(subscribers::table.find(reader.id))
        .set(subscribers::address_folded.eq(folded))
        .execute(connection)?;
    Ok(())
}

/// Folds the addresses of users again, of whom there are few. One whose address another user has stays as they are.
fn users_fold(connection: &mut AnyConnection) -> QueryResult<usize> {
    let rows: Vec<(i64, String, String)> = users::table
        .filter(quoted!(users::email_folded))
        .order(users::id)
        .select((users::id, users::email, users::email_folded))
        .load(connection)?;
    let mut done = 0;
    for (id, email, before) in rows {
        let Some(folded) = folded_now(&email).filter(|folded| *folded != before) else { continue };
        let taken = users::table.filter(users::email_folded.eq(&folded));
        if !diesel::select(exists(taken)).get_result::<bool>(connection)? {
            done += diesel::update(users::table.find(id)).set(users::email_folded.eq(&folded)).execute(connection)?;
        }
    }
    Ok(done)
}
