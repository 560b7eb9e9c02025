//! Releases that no component of a page takes, and the components that a repository's tags suggest.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    component_suggestion::{ComponentSuggestion, component_suggestions},
    release::ReleaseState,
    repository::RepositoryName,
    time::UtcTime,
};

use crate::{
    Store, StoreError,
    database::{
        cursor::{ListPart, TimeCursor},
        schema::{component_releases, components, releases, repositories},
    },
    pages::row::page_load,
    repositories::row::repository_load,
};

/// A published release that readers of a page do not see, since its tag belongs to none of the page's components.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct UnassignedRelease {
    /// The release.
    pub id: String,
    /// The repository that it is of, which the page shows.
    pub repository_id: i64,
    /// The repository's name.
    pub repository: String,
    /// The whole tag.
    pub tag: String,
    /// The time at which it was published.
    pub published_at: UtcTime,
}

/// The published releases of a page's repositories that belong to no component of it, newest first, at most `limit`
/// after the cursor. Fails with [`StoreError::NotFound`] where the organization has no such page.
pub async fn unassigned_releases_list(
    store: &Store,
    organization_id: i64,
    page_id: String,
    after: Option<TimeCursor>,
    limit: u32,
) -> Result<ListPart<UnassignedRelease>, StoreError> {
    store
        .read(move |connection| {
            page_load(connection, organization_id, &page_id)?;
            let shown_repositories =
                components::table.filter(components::page_id.eq(&page_id)).select(components::repository_id);
            let assigned = component_releases::table.inner_join(components::table).filter(
                component_releases::release_id
                    .eq(releases::id)
                    .and(component_releases::visible.eq(true))
                    .and(components::page_id.eq(&page_id)),
            );
            let mut query = releases::table
                .inner_join(repositories::table)
                .filter(releases::repository_id.eq_any(shown_repositories))
                .filter(releases::state.eq(ReleaseState::Published.as_str()))
                .filter(diesel::dsl::not(exists(assigned)))
                .order((releases::published_at.desc(), releases::id.desc()))
                .limit(i64::from(limit) + 1)
                .select((
                    releases::id,
                    releases::repository_id,
                    repositories::name,
                    releases::tag,
                    releases::published_at,
                ))
                .into_boxed();
            if let Some(TimeCursor { time, id }) = &after {
                query = query.filter(
                    releases::published_at
                        .lt(*time)
                        .or(releases::published_at.eq(*time).and(releases::id.lt(id.clone()))),
                );
            }
            let rows: Vec<UnassignedRelease> = query.load(connection)?;
            let cursor = |last: &UnassignedRelease| TimeCursor { time: last.published_at, id: last.id.clone() };
            Ok(ListPart::cut(rows, limit, |last| cursor(last).to_string()))
        })
        .await
}

/// The components that the tags of a repository's published releases suggest, with the repository's name. Fails with
/// [`StoreError::NotFound`] where the organization has no such repository.
pub async fn component_suggestions_find(
    store: &Store,
    organization_id: i64,
    repository_id: i64,
) -> Result<(RepositoryName, Vec<ComponentSuggestion>), StoreError> {
    store
        .read(move |connection| {
            let repository = repository_load(connection, organization_id, repository_id)?;
            let published = releases::state.eq(ReleaseState::Published.as_str());
            let tags: Vec<(String, UtcTime)> = releases::table
                .filter(releases::repository_id.eq(repository_id).and(published))
                .select((releases::tag, releases::published_at))
                .load(connection)?;
            let suggestions = component_suggestions(tags.iter().map(|(tag, at)| (tag.as_str(), *at)));
            let name = RepositoryName::parse("name", &repository.name);
            Ok((name.map_err(|_| StoreError::corrupt("repository name"))?, suggestions))
        })
        .await
}
