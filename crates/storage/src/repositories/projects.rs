//! Projects: repositories with the key pair of the Releases API (`amplitude-2.md`, `management-v1.md`).

use diesel::prelude::*;
use releasepage_domain::{
    conflict::revision_check,
    repository::{RepositoryName, RepositoryOrigin},
    text::slug_of,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::{
        change::Change,
        cursor::{IdCursor, ListPart},
        name::name_first_free,
        schema::{idempotency_keys, organizations, projects, repositories},
    },
    repositories::row::{repository_insert, repository_name_is_taken},
};

/// Longest name of a project's repository, in characters: two slugs and the slash between them.
const REPO_MAX: usize = 121;

/// A project that is to be made.
pub struct ProjectNew {
    /// Its display name, as `name_check` of the rules makes it.
    pub name: String,
    /// Its key pair.
    pub keys: ProjectKeys,
}

/// An edit of a project.
#[derive(Clone, Debug, Default)]
pub struct ProjectChange {
    /// The revision that was edited, where the client names it.
    pub revision: Option<i64>,
    /// Its display name, as `name_check` of the rules makes it.
    pub name: Change<String>,
}

/// The key pair of a project, as it is stored.
pub struct ProjectKeys {
    /// The API key, readable.
    pub api_key: String,
    /// The SHA-256 of the secret key, as hexadecimal digits.
    pub secret_hash: String,
}

/// A project of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Project {
    /// Its `app_id`: the id of its repository.
    pub app_id: i64,
    /// The organization that owns it: its `org_id`.
    pub organization_id: i64,
    /// Its display name.
    pub name: String,
    /// The name of its repository, `acme/ios-app`.
    pub repo: String,
    /// Its API key.
    pub api_key: String,
    /// Raised with every edit.
    pub revision: i64,
    /// The time at which it was made.
    pub created_at: UtcTime,
}

const COLUMNS: (
    repositories::id,
    repositories::organization_id,
    projects::name,
    repositories::name,
    projects::api_key,
    projects::revision,
    projects::created_at,
) = (
    repositories::id,
    repositories::organization_id,
    projects::name,
    repositories::name,
    projects::api_key,
    projects::revision,
    projects::created_at,
);

/// The project that a request of the Releases API is checked against and publishes to.
#[derive(Clone, PartialEq, Eq, Queryable)]
pub struct ProjectAuth {
    /// The project's repository: its `app_id`.
    pub repository_id: i64,
    /// The organization that owns it: its `org_id`.
    pub organization_id: i64,
    /// The SHA-256 of the secret key, as hexadecimal digits.
    pub secret_hash: String,
    /// The name of its repository.
    pub repo: String,
}

/// Makes a project and its repository of origin `api`, whose name is made of the organization's slug and the project's
/// name.
pub async fn project_create(
    store: &Store,
    organization_id: i64,
    new: ProjectNew,
    now: UtcTime,
) -> Result<Project, StoreError> {
    store
        .write(&[Scope::Organization(organization_id)], move |connection| {
            let owner: Option<String> =
                organizations::table.find(organization_id).select(organizations::slug).first(connection).optional()?;
            let owner = owner.ok_or(StoreError::NotFound)?;
            let wanted = format!("{owner}/{}", slug_of(&new.name, "project"));
            let repo =
                name_first_free(&wanted, REPO_MAX, |repo| repository_name_is_taken(connection, organization_id, repo))?;
            let repo = RepositoryName::parse("repo", &repo).map_err(|_| StoreError::corrupt("slug"))?;
            let app_id = repository_insert(connection, organization_id, &repo, RepositoryOrigin::Api, now)?;
            diesel::insert_into(projects::table)
                .values((
                    projects::repository_id.eq(app_id),
                    projects::name.eq(&new.name),
                    projects::api_key.eq(&new.keys.api_key),
                    projects::secret_hash.eq(&new.keys.secret_hash),
                    projects::revision.eq(1),
                    projects::created_at.eq(now),
                ))
                .execute(connection)?;
            project_load(connection, organization_id, app_id)
        })
        .await
}

fn project_load(connection: &mut AnyConnection, organization_id: i64, app_id: i64) -> QueryResult<Project> {
    let project = projects::table
        .inner_join(repositories::table)
        .filter(projects::repository_id.eq(app_id).and(repositories::organization_id.eq(organization_id)))
        .select(COLUMNS)
        .first(connection)
        .optional()?;
    Ok(project.ok_or(StoreError::NotFound)?)
}

/// The project with an API key, or `None`. The caller compares the secret.
pub async fn project_by_api_key(store: &Store, api_key: String) -> Result<Option<ProjectAuth>, StoreError> {
    store
        .read(move |connection| {
            Ok(projects::table
                .inner_join(repositories::table)
                .filter(projects::api_key.eq(&api_key))
                .select((repositories::id, repositories::organization_id, projects::secret_hash, repositories::name))
                .first(connection)
                .optional()?)
        })
        .await
}

/// One project of an organization, or [`StoreError::NotFound`].
pub async fn project_get(store: &Store, organization_id: i64, app_id: i64) -> Result<Project, StoreError> {
    store.read(move |connection| project_load(connection, organization_id, app_id)).await
}

/// The projects of an organization, oldest first, at most `limit` after the cursor.
pub async fn project_list(
    store: &Store,
    organization_id: i64,
    after: IdCursor,
    limit: u32,
) -> Result<ListPart<Project>, StoreError> {
    store
        .read(move |connection| {
            let rows = projects::table
                .inner_join(repositories::table)
                .filter(repositories::organization_id.eq(organization_id).and(repositories::id.gt(after.0)))
                .order(repositories::id)
                .limit(i64::from(limit) + 1)
                .select(COLUMNS)
                .load(connection)?;
            Ok(ListPart::cut(rows, limit, |last: &Project| IdCursor(last.app_id).to_string()))
        })
        .await
}

/// Edits a project. The name of its repository stays: pages, pipelines and readers know it by that.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such project, and with [`StoreError::Conflict`]
/// where the edit names a revision that is no longer current.
pub async fn project_update(
    store: &Store,
    organization_id: i64,
    app_id: i64,
    change: ProjectChange,
) -> Result<Project, StoreError> {
    store
        .write(&[Scope::Repository(app_id)], move |connection| {
            let before = project_load(connection, organization_id, app_id)?;
            revision_check(before.revision, change.revision)?;
            let name = change.name.clone().or(before.name.clone());
            if name == before.name {
                return Ok(before);
            }
            diesel::update(projects::table.find(app_id))
                .set((projects::name.eq(name), projects::revision.eq(projects::revision + 1)))
                .execute(connection)?;
            project_load(connection, organization_id, app_id)
        })
        .await
}

/// Ends a project: its key pair stops working with the commit. Its repository stays, with every release, on every page
/// that shows it.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such project.
pub async fn project_delete(store: &Store, organization_id: i64, app_id: i64) -> Result<(), StoreError> {
    store
        .write(&[Scope::Repository(app_id)], move |connection| {
            project_load(connection, organization_id, app_id)?;
            let answers = idempotency_keys::table.filter(idempotency_keys::repository_id.eq(app_id));
            diesel::delete(answers).execute(connection)?;
            diesel::delete(projects::table.find(app_id)).execute(connection)?;
            Ok(())
        })
        .await
}

/// Gives a project a new key pair; the old one stops working with the commit. Fails with [`StoreError::NotFound`]
/// where the organization has no such project.
pub async fn project_rotate(
    store: &Store,
    organization_id: i64,
    app_id: i64,
    keys: ProjectKeys,
) -> Result<Project, StoreError> {
    store
        .write(&[Scope::Repository(app_id)], move |connection| {
            project_load(connection, organization_id, app_id)?;
            diesel::update(projects::table.find(app_id))
                .set((projects::api_key.eq(&keys.api_key), projects::secret_hash.eq(&keys.secret_hash)))
                .execute(connection)?;
            project_load(connection, organization_id, app_id)
        })
        .await
}
