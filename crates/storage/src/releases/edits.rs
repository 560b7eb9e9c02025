//! Releases: arriving, published by hand, edited, withdrawn, and their time coming.

use std::collections::HashSet;

use chrono::Duration;
use diesel::prelude::*;
use releasepage_domain::{
    fault::Fault,
    release::{Platforms, ReleaseEvent, ReleaseInput, ReleaseState},
    time::UtcTime,
};
use serde_json::{Map, Value};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::{
        schema::{releases, repositories},
        stored::stored,
    },
    releases::{
        changes::{release_add, release_change},
        idempotency::{Idempotency, Replay, idempotency_find, idempotency_store},
    },
};

/// A release as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// 7 characters of `a-z0-9`, never reused.
    pub id: String,
    /// Where it comes from.
    pub repository_id: i64,
    /// Grows with every change, from 1.
    pub revision: i64,
    /// Where it stands.
    pub state: ReleaseState,
    /// What its source says of it.
    pub input: ReleaseInput,
    /// When it was first stored.
    pub created_at: UtcTime,
    /// When it was last changed.
    pub updated_at: UtcTime,
    /// Who changed it last, where the source says so.
    pub updated_by: Option<String>,
}

/// What the columns hold of a release besides its identity.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = releases, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct ReleaseRow {
    id: String,
    repository_id: i64,
    tag: String,
    platforms_key: String,
    platforms: String,
    title: String,
    notes: Option<String>,
    author: Option<String>,
    state: String,
    prerelease: bool,
    prerelease_said: bool,
    notify: Option<bool>,
    chart_visibility: bool,
    params: String,
    published_at: UtcTime,
    ends_at: Option<UtcTime>,
    updated_by: Option<String>,
    created_at: UtcTime,
    updated_at: UtcTime,
    revision: i64,
}

impl ReleaseRow {
    pub(crate) fn of(release: &Release) -> Self {
        let input = release.input.clone();
        Self {
            id: release.id.clone(),
            repository_id: release.repository_id,
            platforms_key: input.platforms.key(),
            platforms: Value::from(input.platforms.names().to_vec()).to_string(),
            tag: input.tag,
            title: input.title,
            notes: input.notes,
            author: input.author,
            state: release.state.as_str().to_owned(),
            prerelease: input.prerelease == Some(true),
            prerelease_said: input.prerelease.is_some(),
            notify: input.notify,
            chart_visibility: input.chart_visibility,
            params: Value::Object(input.params).to_string(),
            published_at: input.published_at,
            ends_at: input.ends_at,
            updated_by: release.updated_by.clone(),
            created_at: release.created_at,
            updated_at: release.updated_at,
            revision: release.revision,
        }
    }

    fn release(self) -> QueryResult<Release> {
        let corrupt = |what| StoreError::corrupt(what);
        let names: Vec<String> = serde_json::from_str(&self.platforms).map_err(|_| corrupt("platforms"))?;
        let params: Map<String, Value> = serde_json::from_str(&self.params).map_err(|_| corrupt("params"))?;
        let state: ReleaseState = stored(&self.state, "release")?;
        Ok(Release {
            input: ReleaseInput {
                tag: self.tag,
                platforms: Platforms::parse("platforms", names).map_err(|_| corrupt("platforms"))?,
                title: self.title,
                notes: self.notes,
                author: self.author,
                published_at: self.published_at,
                ends_at: self.ends_at,
                prerelease: prerelease_flag(self.prerelease, self.prerelease_said),
                draft: state == ReleaseState::Draft,
                notify: self.notify,
                chart_visibility: self.chart_visibility,
                params,
            },
            id: self.id,
            repository_id: self.repository_id,
            revision: self.revision,
            state,
            created_at: self.created_at,
            updated_at: self.updated_at,
            updated_by: self.updated_by,
        })
    }
}

/// What the author of a release said of it. A program of before knows nothing of `said`, and writes `true` alone.
pub(crate) fn prerelease_flag(prerelease: bool, said: bool) -> Option<bool> {
    (prerelease || said).then_some(prerelease)
}

/// Who asks for a release, and what of it may be theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseOwner {
    /// Any repository of an organization.
    Organization(i64),
    /// One repository: a project's key.
    Repository(i64),
}

/// What every change of a release needs besides the change itself.
#[derive(Clone, Copy, Debug)]
pub struct ReleaseContext {
    /// The time to take a release back before anyone is mailed.
    pub notify_delay: Duration,
    /// The present.
    pub now: UtcTime,
    /// Whether anybody may be told of it; a history that is fetched is no news, whatever its releases say.
    pub is_news: bool,
}

/// How a release comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseArrival {
    /// From a source that may send it again: what is there is updated.
    Repeatable,
    /// From a person: what is there already is a conflict, unless it was withdrawn.
    ByHand,
}

/// Stores a release that comes in, publishes it, and writes what must follow.
///
/// `ids` makes candidates for a new release's id. With `idempotency`, the answer made by its `answer` is stored in the
/// same transaction, and a repeated key gets that answer back.
pub async fn release_arrive(
    store: &Store,
    repository_id: i64,
    input: ReleaseInput,
    arrival: ReleaseArrival,
    idempotency: Option<Idempotency>,
    ids: impl Fn() -> String + Send + 'static,
    context: ReleaseContext,
) -> Result<Replay<Release>, StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            if let Some(idempotency) = &idempotency
                && let Some(replay) = idempotency_find(connection, repository_id, idempotency, context.now)?
            {
                return Ok(replay);
            }
            let before = release_find(connection, repository_id, &input.tag, &input.platforms)?;
            let release = match (before, arrival) {
                (Some(before), ReleaseArrival::ByHand) if before.state != ReleaseState::Withdrawn => {
                    return Err(StoreError::Conflict(
                        "this repository has a release of this version and these platforms",
                    )
                    .into());
                }
                (Some(before), ReleaseArrival::ByHand) => {
                    let event = if input.draft { ReleaseEvent::Edit } else { ReleaseEvent::Publish };
                    release_change(connection, before, input.clone(), event, context)?
                }
                (Some(before), ReleaseArrival::Repeatable) => {
                    release_change(connection, before, input.clone(), ReleaseEvent::Arrive, context)?
                }
                (None, _) => release_add(connection, repository_id, input.clone(), &ids, context)?,
            };
            if let Some(idempotency) = &idempotency {
                idempotency_store(connection, repository_id, idempotency, &release, context.now)?;
            }
            Ok(Replay::Fresh(release))
        })
        .await
}

/// Edits a release. `edit` is handed what is stored and answers what it is to be; it may refuse with faults.
///
/// Fails with a conflict where `revision` names one that is no longer current, or where the edit would give the
/// release the identity of another one.
pub async fn release_edit(
    store: &Store,
    owner: ReleaseOwner,
    id: String,
    revision: Option<i64>,
    edit: impl Fn(&Release) -> Result<ReleaseInput, Fault> + Send + 'static,
    context: ReleaseContext,
) -> Result<Release, StoreError> {
    store
        .write(&[], move |connection| {
            let before = release_locked(connection, owner, &id)?;
            if revision.is_some_and(|revision| revision != before.revision) {
                return Err(StoreError::Conflict("the release was changed since that revision").into());
            }
            let input = edit(&before)?;
            if let Some(other) = release_find(connection, before.repository_id, &input.tag, &input.platforms)?
                && other.id != before.id
            {
                return Err(StoreError::Conflict("another release has this version and these platforms").into());
            }
            let event = match before.state {
                ReleaseState::Draft if !input.draft => ReleaseEvent::Publish,
                _ => ReleaseEvent::Edit,
            };
            release_change(connection, before, input, event, context)
        })
        .await
}

/// Withdraws a release: readers no longer see it, and what is still queued for it is cancelled. Withdrawing it again
/// changes nothing. A draft, which no reader ever saw, is gone for good.
pub async fn release_withdraw(
    store: &Store,
    owner: ReleaseOwner,
    id: String,
    context: ReleaseContext,
) -> Result<(), StoreError> {
    store
        .write(&[], move |connection| {
            let before = release_locked(connection, owner, &id)?;
            if before.state != ReleaseState::Withdrawn {
                let input = before.input.clone();
                release_change(connection, before, input, ReleaseEvent::Withdraw, context)?;
            }
            Ok(())
        })
        .await
}

/// Publishes a scheduled release whose time has come; does nothing where it has not, or where the release is no longer
/// scheduled or gone.
pub async fn release_publish_due(store: &Store, id: String, context: ReleaseContext) -> Result<(), StoreError> {
    store
        .write(&[], move |connection| {
            let repository_id: Option<i64> =
                releases::table.find(&id).select(releases::repository_id).first(connection).optional()?;
            let Some(repository_id) = repository_id else { return Ok(()) };
            let before = release_locked(connection, ReleaseOwner::Repository(repository_id), &id)?;
            if before.state == ReleaseState::Scheduled && before.input.published_at <= context.now {
                let input = before.input.clone();
                release_change(connection, before, input, ReleaseEvent::TimeComes, context)?;
            }
            Ok(())
        })
        .await
}

/// One release.
pub async fn release_get(store: &Store, owner: ReleaseOwner, id: String) -> Result<Release, StoreError> {
    store.read(move |connection| release_owned(connection, owner, &id)).await
}

/// Which releases of a repository are asked for. The default is all of them, whatever their state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleasesFilter {
    /// Whether those that were withdrawn are left out.
    pub without_withdrawn: bool,
    /// Those of this tag alone.
    pub tag: Option<String>,
    /// Older than the release with this time and id.
    pub after: Option<(UtcTime, String)>,
}

/// The releases of a repository, newest first, at most `limit`.
pub async fn releases_list(
    store: &Store,
    repository_id: i64,
    filter: ReleasesFilter,
    limit: i64,
) -> Result<Vec<Release>, StoreError> {
    store
        .read(move |connection| {
            let mut query = releases::table
                .filter(releases::repository_id.eq(repository_id))
                .order((releases::published_at.desc(), releases::id.desc()))
                .limit(limit)
                .select(ReleaseRow::as_select())
                .into_boxed();
            if filter.without_withdrawn {
                query = query.filter(releases::state.ne(ReleaseState::Withdrawn.as_str()));
            }
            if let Some(tag) = &filter.tag {
                query = query.filter(releases::tag.eq(tag.clone()));
            }
            if let Some((time, id)) = &filter.after {
                query = query.filter(
                    releases::published_at
                        .lt(*time)
                        .or(releases::published_at.eq(*time).and(releases::id.lt(id.clone()))),
                );
            }
            query.load(connection)?.into_iter().map(ReleaseRow::release).collect()
        })
        .await
}

pub(crate) fn release_find(
    connection: &mut AnyConnection,
    repository_id: i64,
    tag: &str,
    platforms: &Platforms,
) -> QueryResult<Option<Release>> {
    releases::table
        .filter(
            releases::repository_id
                .eq(repository_id)
                .and(releases::tag.eq(tag))
                .and(releases::platforms_key.eq(platforms.key())),
        )
        .select(ReleaseRow::as_select())
        .first(connection)
        .optional()?
        .map(ReleaseRow::release)
        .transpose()
}

/// The releases of a repository with any of these tags.
pub(crate) fn releases_of_tags(
    connection: &mut AnyConnection,
    repository_id: i64,
    tags: &HashSet<String>,
) -> QueryResult<Vec<Release>> {
    releases::table
        .filter(releases::repository_id.eq(repository_id).and(releases::tag.eq_any(tags)))
        .select(ReleaseRow::as_select())
        .load(connection)?
        .into_iter()
        .map(ReleaseRow::release)
        .collect()
}

pub(crate) fn release_owned(connection: &mut AnyConnection, owner: ReleaseOwner, id: &str) -> QueryResult<Release> {
    let found: Option<(ReleaseRow, i64)> = releases::table
        .inner_join(repositories::table)
        .filter(releases::id.eq(id))
        .select((ReleaseRow::as_select(), repositories::organization_id))
        .first(connection)
        .optional()?;
    let (row, organization_id) = found.ok_or(StoreError::NotFound)?;
    let owned = match owner {
        ReleaseOwner::Organization(owner) => owner == organization_id,
        ReleaseOwner::Repository(owner) => owner == row.repository_id,
    };
    if owned { row.release() } else { Err(StoreError::NotFound.into()) }
}

/// Loads a release under its repository's scope.
fn release_locked(connection: &mut AnyConnection, owner: ReleaseOwner, id: &str) -> QueryResult<Release> {
    let repository_id = release_owned(connection, owner, id)?.repository_id;
    connection.lock(&Scope::Repository(repository_id))?;
    release_owned(connection, owner, id)
}
