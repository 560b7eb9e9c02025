//! Deliveries: one message of an announcement to one subscriber.

use diesel::prelude::*;
use releasepage_domain::{
    announcement::{DeliveryFacts, DeliveryState, delivery_obstacle},
    bump::Bump,
    release::ReleaseState,
    time::UtcTime,
};

use crate::{
    QueryResult, Store, StoreError,
    addresses::address_is_suppressed,
    backend::AnyConnection,
    jobs::{JobTicket, job_progress},
    page_releases::{PageComponent, PageIdentity, page_identity},
    schema::{announcements, component_releases, components, deliveries, releases},
    stored::stored,
    subscribers::{Subscriber, subscriber_load},
    usage::DeliveryOutcome,
};

/// What all the messages of an announcement say.
#[derive(Clone, Debug)]
pub struct AnnouncementContent {
    /// The announcement.
    pub id: i64,
    /// The page.
    pub page: PageIdentity,
    /// The component.
    pub component: PageComponent,
    /// What the release is to its readers.
    pub bump: Bump,
    /// The release.
    pub release_id: String,
    /// Its version as readers know it.
    pub version: String,
    /// Its title; may be empty.
    pub title: String,
    /// Its notes, Markdown.
    pub notes: Option<String>,
    /// When it was published.
    pub published_at: UtcTime,
    /// When the announcement was made; every try of its messages carries this time.
    pub created_at: UtcTime,
}

/// The content of an announcement; `None` where its component is gone or it was never spread.
pub async fn announcement_content(store: &Store, announcement: i64) -> Result<Option<AnnouncementContent>, StoreError> {
    store
        .read(move |connection| {
            type Row = (String, i64, String, Option<String>, UtcTime);
            let row: Option<Row> = announcements::table
                .find(announcement)
                .select((
                    announcements::page_id,
                    announcements::component_id,
                    announcements::release_id,
                    announcements::bump,
                    announcements::created_at,
                ))
                .first(connection)
                .optional()?;
            let Some((page_id, component_id, release_id, Some(bump), created_at)) = row else { return Ok(None) };
            let component: Option<PageComponent> = components::table
                .find(component_id)
                .select((components::id, components::repo, components::name))
                .first(connection)
                .optional()?;
            let version: Option<String> = component_releases::table
                .find((component_id, &release_id))
                .select(component_releases::version)
                .first(connection)
                .optional()?;
            let (Some(component), Some(version)) = (component, version) else { return Ok(None) };
            let (title, notes, published_at) = releases::table
                .find(&release_id)
                .select((releases::title, releases::notes, releases::published_at))
                .first(connection)?;
            Ok(Some(AnnouncementContent {
                id: announcement,
                page: page_identity(connection, &page_id)?,
                component,
                bump: stored(&bump, "bump")?,
                release_id,
                version,
                title,
                notes,
                published_at,
                created_at,
            }))
        })
        .await
}

/// A message whose turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueDelivery {
    /// The delivery.
    pub id: i64,
    /// How often it was tried before.
    pub attempts: i32,
    /// When it was written: its first try is counted from here.
    pub created_at: UtcTime,
}

/// The queued messages of an announcement in a range of ids: those whose time has come, and when the next one's comes.
pub async fn deliveries_due(
    store: &Store,
    announcement: i64,
    (first, last): (i64, i64),
    now: UtcTime,
) -> Result<(Vec<DueDelivery>, Option<UtcTime>), StoreError> {
    store
        .read(move |connection| {
            let queued: Vec<(i64, i32, UtcTime, UtcTime)> = deliveries::table
                .filter(
                    deliveries::announcement_id
                        .eq(announcement)
                        .and(deliveries::id.between(first, last))
                        .and(deliveries::state.eq(DeliveryState::Queued.as_str())),
                )
                .order(deliveries::id)
                .select((deliveries::id, deliveries::attempts, deliveries::created_at, deliveries::next_attempt_at))
                .load(connection)?;
            let next = queued.iter().map(|&(_, _, _, at)| at).filter(|&at| at > now).min();
            let due = queued.into_iter().filter(|&(_, _, _, at)| at <= now);
            Ok((due.map(|(id, attempts, created_at, _)| DueDelivery { id, attempts, created_at }).collect(), next))
        })
        .await
}

/// What is to be done with a message at the moment of sending.
#[derive(Clone, Debug)]
pub enum DeliveryTurn {
    /// It is sent to this subscriber.
    Send(Box<Subscriber>),
    /// It is no longer wanted, for this reason.
    Drop(&'static str),
    /// It is no longer queued.
    Over,
}

/// Looks at a message, its subscriber, release and page once more.
pub async fn delivery_look(
    store: &Store,
    id: i64,
    content: AnnouncementContent,
    address_key: impl Fn(&str) -> String + Send + 'static,
) -> Result<DeliveryTurn, StoreError> {
    store
        .read(move |connection| {
            let row: Option<(i64, String)> = deliveries::table
                .find(id)
                .select((deliveries::subscriber_id, deliveries::state))
                .first(connection)
                .optional()?;
            let Some((subscriber_id, state)) = row else { return Ok(DeliveryTurn::Over) };
            if stored::<DeliveryState>(&state, "delivery")? != DeliveryState::Queued {
                return Ok(DeliveryTurn::Over);
            }
            let subscriber = match subscriber_load(connection, subscriber_id) {
                Err(crate::QueryError::Store(StoreError::NotFound)) => {
                    return Ok(DeliveryTurn::Drop("the subscriber was erased"));
                }
                other => other?,
            };
            let facts = DeliveryFacts {
                subscriber: subscriber.state,
                preferences: &subscriber.preferences,
                following: &subscriber.following,
                suppressed: is_suppressed(connection, &subscriber, &address_key)?,
                component: content.component.id,
                bump: content.bump,
                release: release_state(connection, &content.release_id)?,
                page_published: subscriber.page.published,
            };
            Ok(match delivery_obstacle(&facts) {
                Some(reason) => DeliveryTurn::Drop(reason),
                None => DeliveryTurn::Send(Box::new(subscriber)),
            })
        })
        .await
}

fn is_suppressed(
    connection: &mut AnyConnection,
    subscriber: &Subscriber,
    address_key: &impl Fn(&str) -> String,
) -> QueryResult<bool> {
    address_is_suppressed(connection, &address_key(&subscriber.address.folded()))
}

fn release_state(connection: &mut AnyConnection, release_id: &str) -> QueryResult<ReleaseState> {
    let state: String = releases::table.find(release_id).select(releases::state).first(connection)?;
    stored(&state, "release")
}

/// How a try to send a message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryResult {
    /// It was accepted.
    Sent(String),
    /// It is tried again then.
    Deferred(UtcTime, String),
    /// It was refused for good.
    Failed(String),
    /// It is no longer wanted.
    Cancelled(String),
}

/// Records how a try ended, and that the job which holds it got something done. What was accepted is recorded whoever
/// holds the job by now, and even where it was cancelled meanwhile: it was sent. Anything else counts only for what is
/// still queued.
pub async fn delivery_record(
    store: &Store,
    id: i64,
    ticket: JobTicket,
    result: DeliveryResult,
    now: UtcTime,
) -> Result<(), StoreError> {
    let outcome = DeliveryOutcome::from(&result);
    let recorded = store
        .write(&[], move |connection| {
            let open = match &result {
                DeliveryResult::Sent(_) => vec![DeliveryState::Queued.as_str(), DeliveryState::Cancelled.as_str()],
                _ => vec![DeliveryState::Queued.as_str()],
            };
            let tried = i32::from(!matches!(result, DeliveryResult::Cancelled(_)));
            let (state, text, next) = match &result {
                DeliveryResult::Sent(text) => (DeliveryState::Sent, text, None),
                DeliveryResult::Deferred(next, text) => (DeliveryState::Queued, text, Some(*next)),
                DeliveryResult::Failed(text) => (DeliveryState::Failed, text, None),
                DeliveryResult::Cancelled(text) => (DeliveryState::Cancelled, text, None),
            };
            let recorded = diesel::update(deliveries::table.find(id).filter(deliveries::state.eq_any(open)))
                .set((
                    deliveries::state.eq(state.as_str()),
                    deliveries::attempts.eq(deliveries::attempts + tried),
                    deliveries::next_attempt_at.eq(next.unwrap_or(now)),
                    deliveries::finished_at.eq(if next.is_none() { Some(now) } else { None }),
                    deliveries::result.eq(text),
                ))
                .execute(connection)?;
            job_progress(connection, ticket)?;
            Ok(recorded)
        })
        .await?;
    store.deliveries_count(outcome, recorded as u64);
    Ok(())
}

/// Puts off what is due of an announcement's queued messages in a range of ids, and counts a try for each: there was no
/// way to the mail server.
pub async fn deliveries_put_off(
    store: &Store,
    announcement: i64,
    (first, last): (i64, i64),
    until: UtcTime,
    now: UtcTime,
) -> Result<(), StoreError> {
    let deferred = store
        .write(&[], move |connection| {
            let due = deliveries::table.filter(
                deliveries::announcement_id
                    .eq(announcement)
                    .and(deliveries::id.between(first, last))
                    .and(deliveries::state.eq(DeliveryState::Queued.as_str()))
                    .and(deliveries::next_attempt_at.le(now)),
            );
            Ok(diesel::update(due)
                .set((deliveries::next_attempt_at.eq(until), deliveries::attempts.eq(deliveries::attempts + 1)))
                .execute(connection)?)
        })
        .await?;
    store.deliveries_count(DeliveryOutcome::Deferred, deferred as u64);
    Ok(())
}
