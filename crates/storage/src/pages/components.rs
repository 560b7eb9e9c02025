//! Components: repositories on a page.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    component::component_repo,
    conflict::revision_check,
    fault::Fault,
    repository::{REPOSITORY_RENAMED, RepositoryName},
    time::UtcTime,
    version::VersionRule,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::{
        change::Change,
        cursor::{IdCursor, ListPart},
        schema::{component_releases, components, pages, repositories, subscriber_components},
    },
    pages::{
        component_releases::repository_recompute,
        row::{groups_lock, page_generation_raise, page_load},
    },
};

/// Longest display name, in characters.
const NAME_MAX: usize = 100;

/// A repository on a page.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = components)]
pub struct Component {
    /// The component.
    pub id: i64,
    /// The page that it is on.
    pub page_id: String,
    /// The repository that it shows.
    pub repository_id: i64,
    /// Its name in the API, unique on the page: the repository's, with its part where it has a tag prefix.
    pub repo: String,
    /// Its display name.
    pub name: String,
    /// The prefix of its tags, where the repository has several parts.
    pub tag_prefix: Option<String>,
    /// Raised with every edit.
    pub revision: i64,
    /// The time at which it was made.
    pub created_at: UtcTime,
    /// The rule by which its tags are read, as it is stored.
    pub versions: String,
}

/// A component that is to be made. Whoever parses the fields checks them, with `name_check` and `tag_prefix_check` of
/// the rules.
pub struct ComponentNew {
    /// The name of a repository of the page's organization, in whatever case.
    pub repo: String,
    /// Its display name; the last part of `repo` where there is none.
    pub name: Option<String>,
    /// The prefix of its tags; `None` for all tags that no other component of the page claims.
    pub tag_prefix: Option<String>,
    /// The rule by which its tags are read.
    pub versions: VersionRule,
}

/// An edit of a component, checked as a [`ComponentNew`] is.
#[derive(Clone, Debug, Default)]
pub struct ComponentChange {
    /// The revision that was edited, where the client names it.
    pub revision: Option<i64>,
    /// Its display name; `None` for the last part of its `repo`.
    pub name: Change<Option<String>>,
    /// The rule by which its tags are read.
    pub versions: Change<VersionRule>,
}

/// Puts a repository on a page, with all its releases.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such page, with [`StoreError::Faults`] on `repo`
/// where the organization has no such repository or the page has a component of that name, and with
/// [`StoreError::Conflict`] where the name went from one repository to another at this moment.
pub async fn component_create(
    store: &Store,
    organization_id: i64,
    page_id: String,
    new: ComponentNew,
    now: UtcTime,
) -> Result<Component, StoreError> {
    store
        .write(&[Scope::Page(page_id.clone())], move |connection| {
            page_load(connection, organization_id, &page_id)?;
            let (repository_id, _) = repository_find(connection, organization_id, &new.repo)?;
            connection.lock(&Scope::Repository(repository_id))?;
            // It may have been renamed or deleted while this waited for its scope.
            let (current_id, repository) = repository_find(connection, organization_id, &new.repo)?;
            if current_id != repository_id {
                return Err(REPOSITORY_RENAMED.into());
            }
            let repo = component_repo(&repository, new.tag_prefix.as_deref());
            let folded = repo.to_ascii_lowercase();
            let same =
                components::table.filter(components::page_id.eq(&page_id).and(components::repo_folded.eq(&folded)));
            if diesel::select(exists(same)).get_result(connection)? {
                return Err(Fault::taken("repo", "must not be on the page already, with the same tag_prefix").into());
            }
            let id: i64 = diesel::insert_into(components::table)
                .values((
                    components::page_id.eq(&page_id),
                    components::repository_id.eq(repository_id),
                    components::repo.eq(&repo),
                    components::repo_folded.eq(folded),
                    components::name.eq(new.name.clone().unwrap_or_else(|| name_default(&repo))),
                    components::tag_prefix.eq(&new.tag_prefix),
                    components::revision.eq(1),
                    components::created_at.eq(now),
                    components::versions.eq(new.versions.as_str()),
                ))
                .returning(components::id)
                .get_result(connection)?;
            repository_recompute(connection, repository_id)?;
            component_load(connection, organization_id, &page_id, id)
        })
        .await
}

/// The display name of a component that was given none.
fn name_default(repo: &str) -> String {
    repo.rsplit('/').next().unwrap_or(repo).chars().take(NAME_MAX).collect()
}

/// A repository of the organization by its name, with the name as it is stored.
fn repository_find(
    connection: &mut AnyConnection,
    organization_id: i64,
    name: &str,
) -> QueryResult<(i64, RepositoryName)> {
    let found: Option<(i64, String)> = repositories::table
        .filter(repositories::organization_id.eq(organization_id))
        .filter(repositories::name_folded.eq(name.to_ascii_lowercase()))
        .select((repositories::id, repositories::name))
        .first(connection)
        .optional()?;
    let missing = || Fault::invalid("repo", "must be a repository of your organization: create it first");
    let (id, stored) = found.ok_or_else(missing)?;
    Ok((id, RepositoryName::parse("repo", &stored).map_err(|_| StoreError::corrupt("repository name"))?))
}

/// A component of an organization's page, in the caller's transaction, or [`StoreError::NotFound`].
fn component_load(
    connection: &mut AnyConnection,
    organization_id: i64,
    page_id: &str,
    component_id: i64,
) -> QueryResult<Component> {
    let component = components::table
        .inner_join(pages::table)
        .filter(components::id.eq(component_id).and(components::page_id.eq(page_id)))
        .filter(pages::organization_id.eq(organization_id))
        .select(Component::as_select())
        .first(connection)
        .optional()?;
    Ok(component.ok_or(StoreError::NotFound)?)
}

/// One component, or [`StoreError::NotFound`].
pub async fn component_get(
    store: &Store,
    organization_id: i64,
    page_id: String,
    component_id: i64,
) -> Result<Component, StoreError> {
    store.read(move |connection| component_load(connection, organization_id, &page_id, component_id)).await
}

/// The components of a page, oldest first, at most `limit` after the cursor. Fails with [`StoreError::NotFound`] where
/// the organization has no such page.
pub async fn component_list(
    store: &Store,
    organization_id: i64,
    page_id: String,
    after: IdCursor,
    limit: u32,
) -> Result<ListPart<Component>, StoreError> {
    store
        .read(move |connection| {
            page_load(connection, organization_id, &page_id)?;
            let rows = components::table
                .filter(components::page_id.eq(&page_id).and(components::id.gt(after.0)))
                .order(components::id)
                .limit(i64::from(limit) + 1)
                .select(Component::as_select())
                .load(connection)?;
            Ok(ListPart::cut(rows, limit, |last: &Component| IdCursor(last.id).to_string()))
        })
        .await
}

/// Edits a component; where its tags are read in another way, bumps and latest follow, but for what was announced or
/// grouped. Fails with [`StoreError::NotFound`] where there is none, and with [`StoreError::Conflict`] where
/// the edit names a revision that is no longer current.
pub async fn component_update(
    store: &Store,
    organization_id: i64,
    page_id: String,
    component_id: i64,
    change: ComponentChange,
) -> Result<Component, StoreError> {
    store
        .write(&[Scope::Page(page_id.clone())], move |connection| {
            let before = component_load(connection, organization_id, &page_id, component_id)?;
            revision_check(before.revision, change.revision)?;
            let after = match &change.name {
                Change::Keep => before.name.clone(),
                Change::Set(Some(name)) => name.clone(),
                Change::Set(None) => name_default(&before.repo),
            };
            let versions = match change.versions {
                Change::Keep => before.versions.clone(),
                Change::Set(rule) => rule.as_str().to_owned(),
            };
            if (&after, &versions) == (&before.name, &before.versions) {
                return Ok(before);
            }
            let is_read_anew = versions != before.versions;
            if is_read_anew {
                connection.lock(&Scope::Repository(before.repository_id))?;
                groups_lock(connection, &[before.repository_id])?;
            }
            diesel::update(components::table.find(component_id))
                .set((
                    components::name.eq(after),
                    components::versions.eq(versions),
                    components::revision.eq(components::revision + 1),
                ))
                .execute(connection)?;
            if is_read_anew {
                repository_recompute(connection, before.repository_id)?;
            }
            page_generation_raise(connection, &page_id)?;
            component_load(connection, organization_id, &page_id, component_id)
        })
        .await
}

/// Takes a component off its page, and out of what its subscribers follow. Its releases stay with the repository; tags
/// that only its prefix kept from another component of the page go to that one.
///
/// Fails with [`StoreError::NotFound`] where there is none.
pub async fn component_delete(
    store: &Store,
    organization_id: i64,
    page_id: String,
    component_id: i64,
) -> Result<(), StoreError> {
    store
        .write(&[Scope::Page(page_id.clone())], move |connection| {
            let component = component_load(connection, organization_id, &page_id, component_id)?;
            connection.lock(&Scope::Repository(component.repository_id))?;
            groups_lock(connection, &[component.repository_id])?;
            let of_component = component_releases::component_id.eq(component_id);
            diesel::delete(component_releases::table.filter(of_component)).execute(connection)?;
            let followed = subscriber_components::component_id.eq(component_id);
            diesel::delete(subscriber_components::table.filter(followed)).execute(connection)?;
            diesel::delete(components::table.find(component_id)).execute(connection)?;
            repository_recompute(connection, component.repository_id)?;
            page_generation_raise(connection, &page_id)
        })
        .await
}
