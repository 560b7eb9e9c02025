//! Repositories: where an organization's releases come from.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    fault::Fault,
    repository::{RepositoryName, RepositoryOrigin},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::{
        change::Change,
        cursor::{IdCursor, ListPart},
        schema::{repositories, repository_hooks, repository_sources},
        stored_name::StoredName,
    },
    pages::edits::revision_check,
    sources::settings::{RepositorySource, SourceChange, source_change, source_rename},
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
    /// Raised with every edit.
    pub revision: i64,
    /// Its webhook, where its forge tells of its releases.
    #[diesel(embed)]
    pub hook: Option<Hook>,
    /// Where its releases are fetched from, where its forge lists them.
    #[diesel(embed)]
    pub source: Option<RepositorySource>,
}

/// What the owner of a repository is told of its webhook.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = repository_hooks)]
pub struct Hook {
    /// The repository: never null, so that a hook without a delivery is told apart from none.
    pub repository_id: i64,
    /// The repository's number at its forge; `None` until the first delivery.
    pub source_id: Option<i64>,
    /// Its name there, as of the last delivery that was taken.
    pub source_name: Option<String>,
    /// The forge's id of the last delivery whose signature was right.
    pub last_delivery: Option<String>,
    /// What the forge calls its event.
    pub last_event: Option<String>,
    /// What came of it: the name of a `HookResult`.
    pub last_result: Option<String>,
    /// The same as a sentence.
    pub last_message: Option<String>,
    /// When it came.
    pub last_at: Option<UtcTime>,
}

/// An edit of a repository.
#[derive(Clone, Debug, Default)]
pub struct RepositoryChange {
    /// The revision that was edited, where the client names it.
    pub revision: Option<i64>,
    /// Its name. Components keep the names that readers know them by.
    pub name: Change<RepositoryName>,
    /// Its number at its forge; `None` for that of the next delivery.
    pub source_id: Change<Option<i64>>,
    /// The secret of its webhook, made at the forge and sealed for [`crate::sources::hooks::hook_row`].
    pub hook_secret: Change<String>,
    /// Where its releases are fetched from.
    pub source: SourceChange,
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
            repository_load(connection, organization_id, id)
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
    store.read(move |connection| repository_load(connection, organization_id, id)).await
}

/// A repository of an organization, in the caller's transaction, or [`StoreError::NotFound`].
pub(crate) fn repository_load(
    connection: &mut AnyConnection,
    organization_id: i64,
    id: i64,
) -> QueryResult<Repository> {
    let repository = repositories::table
        .left_join(repository_hooks::table)
        .left_join(repository_sources::table)
        .filter(repositories::id.eq(id).and(repositories::organization_id.eq(organization_id)))
        .select(Repository::as_select())
        .first(connection)
        .optional()?;
    Ok(repository.ok_or(StoreError::NotFound)?)
}

/// The repositories of an organization, oldest first, at most `limit` after the cursor; with `name`, the one of that
/// name, in whatever case.
pub async fn repository_list(
    store: &Store,
    organization_id: i64,
    name: Option<String>,
    after: IdCursor,
    limit: u32,
) -> Result<ListPart<Repository>, StoreError> {
    store
        .read(move |connection| {
            let mut query = repositories::table
                .left_join(repository_hooks::table)
                .left_join(repository_sources::table)
                .filter(repositories::organization_id.eq(organization_id).and(repositories::id.gt(after.0)))
                .order(repositories::id)
                .limit(i64::from(limit) + 1)
                .select(Repository::as_select())
                .into_boxed();
            if let Some(name) = &name {
                query = query.filter(repositories::name_folded.eq(name.to_ascii_lowercase()));
            }
            let rows = query.load(connection)?;
            Ok(ListPart::cut(rows, limit, |last: &Repository| IdCursor(last.id).to_string()))
        })
        .await
}

/// Edits a repository. Fails with [`StoreError::NotFound`] where there is none, with [`StoreError::Conflict`] where the
/// edit names a revision that is no longer current, or a `source_id` where there is no forge, and with
/// [`StoreError::Faults`] on `name` where another repository has it.
pub async fn repository_update(
    store: &Store,
    organization_id: i64,
    id: i64,
    change: RepositoryChange,
    now: UtcTime,
) -> Result<Repository, StoreError> {
    store
        .write(&[Scope::Organization(organization_id), Scope::Repository(id)], move |connection| {
            let before = repository_load(connection, organization_id, id)?;
            revision_check(before.revision, change.revision)?;
            let name = match &change.name {
                Change::Set(name) if name.as_str() != before.name => Some(name),
                _ => None,
            };
            let source_id = match (&before.hook, change.source_id.clone()) {
                (None, Change::Set(Some(_))) => {
                    return Err(
                        StoreError::Conflict("a repository of origin api has no forge, and no source_id").into()
                    );
                }
                // One without a number is bound by its name, and let go of likewise.
                (Some(hook), Change::Set(id))
                    if hook.source_id != id || (id.is_none() && hook.source_name.is_some()) =>
                {
                    Some(id)
                }
                _ => None,
            };
            let secret = match &change.hook_secret {
                Change::Set(_) if before.origin != RepositoryOrigin::Gitlab => {
                    let conflict = "only a repository of origin gitlab takes a secret that was made elsewhere";
                    return Err(StoreError::Conflict(conflict).into());
                }
                Change::Set(secret) => Some(secret),
                Change::Keep => None,
            };
            let is_source_changed = source_change(connection, &before, &change.source, now)?;
            if name.is_none() && source_id.is_none() && secret.is_none() && !is_source_changed {
                return Ok(before);
            }
            match name {
                Some(name) if !repository_rename(connection, organization_id, id, &before.name, name)? => {
                    return Err(Fault::taken("name", "must be a name that no other repository has").into());
                }
                Some(_) => source_rename(connection, &before, now)?,
                None => {
                    diesel::update(repositories::table.find(id))
                        .set(repositories::revision.eq(repositories::revision + 1))
                        .execute(connection)?;
                }
            }
            if let Some(source_id) = source_id {
                // The name is that of the repository it was bound to before: nothing is to follow from it.
                diesel::update(repository_hooks::table.find(id))
                    .set((repository_hooks::source_id.eq(source_id), repository_hooks::source_name.eq(None::<String>)))
                    .execute(connection)?;
            }
            if let Some(secret) = secret {
                diesel::update(repository_hooks::table.find(id))
                    .set(repository_hooks::secret.eq(secret))
                    .execute(connection)?;
            }
            repository_load(connection, organization_id, id)
        })
        .await
}

/// Renames a repository, where it is called `known`, and raises its revision, in the caller's transaction under the
/// scopes of organization and repository. Answers `false`, and changes nothing, where another repository has the new
/// name, in whatever case.
pub(crate) fn repository_rename(
    connection: &mut AnyConnection,
    organization_id: i64,
    repository_id: i64,
    known: &str,
    name: &RepositoryName,
) -> QueryResult<bool> {
    let folded = name.folded();
    let is_only_case = known.eq_ignore_ascii_case(name.as_str());
    if !is_only_case && repository_name_is_taken(connection, organization_id, &folded)? {
        return Ok(false);
    }
    let same = repositories::id.eq(repository_id).and(repositories::name_folded.eq(known.to_ascii_lowercase()));
    diesel::update(repositories::table.filter(same))
        .set((
            repositories::name.eq(name.as_str()),
            repositories::name_folded.eq(folded),
            repositories::revision.eq(repositories::revision + 1),
        ))
        .execute(connection)?;
    Ok(true)
}
