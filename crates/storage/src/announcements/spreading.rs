//! Announcements: made with a release or a group, spread to subscribers in batches.

use diesel::prelude::*;
use releasepage_domain::{
    announcement::{AnnouncementState, ToldRelease},
    job::JobPayload,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    announcements::audience::{Audience, Readers, batch_end, deliveries_write},
    database::{
        schema::{announcements, deliveries, pages, releases},
        stored::stored,
    },
    groups::member_row::group_releases_seen,
    jobs::row::job_enqueue,
    pages::release_row::bump_fix,
    releases::row::release_is_published,
};

/// The number of deliveries that are written in one transaction, and sent by one job.
pub const BATCH: i64 = 200;

/// The columns that are read of an announcement that is to be spread.
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
            let readers = Readers { page_id, audience: &audience, after: spread_to };
            let Some(last) = batch_end(connection, readers, BATCH)? else {
                set_state(connection, AnnouncementState::Spread)?;
                return Ok(false);
            };
            let written = deliveries_write(connection, announcement, readers, last, now)?;
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

/// Loads an announcement so that nobody takes back what it tells of, or writes the same batch, meanwhile; `None` where
/// it is gone.
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

/// Finds who is told of an announcement; `None` where there is nothing left to tell.
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
