//! Holding the queue: while it is held, jobs are written and none is taken. A database that was restored comes up held,
//! so that what had been mailed after the back-up was made is not mailed again by itself.

use diesel::prelude::*;
use releasepage_domain::{
    announcement::{AnnouncementState, DeliveryState},
    release::ReleaseState,
    subscription::RequestState,
    time::UtcTime,
};

use crate::{
    QueryResult, Scope, Store, StoreError,
    backend::AnyConnection,
    schema::{announcements, deliveries, job_holds, releases, subscription_requests as requests},
};

/// The one hold that there is.
const QUEUE: &str = "queue";

/// How many rows are given up in one transaction: the writers of SQLite wait for it, and Postgres' statements have a time
/// limit.
const BATCH: i64 = 1_000;

/// That the queue is held, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobHold {
    /// Why, for whoever asks: the end of a sentence that begins with "the queue is held:".
    pub because: String,
    /// Since when.
    pub held_at: UtcTime,
}

/// Mail that is waiting to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueuedMail {
    /// Messages of announcements.
    pub deliveries: i64,
    /// Announcements of which not every message is written yet.
    pub announcements: i64,
    /// Subscription requests whose mail, if there is to be one, was not sent yet.
    pub requests: i64,
}

impl QueuedMail {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The hold, or `None` where the queue goes on.
pub async fn job_hold_get(store: &Store) -> Result<Option<JobHold>, StoreError> {
    store.read(hold_load).await
}

/// Reads the hold in the caller's transaction.
pub(crate) fn hold_load(connection: &mut AnyConnection) -> QueryResult<Option<JobHold>> {
    let row = job_holds::table.find(QUEUE).select((job_holds::because, job_holds::held_at));
    let row: Option<(String, UtcTime)> = row.first(connection).optional()?;
    Ok(row.map(|(because, held_at)| JobHold { because, held_at }))
}

/// Holds the queue: from the next claim on, no worker takes a job. What is running runs to its end. A queue that is held
/// stays so, for the first reason. Answers whether it was not held before.
pub async fn job_hold_set(store: &Store, because: String, now: UtcTime) -> Result<bool, StoreError> {
    store.write(&[Scope::Server], move |connection| hold_insert(connection, &because, now)).await
}

/// Writes the hold in the caller's transaction, which is alone in [`Scope::Server`].
pub(crate) fn hold_insert(connection: &mut AnyConnection, because: &str, now: UtcTime) -> QueryResult<bool> {
    if hold_load(connection)?.is_some() {
        return Ok(false);
    }
    diesel::insert_into(job_holds::table)
        .values((job_holds::name.eq(QUEUE), job_holds::because.eq(because), job_holds::held_at.eq(now)))
        .execute(connection)?;
    Ok(true)
}

/// Lets the queue go on. Answers whether it was held.
pub async fn job_hold_end(store: &Store) -> Result<bool, StoreError> {
    let end = |connection: &mut AnyConnection| Ok(diesel::delete(job_holds::table).execute(connection)? > 0);
    store.write(&[Scope::Server], end).await
}

/// How much mail waits.
pub async fn mail_queued(store: &Store) -> Result<QueuedMail, StoreError> {
    store.read(mail_count).await
}

/// The messages that wait.
macro_rules! deliveries_queued {
    () => {
        deliveries::state.eq(DeliveryState::Queued.as_str())
    };
}

/// The announcements of which not every message is written yet.
macro_rules! announcements_telling {
    () => {
        announcements::state.eq_any([AnnouncementState::Waiting.as_str(), AnnouncementState::Spreading.as_str()])
    };
}

/// The requests that are not answered yet.
macro_rules! requests_unanswered {
    () => {
        requests::state
            .eq_any([RequestState::Noted.as_str(), RequestState::Mailed.as_str()])
            .and(requests::sent_at.is_null())
    };
}

fn mail_count(connection: &mut AnyConnection) -> QueryResult<QueuedMail> {
    Ok(QueuedMail {
        deliveries: deliveries::table.filter(deliveries_queued!()).count().get_result(connection)?,
        announcements: announcements::table.filter(announcements_telling!()).count().get_result(connection)?,
        requests: requests::table.filter(requests_unanswered!()).count().get_result(connection)?,
    })
}

/// Gives up all mail that waits, then lets the queue go on. Answers what was given up.
///
/// Messages and announcements are cancelled; requests are left without a mail, though a link that was mailed for one
/// works; a scheduled release whose time came meanwhile is published and nobody is told. What comes later is mailed as
/// always. It takes several transactions; one that fails leaves the queue held, and the whole can be asked for again.
/// Fails with a conflict where the queue is not held: workers would send what is being given up.
pub async fn mail_give_up(store: &Store, now: UtcTime) -> Result<QueuedMail, StoreError> {
    let mut given_up = store
        .read(|connection| {
            hold_load(connection)?.ok_or(StoreError::Conflict("the queue is not held"))?;
            mail_count(connection)
        })
        .await?;
    // What was counted is shown; what is cancelled is counted again, since what was running when the queue was held may
    // have gone on for a moment.
    given_up.deliveries = 0;
    loop {
        let cancelled = store.write(&[], move |connection| deliveries_cancel(connection, now)).await?;
        if cancelled == 0 {
            break;
        }
        given_up.deliveries += cancelled;
    }
    store
        .write(&[Scope::Server], move |connection| {
            diesel::update(announcements::table.filter(announcements_telling!()))
                .set(announcements::state.eq(AnnouncementState::Cancelled.as_str()))
                .execute(connection)?;
            diesel::update(requests::table.filter(requests_unanswered!()))
                .set((requests::state.eq(RequestState::Ignored.as_str()), requests::decided_at.eq(now)))
                .execute(connection)?;
            let scheduled = releases::state.eq(ReleaseState::Scheduled.as_str()).and(releases::published_at.le(now));
            diesel::update(releases::table.filter(scheduled)).set(releases::quiet.eq(true)).execute(connection)?;
            diesel::delete(job_holds::table).execute(connection)?;
            Ok(())
        })
        .await?;
    Ok(given_up)
}

/// Cancels a batch of the messages that wait. Answers how many.
fn deliveries_cancel(connection: &mut AnyConnection, now: UtcTime) -> QueryResult<i64> {
    let batch: Vec<i64> =
        deliveries::table.filter(deliveries_queued!()).limit(BATCH).select(deliveries::id).load(connection)?;
    let cancelled = diesel::update(deliveries::table.filter(deliveries::id.eq_any(&batch).and(deliveries_queued!())))
        .set((
            deliveries::state.eq(DeliveryState::Cancelled.as_str()),
            deliveries::finished_at.eq(now),
            deliveries::result.eq("queued mail was given up"),
        ))
        .execute(connection)?;
    Ok(i64::try_from(cancelled).unwrap_or(i64::MAX))
}
