//! The walks through the listings of forges: begun, gone on with, given up.

use diesel::prelude::*;
use releasepage_domain::{
    repository::RepositoryOrigin,
    repository_source::{BackfillState, SourceResult, SourceWalk},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::{
        schema::{repositories, repository_hooks, repository_sources},
        sealed_text::SealedText,
        stored::stored,
        stored_name::StoredName,
    },
};

/// A walk through the listing of a repository's forge, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceWork {
    /// The repository.
    pub repository_id: i64,
    /// The kind of its forge.
    pub origin: RepositoryOrigin,
    /// Its name there.
    pub name: String,
    /// The address of the forge's API; `None` for that of the server's settings.
    pub api_url: Option<String>,
    /// The token that the forge lets read it by, sealed for [`crate::sources::tokens::source_token_place`].
    pub token: Option<SealedText>,
    /// The purpose of the walk.
    pub walk: SourceWalk,
    /// The time at which it began.
    pub started_at: UtcTime,
    /// The page to be fetched, as its forge named it; `None` for the first one.
    pub next_page: Option<String>,
    /// The version of the first page that need not be listed again.
    pub etag: Option<String>,
}

/// The work to be done for a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceBegin {
    /// Nothing, or nothing by this job.
    Nothing,
    /// Its forge wants to be left alone until then.
    Wait(UtcTime),
    /// The next page is to be fetched.
    Walk(Box<SourceWork>),
}

/// The reason why a page was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFailure {
    /// The result of the request.
    pub result: SourceResult,
    /// The same as a sentence, without anything secret.
    pub message: String,
    /// The time until which the forge wants to be left alone.
    pub wait_until: Option<UtcTime>,
    /// The time of the next poll, where the walk is given up until then.
    pub given_up: Option<UtcTime>,
}

/// The columns that a walk depends on.
#[derive(Queryable, Selectable)]
#[diesel(table_name = repository_sources)]
struct WalkRow {
    api_url: Option<String>,
    name: Option<String>,
    token: Option<SealedText>,
    polls: bool,
    #[diesel(deserialize_as = StoredName)]
    backfill: BackfillState,
    walk: Option<String>,
    walk_started_at: Option<UtcTime>,
    next_page: Option<String>,
    walked_at: Option<UtcTime>,
    etag: Option<String>,
    wait_until: Option<UtcTime>,
}

/// Begins the backfill of a repository, or goes on with it.
pub async fn source_backfill_begin(store: &Store, repository_id: i64, now: UtcTime) -> Result<SourceBegin, StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            let Some(walked) = walk_load(connection, repository_id)? else {
                return Ok(SourceBegin::Nothing);
            };
            let row = &walked.row;
            let is_due = matches!(row.backfill, BackfillState::Waiting | BackfillState::Running);
            let (true, Some(started_at)) = (is_due, row.walk_started_at) else { return Ok(SourceBegin::Nothing) };
            if let Some(until) = row.wait_until.filter(|until| *until > now) {
                return Ok(SourceBegin::Wait(until));
            }
            diesel::update(repository_sources::table.find(repository_id))
                .set(repository_sources::backfill.eq(BackfillState::Running.as_str()))
                .execute(connection)?;
            Ok(walked.work(repository_id, SourceWalk::Backfill, started_at))
        })
        .await
}

/// Begins to poll a repository whose backfill is done, or goes on with it.
pub async fn source_poll_begin(store: &Store, repository_id: i64, now: UtcTime) -> Result<SourceBegin, StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            let Some(walked) = walk_load(connection, repository_id)? else {
                return Ok(SourceBegin::Nothing);
            };
            let row = &walked.row;
            if row.backfill != BackfillState::Done || !row.polls {
                return Ok(SourceBegin::Nothing);
            }
            if let Some(until) = row.wait_until.filter(|until| *until > now) {
                return Ok(SourceBegin::Wait(until));
            }
            let under_way = row.walk.as_deref().and_then(|walk| walk.parse().ok()).zip(row.walk_started_at);
            let (walk, started_at) = match under_way {
                Some(under_way) => under_way,
                None => {
                    let walk = SourceWalk::of_poll(row.walked_at, now);
                    walk_start(connection, repository_id, walk, now)?;
                    (walk, now)
                }
            };
            Ok(walked.work(repository_id, walk, started_at))
        })
        .await
}

impl Walked {
    fn work(self, repository_id: i64, walk: SourceWalk, started_at: UtcTime) -> SourceBegin {
        SourceBegin::Walk(Box::new(SourceWork {
            repository_id,
            origin: self.origin,
            name: self.row.name.unwrap_or(self.name),
            api_url: self.row.api_url,
            token: self.row.token,
            walk,
            started_at,
            // All of a listing may have changed, though its beginning has not.
            etag: self.row.etag.filter(|_| !walk.is_full() && self.row.next_page.is_none()),
            next_page: self.row.next_page,
        }))
    }
}

/// A repository whose forge is walked through.
struct Walked {
    /// The kind of its forge.
    origin: RepositoryOrigin,
    /// Its name, as far as its owner gave none that it has at its forge.
    name: String,
    row: WalkRow,
}

/// Loads a repository with its walk; `None` where there is no forge to walk through.
fn walk_load(connection: &mut AnyConnection, repository_id: i64) -> QueryResult<Option<Walked>> {
    let found: Option<(String, String, Option<String>, WalkRow)> = repository_sources::table
        .inner_join(repositories::table.left_join(repository_hooks::table))
        .filter(repository_sources::repository_id.eq(repository_id))
        .select((
            repositories::origin,
            repositories::name,
            repository_hooks::source_name.nullable(),
            WalkRow::as_select(),
        ))
        .first(connection)
        .optional()?;
    let Some((origin, name, name_there, row)) = found else { return Ok(None) };
    Ok(Some(Walked { origin: stored(&origin, "origin")?, name: name_there.unwrap_or(name), row }))
}

/// Notes that a walk begins.
fn walk_start(connection: &mut AnyConnection, repository_id: i64, walk: SourceWalk, now: UtcTime) -> QueryResult<()> {
    let row = repository_sources::table.find(repository_id);
    diesel::update(row)
        .set((
            repository_sources::walk.eq(walk.as_str()),
            repository_sources::walk_started_at.eq(now),
            repository_sources::walk_fetched.eq(0),
            repository_sources::walk_etag.eq(None::<String>),
            repository_sources::next_page.eq(None::<String>),
        ))
        .execute(connection)?;
    if walk.is_full() {
        diesel::update(row).set(repository_sources::refusals.eq("[]")).execute(connection)?;
    }
    Ok(())
}

/// Has a walk begin anew. What was counted of a backfill counts anew too.
fn walk_restart(connection: &mut AnyConnection, work: &SourceWork) -> QueryResult<()> {
    walk_start(connection, work.repository_id, work.walk, work.started_at)?;
    if work.walk == SourceWalk::Backfill {
        diesel::update(repository_sources::table.find(work.repository_id))
            .set((
                repository_sources::fetched.eq(0),
                repository_sources::added.eq(0),
                repository_sources::refused.eq(0),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// Tells whether a walk is still the one that is under way, and still there, in the caller's transaction under the
/// repository's scope: another worker, or an edit of the source, may have overtaken it.
pub(crate) fn walk_is_current(connection: &mut AnyConnection, work: &SourceWork) -> QueryResult<bool> {
    type Standing = (Option<String>, Option<UtcTime>, Option<String>);
    let standing: Option<Standing> = repository_sources::table
        .find(work.repository_id)
        .select((repository_sources::walk, repository_sources::walk_started_at, repository_sources::next_page))
        .first(connection)
        .optional()?;
    let expected = (Some(work.walk.as_str().to_owned()), Some(work.started_at), work.next_page.clone());
    Ok(standing == Some(expected))
}

/// Notes why a page was not taken, for the owner, and when the forge is asked again. Does nothing where the walk was
/// overtaken.
///
/// A poll that fails begins anew the next time; a walk through all of the listing goes on where it was, but where its
/// forge refuses the page: then from its beginning.
pub async fn source_walk_fail(
    store: &Store,
    work: &SourceWork,
    failure: SourceFailure,
    now: UtcTime,
) -> Result<(), StoreError> {
    let work = work.clone();
    store
        .write(&[Scope::Repository(work.repository_id)], move |connection| {
            if !walk_is_current(connection, &work)? {
                return Ok(());
            }
            let row = repository_sources::table.find(work.repository_id);
            diesel::update(row)
                .set((
                    repository_sources::last_poll_at.eq(now),
                    repository_sources::last_result.eq(failure.result.as_str()),
                    repository_sources::last_message.eq(&failure.message),
                    repository_sources::wait_until.eq(failure.wait_until),
                ))
                .execute(connection)?;
            if work.walk == SourceWalk::Poll && failure.given_up.is_some() {
                diesel::update(row)
                    .set((
                        repository_sources::walk.eq(None::<String>),
                        repository_sources::next_page.eq(None::<String>),
                    ))
                    .execute(connection)?;
            } else if failure.result == SourceResult::Refused {
                walk_restart(connection, &work)?;
            }
            if let Some(next_poll_at) = failure.given_up {
                diesel::update(row).set(repository_sources::next_poll_at.eq(next_poll_at)).execute(connection)?;
                if work.walk == SourceWalk::Backfill {
                    diesel::update(row)
                        .set(repository_sources::backfill.eq(BackfillState::Failed.as_str()))
                        .execute(connection)?;
                }
            }
            Ok(())
        })
        .await
}

/// Notes that a listing is as it was when it was last looked at: the walk is at its end. Does nothing where it was
/// overtaken.
pub async fn source_walk_unchanged(
    store: &Store,
    work: &SourceWork,
    wait_until: Option<UtcTime>,
    now: UtcTime,
) -> Result<(), StoreError> {
    let work = work.clone();
    store
        .write(&[Scope::Repository(work.repository_id)], move |connection| {
            if walk_is_current(connection, &work)? {
                diesel::update(repository_sources::table.find(work.repository_id))
                    .set((
                        repository_sources::walk.eq(None::<String>),
                        repository_sources::last_poll_at.eq(now),
                        repository_sources::last_result.eq(SourceResult::Ok.as_str()),
                        repository_sources::last_message.eq("nothing is new"),
                        repository_sources::wait_until.eq(wait_until),
                    ))
                    .execute(connection)?;
            }
            Ok(())
        })
        .await
}
