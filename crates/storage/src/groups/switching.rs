//! Changes of a page's groups when its grouping is switched.

use diesel::prelude::*;
use releasepage_domain::{
    group::{GroupMemberRank, GroupState, Grouping, group_version_next},
    job::JobPayload,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult,
    database::schema::groups,
    groups::{
        closing::{GroupNumber, group_number, members_bump},
        member_row::{CountedMember, member_add, release_is_member},
        row::{group_add, group_open, group_version_highest},
    },
    jobs::row::job_enqueue,
    pages::{release_row::page_latest, row::PageGrouping},
};

/// Brings the groups of a page up to date with its new grouping, in the caller's transaction, which holds the scopes of
/// the page, its repositories and its groups and has written the page.
///
/// - Switched to `auto`, the latest releases that have no group become one, of which nobody is told: the page's first
///   group, or the next after those it had before.
/// - Switched away from `auto`, the open group closes now instead of later, and is told as any other.
pub(crate) fn grouping_switch(
    connection: &mut AnyConnection,
    page_id: &str,
    before: Grouping,
    after: &PageGrouping,
    now: UtcTime,
) -> QueryResult<()> {
    if after.mode == before {
        return Ok(());
    }
    if before == Grouping::Auto
        && let Some((group_id, _)) = group_open(connection, page_id)?
    {
        diesel::update(groups::table.find(group_id)).set(groups::closes_at.eq(now)).execute(connection)?;
        job_enqueue(connection, &JobPayload::GroupClose { group: group_id }, page_id, now, now)?;
    }
    if after.mode == Grouping::Auto { latest_group(connection, page_id, after, now) } else { Ok(()) }
}

/// Makes a group of the latest releases of the page that are in none.
fn latest_group(
    connection: &mut AnyConnection,
    page_id: &str,
    grouping: &PageGrouping,
    now: UtcTime,
) -> QueryResult<()> {
    let mut members = Vec::new();
    for latest in page_latest(connection, page_id)? {
        if !release_is_member(connection, page_id, &latest.id)? {
            let rank = GroupMemberRank {
                component: latest.component.id,
                release_id: latest.id,
                bump: latest.bump,
                published_at: latest.published_at,
            };
            members.push(CountedMember { rank, notify: false });
        }
    }
    let Some(bump) = members_bump(&members) else { return Ok(()) };
    let version = group_version_next(group_version_highest(connection, page_id)?, bump, grouping.initial_version);
    let group_id = group_add(connection, page_id, GroupState::Closed, now)?;
    for member in &members {
        member_add(connection, page_id, group_id, member.as_new(), now)?;
    }
    group_number(connection, group_id, &GroupNumber { version, bump, notify: false, members: &members }, now)
}
