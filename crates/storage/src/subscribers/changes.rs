//! Subscribers: made by a decided request, confirmed and changed by their own links.

use diesel::prelude::*;
use releasepage_domain::{
    announcement::DeliveryState,
    bump::Bump,
    consent::ADDRESS_REFUSED,
    fault::Fault,
    subscriber::{Following, Preferences, SubscriberState},
    subscription::{RequestUse, request_use_decide},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Store, StoreError,
    database::{
        backend::on_each_backend,
        schema::{components, deliveries, subscriber_components, subscribers},
    },
    subscribers::{
        request_row::Request,
        row::{Subscriber, SubscriberInsert, subscriber_find, subscriber_load, subscriber_scope},
    },
};

/// Makes a pending subscriber of a request, or leaves the one who is there as they are.
pub(crate) fn subscriber_pending(connection: &mut AnyConnection, request: &Request, now: UtcTime) -> QueryResult<()> {
    if request.subscriber_id.is_none() {
        subscriber_add(connection, request, now)?;
    }
    Ok(())
}

/// Makes a subscriber who did not confirm yet.
fn subscriber_add(connection: &mut AnyConnection, request: &Request, now: UtcTime) -> QueryResult<i64> {
    let row = SubscriberInsert::pending(
        &request.page.id,
        request.environment,
        &request.address,
        &request.preferences,
        &Following::All,
        now,
    );
    Ok(on_each_backend!(connection, connection => diesel::insert_into(subscribers::table)
        .values(&row)
        .returning(subscribers::id)
        .get_result(connection))?)
}

/// Does to a request's subscriber what a click on its link asks for, in the caller's transaction under the subscriber's
/// scope.
///
/// Fails with a conflict where one whose address cannot be reached would be subscribed.
pub(crate) fn subscriber_apply(connection: &mut AnyConnection, request: &Request, now: UtcTime) -> QueryResult<()> {
    let before = subscriber_find(connection, &request.page.id, request.environment, &request.address)?;
    let used = request_use_decide(request.op, before.as_ref().map(|before| before.state))?;
    let id = match (used, before) {
        (RequestUse::Nothing, _) => return Ok(()),
        (RequestUse::Leave, Some(before)) => return subscriber_leave(connection, before.id, now, now),
        (RequestUse::Change, Some(before)) => before.id,
        (RequestUse::Confirm, Some(before)) => {
            diesel::update(subscribers::table.find(before.id))
                .set(subscribers::address.eq(request.address.as_str()))
                .execute(connection)?;
            before.id
        }
        (RequestUse::Add, _) | (_, None) => subscriber_add(connection, request, now)?,
    };
    subscriber_confirm(connection, id, &request.preferences, &request.following, now)
}

/// Confirms a subscriber, or changes what one hears of who is confirmed, in the caller's transaction under the
/// subscriber's scope.
///
/// Fails with a conflict where the address cannot be reached; nothing is written then.
pub(crate) fn subscriber_confirm(
    connection: &mut AnyConnection,
    id: i64,
    preferences: &Preferences,
    following: &Following,
    now: UtcTime,
) -> QueryResult<()> {
    // Mail to the address may be refused at this moment, and that is decided under another scope: whoever writes second
    // sees it here.
    let reachable = subscribers::table.find(id).filter(subscribers::state.ne(SubscriberState::Suppressed.as_str()));
    let written = diesel::update(reachable)
        .set((
            subscribers::preferences.eq(preferences.stored()),
            subscribers::wants_major.eq(preferences.holds(Bump::Major)),
            subscribers::wants_minor.eq(preferences.holds(Bump::Minor)),
            subscribers::wants_patch.eq(preferences.holds(Bump::Patch)),
            subscribers::wants_prerelease.eq(preferences.holds(Bump::Prerelease)),
            subscribers::all_components.eq(*following == Following::All),
        ))
        .execute(connection)?;
    if written == 0 {
        return Err(StoreError::Conflict(ADDRESS_REFUSED).into());
    }
    // Who was confirmed before keeps the time at which they said yes.
    diesel::update(subscribers::table.find(id).filter(subscribers::state.ne(SubscriberState::Confirmed.as_str())))
        .set((
            subscribers::state.eq(SubscriberState::Confirmed.as_str()),
            subscribers::confirmed_at.eq(now),
            subscribers::unsubscribed_at.eq(None::<UtcTime>),
            // What was vouched for once is not what they said yes to now.
            subscribers::consent_source.eq(None::<String>),
            subscribers::consent_at.eq(None::<UtcTime>),
        ))
        .execute(connection)?;
    diesel::delete(subscriber_components::table.filter(subscriber_components::subscriber_id.eq(id)))
        .execute(connection)?;
    if let Following::Only(components) = following {
        // One that was taken off the page since it was asked for is left out.
        let there: Vec<i64> =
            components::table.filter(components::id.eq_any(components)).select(components::id).load(connection)?;
        for component in there {
            diesel::insert_into(subscriber_components::table)
                .values((
                    subscriber_components::subscriber_id.eq(id),
                    subscriber_components::component_id.eq(component),
                ))
                .execute(connection)?;
        }
    }
    Ok(())
}

/// Notes that a subscriber left at that time, in the caller's transaction under the subscriber's scope. What is queued
/// for them is cancelled.
pub(crate) fn subscriber_leave(
    connection: &mut AnyConnection,
    id: i64,
    left_at: UtcTime,
    now: UtcTime,
) -> QueryResult<()> {
    // Whoever leaves while their address is suppressed stays away once that is lifted.
    diesel::update(subscribers::table.find(id).filter(subscribers::state.eq(SubscriberState::Suppressed.as_str())))
        .set(subscribers::unsubscribed_at.eq(left_at))
        .execute(connection)?;
    diesel::update(subscribers::table.find(id).filter(subscribers::state.ne(SubscriberState::Suppressed.as_str())))
        .set((subscribers::state.eq(SubscriberState::Unsubscribed.as_str()), subscribers::unsubscribed_at.eq(left_at)))
        .execute(connection)?;
    diesel::update(deliveries::table)
        .filter(deliveries::subscriber_id.eq(id).and(deliveries::state.eq(DeliveryState::Queued.as_str())))
        .set((
            deliveries::state.eq(DeliveryState::Cancelled.as_str()),
            deliveries::finished_at.eq(now),
            deliveries::result.eq("the subscriber left"),
        ))
        .execute(connection)?;
    Ok(())
}

/// Loads a subscriber.
pub async fn subscriber_get(store: &Store, id: i64) -> Result<Subscriber, StoreError> {
    store.read(move |connection| subscriber_load(connection, id)).await
}

/// Changes what a subscriber hears of. One who left, and asks for this by their own link, is subscribed again; one who
/// never confirmed is not found.
///
/// Faults name `components` where one of them is not on the page.
pub async fn subscriber_change(
    store: &Store,
    id: i64,
    preferences: Preferences,
    following: Following,
    now: UtcTime,
) -> Result<Subscriber, StoreError> {
    subscriber_write(store, id, move |connection, subscriber| {
        if let Following::Only(components) = &following {
            let known = |id: &i64| subscriber.components.iter().any(|component| component.id == *id);
            if components.is_empty() || !components.iter().all(known) {
                return Err(Fault::invalid("components", "must be at least one component of this page").into());
            }
        }
        match subscriber.state {
            SubscriberState::Pending => Err(StoreError::NotFound.into()),
            SubscriberState::Suppressed => Err(StoreError::Conflict(ADDRESS_REFUSED).into()),
            SubscriberState::Confirmed | SubscriberState::Unsubscribed => {
                subscriber_confirm(connection, id, &preferences, &following, now)
            }
        }
    })
    .await
}

/// Ends a subscription at once; what is queued for it is cancelled. Doing it again changes nothing.
pub async fn subscriber_unsubscribe(store: &Store, id: i64, now: UtcTime) -> Result<Subscriber, StoreError> {
    subscriber_write(store, id, move |connection, subscriber| {
        if subscriber.state != SubscriberState::Unsubscribed {
            subscriber_leave(connection, id, now, now)?;
        }
        Ok(())
    })
    .await
}

async fn subscriber_write(
    store: &Store,
    id: i64,
    change: impl Fn(&mut AnyConnection, &Subscriber) -> QueryResult<()> + Send + 'static,
) -> Result<Subscriber, StoreError> {
    store
        .write(&[], move |connection| {
            let before = subscriber_load(connection, id)?;
            connection.lock(&subscriber_scope(&before.page.id, before.environment, &before.address))?;
            let before = subscriber_load(connection, id)?;
            change(connection, &before)?;
            subscriber_load(connection, id)
        })
        .await
}
