//! Members of groups as they are stored, and which of them count.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    announcement::ToldRelease,
    bump::Bump,
    group::{GroupMemberRank, GroupState},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult,
    database::{
        schema::{component_releases, components, group_members, groups, releases},
        stored::stored,
    },
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
    /// Its author wants it to be told.
    pub(crate) notify: bool,
}

impl CountedMember {
    /// The member as it is written into a group.
    pub(crate) fn as_new(&self) -> MemberNew<'_> {
        MemberNew { release_id: &self.rank.release_id, notify: self.notify }
    }
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

/// Tells whether a release belongs to a group of a page that was not taken back.
pub(crate) fn release_is_member(connection: &mut AnyConnection, page_id: &str, release_id: &str) -> QueryResult<bool> {
    let own = group_members::page_id.eq(page_id).and(group_members::release_id.eq(release_id));
    let is_member = group_members::table.filter(own.and(group_members::left_at.is_null()));
    Ok(diesel::select(exists(is_member)).get_result(connection)?)
}

/// A release that joins a group.
#[derive(Clone, Copy)]
pub(crate) struct MemberNew<'a> {
    pub(crate) release_id: &'a str,
    /// Subscribers are told of it with the group.
    pub(crate) notify: bool,
}

/// Writes a release into a group of a page.
pub(crate) fn member_add(
    connection: &mut AnyConnection,
    page_id: &str,
    group_id: i64,
    member: MemberNew<'_>,
    now: UtcTime,
) -> QueryResult<()> {
    diesel::insert_into(group_members::table)
        .values((
            group_members::group_id.eq(group_id),
            group_members::release_id.eq(member.release_id),
            group_members::page_id.eq(page_id),
            group_members::notify.eq(member.notify),
            group_members::joined_at.eq(now),
        ))
        .execute(connection)?;
    Ok(())
}
