//! Releases joining groups.

use diesel::prelude::*;
use releasepage_domain::{group::GroupState, job::JobPayload};

use crate::{
    AnyConnection, QueryResult, StoreError,
    database::schema::groups,
    groups::{
        closing::group_close,
        member_row::{MemberNew, member_add, release_is_member},
        row::{group_add, group_open},
    },
    jobs::row::job_enqueue,
    pages::row::page_grouping,
    releases::row::ReleaseContext,
};

/// Lets a release that readers have come to see join the open group of an `auto` page, or open one. The group then
/// closes after the page's window, at once where that is 0. Does nothing for a release that has its group.
///
/// The caller holds the page's [`Scope::Groups`](crate::Scope::Groups).
pub(crate) fn group_join(
    connection: &mut AnyConnection,
    page_id: &str,
    member: MemberNew<'_>,
    context: ReleaseContext,
) -> QueryResult<()> {
    if release_is_member(connection, page_id, member.release_id)? {
        return Ok(());
    }
    let now = context.now;
    let window_minutes = page_grouping(connection, page_id)?.ok_or(StoreError::NotFound)?.window_minutes;
    let closes_at = now + chrono::Duration::minutes(window_minutes.into());
    let (group_id, closed_at_before) = match group_open(connection, page_id)? {
        Some((id, closes_at)) => (id, closes_at),
        None => (group_add(connection, page_id, GroupState::Open, now)?, None),
    };
    member_add(connection, page_id, group_id, member, now)?;
    diesel::update(groups::table.find(group_id))
        .set((groups::closes_at.eq(closes_at), groups::updated_at.eq(now)))
        .execute(connection)?;
    if window_minutes == 0 {
        return group_close(connection, page_id, group_id, context);
    }
    // The job that waits already is put off when its time comes too early.
    if closed_at_before.is_none_or(|before| before > closes_at) {
        job_enqueue(connection, &JobPayload::GroupClose { group: group_id }, page_id, closes_at, now)?;
    }
    Ok(())
}
