//! Announcements: made with a release or a group, spread to subscribers in batches.

use chrono::Duration;
use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    announcement::{AnnouncementState, DeliveryState, ToldRelease},
    job::JobPayload,
    release::ReleaseState,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    announcements::audience::{Audience, batch_end, deliveries_write},
    database::{
        schema::{announcements, deliveries, group_members, pages, releases},
        stored::stored,
    },
    groups::members::{group_releases_seen, members_counted},
    jobs::claims::job_enqueue,
    pages::component_releases::bump_fix,
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
    announcement_insert(connection, (page_id, None), (component_id, release_id, prerelease), delay, now)
}

/// Writes the announcement of a group and the job that spreads it after `delay`, in the caller's transaction, in the name
/// of its `lead`: the component and the release that the announcement is found by. One in the same name that was cancelled
/// before anybody was told makes room for it.
pub(crate) fn group_announcement_create(
    connection: &mut AnyConnection,
    (page_id, group_id): (&str, i64),
    lead: (i64, &str),
    delay: Duration,
    now: UtcTime,
) -> QueryResult<()> {
    let same = announcements::page_id
        .eq(page_id)
        .and(announcements::release_id.eq(lead.1))
        .and(announcements::prerelease.eq(false));
    let told_nothing =
        announcements::state.eq(AnnouncementState::Cancelled.as_str()).and(announcements::spread_to.eq(0));
    diesel::delete(announcements::table.filter(same.and(told_nothing))).execute(connection)?;
    announcement_insert(connection, (page_id, Some(group_id)), (lead.0, lead.1, false), delay, now)
}

fn announcement_insert(
    connection: &mut AnyConnection,
    (page_id, group_id): (&str, Option<i64>),
    (component_id, release_id, prerelease): (i64, &str, bool),
    delay: Duration,
    now: UtcTime,
) -> QueryResult<()> {
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
            announcements::group_id.eq(group_id),
        ))
        .returning(announcements::id)
        .get_result(connection)?;
    job_enqueue(connection, &JobPayload::AnnouncementSpread { announcement: id }, page_id, now + delay, now)
}

/// Cancels what is still to be told of a release that readers no longer see, in the caller's transaction. A group that it
/// was a member of is told without it, unless it was the last.
pub(crate) fn announcements_cancel(connection: &mut AnyConnection, release_id: &str, now: UtcTime) -> QueryResult<()> {
    let alone = announcements::release_id.eq(release_id).and(announcements::group_id.is_null());
    let ids = announcements::table.filter(alone).select(announcements::id).load(connection)?;
    cancel(connection, &ids, "the release was taken back", now)?;
    let groups: Vec<(i64, String)> = group_members::table
        .filter(group_members::release_id.eq(release_id).and(group_members::left_at.is_null()))
        .select((group_members::group_id, group_members::page_id))
        .load(connection)?;
    for (group_id, page_id) in groups {
        if members_counted(connection, &page_id, group_id)?.is_empty() {
            let ids = group_announcements(connection, group_id)?;
            cancel(connection, &ids, "every release of the group was taken back", now)?;
        }
    }
    Ok(())
}

/// Ends the telling of a group that was taken back, in the caller's transaction. What nobody was told of yet is
/// forgotten, so that its releases are news in the group that mends it.
pub(crate) fn group_announcements_withdraw(
    connection: &mut AnyConnection,
    group_id: i64,
    now: UtcTime,
) -> QueryResult<()> {
    let waiting =
        announcements::group_id.eq(group_id).and(announcements::state.eq(AnnouncementState::Waiting.as_str()));
    diesel::delete(announcements::table.filter(waiting)).execute(connection)?;
    let ids = group_announcements(connection, group_id)?;
    cancel(connection, &ids, "the group was taken back", now)
}

fn group_announcements(connection: &mut AnyConnection, group_id: i64) -> QueryResult<Vec<i64>> {
    Ok(announcements::table.filter(announcements::group_id.eq(group_id)).select(announcements::id).load(connection)?)
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

/// What is read of an announcement that is to be spread.
#[derive(Queryable, Selectable)]
#[diesel(table_name = announcements)]
struct Telling {
    page_id: String,
    release_id: String,
    component_id: i64,
    group_id: Option<i64>,
    state: String,
    spread_to: i64,
    audience: i64,
}

/// Writes the next batch of an announcement's deliveries and the job that sends them. Answers whether there may be
/// more to write.
pub async fn announcement_spread(store: &Store, announcement: i64, now: UtcTime) -> Result<bool, StoreError> {
    store
        .write(&[], move |connection| {
            let Some(telling) = telling_lock(connection, announcement)? else { return Ok(false) };
            match stored(&telling.state, "announcement")? {
                AnnouncementState::Waiting | AnnouncementState::Spreading => {}
                AnnouncementState::Spread | AnnouncementState::Cancelled => return Ok(false),
            }
            let set_state = |connection: &mut AnyConnection, state: AnnouncementState| {
                diesel::update(announcements::table.find(announcement))
                    .set(announcements::state.eq(state.as_str()))
                    .execute(connection)
            };
            let Some(audience) = telling_audience(connection, &telling)? else {
                set_state(connection, AnnouncementState::Cancelled)?;
                return Ok(false);
            };
            let (page_id, spread_to) = (telling.page_id.as_str(), telling.spread_to);
            let Some(last) = batch_end(connection, page_id, &audience, (spread_to, BATCH))? else {
                set_state(connection, AnnouncementState::Spread)?;
                return Ok(false);
            };
            let written = deliveries_write(connection, announcement, (page_id, &audience), (spread_to, last), now)?;
            diesel::update(announcements::table.find(announcement))
                .set((
                    announcements::state.eq(AnnouncementState::Spreading.as_str()),
                    announcements::bump.eq(audience.bump.as_str()),
                    announcements::spread_to.eq(last),
                    announcements::audience.eq(telling.audience + written),
                ))
                .execute(connection)?;
            let batch = deliveries::table
                .filter(deliveries::announcement_id.eq(announcement).and(deliveries::subscriber_id.gt(spread_to)));
            let (first_id, last_id): (Option<i64>, Option<i64>) =
                batch.select((diesel::dsl::min(deliveries::id), diesel::dsl::max(deliveries::id))).first(connection)?;
            if let (Some(first), Some(last)) = (first_id, last_id) {
                job_enqueue(connection, &JobPayload::DeliverySend { announcement, first, last }, page_id, now, now)?;
            }
            Ok(true)
        })
        .await
}

/// Loads an announcement so that nobody takes back what it tells of, or writes the same batch, meanwhile; `None` where it
/// is gone.
fn telling_lock(connection: &mut AnyConnection, announcement: i64) -> QueryResult<Option<Telling>> {
    let place: Option<(i64, String, Option<i64>)> = announcements::table
        .inner_join(releases::table)
        .filter(announcements::id.eq(announcement))
        .select((releases::repository_id, announcements::page_id, announcements::group_id))
        .first(connection)
        .optional()?;
    let Some((repository_id, page_id, group_id)) = place else { return Ok(None) };
    connection.lock(&Scope::Repository(repository_id))?;
    if group_id.is_some() {
        connection.lock(&Scope::Groups(page_id))?;
    }
    Ok(announcements::table.find(announcement).select(Telling::as_select()).first(connection).optional()?)
}

/// Who hears of what is told; `None` where there is nothing left to tell.
fn telling_audience(connection: &mut AnyConnection, telling: &Telling) -> QueryResult<Option<Audience>> {
    let published: bool = pages::table.find(&telling.page_id).select(pages::published).first(connection)?;
    if !published {
        return Ok(None);
    }
    let told = match telling.group_id {
        Some(group_id) => {
            let seen = group_releases_seen(connection, &telling.page_id, group_id)?;
            seen.into_iter().map(|(_, told)| told).collect()
        }
        None if release_is_published(connection, &telling.release_id)? => {
            let bump = bump_fix(connection, telling.component_id, &telling.release_id)?;
            bump.map(|bump| ToldRelease { component: telling.component_id, bump }).into_iter().collect()
        }
        None => Vec::new(),
    };
    Ok(Audience::of(&told))
}

/// Whether readers may be told of a release.
pub(crate) fn release_is_published(connection: &mut AnyConnection, release_id: &str) -> QueryResult<bool> {
    let state: String = releases::table.find(release_id).select(releases::state).first(connection)?;
    Ok(stored::<ReleaseState>(&state, "release")? == ReleaseState::Published)
}
