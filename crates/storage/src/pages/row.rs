//! Pages and components as they are stored, and the locks that a change of a page takes.

use diesel::prelude::*;
use releasepage_domain::{
    bump::Bump,
    group::{GroupVersion, Grouping},
    page::CountedBy,
    release_consequences::RepositoryComponent,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, StoreError,
    database::{
        schema::{components, pages},
        stored::stored,
        stored_name::StoredName,
    },
};

/// The way in which a page puts releases together. The default is that of a new page: `off`, and should it be switched
/// on, without a window and from `v0.1.0` on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = pages)]
pub struct PageGrouping {
    /// The mode: off, or by whom groups are made.
    #[diesel(column_name = grouping, deserialize_as = StoredName)]
    pub mode: Grouping,
    /// The minutes that a group stays open after a release joined it; with 0 each release is a group.
    #[diesel(column_name = group_window_minutes)]
    pub window_minutes: i32,
    /// The version of the first group; whether it has a `v` decides so for all.
    #[diesel(column_name = group_initial_version, deserialize_as = StoredName)]
    pub initial_version: GroupVersion,
}

/// A page of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = pages)]
pub struct Page {
    /// The page: 12 lower-case hex digits.
    pub id: String,
    /// The organization that owns it.
    pub organization_id: i64,
    /// The last part of its address, `/p/{slug}`.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its description: plain text, empty where there is none.
    pub description: String,
    /// Says whether readers can see it.
    pub published: bool,
    /// The bump that a release without a version counts as.
    #[diesel(deserialize_as = StoredName)]
    pub unversioned_as: Bump,
    /// Says whether its keys work.
    pub api_enabled: bool,
    /// Requests a minute with each key.
    pub rate_limit: i32,
    /// The way in which they are counted.
    #[diesel(deserialize_as = StoredName)]
    pub counted_by: CountedBy,
    /// Raised with every change that readers can see.
    pub generation: i64,
    /// Raised with every edit of the page itself.
    pub revision: i64,
    /// The time at which it was made.
    pub created_at: UtcTime,
    /// The time at which it was last edited.
    pub updated_at: UtcTime,
    /// The way in which it puts releases together.
    #[diesel(embed)]
    pub grouping: PageGrouping,
}

/// A page of an organization, in the caller's transaction, or [`StoreError::NotFound`].
pub(crate) fn page_load(connection: &mut AnyConnection, organization_id: i64, page_id: &str) -> QueryResult<Page> {
    let page = pages::table
        .find(page_id)
        .filter(pages::organization_id.eq(organization_id))
        .select(Page::as_select())
        .first(connection)
        .optional()?;
    Ok(page.ok_or(StoreError::NotFound)?)
}

/// Takes the scopes of the repositories on a page, in their order, and answers which those are. The caller holds the
/// page's scope.
pub(crate) fn repositories_lock(connection: &mut AnyConnection, page_id: &str) -> QueryResult<Vec<i64>> {
    let repository_ids: Vec<i64> = components::table
        .filter(components::page_id.eq(page_id))
        .select(components::repository_id)
        .distinct()
        .order(components::repository_id)
        .load(connection)?;
    for &repository_id in &repository_ids {
        connection.lock(&Scope::Repository(repository_id))?;
    }
    Ok(repository_ids)
}

/// Raises the generation of a page in the caller's transaction: something that readers can see has changed.
pub(crate) fn page_generation_raise(connection: &mut AnyConnection, page_id: &str) -> QueryResult<()> {
    diesel::update(pages::table.find(page_id)).set(pages::generation.eq(pages::generation + 1)).execute(connection)?;
    Ok(())
}

/// The grouping of a page, where there is the page.
pub(crate) fn page_grouping(connection: &mut AnyConnection, page_id: &str) -> QueryResult<Option<PageGrouping>> {
    Ok(pages::table.find(page_id).select(PageGrouping::as_select()).first(connection).optional()?)
}

/// The components of a repository on all pages, those of one page beside each other. Pages come in one order for all:
/// what is written for each is locked in that order.
pub(crate) fn repository_components(
    connection: &mut AnyConnection,
    repository_id: i64,
) -> QueryResult<Vec<RepositoryComponent>> {
    components::table
        .inner_join(pages::table)
        .filter(components::repository_id.eq(repository_id))
        .order((components::page_id, components::id))
        .select((
            components::id,
            components::page_id,
            components::tag_prefix,
            components::versions,
            pages::unversioned_as,
            pages::grouping,
        ))
        .load::<(i64, String, Option<String>, String, String, String)>(connection)?
        .into_iter()
        .map(|(id, page_id, tag_prefix, versions, unversioned_as, grouping)| {
            Ok(RepositoryComponent {
                id,
                page_id,
                tag_prefix,
                versions: stored(&versions, "versions")?,
                unversioned_as: stored(&unversioned_as, "bump")?,
                grouping: stored(&grouping, "grouping")?,
            })
        })
        .collect()
}

/// Takes the scope of the groups of every page that shows one of these repositories, in the order of the pages, before
/// any row of those pages is written: whoever holds it may write the others.
pub(crate) fn groups_lock(connection: &mut AnyConnection, repository_ids: &[i64]) -> QueryResult<()> {
    let page_ids: Vec<String> = components::table
        .filter(components::repository_id.eq_any(repository_ids))
        .select(components::page_id)
        .distinct()
        .order(components::page_id)
        .load(connection)?;
    for page_id in page_ids {
        connection.lock(&Scope::Groups(page_id))?;
    }
    Ok(())
}

/// The name of a page, and its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageIdentity {
    /// 12 lower-case hex digits.
    pub id: String,
    /// The title that readers see.
    pub title: String,
    /// The last part of its address `/p/{slug}`.
    pub slug: String,
    /// Says whether readers can see it.
    pub published: bool,
}

/// A component as readers know it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct PageComponent {
    /// The component.
    pub id: i64,
    /// The value of every `repo` parameter.
    pub repo: String,
    /// Its display name.
    pub name: String,
}

/// The components of a page, in the order in which they were added.
pub(crate) fn page_components(connection: &mut AnyConnection, page_id: &str) -> QueryResult<Vec<PageComponent>> {
    Ok(components::table
        .filter(components::page_id.eq(page_id))
        .order(components::id)
        .select((components::id, components::repo, components::name))
        .load(connection)?)
}

/// A component of a page by its `repo`, whatever its case.
pub(crate) fn component_of(connection: &mut AnyConnection, page_id: &str, repo: &str) -> QueryResult<PageComponent> {
    components::table
        .filter(components::page_id.eq(page_id).and(components::repo_folded.eq(repo.to_ascii_lowercase())))
        .select((components::id, components::repo, components::name))
        .first(connection)
        .optional()?
        .ok_or_else(|| StoreError::NotFound.into())
}

/// Loads what a page is called.
pub(crate) fn page_identity(connection: &mut AnyConnection, page_id: &str) -> QueryResult<PageIdentity> {
    let (title, slug, published) = pages::table
        .find(page_id)
        .select((pages::title, pages::slug, pages::published))
        .first(connection)
        .optional()?
        .ok_or(StoreError::NotFound)?;
    Ok(PageIdentity { id: page_id.to_owned(), title, slug, published })
}
