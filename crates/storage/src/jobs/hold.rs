//! Holding the queue: while it is held, jobs are written and none is taken. A database that was restored comes up held,
//! so that what had been mailed after the back-up was made is not mailed again by itself.

use std::collections::BTreeSet;

use diesel::prelude::*;
use releasepage_domain::{
    announcement::{AnnouncementState, DeliveryState},
    group::GroupState,
    job::QUEUE_NOT_HELD,
    release::ReleaseState,
    subscription::RequestState,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::schema::{
        announcements, deliveries, group_members, groups, job_holds, releases, subscription_requests as requests,
    },
    jobs::row::{JobHold, hold_insert, hold_load},
    pages::row::groups_lock,
};

/// The number of rows that are given up in one transaction: the writers of SQLite wait for it, and Postgres' statements
/// have a time limit.
const BATCH: i64 = 1_000;

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
    /// Tells whether nothing waits.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The hold, or `None` where the queue goes on.
pub async fn job_hold_get(store: &Store) -> Result<Option<JobHold>, StoreError> {
    store.read(hold_load).await
}

/// Holds the queue: from the next claim on, no worker takes a job. What is running runs to its end. A queue that is
/// held stays so, for the first reason. Answers whether it was not held before.
pub async fn job_hold_set(store: &Store, because: String, now: UtcTime) -> Result<bool, StoreError> {
    store.write(&[Scope::Server], move |connection| hold_insert(connection, &because, now)).await
}

/// Lets the queue go on. Answers whether it was held.
pub async fn job_hold_end(store: &Store) -> Result<bool, StoreError> {
    let end = |connection: &mut AnyConnection| Ok(diesel::delete(job_holds::table).execute(connection)? > 0);
    store.write(&[Scope::Server], end).await
}

/// Counts the mail that waits.
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

/// The scheduled releases whose time has come.
macro_rules! releases_due {
    ($now:expr) => {
        releases::state.eq(ReleaseState::Scheduled.as_str()).and(releases::published_at.le($now))
    };
}

fn mail_count(connection: &mut AnyConnection) -> QueryResult<QueuedMail> {
    let mut queued = QueuedMail {
        deliveries: 0,
        announcements: announcements::table.filter(announcements_telling!()).count().get_result(connection)?,
        requests: requests::table.filter(requests_unanswered!()).count().get_result(connection)?,
    };
    let mut after = 0;
    while let Some(batch) = announcements_after(connection, after)? {
        after = batch.last;
        let waiting = deliveries::announcement_id.eq_any(&batch.ids).and(deliveries_queued!());
        queued.deliveries += deliveries::table.filter(waiting).count().get_result::<i64>(connection)?;
    }
    Ok(queued)
}

/// Some announcements, whose messages are looked for together: no index leads from the state of a message alone.
struct AnnouncementBatch {
    ids: Vec<i64>,
    last: i64,
}

/// The announcements after one, in the order of their ids; `None` after the last.
fn announcements_after(connection: &mut AnyConnection, after: i64) -> QueryResult<Option<AnnouncementBatch>> {
    let next = announcements::table.filter(announcements::id.gt(after)).order(announcements::id).limit(BATCH);
    let ids: Vec<i64> = next.select(announcements::id).load(connection)?;
    Ok(ids.last().copied().map(|last| AnnouncementBatch { ids, last }))
}

/// Gives up all mail that waits, then lets the queue go on. Answers what was given up.
///
/// Messages and announcements are cancelled; requests are left without a mail, though a link that was mailed for one
/// works; a scheduled release whose time came meanwhile is published and nobody is told, nor of the releases that are
/// in an open group. What comes later is mailed as always. It takes several transactions; one that fails leaves the
/// queue held, and the whole can be asked for again. Fails with a conflict where the queue is not held: workers would
/// send what is being given up.
pub async fn mail_give_up(store: &Store, now: UtcTime) -> Result<QueuedMail, StoreError> {
    let repository_ids = store
        .read(move |connection| {
            hold_load(connection)?.ok_or(QUEUE_NOT_HELD)?;
            repositories_telling(connection, now)
        })
        .await?;
    let mut given_up = QueuedMail::default();
    // The announcements first: what was running when the queue was held runs to its end, and may write messages of one
    // until it is cancelled. From then on there are no new ones, and those that were written are found below.
    for repository_id in repository_ids {
        given_up.announcements += store
            .write(&[Scope::Repository(repository_id)], move |connection| telling_end(connection, repository_id, now))
            .await?;
    }
    given_up.deliveries = deliveries_give_up(store, now).await?;
    while let Some(ignored) = store.write(&[], move |connection| requests_ignore(connection, now)).await? {
        given_up.requests += ignored;
    }
    job_hold_end(store).await?;
    Ok(given_up)
}

/// The repositories of which something is still to be told.
fn repositories_telling(connection: &mut AnyConnection, now: UtcTime) -> QueryResult<BTreeSet<i64>> {
    let announced: Vec<i64> = announcements::table
        .inner_join(releases::table)
        .filter(announcements_telling!())
        .select(releases::repository_id)
        .distinct()
        .load(connection)?;
    let due: Vec<i64> =
        releases::table.filter(releases_due!(now)).select(releases::repository_id).distinct().load(connection)?;
    let grouped: Vec<i64> = group_members::table
        .inner_join(groups::table)
        .inner_join(releases::table)
        .filter(groups::state.eq(GroupState::Open.as_str()))
        .select(releases::repository_id)
        .distinct()
        .load(connection)?;
    Ok(announced.into_iter().chain(due).chain(grouped).collect())
}

/// Ends the telling of a repository's releases, in the caller's transaction, which is alone in its
/// [`Scope::Repository`]: nobody publishes or spreads one meanwhile. Answers how many announcements were cancelled.
fn telling_end(connection: &mut AnyConnection, repository_id: i64, now: UtcTime) -> QueryResult<i64> {
    let due = releases::repository_id.eq(repository_id).and(releases_due!(now));
    diesel::update(releases::table.filter(due)).set(releases::quiet.eq(true)).execute(connection)?;
    let own = releases::table.filter(releases::repository_id.eq(repository_id)).select(releases::id);
    groups_lock(connection, &[repository_id])?;
    let open = groups::table.filter(groups::state.eq(GroupState::Open.as_str())).select(groups::id);
    let joined = group_members::group_id.eq_any(open).and(group_members::release_id.eq_any(own));
    diesel::update(group_members::table.filter(joined)).set(group_members::notify.eq(false)).execute(connection)?;
    let telling = announcements_telling!().and(announcements::release_id.eq_any(own));
    let cancelled = diesel::update(announcements::table.filter(telling))
        .set(announcements::state.eq(AnnouncementState::Cancelled.as_str()))
        .execute(connection)?;
    Ok(i64::try_from(cancelled).unwrap_or(i64::MAX))
}

/// Cancels every message that waits. Answers how many.
async fn deliveries_give_up(store: &Store, now: UtcTime) -> Result<i64, StoreError> {
    let (mut given_up, mut after) = (0, 0);
    while let Some(batch) = store.read(move |connection| announcements_after(connection, after)).await? {
        after = batch.last;
        loop {
            let ids = batch.ids.clone();
            match store.write(&[], move |connection| deliveries_cancel(connection, &ids, now)).await? {
                Some(cancelled) => given_up += cancelled,
                None => break,
            }
        }
    }
    Ok(given_up)
}

/// Cancels a batch of the messages of some announcements that wait. Answers how many; `None` where none waited.
fn deliveries_cancel(
    connection: &mut AnyConnection,
    announcement_ids: &[i64],
    now: UtcTime,
) -> QueryResult<Option<i64>> {
    let waiting = deliveries::announcement_id.eq_any(announcement_ids).and(deliveries_queued!());
    let batch: Vec<i64> = deliveries::table.filter(waiting).limit(BATCH).select(deliveries::id).load(connection)?;
    if batch.is_empty() {
        return Ok(None);
    }
    // Once more the condition: one of them may have been sent meanwhile.
    let cancelled = diesel::update(deliveries::table.filter(deliveries::id.eq_any(&batch).and(deliveries_queued!())))
        .set((
            deliveries::state.eq(DeliveryState::Cancelled.as_str()),
            deliveries::finished_at.eq(now),
            deliveries::result.eq("queued mail was given up"),
        ))
        .execute(connection)?;
    Ok(Some(i64::try_from(cancelled).unwrap_or(i64::MAX)))
}

/// Leaves a batch of the requests that are not answered without a mail. Answers how many; `None` where none waited.
fn requests_ignore(connection: &mut AnyConnection, now: UtcTime) -> QueryResult<Option<i64>> {
    let batch: Vec<i64> =
        requests::table.filter(requests_unanswered!()).limit(BATCH).select(requests::id).load(connection)?;
    if batch.is_empty() {
        return Ok(None);
    }
    let ignored = diesel::update(requests::table.filter(requests::id.eq_any(&batch).and(requests_unanswered!())))
        .set((requests::state.eq(RequestState::Ignored.as_str()), requests::decided_at.eq(now)))
        .execute(connection)?;
    Ok(Some(i64::try_from(ignored).unwrap_or(i64::MAX)))
}
