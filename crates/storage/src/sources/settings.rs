//! Sources that the releases of repositories are fetched from.

use chrono::Duration;
use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    job::{JobPayload, JobState},
    repository::{RepositoryName, RepositoryOrigin},
    repository_source::{BackfillState, SOURCE_NONE, SourceWalk, origin_has_listing, poll_at, source_token_check},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::{
        change::Change,
        schema::{jobs, repository_sources, source_releases},
    },
    jobs::row::{job_enqueue, repository_turn},
    repositories::row::{Repository, repository_load},
    sources::tokens::{TokenSealing, source_place},
};

/// The number of repositories that are found due to be polled at once; the rest is found the next time.
const DUE_MAX: i64 = 500;

/// The source that the releases of a new repository are to be fetched from.
pub struct SourceNew {
    /// The address of the forge's API; `None` for that of the server's settings.
    pub api_url: Option<String>,
    /// The repository's name at its forge; `None` for the one that it has here.
    pub name: Option<RepositoryName>,
    /// The sealing of the forge's token, where there is one.
    pub token: Option<TokenSealing>,
    /// Says whether it is asked again and again.
    pub polls: bool,
}

impl Default for SourceNew {
    fn default() -> Self {
        Self { api_url: None, name: None, token: None, polls: true }
    }
}

/// An edit of where the releases of a repository are fetched from.
#[derive(Clone, Debug, Default)]
pub struct SourceChange {
    /// The address of the forge's API.
    pub api_url: Change<Option<String>>,
    /// The repository's name at its forge.
    pub name: Change<Option<RepositoryName>>,
    /// The sealing of the forge's token, or `None` for no token.
    pub token: Change<Option<TokenSealing>>,
    /// Says whether it is asked again and again.
    pub polls: Change<bool>,
}

impl SourceChange {
    /// Names no member.
    fn is_empty(&self) -> bool {
        !(self.api_url.is_set() || self.name.is_set() || self.token.is_set() || self.polls.is_set())
    }
}

/// Writes where a new repository's releases are fetched from, and the job that does it, in the caller's transaction.
/// Does nothing where its forge has no API that lists releases.
pub(crate) fn source_insert(
    connection: &mut AnyConnection,
    repository_id: i64,
    origin: RepositoryOrigin,
    new: &SourceNew,
    now: UtcTime,
) -> QueryResult<()> {
    if !origin_has_listing(origin) {
        return Ok(());
    }
    diesel::insert_into(repository_sources::table)
        .values((
            repository_sources::repository_id.eq(repository_id),
            repository_sources::api_url.eq(new.api_url.as_deref()),
            repository_sources::name.eq(new.name.as_ref().map(RepositoryName::as_str)),
            repository_sources::token
                .eq(new.token.as_ref().map(|token| token.seal(repository_id, new.api_url.as_deref()))),
            repository_sources::polls.eq(new.polls),
            repository_sources::backfill.eq(BackfillState::Waiting.as_str()),
        ))
        .execute(connection)?;
    backfill_begin(connection, repository_id, now)
}

/// Has the history of a repository fetched from its beginning, in the caller's transaction. When it was last walked
/// stays: what was published since is no history.
fn backfill_begin(connection: &mut AnyConnection, repository_id: i64, now: UtcTime) -> QueryResult<()> {
    diesel::update(repository_sources::table.find(repository_id))
        .set((
            repository_sources::backfill.eq(BackfillState::Waiting.as_str()),
            repository_sources::walk.eq(SourceWalk::Backfill.as_str()),
            repository_sources::walk_started_at.eq(now),
            repository_sources::walk_fetched.eq(0),
            repository_sources::walk_etag.eq(None::<String>),
            repository_sources::next_page.eq(None::<String>),
            repository_sources::etag.eq(None::<String>),
            repository_sources::next_poll_at.eq(None::<UtcTime>),
            repository_sources::fetched.eq(0),
            repository_sources::added.eq(0),
            repository_sources::refused.eq(0),
            repository_sources::refusals.eq("[]"),
        ))
        .execute(connection)?;
    job_enqueue_once(connection, &JobPayload::SourceBackfill { repository: repository_id }, repository_id, now)
}

/// Writes a job of a repository, unless one like it waits or runs.
fn job_enqueue_once(
    connection: &mut AnyConnection,
    payload: &JobPayload,
    repository_id: i64,
    now: UtcTime,
) -> QueryResult<()> {
    let turn = repository_turn(repository_id);
    let text = serde_json::to_string(payload).map_err(|_| StoreError::corrupt("payload"))?;
    let alive = [JobState::Ready.as_str(), JobState::Running.as_str()];
    let same = jobs::table.filter(
        jobs::state
            .eq_any(alive)
            .and(jobs::lane.eq(payload.lane().rank()))
            .and(jobs::turn.eq(&turn))
            .and(jobs::payload.eq(text)),
    );
    if diesel::select(exists(same)).get_result(connection)? {
        return Ok(());
    }
    job_enqueue(connection, payload, &turn, now, now)
}

/// Has the history of a repository fetched again, from its beginning; where that waits or runs, nothing changes.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such repository, and with
/// [`StoreError::Conflict`] where there is no forge to fetch it from.
pub async fn source_backfill(
    store: &Store,
    organization_id: i64,
    id: i64,
    now: UtcTime,
) -> Result<Repository, StoreError> {
    store
        .write(&[Scope::Repository(id)], move |connection| {
            let repository = repository_load(connection, organization_id, id)?;
            let source = repository.source.as_ref().ok_or(StoreError::Conflict(SOURCE_NONE))?;
            match source.backfill {
                BackfillState::Waiting | BackfillState::Running => {
                    // Where its job was lost or gave up, it goes on all the same.
                    job_enqueue_once(connection, &JobPayload::SourceBackfill { repository: id }, id, now)?;
                }
                BackfillState::Done | BackfillState::Failed => backfill_begin(connection, id, now)?,
            }
            repository_load(connection, organization_id, id)
        })
        .await
}

/// Edits where a repository's releases are fetched from, in the caller's transaction under the repository's scope.
/// Answers whether anything changed.
///
/// At another address or under another name there are other releases: their history is fetched from its beginning, and
/// the ids of those before are forgotten, since the same ids may be others' there. The releases stay, and are those of
/// their tags. With another token, what failed is tried again at once. A token goes nowhere that it was not given for.
pub(crate) fn source_change(
    connection: &mut AnyConnection,
    repository: &Repository,
    change: &SourceChange,
    now: UtcTime,
) -> QueryResult<bool> {
    if change.is_empty() {
        return Ok(false);
    }
    let before = repository.source.as_ref().ok_or(StoreError::Conflict(SOURCE_NONE))?;
    let api_url = change.api_url.clone().or(before.api_url.clone());
    let name = change.name.clone().map(|name| name.map(|name| name.as_str().to_owned())).or(before.name.clone());
    let polls = change.polls.clone().or(before.polls);
    let is_elsewhere = api_url != before.api_url || name != before.name;
    let has_other_token = change.token.is_set();
    let (place_before, place) = (source_place(before.api_url.as_deref()), source_place(api_url.as_deref()));
    source_token_check(before.token.is_some(), has_other_token, &place_before, &place)?;
    if !is_elsewhere && !has_other_token && polls == before.polls {
        return Ok(false);
    }
    let row = repository_sources::table.find(repository.id);
    if let Change::Set(token) = &change.token {
        let sealed = token.as_ref().map(|token| token.seal(repository.id, api_url.as_deref()));
        diesel::update(row).set(repository_sources::token.eq(sealed)).execute(connection)?;
    }
    diesel::update(row)
        .set((
            repository_sources::api_url.eq(api_url),
            repository_sources::name.eq(name),
            repository_sources::polls.eq(polls),
        ))
        .execute(connection)?;
    if is_elsewhere {
        diesel::delete(source_releases::table.filter(source_releases::repository_id.eq(repository.id)))
            .execute(connection)?;
        backfill_begin(connection, repository.id, now)?;
    } else if before.next_poll_at.is_some() || polls {
        diesel::update(row).set(repository_sources::next_poll_at.eq(now)).execute(connection)?;
    }
    if is_elsewhere || has_other_token {
        diesel::update(row).set(repository_sources::wait_until.eq(None::<UtcTime>)).execute(connection)?;
    }
    Ok(true)
}

/// Follows a repository that its owner calls otherwise from now on, in the caller's transaction under the repository's
/// scope. One whose releases were found under the old name goes on to be asked for under it: names here need not be
/// those at forges. Else the new name is tried at once.
pub(crate) fn source_rename(connection: &mut AnyConnection, before: &Repository, now: UtcTime) -> QueryResult<()> {
    let known_there = before.hook.as_ref().and_then(|hook| hook.source_name.as_ref());
    let Some(source) = before.source.as_ref().filter(|source| source.name.is_none() && known_there.is_none()) else {
        return Ok(());
    };
    let row = repository_sources::table.find(before.id);
    match source.backfill {
        BackfillState::Done => {
            diesel::update(row).set(repository_sources::name.eq(&before.name)).execute(connection)?;
        }
        BackfillState::Failed => {
            diesel::update(row).set(repository_sources::next_poll_at.eq(now)).execute(connection)?;
        }
        BackfillState::Waiting | BackfillState::Running => {}
    }
    Ok(())
}

/// Writes the jobs of the repositories that are due to be polled, and when each is due again: after `interval`, spread
/// a little. Answers how many there were.
///
/// A repository whose backfill failed is due too, whether it is to be polled or not.
pub async fn source_polls(store: &Store, interval: Duration, now: UtcTime) -> Result<usize, StoreError> {
    store
        .write(&[Scope::Server], move |connection| {
            let failed = repository_sources::backfill.eq(BackfillState::Failed.as_str());
            let done = repository_sources::backfill.eq(BackfillState::Done.as_str());
            let due: Vec<(i64, String)> = repository_sources::table
                .filter(repository_sources::next_poll_at.le(now))
                .filter(failed.or(done.and(repository_sources::polls.eq(true))))
                .order((repository_sources::next_poll_at, repository_sources::repository_id))
                .limit(DUE_MAX)
                .select((repository_sources::repository_id, repository_sources::backfill))
                .load(connection)?;
            for (id, backfill) in &due {
                let row = repository_sources::table.find(*id);
                diesel::update(row)
                    .set(repository_sources::next_poll_at.eq(poll_at(*id, interval, now)))
                    .execute(connection)?;
                let payload = if *backfill == BackfillState::Failed.as_str() {
                    diesel::update(row)
                        .set(repository_sources::backfill.eq(BackfillState::Waiting.as_str()))
                        .execute(connection)?;
                    JobPayload::SourceBackfill { repository: *id }
                } else {
                    JobPayload::SourcePoll { repository: *id }
                };
                job_enqueue_once(connection, &payload, *id, now)?;
            }
            Ok(due.len())
        })
        .await
}
