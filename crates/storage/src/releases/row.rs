//! Releases as they are stored.

use std::collections::HashSet;

use chrono::Duration;
use diesel::prelude::*;
use releasepage_domain::{
    release::{Platforms, ReleaseInput, ReleaseState},
    release_consequences::ReleaseView,
    time::UtcTime,
};
use serde_json::{Map, Value};

use crate::{
    AnyConnection, QueryResult, Scope, StoreError,
    database::{
        schema::{releases, repositories},
        stored::stored,
    },
};

/// Tells whether readers may be told of a release.
pub(crate) fn release_is_published(connection: &mut AnyConnection, release_id: &str) -> QueryResult<bool> {
    let state: String = releases::table.find(release_id).select(releases::state).first(connection)?;
    Ok(stored::<ReleaseState>(&state, "release")? == ReleaseState::Published)
}

/// A release as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// 7 characters of `a-z0-9`, never reused.
    pub id: String,
    /// The repository that it comes from.
    pub repository_id: i64,
    /// Grows with every change, from 1.
    pub revision: i64,
    /// Its state.
    pub state: ReleaseState,
    /// The content that its source gives.
    pub input: ReleaseInput,
    /// The time at which it was first stored.
    pub created_at: UtcTime,
    /// The time at which it was last changed.
    pub updated_at: UtcTime,
    /// The person who changed it last, where the source says so.
    pub updated_by: Option<String>,
}

impl Release {
    /// The release as the rules look at it.
    pub(crate) fn view(&self) -> ReleaseView<'_> {
        ReleaseView { state: self.state, input: &self.input }
    }
}

/// The columns of a release.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = releases, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(crate) struct ReleaseRow {
    pub(crate) id: String,
    pub(crate) repository_id: i64,
    pub(crate) tag: String,
    pub(crate) platforms_key: String,
    pub(crate) platforms: String,
    pub(crate) title: String,
    pub(crate) notes: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) state: String,
    pub(crate) prerelease: bool,
    pub(crate) prerelease_said: bool,
    pub(crate) notify: Option<bool>,
    pub(crate) chart_visibility: bool,
    pub(crate) params: String,
    published_at: UtcTime,
    pub(crate) ends_at: Option<UtcTime>,
    pub(crate) updated_by: Option<String>,
    pub(crate) created_at: UtcTime,
    pub(crate) updated_at: UtcTime,
    pub(crate) revision: i64,
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

    pub(crate) fn release(self) -> QueryResult<Release> {
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

/// Returns what the author of a release said of it. A program of before knows nothing of `said`, and writes `true`
/// alone.
pub(crate) fn prerelease_flag(prerelease: bool, said: bool) -> Option<bool> {
    (prerelease || said).then_some(prerelease)
}

/// The owner on whose behalf a release is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReleaseOwner {
    /// Any repository of an organization.
    Organization(i64),
    /// One repository: a project's key.
    Repository(i64),
}

/// The circumstances of a change of a release.
#[derive(Clone, Copy, Debug)]
pub struct ReleaseContext {
    /// The time to take a release back before anyone is mailed.
    pub notify_delay: Duration,
    /// The present.
    pub now: UtcTime,
    /// Says whether anybody may be told of it; a history that is fetched is no news, whatever its releases say.
    pub is_news: bool,
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
pub(crate) fn release_locked(connection: &mut AnyConnection, owner: ReleaseOwner, id: &str) -> QueryResult<Release> {
    let repository_id = release_owned(connection, owner, id)?.repository_id;
    connection.lock(&Scope::Repository(repository_id))?;
    release_owned(connection, owner, id)
}
