//! Announcements as they are stored: written with what they tell of, and cancelled with it.
//!
//! Everything here runs in the transaction of a caller who holds the scope of the release or of the page's groups.

use chrono::Duration;
use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    announcement::{AnnouncementState, DeliveryState},
    job::JobPayload,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult,
    database::schema::{announcements, deliveries, group_members},
    groups::member_row::members_counted,
    jobs::row::job_enqueue,
};

/// An announcement that is to be written.
pub(crate) struct AnnouncementNew<'a> {
    pub(crate) page_id: &'a str,
    /// The component and the release that the announcement is found by.
    pub(crate) component_id: i64,
    pub(crate) release_id: &'a str,
    /// Tells the release as a pre-release.
    pub(crate) prerelease: bool,
    /// The group that is told of, where it is one.
    pub(crate) group_id: Option<i64>,
}

/// Writes the announcement of a release and the job that spreads it after `delay`, in the caller's transaction. A
/// release that was told to the page before, as the same kind of release, is not told again.
pub(crate) fn announcement_create(
    connection: &mut AnyConnection,
    new: &AnnouncementNew<'_>,
    delay: Duration,
    now: UtcTime,
) -> QueryResult<()> {
    let told = announcements::table.filter(
        announcements::page_id
            .eq(new.page_id)
            .and(announcements::release_id.eq(new.release_id))
            .and(announcements::prerelease.eq(new.prerelease)),
    );
    if diesel::select(exists(told)).get_result(connection)? {
        return Ok(());
    }
    announcement_insert(connection, new, delay, now)
}

/// Writes the announcement of a group and the job that spreads it after `delay`, in the caller's transaction. One of
/// the same release that was cancelled before anybody was told makes room for it.
pub(crate) fn group_announcement_create(
    connection: &mut AnyConnection,
    new: &AnnouncementNew<'_>,
    delay: Duration,
    now: UtcTime,
) -> QueryResult<()> {
    let same = announcements::page_id
        .eq(new.page_id)
        .and(announcements::release_id.eq(new.release_id))
        .and(announcements::prerelease.eq(false));
    let told_nothing =
        announcements::state.eq(AnnouncementState::Cancelled.as_str()).and(announcements::spread_to.eq(0));
    diesel::delete(announcements::table.filter(same.and(told_nothing))).execute(connection)?;
    announcement_insert(connection, new, delay, now)
}

fn announcement_insert(
    connection: &mut AnyConnection,
    new: &AnnouncementNew<'_>,
    delay: Duration,
    now: UtcTime,
) -> QueryResult<()> {
    let id: i64 = diesel::insert_into(announcements::table)
        .values((
            announcements::page_id.eq(new.page_id),
            announcements::release_id.eq(new.release_id),
            announcements::component_id.eq(new.component_id),
            announcements::prerelease.eq(new.prerelease),
            announcements::state.eq(AnnouncementState::Waiting.as_str()),
            announcements::spread_to.eq(0),
            announcements::audience.eq(0),
            announcements::created_at.eq(now),
            announcements::group_id.eq(new.group_id),
        ))
        .returning(announcements::id)
        .get_result(connection)?;
    job_enqueue(connection, &JobPayload::AnnouncementSpread { announcement: id }, new.page_id, now + delay, now)
}

/// Cancels what is still to be told of a release that readers no longer see, in the caller's transaction. A group that
/// it was a member of is told without it, unless it was the last.
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

/// Tells whether subscribers of a page were told of a release, by itself or with a group; or will be, by what waits for
/// its delay under the release's own name. What was cancelled before anybody was told of it told nothing.
pub(crate) fn release_was_told(connection: &mut AnyConnection, page_id: &str, release_id: &str) -> QueryResult<bool> {
    use releasepage_domain::announcement::AnnouncementState::{Cancelled, Spread, Spreading};
    let own = announcements::page_id.eq(page_id).and(announcements::release_id.eq(release_id));
    let tells = announcements::state.ne(Cancelled.as_str()).or(announcements::spread_to.gt(0));
    let by_name = announcements::table.filter(own.and(announcements::prerelease.eq(false)).and(tells));
    let in_group = group_members::table
        .inner_join(announcements::table.on(announcements::group_id.eq(group_members::group_id.nullable())))
        .filter(group_members::page_id.eq(page_id).and(group_members::release_id.eq(release_id)))
        .filter(announcements::state.eq_any([Spreading.as_str(), Spread.as_str()]));
    let told: bool = diesel::select(exists(by_name)).get_result(connection)?;
    Ok(told || diesel::select(exists(in_group)).get_result(connection)?)
}
