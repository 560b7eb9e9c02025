//! Members of groups: which of them count, and how a release joins.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    announcement::ToldRelease,
    bump::Bump,
    group::{GroupMemberRank, GroupState},
    job::JobPayload,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult,
    database::{
        schema::{announcements, component_releases, components, group_members, groups, releases},
        stored::stored,
    },
    groups::closing::group_close,
    jobs::claims::job_enqueue,
    pages::edits::PageGrouping,
    releases::edits::ReleaseContext,
};

/// The members of a page's groups that count: those which readers see, and not as a pre-release.
macro_rules! counted {
    ($page_id:expr) => {
        component_releases::table
            .inner_join(components::table)
            .inner_join(releases::table)
            .inner_join(group_members::table.on(group_members::release_id.eq(component_releases::release_id)))
            .filter(components::page_id.eq($page_id).and(group_members::page_id.eq($page_id)))
            .filter(group_members::left_at.is_null())
            .filter(component_releases::visible.eq(true).and(component_releases::prerelease.eq(false)))
    };
}
pub(crate) use counted;

/// A member that counts.
#[derive(Clone, Debug)]
pub(crate) struct CountedMember {
    /// The release, with its component, its bump and its time.
    pub(crate) rank: GroupMemberRank,
    /// Whether its author wants it to be told.
    pub(crate) notify: bool,
}

/// The members of a group that count, in the order in which they joined.
pub(crate) fn members_counted(
    connection: &mut AnyConnection,
    page_id: &str,
    group_id: i64,
) -> QueryResult<Vec<CountedMember>> {
    counted!(page_id)
        .filter(group_members::group_id.eq(group_id))
        .order((group_members::joined_at, releases::id))
        .select((
            components::id,
            releases::id,
            component_releases::bump,
            component_releases::published_at,
            group_members::notify,
        ))
        .load::<(i64, String, String, UtcTime, bool)>(connection)?
        .into_iter()
        .map(|(component, release_id, bump, published_at, notify)| {
            let bump: Bump = stored(&bump, "bump")?;
            Ok(CountedMember { rank: GroupMemberRank { component, release_id, bump, published_at }, notify })
        })
        .collect()
}

/// The releases of a group that readers see, and what they are to them; none of a group that is not closed.
pub(crate) fn group_releases_seen(
    connection: &mut AnyConnection,
    page_id: &str,
    group_id: i64,
) -> QueryResult<Vec<(String, ToldRelease)>> {
    let state: Option<String> = groups::table.find(group_id).select(groups::state).first(connection).optional()?;
    if state.as_deref() != Some(GroupState::Closed.as_str()) {
        return Ok(Vec::new());
    }
    let members = members_counted(connection, page_id, group_id)?.into_iter().map(|member| member.rank);
    Ok(members.map(|rank| (rank.release_id, ToldRelease { component: rank.component, bump: rank.bump })).collect())
}

/// Whether a release belongs to a group of a page that was not taken back.
pub(crate) fn release_is_member(connection: &mut AnyConnection, page_id: &str, release_id: &str) -> QueryResult<bool> {
    let own = group_members::page_id.eq(page_id).and(group_members::release_id.eq(release_id));
    let is_member = group_members::table.filter(own.and(group_members::left_at.is_null()));
    Ok(diesel::select(exists(is_member)).get_result(connection)?)
}

/// Whether subscribers of a page were told of a release, by itself or with a group; or will be, by what waits for its
/// delay under the release's own name. What was cancelled before anybody was told of it told nothing.
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

/// Writes a release into a group.
pub(crate) fn member_add(
    connection: &mut AnyConnection,
    (page_id, group_id): (&str, i64),
    (release_id, notify): (&str, bool),
    now: UtcTime,
) -> QueryResult<()> {
    diesel::insert_into(group_members::table)
        .values((
            group_members::group_id.eq(group_id),
            group_members::release_id.eq(release_id),
            group_members::page_id.eq(page_id),
            group_members::notify.eq(notify),
            group_members::joined_at.eq(now),
        ))
        .execute(connection)?;
    Ok(())
}

/// Lets a release that readers have come to see join the open group of an `auto` page, or open one. The group then closes
/// after the page's window, at once where that is 0. Does nothing for a release that has its group.
///
/// The caller holds the page's [`Scope::Groups`](crate::Scope::Groups).
pub(crate) fn group_join(
    connection: &mut AnyConnection,
    (page_id, grouping): (&str, &PageGrouping),
    (release_id, notify): (&str, bool),
    context: ReleaseContext,
) -> QueryResult<()> {
    if release_is_member(connection, page_id, release_id)? {
        return Ok(());
    }
    let now = context.now;
    let closes_at = now + chrono::Duration::minutes(grouping.window_minutes.into());
    let (group_id, closed_at_before) = match group_open(connection, page_id)? {
        Some((id, closes_at)) => (id, closes_at),
        None => (group_add(connection, page_id, GroupState::Open, now)?, None),
    };
    member_add(connection, (page_id, group_id), (release_id, notify), now)?;
    diesel::update(groups::table.find(group_id))
        .set((groups::closes_at.eq(closes_at), groups::updated_at.eq(now)))
        .execute(connection)?;
    if grouping.window_minutes == 0 {
        return group_close(connection, page_id, group_id, context);
    }
    // The job that waits already is put off when its time comes too early.
    if closed_at_before.is_none_or(|before| before > closes_at) {
        job_enqueue(connection, &JobPayload::GroupClose { group: group_id }, page_id, closes_at, now)?;
    }
    Ok(())
}

/// The open group of a page, and when it closes.
pub(crate) fn group_open(connection: &mut AnyConnection, page_id: &str) -> QueryResult<Option<(i64, Option<UtcTime>)>> {
    Ok(groups::table
        .filter(groups::page_id.eq(page_id).and(groups::state.eq(GroupState::Open.as_str())))
        .select((groups::id, groups::closes_at))
        .first(connection)
        .optional()?)
}

/// Writes a group without members. One that is not made by joins is closed from the start: the page may still have an open
/// one, which it closes soon after it was switched away from `auto`.
pub(crate) fn group_add(
    connection: &mut AnyConnection,
    page_id: &str,
    state: GroupState,
    now: UtcTime,
) -> QueryResult<i64> {
    Ok(diesel::insert_into(groups::table)
        .values((
            groups::page_id.eq(page_id),
            groups::state.eq(state.as_str()),
            groups::notify.eq(true),
            groups::revision.eq(1),
            groups::created_at.eq(now),
            groups::updated_at.eq(now),
        ))
        .returning(groups::id)
        .get_result(connection)?)
}
