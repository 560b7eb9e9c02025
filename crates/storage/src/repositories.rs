//! Repositories: where an organization's releases come from.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    fault::Fault,
    repository::{RepositoryName, RepositoryOrigin},
    time::UtcTime,
};

use crate::{
    QueryResult, Scope, Store, StoreError,
    backend::AnyConnection,
    cursor::{IdCursor, ListPart},
    schema::repositories,
    stored_name::StoredName,
};

/// A repository of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = repositories)]
pub struct Repository {
    /// The repository; a project's `app_id`.
    pub id: i64,
    /// Whose it is.
    pub organization_id: i64,
    /// Its name, `owner/name`.
    pub name: String,
    /// What tells of its releases.
    #[diesel(deserialize_as = StoredName)]
    pub origin: RepositoryOrigin,
    /// When it was made.
    pub created_at: UtcTime,
}

/// Makes a repository. Fails with [`StoreError::Faults`] on `name` where the organization has one of that name, in
/// whatever case.
pub async fn repository_create(
    store: &Store,
    organization_id: i64,
    name: RepositoryName,
    origin: RepositoryOrigin,
    now: UtcTime,
) -> Result<Repository, StoreError> {
    store
        .write(&[Scope::Organization(organization_id)], move |connection| {
            if repository_name_is_taken(connection, organization_id, &name.folded())? {
                return Err(Fault::taken("name", "must be a name that no other repository has").into());
            }
            let id = repository_insert(connection, organization_id, &name, origin, now)?;
            Ok(Repository { id, organization_id, name: name.as_str().to_owned(), origin, created_at: now })
        })
        .await
}

/// Whether the organization has a repository of that folded name.
pub(crate) fn repository_name_is_taken(
    connection: &mut AnyConnection,
    organization_id: i64,
    folded: &str,
) -> QueryResult<bool> {
    let same = repositories::table
        .filter(repositories::organization_id.eq(organization_id).and(repositories::name_folded.eq(folded)));
    Ok(diesel::select(exists(same)).get_result(connection)?)
}

/// Writes a repository in the caller's transaction, which holds the organization's scope and has seen that the name
/// is free.
pub(crate) fn repository_insert(
    connection: &mut AnyConnection,
    organization_id: i64,
    name: &RepositoryName,
    origin: RepositoryOrigin,
    now: UtcTime,
) -> QueryResult<i64> {
    Ok(diesel::insert_into(repositories::table)
        .values((
            repositories::organization_id.eq(organization_id),
            repositories::name.eq(name.as_str()),
            repositories::name_folded.eq(name.folded()),
            repositories::origin.eq(origin.as_str()),
            repositories::created_at.eq(now),
        ))
        .returning(repositories::id)
        .get_result(connection)?)
}

/// One repository of an organization, or [`StoreError::NotFound`].
pub async fn repository_get(store: &Store, organization_id: i64, id: i64) -> Result<Repository, StoreError> {
    store
        .read(move |connection| {
            let repository = repositories::table
                .find(id)
                .filter(repositories::organization_id.eq(organization_id))
                .select(Repository::as_select())
                .first(connection)
                .optional()?;
            Ok(repository.ok_or(StoreError::NotFound)?)
        })
        .await
}

/// The repositories of an organization, oldest first, at most `limit` after the cursor.
pub async fn repository_list(
    store: &Store,
    organization_id: i64,
    after: IdCursor,
    limit: u32,
) -> Result<ListPart<Repository>, StoreError> {
    store
        .read(move |connection| {
            let rows = repositories::table
                .filter(repositories::organization_id.eq(organization_id).and(repositories::id.gt(after.0)))
                .order(repositories::id)
                .limit(i64::from(limit) + 1)
                .select(Repository::as_select())
                .load(connection)?;
            Ok(ListPart::cut(rows, limit, |last: &Repository| IdCursor(last.id).to_string()))
        })
        .await
}
