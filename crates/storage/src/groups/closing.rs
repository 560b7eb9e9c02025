//! The end of a group's window: it gets its version, and subscribers are told.

use diesel::prelude::*;
use releasepage_domain::{
    bump::Bump,
    group::{GroupMemberRank, GroupState, GroupVersion, group_bump, group_lead, group_version_next},
    job::{JobPayload, JobState},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    announcements::row::{AnnouncementNew, group_announcement_create, release_was_told},
    database::schema::{group_members, groups, jobs},
    groups::{
        member_row::{CountedMember, members_counted},
        row::{group_open, group_row, group_version_highest},
    },
    jobs::row::job_enqueue,
    pages::{
        release_row::bump_fix,
        row::{page_generation_raise, page_grouping},
    },
    releases::row::ReleaseContext,
};

/// Closes an open group whose time has come. Answers when to ask again, where a release that joined it since has put
/// that off; does nothing where the group is closed or gone.
pub async fn group_close_due(
    store: &Store,
    group_id: i64,
    context: ReleaseContext,
) -> Result<Option<UtcTime>, StoreError> {
    store
        .write(&[], move |connection| {
            let page_id: Option<String> =
                groups::table.find(group_id).select(groups::page_id).first(connection).optional()?;
            let Some(page_id) = page_id else { return Ok(None) };
            connection.lock(&Scope::Groups(page_id.clone()))?;
            let row = match group_row(connection, &page_id, group_id) {
                Err(crate::QueryError::Store(StoreError::NotFound)) => return Ok(None),
                row => row?,
            };
            if row.state()? != GroupState::Open {
                return Ok(None);
            }
            if let Some(closes_at) = row.closes_at.filter(|&closes_at| closes_at > context.now) {
                return Ok(Some(closes_at));
            }
            group_close(connection, &page_id, group_id, context)?;
            Ok(None)
        })
        .await
}

/// Gives each open group whose job failed for good, or is gone, a new one in its place, due when the group closes: else
/// it would stay open for good, and its releases without a version. Answers how many there were.
pub async fn group_jobs_restore(store: &Store, now: UtcTime) -> Result<usize, StoreError> {
    let page_ids = store.read(pages_forsaken).await?;
    let mut restored = 0;
    for page_id in page_ids {
        let is_restored = store
            .write(&[Scope::Groups(page_id.clone())], move |connection| {
                let Some((group_id, closes_at)) = group_open(connection, &page_id)? else { return Ok(false) };
                if !close_jobs(connection, &page_id, group_id, &JOB_ALIVE)?.is_empty() {
                    return Ok(false);
                }
                let dead = close_jobs(connection, &page_id, group_id, &[JobState::Dead])?;
                let still_dead = jobs::id.eq_any(dead).and(jobs::state.eq(JobState::Dead.as_str()));
                diesel::delete(jobs::table.filter(still_dead)).execute(connection)?;
                let payload = JobPayload::GroupClose { group: group_id };
                job_enqueue(connection, &payload, &page_id, closes_at.unwrap_or(now), now)?;
                Ok(true)
            })
            .await?;
        restored += usize::from(is_restored);
    }
    Ok(restored)
}

/// The states of a job that is still to be done.
const JOB_ALIVE: [JobState; 2] = [JobState::Ready, JobState::Running];

/// The pages with an open group that no job is going to close.
fn pages_forsaken(connection: &mut AnyConnection) -> QueryResult<Vec<String>> {
    let open: Vec<(String, i64)> = groups::table
        .filter(groups::state.eq(GroupState::Open.as_str()))
        .order(groups::id)
        .select((groups::page_id, groups::id))
        .load(connection)?;
    let mut page_ids = Vec::new();
    for (page_id, group_id) in open {
        if close_jobs(connection, &page_id, group_id, &JOB_ALIVE)?.is_empty() {
            page_ids.push(page_id);
        }
    }
    Ok(page_ids)
}

/// The jobs in these states that close a group.
fn close_jobs(
    connection: &mut AnyConnection,
    page_id: &str,
    group_id: i64,
    states: &[JobState],
) -> QueryResult<Vec<i64>> {
    let payload = JobPayload::GroupClose { group: group_id };
    let text = serde_json::to_string(&payload).map_err(|_| StoreError::corrupt("payload"))?;
    Ok(jobs::table
        .filter(jobs::state.eq_any(states.iter().map(|state| state.as_str())))
        .filter(jobs::lane.eq(payload.lane().rank()).and(jobs::turn.eq(page_id)).and(jobs::payload.eq(text)))
        .select(jobs::id)
        .load(connection)?)
}

/// Closes an open group: the next version of the page, by the highest bump among the members that count, and one
/// announcement, unless no author wants one. Members that readers do not see at this moment leave it, and join another
/// one when they come back; a group without any other is gone.
///
/// The caller holds the page's [`Scope::Groups`].
pub(crate) fn group_close(
    connection: &mut AnyConnection,
    page_id: &str,
    group_id: i64,
    context: ReleaseContext,
) -> QueryResult<()> {
    let members = members_counted(connection, page_id, group_id)?;
    let counted: Vec<&str> = members.iter().map(|member| member.rank.release_id.as_str()).collect();
    let gone = group_members::group_id.eq(group_id).and(group_members::release_id.ne_all(counted));
    diesel::delete(group_members::table.filter(gone)).execute(connection)?;
    let Some(bump) = members_bump(&members) else {
        diesel::delete(groups::table.find(group_id)).execute(connection)?;
        return Ok(());
    };
    let initial = page_grouping(connection, page_id)?.ok_or(StoreError::NotFound)?.initial_version;
    let version = group_version_next(group_version_highest(connection, page_id)?, bump, initial);
    let notify = members.iter().any(|member| member.notify);
    group_number(connection, group_id, &GroupNumber { version, bump, notify, members: &members }, context.now)?;
    page_generation_raise(connection, page_id)?;
    if notify { group_announce(connection, page_id, group_id, &members, context) } else { Ok(()) }
}

/// The bump of a group to its readers; `None` without members.
pub(crate) fn members_bump(members: &[CountedMember]) -> Option<Bump> {
    group_bump(members.iter().map(|member| member.rank.bump))
}

/// A group as it closes.
pub(crate) struct GroupNumber<'a> {
    /// Its version.
    pub(crate) version: GroupVersion,
    /// Its bump to its readers.
    pub(crate) bump: Bump,
    /// Subscribers are told of it.
    pub(crate) notify: bool,
    /// The members that count.
    pub(crate) members: &'a [CountedMember],
}

/// Writes down what a group has from its closing on, and keeps the bumps of its members as they are: whatever history
/// arrives later, the group and its version stay as they were told.
pub(crate) fn group_number(
    connection: &mut AnyConnection,
    group_id: i64,
    number: &GroupNumber<'_>,
    now: UtcTime,
) -> QueryResult<()> {
    let GroupNumber { version, bump, notify, members } = *number;
    diesel::update(groups::table.find(group_id))
        .set((
            groups::state.eq(GroupState::Closed.as_str()),
            groups::version.eq(version.to_string()),
            groups::version_key.eq(version.sort_key()),
            groups::bump.eq(bump.as_str()),
            groups::notify.eq(notify),
            groups::closed_at.eq(now),
            groups::published_at.eq(members.iter().map(|member| member.rank.published_at).max()),
            groups::updated_at.eq(now),
        ))
        .execute(connection)?;
    for member in members {
        bump_fix(connection, member.rank.component, &member.rank.release_id)?;
    }
    Ok(())
}

/// Announces a group in the name of the member that matters most, of those that subscribers were not told of before; a
/// group of which they know every release is no news.
pub(crate) fn group_announce(
    connection: &mut AnyConnection,
    page_id: &str,
    group_id: i64,
    members: &[CountedMember],
    context: ReleaseContext,
) -> QueryResult<()> {
    let mut untold: Vec<GroupMemberRank> = Vec::with_capacity(members.len());
    for member in members {
        if !release_was_told(connection, page_id, &member.rank.release_id)? {
            untold.push(member.rank.clone());
        }
    }
    let Some(lead) = group_lead(&untold) else { return Ok(()) };
    let new = AnnouncementNew {
        page_id,
        component_id: lead.component,
        release_id: &lead.release_id,
        prerelease: false,
        group_id: Some(group_id),
    };
    group_announcement_create(connection, &new, context.notify_delay, context.now)
}
