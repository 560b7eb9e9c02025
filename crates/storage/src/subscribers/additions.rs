//! Subscribers whom a back end hands over, one by one or many at once.
//!
//! Many at once take no lock for each: a new row gives way to one that is there already, and who is there is looked at
//! again under their own scope.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use releasepage_domain::{
    consent::{Addition, Confirmation, Consent, KnownReader, addition_decide},
    environment::Environment,
    subscriber::{Following, Preferences, SubscriberAddress, SubscriberState},
    subscription::SubscriptionOp,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryError, QueryResult, Store, StoreError,
    database::{
        backend::on_each_backend,
        schema::{addresses, components, subscriber_components, subscribers},
        stored::stored,
    },
    pages::row::{PageComponent, page_components, page_load},
    subscribers::{
        changes::{subscriber_confirm, subscriber_leave},
        lists::{SubscriberEntry, subscriber_entry_load},
        requests::{RequestRecord, request_record},
        row::{SubscriberInsert, subscriber_find, subscriber_scope},
    },
};

/// The number of subscribers who are handed over in one transaction.
pub const ADDITIONS_MAX: usize = 200;

/// The page and the environment that subscribers are handed over to.
#[derive(Clone, Debug)]
pub struct AdditionPlace {
    /// The organization that owns the page.
    pub organization_id: i64,
    /// The page.
    pub page_id: String,
    /// Live or test.
    pub environment: Environment,
}

/// Somebody whom a back end hands over.
#[derive(Clone, Debug)]
pub struct SubscriberNew {
    /// Their address.
    pub address: SubscriberAddress,
    /// The bumps to hear of.
    pub preferences: Preferences,
    /// The components to follow.
    pub following: Following,
    /// The way in which their yes comes to be known.
    pub confirmation: Confirmation,
}

/// The components that subscribers of a page can follow. Fails with [`StoreError::NotFound`] where the organization has
/// no such page.
pub async fn page_components_list(
    store: &Store,
    organization_id: i64,
    page_id: String,
) -> Result<Vec<PageComponent>, StoreError> {
    store
        .read(move |connection| {
            page_load(connection, organization_id, &page_id)?;
            page_components(connection, &page_id)
        })
        .await
}

/// Subscribes one. Answers who they are now, and whether they are new.
///
/// `address_key` makes the keyed hash under which an address is suppressed. Fails with a conflict that says why where
/// they are not subscribed, and with [`StoreError::NotFound`] where the organization has no such page.
pub async fn subscriber_create(
    store: &Store,
    place: AdditionPlace,
    new: SubscriberNew,
    address_key: impl Fn(&str) -> String + Send + 'static,
    now: UtcTime,
) -> Result<(SubscriberEntry, bool), StoreError> {
    let scope = subscriber_scope(&place.page_id, place.environment, &new.address);
    store
        .write(&[scope], move |connection| {
            page_load(connection, place.organization_id, &place.page_id)?;
            let new = std::slice::from_ref(&new);
            let decided = additions_decide(connection, &place, new, &address_key)?;
            let written = additions_write(connection, &place, new, &decided, now)?;
            if let [Addition::Refuse(because)] = written.additions[..] {
                return Err(StoreError::Conflict(because).into());
            }
            let there = subscriber_find(connection, &place.page_id, place.environment, &new[0].address)?;
            let id = there.ok_or(StoreError::NotFound)?.id;
            Ok((subscriber_entry_load(connection, &place.page_id, id)?, written.rows > 0))
        })
        .await
}

/// Subscribes many, at most [`ADDITIONS_MAX`], in one transaction. Answers what became of each, in their order; with
/// `dry_run` what would, and nothing is written.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such page.
pub async fn subscribers_add(
    store: &Store,
    place: AdditionPlace,
    new: Vec<SubscriberNew>,
    dry_run: bool,
    address_key: impl Fn(&str) -> String + Send + 'static,
    now: UtcTime,
) -> Result<Vec<Addition>, StoreError> {
    let add = move |connection: &mut AnyConnection| {
        page_load(connection, place.organization_id, &place.page_id)?;
        let decided = additions_decide(connection, &place, &new, &address_key)?;
        if dry_run {
            return Ok(decided.iter().map(|decided| decided.addition).collect());
        }
        Ok(additions_write(connection, &place, &new, &decided, now)?.additions)
    };
    if dry_run { store.read(add).await } else { store.write(&[], add).await }
}

/// The decision on one who is handed over.
struct Decided {
    addition: Addition,
    /// Says whether the page had a subscriber with this address before.
    is_known: bool,
}

/// Decides on each, in their order. One who comes twice is known the second time.
fn additions_decide(
    connection: &mut AnyConnection,
    place: &AdditionPlace,
    new: &[SubscriberNew],
    address_key: &impl Fn(&str) -> String,
) -> QueryResult<Vec<Decided>> {
    let folded: Vec<String> = new.iter().map(|one| one.address.folded()).collect();
    let mut known = readers_known(connection, place, &folded)?;
    let keys: Vec<String> = folded.iter().map(|folded| address_key(folded)).collect();
    let suppressed: HashSet<String> = addresses::table
        .filter(addresses::address_key.eq_any(&keys).and(addresses::suppressed_at.is_not_null()))
        .select(addresses::address_key)
        .load(connection)?
        .into_iter()
        .collect();
    let mut all = Vec::with_capacity(new.len());
    for ((one, folded), key) in new.iter().zip(folded).zip(keys) {
        let before = known.get(&folded).copied();
        let addition = addition_decide(before, suppressed.contains(&key), &one.confirmation);
        if !matches!(addition, Addition::Keep | Addition::Refuse(_)) {
            known.insert(folded, KnownReader::added(&one.confirmation));
        }
        all.push(Decided { addition, is_known: before.is_some() });
    }
    Ok(all)
}

fn readers_known(
    connection: &mut AnyConnection,
    place: &AdditionPlace,
    folded: &[String],
) -> QueryResult<HashMap<String, KnownReader>> {
    type Row = (String, String, Option<UtcTime>, Option<UtcTime>, Option<UtcTime>);
    let rows: Vec<Row> = subscribers::table
        .filter(
            subscribers::page_id
                .eq(&place.page_id)
                .and(subscribers::environment.eq(place.environment.as_str()))
                .and(subscribers::address_folded.eq_any(folded)),
        )
        .select((
            subscribers::address_folded,
            subscribers::state,
            subscribers::confirmed_at,
            subscribers::consent_at,
            subscribers::unsubscribed_at,
        ))
        .load(connection)?;
    rows.into_iter()
        .map(|(folded, state, confirmed_at, vouched_at, unsubscribed_at)| {
            let state = stored(&state, "subscriber")?;
            Ok((folded, KnownReader { state, confirmed_at, vouched_at, unsubscribed_at }))
        })
        .collect()
}

/// The decisions that were carried out.
struct Written {
    /// The result for each, in their order.
    additions: Vec<Addition>,
    /// The number of subscribers that the page did not have before.
    rows: usize,
}

/// Does what was decided. What came of it may be something else: whoever was known may have changed meanwhile, and who
/// was not may have come by another way.
fn additions_write(
    connection: &mut AnyConnection,
    place: &AdditionPlace,
    new: &[SubscriberNew],
    decided: &[Decided],
    now: UtcTime,
) -> QueryResult<Written> {
    // In the order of their addresses, so that of two who hand over the same, one only waits for the other.
    let mut order: Vec<usize> = (0..new.len()).collect();
    order.sort_by_cached_key(|&index| new[index].address.folded());
    let strangers: Vec<Stranger<'_>> = order
        .iter()
        .filter(|&&index| !decided[index].is_known)
        .map(|&index| Stranger { new: &new[index], addition: decided[index].addition })
        .collect();
    let written = subscribers_insert(connection, place, &strangers, now)?;
    let mut additions: Vec<Addition> = decided.iter().map(|decided| decided.addition).collect();
    for index in order {
        let (one, decided) = (&new[index], &decided[index]);
        let is_new = !decided.is_known && written.contains_key(&one.address.folded());
        match decided.addition {
            Addition::Confirm | Addition::NoteLeft | Addition::NoteTime if !is_new => {
                additions[index] = reader_change(connection, place, one, now)?;
            }
            // One who came by another way meanwhile.
            Addition::Ask if !(decided.is_known || is_new) => additions[index] = Addition::Keep,
            Addition::Ask => {
                let asked = RequestRecord {
                    page_id: &place.page_id,
                    environment: place.environment,
                    op: SubscriptionOp::Add,
                    address: &one.address,
                    preferences: &one.preferences,
                    following: &one.following,
                };
                request_record(connection, &asked, now)?;
            }
            _ => {}
        }
    }
    Ok(Written { additions, rows: written.len() })
}

/// Somebody whom the page did not have, with what was decided.
struct Stranger<'a> {
    new: &'a SubscriberNew,
    addition: Addition,
}

/// Writes those whom the page did not have, in their order. One who came by another way meanwhile stays as they are.
/// Answers whom it wrote: their ids by their folded addresses.
fn subscribers_insert(
    connection: &mut AnyConnection,
    place: &AdditionPlace,
    strangers: &[Stranger<'_>],
    now: UtcTime,
) -> QueryResult<HashMap<String, i64>> {
    let rows: Vec<SubscriberInsert> =
        strangers.iter().filter_map(|stranger| subscriber_row(place, stranger, now)).collect();
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let written: Vec<(String, i64)> = on_each_backend!(connection, connection => diesel::insert_into(subscribers::table)
        .values(&rows)
        .on_conflict_do_nothing()
        .returning((subscribers::address_folded, subscribers::id))
        .get_results(connection))?;
    let written: HashMap<String, i64> = written.into_iter().collect();
    let wanted: HashMap<String, &[i64]> = strangers
        .iter()
        .filter_map(|stranger| match &stranger.new.following {
            Following::All => None,
            Following::Only(components) => Some((stranger.new.address.folded(), components.as_slice())),
        })
        .collect();
    if !wanted.is_empty() {
        components_insert(connection, place, &wanted, &written)?;
    }
    Ok(written)
}

/// The row of one whom the page does not have; `None` for one who gets none.
fn subscriber_row(place: &AdditionPlace, stranger: &Stranger<'_>, now: UtcTime) -> Option<SubscriberInsert> {
    let Stranger { new, addition } = *stranger;
    let pending = SubscriberInsert::pending(
        &place.page_id,
        place.environment,
        &new.address,
        &new.preferences,
        &new.following,
        now,
    );
    match (addition, &new.confirmation) {
        (Addition::Confirm, Confirmation::Vouched(consent)) => Some(SubscriberInsert {
            state: SubscriberState::Confirmed.as_str(),
            confirmed_at: Some(now),
            consent_source: Some(consent.source.clone()),
            consent_at: Some(consent.time),
            ..pending
        }),
        (Addition::Ask, _) => Some(pending),
        (Addition::NoteLeft, Confirmation::Left(at)) => Some(SubscriberInsert {
            state: SubscriberState::Unsubscribed.as_str(),
            unsubscribed_at: Some(*at),
            ..pending
        }),
        _ => None,
    }
}

/// Writes which components those follow who were just written, both by their folded addresses.
fn components_insert(
    connection: &mut AnyConnection,
    place: &AdditionPlace,
    wanted: &HashMap<String, &[i64]>,
    written: &HashMap<String, i64>,
) -> QueryResult<()> {
    // One that was taken off the page meanwhile is left out.
    let there: HashSet<i64> = components::table
        .filter(components::page_id.eq(&place.page_id))
        .select(components::id)
        .load(connection)?
        .into_iter()
        .collect();
    let followed: Vec<_> = written
        .iter()
        .flat_map(|(folded, subscriber)| {
            wanted
                .get(folded)
                .into_iter()
                .flat_map(|wanted| wanted.iter())
                .map(move |component| (*subscriber, *component))
        })
        .filter(|(_, component)| there.contains(component))
        .map(|(subscriber, component)| {
            (subscriber_components::subscriber_id.eq(subscriber), subscriber_components::component_id.eq(component))
        })
        .collect();
    on_each_backend!(connection, connection => diesel::insert_into(subscriber_components::table)
        .values(&followed)
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(())
}

/// Brings one whom the page has to what is said of them: as they are at this moment, it is decided again.
fn reader_change(
    connection: &mut AnyConnection,
    place: &AdditionPlace,
    new: &SubscriberNew,
    now: UtcTime,
) -> QueryResult<Addition> {
    connection.lock(&subscriber_scope(&place.page_id, place.environment, &new.address))?;
    let folded = new.address.folded();
    let current = readers_known(connection, place, std::slice::from_ref(&folded))?.remove(&folded);
    let known = subscriber_find(connection, &place.page_id, place.environment, &new.address)?;
    // Whoever was erased meanwhile is not brought back.
    let (Some(current), Some(known)) = (current, known) else { return Ok(Addition::Keep) };
    let addition = addition_decide(Some(current), false, &new.confirmation);
    match (addition, &new.confirmation) {
        (Addition::Confirm, Confirmation::Vouched(consent)) => {
            match subscriber_confirm(connection, known.id, &new.preferences, &new.following, now) {
                // Mail to the address was refused at this very moment; nothing was written.
                Err(QueryError::Store(StoreError::Conflict(because))) => return Ok(Addition::Refuse(because)),
                other => other?,
            }
            diesel::update(subscribers::table.find(known.id))
                .set(subscribers::address.eq(new.address.as_str()))
                .execute(connection)?;
            consent_note(connection, known.id, consent)?;
        }
        (Addition::NoteTime, Confirmation::Vouched(consent)) => consent_note(connection, known.id, consent)?,
        (Addition::NoteLeft | Addition::NoteTime, Confirmation::Left(at)) => {
            subscriber_leave(connection, known.id, *at, now)?;
        }
        _ => {}
    }
    Ok(addition)
}

fn consent_note(connection: &mut AnyConnection, subscriber_id: i64, consent: &Consent) -> QueryResult<()> {
    diesel::update(subscribers::table.find(subscriber_id))
        .set((subscribers::consent_source.eq(&consent.source), subscribers::consent_at.eq(consent.time)))
        .execute(connection)?;
    Ok(())
}
