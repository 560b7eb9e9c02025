//! Sending an announcement again to those who did not get it.
//!
//! A message that failed is queued again where its reader still wants it, unless it was the message itself that was
//! refused. What was sent is never sent again: only failed messages are touched, and never while a job has them in
//! hand.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta};
use diesel::{
    dsl::{count_star, exists, max},
    prelude::*,
    sql_types::Bool,
};
use releasepage_domain::{
    announcement::{ANNOUNCEMENT_IS_SENT, DeliveryState},
    job::{JobPayload, JobState, Lane},
    reply::ReplyMeaning,
    subscriber::SubscriberState,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    announcements::spreading::BATCH,
    database::schema::{announcements, deliveries, jobs, pages, releases, subscribers},
    jobs::{list::JobsOf, row::job_enqueue},
};

/// The number of newest announcements that are looked through for failed messages.
const NEWEST: i64 = 500;

/// The age up to which a message is sent again if its announcement is not named.
const UNNAMED_AGE_MAX: TimeDelta = TimeDelta::days(30);

/// The failed messages that are sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryOf {
    /// The messages of the last 30 days that were refused for the sender's sake. A message that failed before such
    /// reasons were recorded is not among them, because it may have been refused as such.
    Sender,
    /// All but those that were refused as such.
    Any,
}

impl RetryOf {
    fn faults(self) -> Vec<&'static str> {
        let faults: &[ReplyMeaning] = match self {
            Self::Sender => &[ReplyMeaning::Sender],
            Self::Any => &[ReplyMeaning::Sender, ReplyMeaning::Later, ReplyMeaning::Address, ReplyMeaning::Unclear],
        };
        faults.iter().map(|fault| fault.as_str()).collect()
    }

    /// True if messages are meant whose failure has no recorded reason.
    fn takes_unknown(self) -> bool {
        self == Self::Any
    }

    /// The time at which the oldest message was written that is meant.
    fn since(self, now: UtcTime) -> UtcTime {
        match self {
            Self::Sender => now - UNNAMED_AGE_MAX,
            Self::Any => DateTime::UNIX_EPOCH.naive_utc(),
        }
    }
}

/// The failed messages that can be sent again.
macro_rules! failed_again {
    ($of:expr, $now:expr) => {
        deliveries::state
            .eq(DeliveryState::Failed.as_str())
            .and(deliveries::created_at.ge($of.since($now)))
            .and(
                deliveries::fault
                    .eq_any($of.faults())
                    .or(deliveries::fault.is_null().and($of.takes_unknown().into_sql::<Bool>())),
            )
            .and(exists(
                subscribers::table.filter(
                    subscribers::id
                        .eq(deliveries::subscriber_id)
                        .and(subscribers::state.eq(SubscriberState::Confirmed.as_str())),
                ),
            ))
    };
}

/// An announcement of which messages failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncementFailed {
    /// The announcement.
    pub id: i64,
    /// The page that was told.
    pub page_id: String,
    /// The tag of the release.
    pub tag: String,
    /// The number of its messages that failed and can be sent again.
    pub failed: i64,
    /// The words on one of them.
    pub result: Option<String>,
}

/// The announcements, newest first, of which messages failed that can be sent again ([`RetryOf::Any`]). Looks through
/// the 500 newest.
pub async fn announcements_failed(store: &Store, now: UtcTime) -> Result<Vec<AnnouncementFailed>, StoreError> {
    store
        .read(move |connection| {
            let newest: Vec<(i64, String, String)> = announcements::table
                .inner_join(releases::table)
                // Says that the key is read from its end, which a plan without a condition calls a scan.
                .filter(announcements::id.gt(0))
                .order(announcements::id.desc())
                .limit(NEWEST)
                .select((announcements::id, announcements::page_id, releases::tag))
                .load(connection)?;
            let ids: Vec<i64> = newest.iter().map(|(id, ..)| *id).collect();
            let counts: Vec<(i64, i64, Option<String>)> = deliveries::table
                .filter(deliveries::announcement_id.eq_any(ids).and(failed_again!(RetryOf::Any, now)))
                .group_by(deliveries::announcement_id)
                .select((deliveries::announcement_id, count_star(), max(deliveries::result)))
                .load(connection)?;
            let mut counts: HashMap<i64, (i64, Option<String>)> =
                counts.into_iter().map(|(id, failed, result)| (id, (failed, result))).collect();
            Ok(newest
                .into_iter()
                .filter_map(|(id, page_id, tag)| {
                    let (failed, result) = counts.remove(&id)?;
                    Some(AnnouncementFailed { id, page_id, tag, failed, result })
                })
                .collect())
        })
        .await
}

/// The announcements, newest first, of which messages failed for the sender's sake and can be sent again
/// ([`RetryOf::Sender`]).
pub async fn announcements_refused(store: &Store, now: UtcTime) -> Result<Vec<i64>, StoreError> {
    store
        .read(move |connection| {
            Ok(deliveries::table
                .filter(deliveries::fault.eq(ReplyMeaning::Sender.as_str()).and(failed_again!(RetryOf::Sender, now)))
                .order(deliveries::announcement_id.desc())
                .select(deliveries::announcement_id)
                .distinct()
                .load(connection)?)
        })
        .await
}

/// The refusals that mail servers gave because of the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderRefusals {
    /// The number of messages that wait or failed for it.
    pub messages: i64,
    /// The last words on one of them.
    pub said: Option<String>,
}

/// The messages that wait for the sender's sake, or failed for it and can be sent again ([`RetryOf::Sender`]). `None`
/// where there are none.
pub async fn sender_refusals(store: &Store, now: UtcTime) -> Result<Option<SenderRefusals>, StoreError> {
    store
        .read(move |connection| {
            let open = [DeliveryState::Queued.as_str(), DeliveryState::Failed.as_str()];
            let waits = || deliveries::state.eq(DeliveryState::Queued.as_str());
            let refused = || {
                let for_the_sender = deliveries::fault.eq(ReplyMeaning::Sender.as_str());
                let is_open = deliveries::state.eq_any(open).and(waits().or(failed_again!(RetryOf::Sender, now)));
                for_the_sender.and(is_open)
            };
            let messages: i64 = deliveries::table.filter(refused()).count().get_result(connection)?;
            if messages == 0 {
                return Ok(None);
            }
            let last = deliveries::table.filter(refused()).order(deliveries::id.desc()).select(deliveries::result);
            let said: Option<Option<String>> = last.first(connection).optional()?;
            Ok(Some(SenderRefusals { messages, said: said.flatten() }))
        })
        .await
}

/// Queues an announcement's failed messages again, with all their tries before them. Answers how many. It takes several
/// transactions; one that fails leaves the rest failed, and the whole can be asked for again.
///
/// Fails with [`StoreError::NotFound`] where whoever asks has no such announcement, and with a conflict while a worker
/// is sending it.
pub async fn announcement_retry(
    store: &Store,
    of: JobsOf,
    announcement: i64,
    messages: RetryOf,
    now: UtcTime,
) -> Result<usize, StoreError> {
    let page_id = store.read(move |connection| page_of(connection, of, announcement)).await?;
    let (mut queued, mut after) = (0, 0);
    loop {
        let page = page_id.clone();
        let batch = store
            .write(&[Scope::Page(page_id.clone())], move |connection| {
                batch_requeue(connection, &page, announcement, messages, after, now)
            })
            .await?;
        let Some((count, last)) = batch else { return Ok(queued) };
        queued += count;
        after = last;
    }
}

fn page_of(connection: &mut AnyConnection, of: JobsOf, announcement: i64) -> QueryResult<String> {
    let found = announcements::table
        .inner_join(pages::table)
        .filter(announcements::id.eq(announcement))
        .select((announcements::page_id, pages::organization_id));
    let found: Option<(String, i64)> = found.first(connection).optional()?;
    match (found, of) {
        (Some((page_id, _)), JobsOf::Server) => Ok(page_id),
        (Some((page_id, owner)), JobsOf::Organization(id)) if owner == id => Ok(page_id),
        _ => Err(StoreError::NotFound.into()),
    }
}

/// Queues the next failed messages after one, and has jobs send them. Answers how many, and the last of them; `None`
/// after the last.
fn batch_requeue(
    connection: &mut AnyConnection,
    page_id: &str,
    announcement: i64,
    messages: RetryOf,
    after: i64,
    now: UtcTime,
) -> QueryResult<Option<(usize, i64)>> {
    let failed_after = |after: i64| {
        let of_announcement = deliveries::announcement_id.eq(announcement).and(deliveries::id.gt(after));
        let failed = deliveries::table.filter(of_announcement.and(failed_again!(messages, now)));
        failed.order(deliveries::id).select(deliveries::id)
    };
    let mut failed: Vec<i64> = failed_after(after).limit(BATCH).load(connection)?;
    let Some(&last) = failed.last() else { return Ok(None) };
    let sending = sending_jobs(connection, page_id, announcement)?;
    // A job is handed all of its range at once: a worker may hold it as soon as this is committed.
    if let Some(job) = sending.iter().find(|job| job.first <= last && last < job.last) {
        failed.extend(failed_after(last).filter(deliveries::id.le(job.last)).load::<i64>(connection)?);
    }
    let last = failed.last().copied().unwrap_or(last);
    let mut uncovered: Vec<(i64, i64)> = Vec::new();
    let mut begun = None;
    for &id in &failed {
        match sending.iter().find(|job| job.first <= id && id <= job.last) {
            Some(job) if begun == Some(job.id) => {}
            Some(job) => {
                job_hasten(connection, job.id, now)?;
                begun = Some(job.id);
            }
            // No range may reach over what another job sends: both would send it.
            None => match uncovered.last_mut().filter(|(_, end)| !sending.iter().any(|job| job.lies_in(*end, id))) {
                Some((_, end)) => *end = id,
                None => uncovered.push((id, id)),
            },
        }
    }
    let queued = diesel::update(deliveries::table.filter(deliveries::id.eq_any(&failed)))
        .set((
            deliveries::state.eq(DeliveryState::Queued.as_str()),
            deliveries::attempts.eq(0),
            deliveries::next_attempt_at.eq(now),
            deliveries::finished_at.eq(None::<UtcTime>),
        ))
        .execute(connection)?;
    for (first, last) in uncovered {
        job_enqueue(connection, &JobPayload::DeliverySend { announcement, first, last }, page_id, now, now)?;
    }
    Ok(Some((queued, last)))
}

/// A job that sends a range of an announcement's messages.
struct SendingJob {
    id: i64,
    first: i64,
    last: i64,
}

impl SendingJob {
    /// Tells whether the range begins between two messages.
    fn lies_in(&self, after: i64, before: i64) -> bool {
        after < self.first && self.first < before
    }
}

fn sending_jobs(connection: &mut AnyConnection, page_id: &str, announcement: i64) -> QueryResult<Vec<SendingJob>> {
    let rows: Vec<(i64, String)> = jobs::table
        .filter(jobs::turn.eq(page_id).and(jobs::lane.eq(Lane::Delivery.rank())))
        .select((jobs::id, jobs::payload))
        .load(connection)?;
    let of_announcement = |(id, payload): (i64, String)| match serde_json::from_str(&payload) {
        Ok(JobPayload::DeliverySend { announcement: told, first, last }) if told == announcement => {
            Some(SendingJob { id, first, last })
        }
        _ => None,
    };
    Ok(rows.into_iter().filter_map(of_announcement).collect())
}

/// Has a job that waits, or is dead, run now. One that a worker holds may have looked at its range for the last time.
fn job_hasten(connection: &mut AnyConnection, id: i64, now: UtcTime) -> QueryResult<()> {
    let rests = jobs::state.eq_any([JobState::Ready.as_str(), JobState::Dead.as_str()]);
    let hastened = diesel::update(jobs::table.filter(jobs::id.eq(id).and(rests)))
        .set((jobs::state.eq(JobState::Ready.as_str()), jobs::attempts.eq(0), jobs::run_at.eq(now)))
        .execute(connection)?;
    if hastened == 0 {
        return Err(ANNOUNCEMENT_IS_SENT.into());
    }
    Ok(())
}
