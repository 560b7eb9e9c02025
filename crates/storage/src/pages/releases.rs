//! The readers' view of the releases of a page's components.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{bump::Bump, search::query_tokens, time::UtcTime};

use crate::{
    Store, StoreError,
    database::schema::{component_releases, components, release_tokens, releases},
    pages::{
        release_row::{PageRelease, Row, row, visible},
        row::component_of,
    },
};

/// A filter of a page's releases; `None` means any.
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

/// The releases of the same component right before and right after a release.
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
