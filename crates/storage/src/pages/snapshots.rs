//! The snapshot of a page that the page API keeps in memory.

use diesel::prelude::*;
use releasepage_domain::{environment::Environment, page::CountedBy};

use crate::{
    AnyConnection, QueryResult, Store, StoreError,
    database::{
        schema::{page_keys, pages},
        stored::stored,
    },
    groups::timeline::{LatestGroup, page_group_latest},
    pages::{
        release_row::{PageRelease, page_latest},
        row::{PageComponent, PageIdentity, page_components},
    },
};

/// A page as it was at one generation.
#[derive(Clone, Debug)]
pub struct PageSnapshot {
    /// Its title.
    pub page: PageIdentity,
    /// The organization that owns it.
    pub organization_id: i64,
    /// Raised with every change that readers can see.
    pub generation: i64,
    /// Says whether keys work.
    pub api_enabled: bool,
    /// Requests a minute for each key.
    pub rate_limit: i32,
    /// The way in which they are counted.
    pub counted_by: CountedBy,
    /// The keys that are not revoked.
    pub keys: Vec<(String, Environment)>,
    /// Its components.
    pub components: Vec<PageComponent>,
    /// The latest release of each component that has one, newest first.
    pub latest: Vec<PageRelease>,
    /// The highest of its groups; `None` where it has none, or its grouping is off.
    pub latest_grouped: Option<LatestGroup>,
}

impl PageSnapshot {
    /// The page's version: that of its highest group where readers see groups, else the one that was published last, of
    /// all that are latest.
    pub fn latest_version(&self) -> Option<&str> {
        let group = self.latest_grouped.as_ref().map(|group| group.version.as_str());
        group.or_else(|| self.latest.first().map(|release| release.version.as_str()))
    }
}

/// Loads a page as it is now; `None` where there is none.
pub async fn page_snapshot(store: &Store, page_id: String) -> Result<Option<PageSnapshot>, StoreError> {
    store.read(move |connection| snapshot_load(connection, &page_id)).await
}

fn snapshot_load(connection: &mut AnyConnection, page_id: &str) -> QueryResult<Option<PageSnapshot>> {
    type Row = (i64, String, String, bool, i64, bool, i32, String);
    let row: Option<Row> = pages::table
        .find(page_id)
        .select((
            pages::organization_id,
            pages::title,
            pages::slug,
            pages::published,
            pages::generation,
            pages::api_enabled,
            pages::rate_limit,
            pages::counted_by,
        ))
        .first(connection)
        .optional()?;
    let Some((organization_id, title, slug, published, generation, api_enabled, rate_limit, counted_by)) = row else {
        return Ok(None);
    };
    let keys = page_keys::table
        .filter(page_keys::page_id.eq(page_id).and(page_keys::revoked_at.is_null()))
        .select((page_keys::page_key, page_keys::environment))
        .load::<(String, String)>(connection)?
        .into_iter()
        .map(|(key, environment)| Ok((key, stored(&environment, "environment")?)))
        .collect::<QueryResult<_>>()?;
    Ok(Some(PageSnapshot {
        page: PageIdentity { id: page_id.to_owned(), title, slug, published },
        organization_id,
        generation,
        api_enabled,
        rate_limit,
        counted_by: stored(&counted_by, "counted_by")?,
        keys,
        components: page_components(connection, page_id)?,
        latest: page_latest(connection, page_id)?,
        latest_grouped: page_group_latest(connection, page_id)?,
    }))
}

/// The current generations of pages; pages that do not exist are left out.
pub async fn page_generations(store: &Store, page_ids: Vec<String>) -> Result<Vec<(String, i64)>, StoreError> {
    store
        .read(move |connection| {
            Ok(pages::table
                .filter(pages::id.eq_any(&page_ids))
                .select((pages::id, pages::generation))
                .load(connection)?)
        })
        .await
}

/// The page that a key belongs to; `None` where the key is unknown or revoked.
pub async fn page_of_key(store: &Store, key: String) -> Result<Option<String>, StoreError> {
    store
        .read(move |connection| {
            Ok(page_keys::table
                .find(&key)
                .filter(page_keys::revoked_at.is_null())
                .select(page_keys::page_id)
                .first(connection)
                .optional()?)
        })
        .await
}
