//! Groups as they are stored.

use std::collections::HashMap;

use diesel::prelude::*;
use releasepage_domain::{
    bump::Bump,
    group::{GroupState, GroupVersion},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, StoreError,
    database::{
        schema::{component_releases, components, group_members, groups, releases},
        stored::stored,
    },
    pages::row::PageComponent,
};

/// A group with its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The group.
    pub id: i64,
    /// The page that it is on.
    pub page_id: String,
    /// Its state.
    pub state: GroupState,
    /// Its version; one that is open has none yet, nor has one that was taken back while it was.
    pub version: Option<String>,
    /// Its bump to its readers when it closed: the highest among its members.
    pub bump: Option<Bump>,
    /// The time at which it closes, if no release joins it until then; of one that an editor made, nothing.
    pub closes_at: Option<UtcTime>,
    /// The time at which it closed.
    pub closed_at: Option<UtcTime>,
    /// The time at which the newest of its members was published, as it closed: groups are listed by it.
    pub published_at: Option<UtcTime>,
    /// The introduction that an editor wrote, Markdown.
    pub notes: Option<String>,
    /// Says whether subscribers are told of it.
    pub notify: bool,
    /// Grows with every edit, from 1.
    pub revision: i64,
    /// The time at which it was made.
    pub created_at: UtcTime,
    /// The time at which it last changed.
    pub updated_at: UtcTime,
    /// Its members, in the order in which they joined.
    pub members: Vec<GroupMember>,
}

/// A release that belongs to a group, whether readers see it or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMember {
    /// The release.
    pub release_id: String,
    /// Its whole tag.
    pub tag: String,
    /// The time at which it was published.
    pub published_at: UtcTime,
    /// The time at which it joined.
    pub joined_at: UtcTime,
    /// The readers' view of it; `None` for one that was withdrawn, became a pre-release, or has no component on the
    /// page any more. It comes back as it went.
    pub shown: Option<GroupMemberShown>,
}

/// A member as readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMemberShown {
    /// The component that it belongs to.
    pub component: PageComponent,
    /// The tag without the component's own prefix.
    pub version: String,
    /// Its bump to the component's readers.
    pub bump: Bump,
}

/// The columns of a group.
#[derive(Queryable, Selectable)]
#[diesel(table_name = groups)]
pub(crate) struct GroupRow {
    pub(crate) id: i64,
    pub(crate) page_id: String,
    pub(crate) state: String,
    pub(crate) version: Option<String>,
    pub(crate) bump: Option<String>,
    pub(crate) closes_at: Option<UtcTime>,
    pub(crate) closed_at: Option<UtcTime>,
    pub(crate) published_at: Option<UtcTime>,
    pub(crate) notes: Option<String>,
    pub(crate) notify: bool,
    pub(crate) revision: i64,
    pub(crate) created_at: UtcTime,
    pub(crate) updated_at: UtcTime,
}

impl GroupRow {
    pub(crate) fn state(&self) -> QueryResult<GroupState> {
        stored(&self.state, "group")
    }

    fn group(self, members: Vec<GroupMember>) -> QueryResult<Group> {
        Ok(Group {
            state: self.state()?,
            bump: self.bump.as_deref().map(|bump| stored(bump, "bump")).transpose()?,
            id: self.id,
            page_id: self.page_id,
            version: self.version,
            closes_at: self.closes_at,
            closed_at: self.closed_at,
            published_at: self.published_at,
            notes: self.notes,
            notify: self.notify,
            revision: self.revision,
            created_at: self.created_at,
            updated_at: self.updated_at,
            members,
        })
    }
}

/// A group of a page with its members, in the caller's transaction, or [`StoreError::NotFound`].
pub(crate) fn group_load(connection: &mut AnyConnection, page_id: &str, group_id: i64) -> QueryResult<Group> {
    let row = group_row(connection, page_id, group_id)?;
    let group = groups_complete(connection, page_id, vec![row])?.pop();
    Ok(group.ok_or(StoreError::NotFound)?)
}

/// A group of a page without its members, in the caller's transaction, or [`StoreError::NotFound`].
pub(crate) fn group_row(connection: &mut AnyConnection, page_id: &str, group_id: i64) -> QueryResult<GroupRow> {
    let row = groups::table
        .find(group_id)
        .filter(groups::page_id.eq(page_id))
        .select(GroupRow::as_select())
        .first(connection)
        .optional()?;
    Ok(row.ok_or(StoreError::NotFound)?)
}

/// Adds their members to groups of a page.
pub(crate) fn groups_complete(
    connection: &mut AnyConnection,
    page_id: &str,
    rows: Vec<GroupRow>,
) -> QueryResult<Vec<Group>> {
    type MemberRow = (i64, String, String, UtcTime, UtcTime);
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let found: Vec<MemberRow> = group_members::table
        .inner_join(releases::table)
        .filter(group_members::group_id.eq_any(&ids))
        .order((group_members::joined_at, releases::published_at, releases::id))
        .select((
            group_members::group_id,
            releases::id,
            releases::tag,
            releases::published_at,
            group_members::joined_at,
        ))
        .load(connection)?;
    let release_ids: Vec<&str> = found.iter().map(|(_, release_id, ..)| release_id.as_str()).collect();
    let shown = members_shown(connection, page_id, &release_ids)?;
    let mut members: HashMap<i64, Vec<GroupMember>> = HashMap::new();
    for (group_id, release_id, tag, published_at, joined_at) in found {
        let member = GroupMember { shown: shown.get(&release_id).cloned(), release_id, tag, published_at, joined_at };
        members.entry(group_id).or_default().push(member);
    }
    rows.into_iter()
        .map(|row| {
            let members = members.remove(&row.id).unwrap_or_default();
            row.group(members)
        })
        .collect()
}

/// Loads what the readers of a page see of releases that can be members: pre-releases are left out.
fn members_shown(
    connection: &mut AnyConnection,
    page_id: &str,
    release_ids: &[&str],
) -> QueryResult<HashMap<String, GroupMemberShown>> {
    component_releases::table
        .inner_join(components::table)
        .filter(components::page_id.eq(page_id).and(component_releases::release_id.eq_any(release_ids)))
        .filter(component_releases::visible.eq(true).and(component_releases::prerelease.eq(false)))
        .select((
            component_releases::release_id,
            (components::id, components::repo, components::name),
            component_releases::version,
            component_releases::bump,
        ))
        .load::<(String, PageComponent, String, String)>(connection)?
        .into_iter()
        .map(|(release_id, component, version, bump)| {
            Ok((release_id, GroupMemberShown { component, version, bump: stored(&bump, "bump")? }))
        })
        .collect()
}

/// The highest version that a group of the page has or had, also one that was taken back.
pub(crate) fn group_version_highest(
    connection: &mut AnyConnection,
    page_id: &str,
) -> QueryResult<Option<GroupVersion>> {
    let highest: Option<Option<String>> = groups::table
        .filter(groups::page_id.eq(page_id).and(groups::version_key.is_not_null()))
        .order(groups::version_key.desc())
        .select(groups::version)
        .first(connection)
        .optional()?;
    highest.flatten().map(|version| stored(&version, "group version")).transpose()
}

/// The open group of a page, and when it closes.
pub(crate) fn group_open(connection: &mut AnyConnection, page_id: &str) -> QueryResult<Option<(i64, Option<UtcTime>)>> {
    Ok(groups::table
        .filter(groups::page_id.eq(page_id).and(groups::state.eq(GroupState::Open.as_str())))
        .select((groups::id, groups::closes_at))
        .first(connection)
        .optional()?)
}

/// Writes a group without members. One that is not made by joins is closed from the start: the page may still have an
/// open one, which it closes soon after it was switched away from `auto`.
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
