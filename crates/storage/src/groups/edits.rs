//! Groups that an editor makes, edits and takes back.

use std::collections::{HashMap, HashSet};

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    bump::Bump,
    conflict::revision_check,
    fault::{Fault, Faults},
    group::{
        GroupCandidate, GroupMemberRank, GroupState, GroupVersion, group_candidate_check, group_edit_check,
        group_new_check, group_version_check,
    },
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    announcements::row::group_announcements_withdraw,
    database::{
        change::Change,
        schema::{component_releases, components, group_members, groups, releases},
        stored::stored,
    },
    groups::{
        closing::{GroupNumber, group_announce, group_number, members_bump},
        member_row::{CountedMember, member_add, release_is_member},
        row::{Group, group_add, group_load, group_row},
    },
    pages::row::{page_generation_raise, page_load},
    releases::row::ReleaseContext,
};

/// A group that an editor makes. Whoever parses the fields checks them: at least one release and at most
/// [`GROUP_MEMBERS_MAX`](releasepage_domain::group::GROUP_MEMBERS_MAX), and the notes with `release_notes_check`.
#[derive(Clone, Debug)]
pub struct GroupNew {
    /// Its version, which no other group of the page has.
    pub version: GroupVersion,
    /// Its releases, by their ids.
    pub releases: Vec<String>,
    /// An introduction, Markdown.
    pub notes: Option<String>,
    /// Says whether subscribers are told of it.
    pub notify: bool,
}

/// An edit of a group, checked as a [`GroupNew`] is.
#[derive(Clone, Debug, Default)]
pub struct GroupChange {
    /// The revision that was edited, where the client names it.
    pub revision: Option<i64>,
    /// Its version; only where an editor gives it, on a `manual` page.
    pub version: Change<GroupVersion>,
    /// The introduction; `None` for none.
    pub notes: Change<Option<String>>,
}

/// Makes a group of a `manual` page, closed from the start, and announces it after the delay unless `notify` is false
/// or subscribers were told of each of its releases before.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such page, with [`StoreError::Conflict`] where the
/// page is not `manual`, and with [`StoreError::Faults`] on `version` where another group has it, and on
/// `release_ids.0` and so on for each release that readers do not see on the page, that is a pre-release, that is in
/// another group, or that is named twice.
pub async fn group_create(
    store: &Store,
    organization_id: i64,
    page_id: String,
    new: GroupNew,
    context: ReleaseContext,
) -> Result<Group, StoreError> {
    store
        .write(&[Scope::Groups(page_id.clone())], move |connection| {
            group_new_check(page_load(connection, organization_id, &page_id)?.grouping.mode)?;
            let mut faults = Faults::new();
            faults.take(version_free(connection, &page_id, None, new.version)?);
            let members = members_found(connection, &page_id, &new.releases, &mut faults)?;
            let bump = members_bump(&members);
            if new.releases.is_empty() {
                faults.take(Err::<(), _>(Fault::invalid("release_ids", "must be the ids of one or more releases")));
            }
            let Some(bump) = bump.filter(|_| faults.is_empty()) else {
                return Err(StoreError::Faults(faults).into());
            };
            let now = context.now;
            let group_id = group_add(connection, &page_id, GroupState::Closed, now)?;
            for member in &members {
                member_add(connection, &page_id, group_id, member.as_new(), now)?;
            }
            let number = GroupNumber { version: new.version, bump, notify: new.notify, members: &members };
            group_number(connection, group_id, &number, now)?;
            diesel::update(groups::table.find(group_id)).set(groups::notes.eq(&new.notes)).execute(connection)?;
            page_generation_raise(connection, &page_id)?;
            if new.notify {
                group_announce(connection, &page_id, group_id, &members, context)?;
            }
            group_load(connection, &page_id, group_id)
        })
        .await
}

/// The version, or a fault where another group of the page has it.
fn version_free(
    connection: &mut AnyConnection,
    page_id: &str,
    own: Option<i64>,
    version: GroupVersion,
) -> QueryResult<Result<(), Fault>> {
    let others = groups::table
        .filter(groups::page_id.eq(page_id).and(groups::version_key.eq(version.sort_key())))
        .filter(groups::state.ne(GroupState::Withdrawn.as_str()).and(groups::id.ne(own.unwrap_or_default())));
    Ok(if diesel::select(exists(others)).get_result(connection)? {
        Err(Fault::taken("version", "must be one that no other group of the page has"))
    } else {
        Ok(())
    })
}

/// The releases that can be members of a new group of the page, and a fault for each that cannot.
fn members_found(
    connection: &mut AnyConnection,
    page_id: &str,
    release_ids: &[String],
    faults: &mut Faults,
) -> QueryResult<Vec<CountedMember>> {
    type Row = (String, i64, String, bool, UtcTime);
    let shown: HashMap<String, Row> = component_releases::table
        .inner_join(components::table)
        .inner_join(releases::table)
        .filter(components::page_id.eq(page_id).and(component_releases::visible.eq(true)))
        .filter(releases::id.eq_any(release_ids))
        .select((
            releases::id,
            components::id,
            component_releases::bump,
            component_releases::prerelease,
            component_releases::published_at,
        ))
        .load::<Row>(connection)?
        .into_iter()
        .map(|row| (row.0.clone(), row))
        .collect();
    let mut members = Vec::with_capacity(release_ids.len());
    let mut named = HashSet::new();
    for (index, release_id) in release_ids.iter().enumerate() {
        let field = format!("release_ids.{index}");
        let own = shown.get(release_id);
        let candidate = match own {
            _ if !named.insert(release_id) => GroupCandidate::Repeated,
            None => GroupCandidate::Unseen,
            Some((.., true, _)) => GroupCandidate::Prerelease,
            Some(_) if release_is_member(connection, page_id, release_id)? => GroupCandidate::Taken,
            Some(_) => GroupCandidate::Free,
        };
        let is_free = faults.take(group_candidate_check(&field, candidate)).is_some();
        if let Some((_, component, bump, _, published_at)) = own.filter(|_| is_free) {
            let bump: Bump = stored(bump, "bump")?;
            let rank = GroupMemberRank {
                component: *component,
                release_id: release_id.clone(),
                bump,
                published_at: *published_at,
            };
            members.push(CountedMember { rank, notify: true });
        }
    }
    Ok(members)
}

/// Edits a group. What readers were mailed stays as it was; an edit that changes nothing writes nothing.
///
/// Fails with [`StoreError::NotFound`] where there is none, with [`StoreError::Conflict`] where the edit names a
/// revision that is no longer current, where the group was taken back, or where it would get a version that an editor
/// does not give, and with [`StoreError::Faults`] on `version` where another group has it.
pub async fn group_edit(
    store: &Store,
    organization_id: i64,
    page_id: String,
    group_id: i64,
    change: GroupChange,
    now: UtcTime,
) -> Result<Group, StoreError> {
    store
        .write(&[Scope::Groups(page_id.clone())], move |connection| {
            let mode = page_load(connection, organization_id, &page_id)?.grouping.mode;
            let before = group_row(connection, &page_id, group_id)?;
            revision_check(before.revision, change.revision)?;
            let state = before.state()?;
            group_edit_check(state)?;
            let version = match change.version {
                Change::Set(version) if before.version.as_deref() != Some(&version.to_string()) => {
                    group_version_check(mode, state)?;
                    version_free(connection, &page_id, Some(group_id), version)??;
                    Some(version)
                }
                _ => None,
            };
            let notes = change.notes.clone().or(before.notes.clone());
            if version.is_none() && notes == before.notes {
                return group_load(connection, &page_id, group_id);
            }
            if let Some(version) = version {
                diesel::update(groups::table.find(group_id))
                    .set((groups::version.eq(version.to_string()), groups::version_key.eq(version.sort_key())))
                    .execute(connection)?;
            }
            diesel::update(groups::table.find(group_id))
                .set((groups::notes.eq(notes), groups::revision.eq(groups::revision + 1), groups::updated_at.eq(now)))
                .execute(connection)?;
            page_generation_raise(connection, &page_id)?;
            group_load(connection, &page_id, group_id)
        })
        .await
}

/// Takes a group back: readers see its releases one by one again, what is still queued for it is cancelled, and its
/// releases are free for another group. Taking it back again changes nothing.
///
/// Fails with [`StoreError::NotFound`] where there is none.
pub async fn group_withdraw(
    store: &Store,
    organization_id: i64,
    page_id: String,
    group_id: i64,
    now: UtcTime,
) -> Result<(), StoreError> {
    store
        .write(&[Scope::Groups(page_id.clone())], move |connection| {
            page_load(connection, organization_id, &page_id)?;
            if group_row(connection, &page_id, group_id)?.state()? == GroupState::Withdrawn {
                return Ok(());
            }
            diesel::update(groups::table.find(group_id))
                .set((
                    groups::state.eq(GroupState::Withdrawn.as_str()),
                    groups::revision.eq(groups::revision + 1),
                    groups::updated_at.eq(now),
                ))
                .execute(connection)?;
            let staying = group_members::group_id.eq(group_id).and(group_members::left_at.is_null());
            diesel::update(group_members::table.filter(staying))
                .set(group_members::left_at.eq(now))
                .execute(connection)?;
            group_announcements_withdraw(connection, group_id, now)?;
            page_generation_raise(connection, &page_id)
        })
        .await
}
