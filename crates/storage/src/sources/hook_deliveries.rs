//! Deliveries of webhooks: stored with the job that processes them, and remembered so that none is processed twice.

use diesel::prelude::*;
use releasepage_domain::{
    hook_delivery::{HookResult, HookStanding, hook_delivery_is_due_again},
    job::JobPayload,
    source_event::{SourceEvent, SourceRepository},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::{schema::hook_deliveries, stored::stored},
    jobs::row::{job_enqueue, repository_turn},
    sources::hooks::{HookAccess, HookNote, hook_bind, hook_note_write, hook_result_write},
};

/// A delivery whose signature was right.
#[derive(Clone, Debug)]
pub struct HookDelivery {
    /// The forge's id of the delivery, the same when it is sent again: at most 100 characters.
    pub delivery: String,
    /// The SHA-256 of the body, where the id is not signed: whoever sends the body again could give it another id.
    pub digest: Option<String>,
    /// The forge's name of the event, such as `release`.
    pub event_name: String,
    /// The forge's repository that it is of, where it says so.
    pub source: Option<SourceRepository>,
    /// The event itself.
    pub event: SourceEvent,
}

/// The immediate result of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookReceipt {
    /// Stored, with the job that processes it.
    Queued,
    /// It came before, with this id or the same content: it waits to be processed, or was.
    Repeated,
    /// It is of another repository of the forge than this one is.
    Refused {
        /// The reason with both names, in words for the owner of the repository.
        message: String,
    },
}

/// A stored delivery, as its job needs it.
pub(crate) struct StoredDelivery {
    pub(crate) id: i64,
    pub(crate) repository_id: i64,
    pub(crate) delivery: String,
    pub(crate) event: SourceEvent,
}

/// Takes a delivery: stores its event and the job that processes it, in one transaction, unless it came before or is
/// of another repository. Fails with [`StoreError::NotFound`] where the repository was deleted meanwhile.
pub async fn hook_receive(
    store: &Store,
    access: &HookAccess,
    delivery: HookDelivery,
    now: UtcTime,
) -> Result<HookReceipt, StoreError> {
    let (organization_id, repository_id) = (access.organization_id, access.repository_id);
    store
        .write(&[Scope::Organization(organization_id), Scope::Repository(repository_id)], move |connection| {
            let before = delivery_before(connection, repository_id, &delivery)?;
            if let Some((_, standing, received_at)) = before
                && !hook_delivery_is_due_again(standing, received_at, now)
            {
                return Ok(HookReceipt::Repeated);
            }
            let note = |result, message: &str| HookNote {
                delivery: delivery.delivery.clone(),
                event: delivery.event_name.clone(),
                result,
                message: message.to_owned(),
            };
            let refusal = match &delivery.source {
                Some(source) => hook_bind(connection, organization_id, repository_id, source)?,
                None => None,
            };
            if let Some(message) = refusal {
                hook_note_write(connection, repository_id, &note(HookResult::Refused, &message), now)?;
                return Ok(HookReceipt::Refused { message });
            }
            let row = before.map(|(id, ..)| id);
            let id = delivery_store(connection, repository_id, row, &delivery, now)?;
            let turn = repository_turn(repository_id);
            job_enqueue(connection, &JobPayload::SourceEvent { delivery: id }, &turn, now, now)?;
            let note = note(HookResult::Accepted, "it is stored, and is processed within moments");
            hook_note_write(connection, repository_id, &note, now)?;
            Ok(HookReceipt::Queued)
        })
        .await
}

/// Stores a delivery that is to be processed: in this row, or in a new one. Answers its id.
fn delivery_store(
    connection: &mut AnyConnection,
    repository_id: i64,
    row: Option<i64>,
    delivery: &HookDelivery,
    now: UtcTime,
) -> QueryResult<i64> {
    let event = serde_json::to_string(&delivery.event).map_err(|_| StoreError::corrupt("event"))?;
    let values = (
        hook_deliveries::delivery.eq(&delivery.delivery),
        hook_deliveries::digest.eq(&delivery.digest),
        hook_deliveries::event.eq(&event),
        hook_deliveries::standing.eq(HookStanding::Queued.as_str()),
        hook_deliveries::received_at.eq(now),
    );
    if let Some(id) = row {
        diesel::update(hook_deliveries::table.find(id)).set(values).execute(connection)?;
        return Ok(id);
    }
    Ok(diesel::insert_into(hook_deliveries::table)
        .values((hook_deliveries::repository_id.eq(repository_id), values))
        .returning(hook_deliveries::id)
        .get_result(connection)?)
}

/// The same delivery as it came before: under its id, or under another with the same content.
fn delivery_before(
    connection: &mut AnyConnection,
    repository_id: i64,
    delivery: &HookDelivery,
) -> QueryResult<Option<(i64, HookStanding, UtcTime)>> {
    let columns = (hook_deliveries::id, hook_deliveries::standing, hook_deliveries::received_at);
    let of_repository = hook_deliveries::table.filter(hook_deliveries::repository_id.eq(repository_id)).select(columns);
    let mut found: Option<(i64, String, UtcTime)> =
        of_repository.filter(hook_deliveries::delivery.eq(&delivery.delivery)).first(connection).optional()?;
    if let (None, Some(digest)) = (&found, &delivery.digest) {
        found = of_repository.filter(hook_deliveries::digest.eq(digest)).first(connection).optional()?;
    }
    let Some((id, standing, received_at)) = found else { return Ok(None) };
    Ok(Some((id, stored(&standing, "delivery")?, received_at)))
}

/// Loads a delivery that is still to be processed, under its repository's scope; `None` where it was processed or is
/// gone.
pub(crate) fn hook_delivery_take(connection: &mut AnyConnection, id: i64) -> QueryResult<Option<StoredDelivery>> {
    let row = hook_deliveries::table.find(id);
    let repository_id: Option<i64> = row.select(hook_deliveries::repository_id).first(connection).optional()?;
    let Some(repository_id) = repository_id else { return Ok(None) };
    connection.lock(&Scope::Repository(repository_id))?;
    let found: Option<(String, Option<String>)> =
        row.select((hook_deliveries::delivery, hook_deliveries::event)).first(connection).optional()?;
    let Some((delivery, Some(event))) = found else { return Ok(None) };
    let event = serde_json::from_str(&event).map_err(|_| StoreError::corrupt("event"))?;
    Ok(Some(StoredDelivery { id, repository_id, delivery, event }))
}

/// Notes that a delivery was processed, in the caller's transaction; its event is forgotten.
pub(crate) fn hook_delivery_finish(
    connection: &mut AnyConnection,
    delivery: &StoredDelivery,
    message: &str,
) -> QueryResult<()> {
    diesel::update(hook_deliveries::table.find(delivery.id))
        .set((hook_deliveries::event.eq(None::<String>), hook_deliveries::standing.eq(HookStanding::Done.as_str())))
        .execute(connection)?;
    hook_result_write(connection, delivery.repository_id, &delivery.delivery, HookResult::Processed, message)
}

/// Notes that a delivery cannot be processed, and tells the owner why. Its event is kept, for when its job is retried
/// by hand. Does nothing where it was processed or is gone.
pub async fn hook_delivery_fail(store: &Store, id: i64, message: String) -> Result<(), StoreError> {
    store
        .write(&[], move |connection| {
            let waiting = hook_deliveries::table
                .filter(hook_deliveries::id.eq(id).and(hook_deliveries::standing.ne(HookStanding::Done.as_str())));
            let found: Option<(i64, String)> = waiting
                .select((hook_deliveries::repository_id, hook_deliveries::delivery))
                .first(connection)
                .optional()?;
            let Some((repository_id, delivery)) = found else { return Ok(()) };
            connection.lock(&Scope::Repository(repository_id))?;
            let failed = diesel::update(waiting)
                .set(hook_deliveries::standing.eq(HookStanding::Failed.as_str()))
                .execute(connection)?;
            if failed == 0 {
                // It was processed, or its repository deleted, since it was looked for.
                return Ok(());
            }
            hook_result_write(connection, repository_id, &delivery, HookResult::Failed, &message)
        })
        .await
}
