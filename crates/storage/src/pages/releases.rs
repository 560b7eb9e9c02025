//! What readers see: the releases of a page's components, and the latest of each.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{bump::Bump, repository::repository_owner, search::query_tokens, time::UtcTime};

use crate::{
    AnyConnection, QueryResult, Store, StoreError,
    database::{
        schema::{component_releases, components, pages, release_tokens, releases},
        stored::stored,
    },
};

/// What a page is called, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageIdentity {
    /// 12 lower-case hex digits.
    pub id: String,
    /// The title that readers see.
    pub title: String,
    /// The last part of its address `/p/{slug}`.
    pub slug: String,
    /// Whether readers can see it.
    pub published: bool,
}

/// A component as readers know it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct PageComponent {
    /// The component.
    pub id: i64,
    /// What every `repo` parameter means.
    pub repo: String,
    /// Its display name.
    pub name: String,
}

/// A published release as the readers of a page see it.
#[derive(Clone, Debug, PartialEq)]
pub struct PageRelease {
    /// The release.
    pub id: String,
    /// The component it belongs to.
    pub component: PageComponent,
    /// The whole tag.
    pub tag: String,
    /// The tag without the component's own prefix.
    pub version: String,
    /// Compares by bytes as versions do.
    pub version_key: String,
    /// What it is to the component's readers.
    pub bump: Bump,
    /// Whether it comes before a release.
    pub prerelease: bool,
    /// Its title; may be empty.
    pub title: String,
    /// Its notes, Markdown.
    pub notes: Option<String>,
    /// Who made it, where its source named somebody.
    pub author: Option<String>,
    /// The platforms it is for.
    pub platforms: Vec<String>,
    /// When it was published.
    pub published_at: UtcTime,
    /// When its roll-out ends.
    pub ends_at: Option<UtcTime>,
}

/// What is read of a [`PageRelease`].
#[derive(Queryable)]
pub(crate) struct Row {
    id: String,
    component: PageComponent,
    tag: String,
    version: String,
    version_key: String,
    bump: String,
    prerelease: bool,
    title: String,
    notes: Option<String>,
    author: Option<String>,
    platforms: String,
    published_at: UtcTime,
    ends_at: Option<UtcTime>,
}

impl PageRelease {
    /// Who made it; the owner part of `repo` where nobody was named, as the API has it (`releasepage-v1.md`, version).
    pub fn author_or_owner(&self) -> &str {
        self.author.as_deref().unwrap_or_else(|| repository_owner(&self.component.repo))
    }
}

impl Row {
    pub(crate) fn release(self) -> QueryResult<PageRelease> {
        Ok(PageRelease {
            author: self.author.filter(|author| !author.is_empty()),
            bump: stored(&self.bump, "bump")?,
            platforms: serde_json::from_str(&self.platforms).map_err(|_| StoreError::corrupt("platforms"))?,
            id: self.id,
            component: self.component,
            tag: self.tag,
            version: self.version,
            version_key: self.version_key,
            prerelease: self.prerelease,
            title: self.title,
            notes: self.notes,
            published_at: self.published_at,
            ends_at: self.ends_at,
        })
    }
}

/// The columns of [`Row`].
macro_rules! row {
    () => {
        (
            releases::id,
            (components::id, components::repo, components::name),
            releases::tag,
            component_releases::version,
            component_releases::version_key,
            component_releases::bump,
            component_releases::prerelease,
            releases::title,
            releases::notes,
            releases::author,
            releases::platforms,
            component_releases::published_at,
            releases::ends_at,
        )
    };
}
pub(crate) use row;

/// How releases of a component rank, highest first: the order of `releasepage_domain::history::component_release_order`.
macro_rules! highest_first {
    () => {
        (
            component_releases::version_key.desc(),
            component_releases::published_at.desc(),
            releases::tag.desc(),
            releases::platforms_key.desc(),
            releases::id.desc(),
        )
    };
}
pub(crate) use highest_first;

/// The visible releases of a page, not yet ordered.
macro_rules! visible {
    ($page_id:expr) => {
        component_releases::table
            .inner_join(components::table)
            .inner_join(releases::table)
            .filter(components::page_id.eq($page_id).and(component_releases::visible.eq(true)))
            .select(row!())
    };
}
pub(crate) use visible;

/// Which releases of a page are asked for; `None` means any.
#[derive(Clone, Debug, Default)]
pub struct PageReleasesFilter {
    /// Of this component, by its `repo`.
    pub repo: Option<String>,
    /// With this bump.
    pub bump: Option<Bump>,
    /// Published at or after this time.
    pub since: Option<UtcTime>,
    /// With all the words of this query; one without words finds nothing.
    pub query: Option<String>,
    /// Older than the release with this time and id.
    pub after: Option<(UtcTime, String)>,
}

/// The visible releases of a page, newest first, at most `limit`. A `repo` that the page does not have is not found.
pub async fn page_releases(
    store: &Store,
    page_id: String,
    filter: PageReleasesFilter,
    limit: i64,
) -> Result<Vec<PageRelease>, StoreError> {
    store
        .read(move |connection| {
            let mut query = visible!(&page_id)
                .order((component_releases::published_at.desc(), releases::id.desc()))
                .limit(limit)
                .into_boxed();
            if let Some(repo) = &filter.repo {
                query = query.filter(components::id.eq(component_of(connection, &page_id, repo)?.id));
            }
            if let Some(bump) = filter.bump {
                query = query.filter(component_releases::bump.eq(bump.as_str()));
            }
            if let Some(since) = filter.since {
                query = query.filter(component_releases::published_at.ge(since));
            }
            if let Some((time, id)) = &filter.after {
                query = query.filter(
                    component_releases::published_at
                        .lt(*time)
                        .or(component_releases::published_at.eq(*time).and(releases::id.lt(id.clone()))),
                );
            }
            if let Some(text) = &filter.query {
                let words = query_tokens(text);
                if words.is_empty() {
                    return Ok(Vec::new());
                }
                // Word by word of the page's own releases: a common word is in most releases of the server.
                for word in words {
                    let holds = release_tokens::release_id.eq(releases::id).and(release_tokens::token.eq(word));
                    query = query.filter(exists(release_tokens::table.filter(holds)));
                }
            }
            query.load::<Row>(connection)?.into_iter().map(Row::release).collect()
        })
        .await
}

/// One visible release of a page.
pub async fn page_release(store: &Store, page_id: String, release_id: String) -> Result<PageRelease, StoreError> {
    store
        .read(move |connection| {
            visible!(&page_id)
                .filter(releases::id.eq(&release_id))
                .first::<Row>(connection)
                .optional()?
                .ok_or(StoreError::NotFound)?
                .release()
        })
        .await
}

/// What was published right before and right after a release, of the same component.
#[derive(Clone, Debug, PartialEq)]
pub struct ReleaseNeighbours {
    /// The next newer one; `None` for the newest.
    pub newer: Option<PageRelease>,
    /// The next older one; `None` for the oldest.
    pub older: Option<PageRelease>,
}

/// The visible neighbours of a release of a page, in the order of time.
pub async fn release_neighbours(
    store: &Store,
    page_id: String,
    of: PageRelease,
) -> Result<ReleaseNeighbours, StoreError> {
    store
        .read(move |connection| {
            let (time, id) = (of.published_at, &of.id);
            let at = component_releases::published_at;
            let newer = visible!(&page_id)
                .filter(components::id.eq(of.component.id))
                .filter(at.gt(time).or(at.eq(time).and(releases::id.gt(id))))
                .order((at.asc(), releases::id.asc()))
                .first::<Row>(connection)
                .optional()?;
            let older = visible!(&page_id)
                .filter(components::id.eq(of.component.id))
                .filter(at.lt(time).or(at.eq(time).and(releases::id.lt(id))))
                .order((at.desc(), releases::id.desc()))
                .first::<Row>(connection)
                .optional()?;
            Ok(ReleaseNeighbours {
                newer: newer.map(Row::release).transpose()?,
                older: older.map(Row::release).transpose()?,
            })
        })
        .await
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

/// The latest release of each component of a page that has one, newest first.
pub(crate) fn page_latest(connection: &mut AnyConnection, page_id: &str) -> QueryResult<Vec<PageRelease>> {
    let mut latest = Vec::new();
    for component in page_components(connection, page_id)? {
        let highest = visible!(page_id)
            .filter(components::id.eq(component.id).and(component_releases::prerelease.eq(false)))
            .order(highest_first!())
            .first::<Row>(connection)
            .optional()?;
        if let Some(row) = highest {
            latest.push(row.release()?);
        }
    }
    latest.sort_by(|one, other| {
        other.published_at.cmp(&one.published_at).then_with(|| one.component.id.cmp(&other.component.id))
    });
    Ok(latest)
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
