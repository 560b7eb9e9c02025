//! Repositories: where an organization's releases come from.

use diesel::prelude::*;
use releasepage_domain::{
    conflict::{Conflict, revision_check},
    fault::Fault,
    hook_binding::{hook_secret_check, source_id_edit},
    repository::{RepositoryName, RepositoryOrigin},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::{
        change::Change,
        cursor::{IdCursor, ListPart},
        schema::{repositories, repository_hooks, repository_sources},
    },
    repositories::row::{
        Hook, Repository, repository_insert, repository_load, repository_name_is_taken, repository_rename,
    },
    sources::settings::{SourceChange, source_change, source_rename},
};

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
    /// The source that its releases are fetched from.
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

/// One repository of an organization, or [`StoreError::NotFound`].
pub async fn repository_get(store: &Store, organization_id: i64, id: i64) -> Result<Repository, StoreError> {
    store.read(move |connection| repository_load(connection, organization_id, id)).await
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
            let edit = RepositoryEdit::of(&before, &change)?;
            let is_source_changed = source_change(connection, &before, &change.source, now)?;
            if edit.is_empty() && !is_source_changed {
                return Ok(before);
            }
            edit_write(connection, &before, &edit, now)?;
            repository_load(connection, organization_id, id)
        })
        .await
}

/// The changes that an edit makes to a repository, besides where its releases are fetched from.
struct RepositoryEdit<'a> {
    name: Option<&'a RepositoryName>,
    source_id: Option<Option<i64>>,
    secret: Option<&'a str>,
}

impl<'a> RepositoryEdit<'a> {
    /// Compares an edit with what is stored.
    fn of(before: &Repository, change: &'a RepositoryChange) -> Result<Self, Conflict> {
        let name = match &change.name {
            Change::Set(name) if name.as_str() != before.name => Some(name),
            _ => None,
        };
        let source_id = match change.source_id {
            Change::Set(id) => source_id_edit(before.hook.as_ref().map(Hook::bound).as_ref(), id)?,
            Change::Keep => None,
        };
        let secret = match &change.hook_secret {
            Change::Set(secret) => {
                hook_secret_check(before.origin)?;
                Some(secret.as_str())
            }
            Change::Keep => None,
        };
        Ok(Self { name, source_id, secret })
    }

    fn is_empty(&self) -> bool {
        self.name.is_none() && self.source_id.is_none() && self.secret.is_none()
    }
}

/// Writes an edit, and raises the revision.
fn edit_write(
    connection: &mut AnyConnection,
    before: &Repository,
    edit: &RepositoryEdit<'_>,
    now: UtcTime,
) -> QueryResult<()> {
    let id = before.id;
    match edit.name {
        Some(name) if !repository_rename(connection, before.organization_id, id, &before.name, name)? => {
            return Err(Fault::taken("name", "must be a name that no other repository has").into());
        }
        Some(_) => source_rename(connection, before, now)?,
        None => {
            diesel::update(repositories::table.find(id))
                .set(repositories::revision.eq(repositories::revision + 1))
                .execute(connection)?;
        }
    }
    if let Some(source_id) = edit.source_id {
        // The name is that of the repository it was bound to before: nothing is to follow from it.
        diesel::update(repository_hooks::table.find(id))
            .set((repository_hooks::source_id.eq(source_id), repository_hooks::source_name.eq(None::<String>)))
            .execute(connection)?;
    }
    if let Some(secret) = edit.secret {
        diesel::update(repository_hooks::table.find(id))
            .set(repository_hooks::secret.eq(secret))
            .execute(connection)?;
    }
    Ok(())
}
