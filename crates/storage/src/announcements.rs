//! Announcements: made with a release, spread to subscribers in batches.

use chrono::Duration;
use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    announcement::{AnnouncementState, DeliveryState},
    bump::Bump,
    job::JobPayload,
    release::ReleaseState,
    subscriber::SubscriberState,
    time::UtcTime,
};

use crate::{
    QueryResult, Scope, Store, StoreError,
    backend::AnyConnection,
    component_releases::bump_fix,
    jobs::job_enqueue,
    schema::{announcements, deliveries, pages, releases, subscriber_components, subscribers},
    stored::stored,
};

/// How many deliveries are written in one transaction, and sent by one job.
pub const BATCH: i64 = 200;

/// Writes an announcement and the job that spreads it after `delay`, in the caller's transaction. A release that was
/// told to the page before, as the same kind of release, is not told again.
pub(crate) fn announcement_create(
    connection: &mut AnyConnection,
    (component_id, page_id): (i64, &str),
    (release_id, prerelease): (&str, bool),
    delay: Duration,
    now: UtcTime,
) -> QueryResult<()> {
    let told = announcements::table.filter(
        announcements::page_id
            .eq(page_id)
            .and(announcements::release_id.eq(release_id))
            .and(announcements::prerelease.eq(prerelease)),
    );
    if diesel::select(exists(told)).get_result(connection)? {
        return Ok(());
    }
    let id: i64 = diesel::insert_into(announcements::table)
        .values((
            announcements::page_id.eq(page_id),
            announcements::release_id.eq(release_id),
            announcements::component_id.eq(component_id),
            announcements::prerelease.eq(prerelease),
            announcements::state.eq(AnnouncementState::Waiting.as_str()),
            announcements::spread_to.eq(0),
            announcements::audience.eq(0),
            announcements::created_at.eq(now),
        ))
        .returning(announcements::id)
        .get_result(connection)?;
    job_enqueue(connection, &JobPayload::AnnouncementSpread { announcement: id }, page_id, now + delay, now)
}

/// Cancels what is still to be told of a release, in the caller's transaction.
pub(crate) fn announcements_cancel(connection: &mut AnyConnection, release_id: &str, now: UtcTime) -> QueryResult<()> {
    let ids = announcements::table
        .filter(announcements::release_id.eq(release_id))
        .select(announcements::id)
        .load(connection)?;
    cancel(connection, &ids, "the release was taken back", now)
}

/// Cancels what a page is still to be told of a pre-release that is made a release: nobody hears of both at once.
pub(crate) fn prerelease_cancel(
    connection: &mut AnyConnection,
    page_id: &str,
    release_id: &str,
    now: UtcTime,
) -> QueryResult<()> {
    let ids = announcements::table
        .filter(
            announcements::page_id
                .eq(page_id)
                .and(announcements::release_id.eq(release_id))
                .and(announcements::prerelease.eq(true)),
        )
        .select(announcements::id)
        .load(connection)?;
    cancel(connection, &ids, "the pre-release was made a release", now)
}

/// Ends announcements whose telling has not ended, and takes what is queued of them out of the queue.
fn cancel(connection: &mut AnyConnection, ids: &[i64], because: &str, now: UtcTime) -> QueryResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let queued = deliveries::announcement_id.eq_any(ids).and(deliveries::state.eq(DeliveryState::Queued.as_str()));
    diesel::update(deliveries::table.filter(queued))
        .set((
            deliveries::state.eq(DeliveryState::Cancelled.as_str()),
            deliveries::finished_at.eq(now),
            deliveries::result.eq(because),
        ))
        .execute(connection)?;
    let telling = announcements::id.eq_any(ids).and(announcements::state.ne(AnnouncementState::Spread.as_str()));
    diesel::update(announcements::table.filter(telling))
        .set(announcements::state.eq(AnnouncementState::Cancelled.as_str()))
        .execute(connection)?;
    Ok(())
}

/// Writes the next batch of an announcement's deliveries and the job that sends them. Answers whether there may be
/// more to write.
pub async fn announcement_spread(store: &Store, announcement: i64, now: UtcTime) -> Result<bool, StoreError> {
    store
        .write(&[], move |connection| {
            let release = announcements::table.inner_join(releases::table).filter(announcements::id.eq(announcement));
            let repository_id: Option<i64> = release.select(releases::repository_id).first(connection).optional()?;
            let Some(repository_id) = repository_id else { return Ok(false) };
            // Nobody takes the release back, or writes the same batch, meanwhile.
            connection.lock(&Scope::Repository(repository_id))?;
            let row: Option<(String, String, i64, String, i64, i64)> = announcements::table
                .find(announcement)
                .select((
                    announcements::page_id,
                    announcements::release_id,
                    announcements::component_id,
                    announcements::state,
                    announcements::spread_to,
                    announcements::audience,
                ))
                .first(connection)
                .optional()?;
            let Some((page_id, release_id, component_id, state, spread_to, audience)) = row else { return Ok(false) };
            match stored(&state, "announcement")? {
                AnnouncementState::Waiting | AnnouncementState::Spreading => {}
                AnnouncementState::Spread | AnnouncementState::Cancelled => return Ok(false),
            }
            let set_state = |connection: &mut AnyConnection, state: AnnouncementState| {
                diesel::update(announcements::table.find(announcement))
                    .set(announcements::state.eq(state.as_str()))
                    .execute(connection)
            };
            let bump = if is_tellable(connection, &page_id, &release_id)? {
                bump_fix(connection, component_id, &release_id)?
            } else {
                None
            };
            let Some(bump) = bump else {
                set_state(connection, AnnouncementState::Cancelled)?;
                return Ok(false);
            };
            let Some(last) = batch_end(connection, &page_id, component_id, bump, spread_to)? else {
                set_state(connection, AnnouncementState::Spread)?;
                return Ok(false);
            };
            let written =
                deliveries_write(connection, announcement, (&page_id, component_id, bump), (spread_to, last), now)?;
            diesel::update(announcements::table.find(announcement))
                .set((
                    announcements::state.eq(AnnouncementState::Spreading.as_str()),
                    announcements::bump.eq(bump.as_str()),
                    announcements::spread_to.eq(last),
                    announcements::audience.eq(audience + written),
                ))
                .execute(connection)?;
            let batch = deliveries::table
                .filter(deliveries::announcement_id.eq(announcement).and(deliveries::subscriber_id.gt(spread_to)));
            let (first_id, last_id): (Option<i64>, Option<i64>) =
                batch.select((diesel::dsl::min(deliveries::id), diesel::dsl::max(deliveries::id))).first(connection)?;
            if let (Some(first), Some(last)) = (first_id, last_id) {
                job_enqueue(connection, &JobPayload::DeliverySend { announcement, first, last }, &page_id, now, now)?;
            }
            Ok(true)
        })
        .await
}

fn is_tellable(connection: &mut AnyConnection, page_id: &str, release_id: &str) -> QueryResult<bool> {
    let published: bool = pages::table.find(page_id).select(pages::published).first(connection)?;
    let state: String = releases::table.find(release_id).select(releases::state).first(connection)?;
    Ok(published && stored::<ReleaseState>(&state, "release")? == ReleaseState::Published)
}

/// The confirmed subscribers of a page who want to hear of such a release of such a component.
macro_rules! audience {
    ($page_id:expr, $component_id:expr, $bump:expr) => {{
        let follows = subscriber_components::table.filter(
            subscriber_components::subscriber_id
                .eq(subscribers::id)
                .and(subscriber_components::component_id.eq($component_id)),
        );
        let everyone = subscribers::table
            .filter(
                subscribers::page_id
                    .eq($page_id)
                    .and(subscribers::state.eq(SubscriberState::Confirmed.as_str()))
                    .and(subscribers::all_components.eq(true).or(exists(follows))),
            )
            .into_boxed();
        match $bump {
            Bump::Major => everyone.filter(subscribers::wants_major.eq(true)),
            Bump::Minor => everyone.filter(subscribers::wants_minor.eq(true)),
            Bump::Patch => everyone.filter(subscribers::wants_patch.eq(true)),
            Bump::Prerelease => everyone.filter(subscribers::wants_prerelease.eq(true)),
        }
    }};
}

/// The last subscriber of the next batch; `None` where nobody is left.
fn batch_end(
    connection: &mut AnyConnection,
    page_id: &str,
    component_id: i64,
    bump: Bump,
    after: i64,
) -> QueryResult<Option<i64>> {
    let batch: Vec<i64> = audience!(page_id, component_id, bump)
        .filter(subscribers::id.gt(after))
        .order(subscribers::id)
        .limit(BATCH)
        .select(subscribers::id)
        .load(connection)?;
    Ok(batch.last().copied())
}

fn deliveries_write(
    connection: &mut AnyConnection,
    announcement: i64,
    (page_id, component_id, bump): (&str, i64, Bump),
    (after, last): (i64, i64),
    now: UtcTime,
) -> QueryResult<i64> {
    use diesel::sql_types::{BigInt, Integer, Text, Timestamp};
    let rows = audience!(page_id, component_id, bump)
        .filter(subscribers::id.gt(after).and(subscribers::id.le(last)))
        .order(subscribers::id)
        .select((
            announcement.into_sql::<BigInt>(),
            subscribers::id,
            DeliveryState::Queued.as_str().into_sql::<Text>(),
            0.into_sql::<Integer>(),
            now.into_sql::<Timestamp>(),
            now.into_sql::<Timestamp>(),
        ));
    let written = diesel::insert_into(deliveries::table)
        .values(rows)
        .into_columns((
            deliveries::announcement_id,
            deliveries::subscriber_id,
            deliveries::state,
            deliveries::attempts,
            deliveries::next_attempt_at,
            deliveries::created_at,
        ))
        .execute(connection)?;
    Ok(i64::try_from(written).unwrap_or(i64::MAX))
}
