//! Deliveries: one message of an announcement to one subscriber.

use diesel::prelude::*;
use releasepage_domain::{
    announcement::{DeliveryFacts, DeliveryState, ToldRelease, delivery_obstacle},
    bump::Bump,
    environment::Environment,
    group::GroupState,
    reply::ReplyMeaning,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::{
        schema::{announcements, component_releases, components, deliveries, groups, releases, subscribers},
        stored::stored,
        usage::DeliveryOutcome,
    },
    groups::{member_row::group_releases_seen, timeline::members_read},
    jobs::row::{JobTicket, job_is_held, job_progress},
    pages::row::{PageComponent, PageIdentity, page_identity},
    releases::row::release_is_published,
    subscribers::{
        addresses::{address_reached, address_standing},
        row::{Subscriber, subscriber_load},
    },
};

/// The content of an announcement's messages.
#[derive(Clone, Debug)]
pub struct AnnouncementContent {
    /// The announcement.
    pub id: i64,
    /// The page.
    pub page: PageIdentity,
    /// The group that it tells of; `None` where it tells of one release.
    pub group: Option<AnnouncedGroup>,
    /// The releases that it tells of: one, or those of the group that readers see, breaking changes first.
    pub releases: Vec<AnnouncedRelease>,
    /// The time at which the announcement was made; every try of its messages carries this time.
    pub created_at: UtcTime,
}

/// A group as a message tells of it.
#[derive(Clone, Debug)]
pub struct AnnouncedGroup {
    /// The group.
    pub id: i64,
    /// Its version.
    pub version: String,
    /// The introduction that an editor wrote, Markdown.
    pub notes: Option<String>,
}

/// A release as a message tells of it.
#[derive(Clone, Debug)]
pub struct AnnouncedRelease {
    /// The release.
    pub id: String,
    /// The component.
    pub component: PageComponent,
    /// The bump of the release to its readers.
    pub bump: Bump,
    /// Its version as readers know it.
    pub version: String,
    /// Its title; may be empty.
    pub title: String,
    /// Its notes, Markdown.
    pub notes: Option<String>,
}

/// The content of an announcement; `None` where it was never spread, or nothing of it is left on the page.
pub async fn announcement_content(store: &Store, announcement: i64) -> Result<Option<AnnouncementContent>, StoreError> {
    store
        .read(move |connection| {
            type Row = (String, i64, String, Option<i64>, Option<String>, UtcTime);
            let row: Option<Row> = announcements::table
                .find(announcement)
                .select((
                    announcements::page_id,
                    announcements::component_id,
                    announcements::release_id,
                    announcements::group_id,
                    announcements::bump,
                    announcements::created_at,
                ))
                .first(connection)
                .optional()?;
            let Some((page_id, component_id, release_id, group_id, Some(bump), created_at)) = row else {
                return Ok(None);
            };
            let (group, releases) = match group_id {
                Some(group_id) => group_announced(connection, &page_id, group_id)?,
                None => {
                    let bump = stored(&bump, "bump")?;
                    (None, release_announced(connection, component_id, release_id, bump)?.into_iter().collect())
                }
            };
            if releases.is_empty() {
                return Ok(None);
            }
            let page = page_identity(connection, &page_id)?;
            Ok(Some(AnnouncementContent { id: announcement, page, group, releases, created_at }))
        })
        .await
}

/// A release with the bump that it is announced with; `None` where its component is gone.
fn release_announced(
    connection: &mut AnyConnection,
    component_id: i64,
    release_id: String,
    bump: Bump,
) -> QueryResult<Option<AnnouncedRelease>> {
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
    let (title, notes) =
        releases::table.find(&release_id).select((releases::title, releases::notes)).first(connection)?;
    Ok(Some(AnnouncedRelease { id: release_id, component, bump, version, title, notes }))
}

/// A closed group with those of its releases that readers see.
fn group_announced(
    connection: &mut AnyConnection,
    page_id: &str,
    group_id: i64,
) -> QueryResult<(Option<AnnouncedGroup>, Vec<AnnouncedRelease>)> {
    let closed: Option<(Option<String>, Option<String>)> = groups::table
        .find(group_id)
        .filter(groups::state.eq(GroupState::Closed.as_str()))
        .select((groups::version, groups::notes))
        .first(connection)
        .optional()?;
    let Some((Some(version), notes)) = closed else { return Ok((None, Vec::new())) };
    let members = members_read(connection, page_id, &[group_id])?.remove(&group_id).unwrap_or_default();
    let releases = members
        .into_iter()
        .map(|member| AnnouncedRelease {
            id: member.id,
            component: member.component,
            bump: member.bump,
            version: member.version,
            title: member.title,
            notes: member.notes,
        })
        .collect();
    Ok((Some(AnnouncedGroup { id: group_id, version, notes }), releases))
}

/// A message whose turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueDelivery {
    /// The delivery.
    pub id: i64,
    /// The number of times that it was tried before.
    pub attempts: i32,
    /// The time at which it was written: its first try is counted from here.
    pub created_at: UtcTime,
    /// The environment, which says if it goes to a reader or to a test; `None` where its subscriber was erased.
    pub environment: Option<Environment>,
}

#[derive(Queryable)]
struct QueuedDelivery {
    id: i64,
    attempts: i32,
    created_at: UtcTime,
    next_attempt_at: UtcTime,
    environment: Option<String>,
}

/// Some messages of an announcement: those with ids from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryRange {
    /// The announcement.
    pub announcement: i64,
    /// The first id.
    pub first: i64,
    /// The last id.
    pub last: i64,
}

/// The queued messages of a range: those whose time has come, and when the next one's comes.
pub async fn deliveries_due(
    store: &Store,
    range: DeliveryRange,
    now: UtcTime,
) -> Result<(Vec<DueDelivery>, Option<UtcTime>), StoreError> {
    store
        .read(move |connection| {
            let queued: Vec<QueuedDelivery> = deliveries::table
                .left_join(subscribers::table.on(subscribers::id.eq(deliveries::subscriber_id)))
                .filter(
                    deliveries::announcement_id
                        .eq(range.announcement)
                        .and(deliveries::id.between(range.first, range.last))
                        .and(deliveries::state.eq(DeliveryState::Queued.as_str())),
                )
                .order(deliveries::id)
                .select((
                    deliveries::id,
                    deliveries::attempts,
                    deliveries::created_at,
                    deliveries::next_attempt_at,
                    subscribers::environment.nullable(),
                ))
                .load(connection)?;
            let next = queued.iter().map(|delivery| delivery.next_attempt_at).filter(|&at| at > now).min();
            let due: QueryResult<Vec<DueDelivery>> =
                queued.into_iter().filter(|delivery| delivery.next_attempt_at <= now).map(due_delivery).collect();
            Ok((due?, next))
        })
        .await
}

fn due_delivery(queued: QueuedDelivery) -> QueryResult<DueDelivery> {
    let QueuedDelivery { id, attempts, created_at, environment, .. } = queued;
    let environment = environment.map(|environment| stored(&environment, "environment")).transpose()?;
    Ok(DueDelivery { id, attempts, created_at, environment })
}

/// The decision on a message at the moment of sending.
#[derive(Clone, Debug)]
pub enum DeliveryTurn {
    /// It is sent.
    Send {
        /// To this subscriber.
        subscriber: Box<Subscriber>,
        /// And tells of these releases: those that readers see at this moment, of the components that the subscriber
        /// follows.
        releases: Vec<String>,
        /// A message to the address was refused without a clear reason, and none was taken since. False for a test, of
        /// which no mail server takes anything.
        doubted: bool,
    },
    /// It is no longer wanted, for this reason.
    Drop(&'static str),
    /// It is no longer queued.
    Over,
    /// The job that sends it is no longer this worker's.
    Lost,
}

/// Looks at a message, its subscriber, release and page once more, and at the lease of the job that sends it.
pub async fn delivery_look(
    store: &Store,
    id: i64,
    ticket: JobTicket,
    content: AnnouncementContent,
    address_key: impl Fn(&str) -> String + Send + 'static,
    now: UtcTime,
) -> Result<DeliveryTurn, StoreError> {
    store
        .read(move |connection| {
            if !job_is_held(connection, ticket, now)? {
                return Ok(DeliveryTurn::Lost);
            }
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
            let seen = releases_seen(connection, &content)?;
            let told: Vec<ToldRelease> = seen.iter().map(|(_, told)| *told).collect();
            let standing = address_standing(connection, &address_key(&subscriber.address.folded()))?;
            let facts = DeliveryFacts {
                subscriber: subscriber.state,
                preferences: &subscriber.preferences,
                following: &subscriber.following,
                suppressed: standing.suppressed,
                releases: &told,
                page_published: subscriber.page.published,
            };
            if let Some(reason) = delivery_obstacle(&facts) {
                return Ok(DeliveryTurn::Drop(reason));
            }
            let followed = seen.into_iter().filter(|(_, told)| subscriber.following.holds(told.component));
            let releases = followed.map(|(release_id, _)| release_id).collect();
            let doubted = standing.doubted && subscriber.environment == Environment::Live;
            Ok(DeliveryTurn::Send { subscriber: Box::new(subscriber), releases, doubted })
        })
        .await
}

/// The releases of an announcement that readers see at this moment: of a group, with their bumps as they are now.
fn releases_seen(
    connection: &mut AnyConnection,
    content: &AnnouncementContent,
) -> QueryResult<Vec<(String, ToldRelease)>> {
    if let Some(group) = &content.group {
        return group_releases_seen(connection, &content.page.id, group.id);
    }
    let mut seen = Vec::with_capacity(content.releases.len());
    for release in &content.releases {
        if release_is_published(connection, &release.id)? {
            seen.push((release.id.clone(), ToldRelease { component: release.component.id, bump: release.bump }));
        }
    }
    Ok(seen)
}

/// The reason why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The subject of the refusal.
    pub about: ReplyMeaning,
    /// The words of the mail server, or what stood in the way.
    pub text: String,
}

impl Refusal {
    /// A refusal that is about this, with these words.
    pub fn new(about: ReplyMeaning, text: impl Into<String>) -> Self {
        Self { about, text: text.into() }
    }
}

/// The end of a try to send a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryResult {
    /// It was accepted.
    Sent {
        /// The answer of the mail server.
        answer: String,
        /// The keyed hash of an address that was doubted: the doubt ends with this message.
        reached: Option<String>,
    },
    /// It is tried again then.
    Deferred(UtcTime, Refusal),
    /// It was refused for good.
    Failed(Refusal),
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
    let reached = match &result {
        DeliveryResult::Sent { reached, .. } => reached.clone(),
        _ => None,
    };
    let scopes: Vec<Scope> = reached.iter().cloned().map(Scope::Address).collect();
    let recorded = store
        .write(&scopes, move |connection| {
            if let Some(address_key) = &reached {
                address_reached(connection, address_key)?;
            }
            let open = match &result {
                DeliveryResult::Sent { .. } => vec![DeliveryState::Queued.as_str(), DeliveryState::Cancelled.as_str()],
                _ => vec![DeliveryState::Queued.as_str()],
            };
            let tried = i32::from(!matches!(result, DeliveryResult::Cancelled(_)));
            let (state, text, refusal, next) = match &result {
                DeliveryResult::Sent { answer, .. } => (DeliveryState::Sent, answer, None, None),
                DeliveryResult::Deferred(next, refusal) => {
                    (DeliveryState::Queued, &refusal.text, Some(refusal), Some(*next))
                }
                DeliveryResult::Failed(refusal) => (DeliveryState::Failed, &refusal.text, Some(refusal), None),
                DeliveryResult::Cancelled(text) => (DeliveryState::Cancelled, text, None, None),
            };
            let recorded = diesel::update(deliveries::table.find(id).filter(deliveries::state.eq_any(open)))
                .set((
                    deliveries::state.eq(state.as_str()),
                    deliveries::attempts.eq(deliveries::attempts + tried),
                    deliveries::next_attempt_at.eq(next.unwrap_or(now)),
                    deliveries::finished_at.eq(if next.is_none() { Some(now) } else { None }),
                    deliveries::result.eq(text),
                    deliveries::fault.eq(refusal.map(|refusal| refusal.about.as_str())),
                ))
                .execute(connection)?;
            job_progress(connection, ticket)?;
            Ok(recorded)
        })
        .await?;
    store.deliveries_count(outcome, recorded as u64);
    Ok(())
}

/// Puts off what is due of the queued messages of a range. There was no way to the mail server, so that none of them
/// was tried.
pub async fn deliveries_put_off(
    store: &Store,
    range: DeliveryRange,
    until: UtcTime,
    now: UtcTime,
) -> Result<(), StoreError> {
    let deferred = store
        .write(&[], move |connection| {
            let due = deliveries::table.filter(
                deliveries::announcement_id
                    .eq(range.announcement)
                    .and(deliveries::id.between(range.first, range.last))
                    .and(deliveries::state.eq(DeliveryState::Queued.as_str()))
                    .and(deliveries::next_attempt_at.le(now)),
            );
            Ok(diesel::update(due).set(deliveries::next_attempt_at.eq(until)).execute(connection)?)
        })
        .await?;
    store.deliveries_count(DeliveryOutcome::Deferred, deferred as u64);
    Ok(())
}

impl From<&DeliveryResult> for DeliveryOutcome {
    fn from(result: &DeliveryResult) -> Self {
        match result {
            DeliveryResult::Sent { .. } => Self::Sent,
            DeliveryResult::Deferred(..) => Self::Deferred,
            DeliveryResult::Failed(_) => Self::Failed,
            DeliveryResult::Cancelled(_) => Self::Cancelled,
        }
    }
}
