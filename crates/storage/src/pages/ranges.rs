//! The releases of a component in the order of their versions: where one stands, and what lies between two places.

use diesel::prelude::*;
use releasepage_domain::{bump::Bump, time::UtcTime, version::VersionRule};

use crate::{
    QueryResult, Store, StoreError,
    database::{
        schema::{component_releases, components, releases},
        stored::stored,
    },
    pages::{
        release_row::{PageRelease, RANGE_MAX, Row, highest_first, row, visible},
        row::component_of,
    },
};

/// The rank of a visible release among those of its component.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct ReleaseRank {
    /// The release.
    pub id: String,
    /// The whole tag.
    pub tag: String,
    /// The tag without the component's own prefix.
    pub version: String,
    /// Compares by bytes as versions do; the same for all unversioned releases.
    pub version_key: String,
    /// Says whether it comes before a release.
    pub prerelease: bool,
    /// The time at which it was published.
    pub published_at: UtcTime,
}

/// One end of a range of versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeEnd {
    /// The key, as [`ReleaseRank::version_key`] has it.
    pub version_key: String,
    /// The time, where several have this key: the end is behind those published until then. `None`: behind all of them.
    pub published_at: Option<UtcTime>,
}

/// A range of versions of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRange {
    /// The releases behind this end belong to the range,
    pub after: RangeEnd,
    /// up to this one.
    pub until: RangeEnd,
    /// Says whether pre-releases belong to it.
    pub prereleases: bool,
}

/// Finds the highest visible release of a component whose tag or version is `name`; without a name, the component's
/// latest, which is never a pre-release. `None` where there is none; a `repo` that the page does not have is not found.
pub async fn release_rank(
    store: &Store,
    page_id: String,
    repo: String,
    name: Option<String>,
) -> Result<Option<ReleaseRank>, StoreError> {
    store
        .read(move |connection| {
            let component = component_of(connection, &page_id, &repo)?;
            let mut query = component_releases::table
                .inner_join(releases::table)
                .filter(component_releases::component_id.eq(component.id).and(component_releases::visible.eq(true)))
                .order(highest_first!())
                .select((
                    releases::id,
                    releases::tag,
                    component_releases::version,
                    component_releases::version_key,
                    component_releases::prerelease,
                    component_releases::published_at,
                ))
                .into_boxed();
            query = match &name {
                Some(name) => query.filter(component_releases::version.eq(name).or(releases::tag.eq(name))),
                None => query.filter(component_releases::prerelease.eq(false)),
            };
            Ok(query.first(connection).optional()?)
        })
        .await
}

/// The rule by which the tags of a component are read. A `repo` that the page does not have is not found.
pub async fn component_versions(store: &Store, page_id: String, repo: String) -> Result<VersionRule, StoreError> {
    store
        .read(move |connection| {
            let component = component_of(connection, &page_id, &repo)?;
            let versions: String =
                components::table.find(component.id).select(components::versions).first(connection)?;
            stored(&versions, "versions")
        })
        .await
}

/// The visible releases of a component in a range, at most [`RANGE_MAX`]: breaking (major) ones first, then the others,
/// each from the highest version down. A `repo` that the page does not have is not found.
pub async fn component_releases_between(
    store: &Store,
    page_id: String,
    repo: String,
    range: ReleaseRange,
) -> Result<Vec<PageRelease>, StoreError> {
    store
        .read(move |connection| {
            let component = component_of(connection, &page_id, &repo)?;
            let (key, time) = (component_releases::version_key, component_releases::published_at);
            let mut query = visible!(&page_id)
                .filter(components::id.eq(component.id))
                .filter(key.ge(&range.after.version_key).and(key.le(&range.until.version_key)))
                .order((
                    component_releases::bump.eq(Bump::Major.as_str()).desc(),
                    key.desc(),
                    time.desc(),
                    releases::tag.desc(),
                    releases::platforms_key.desc(),
                    releases::id.desc(),
                ))
                .limit(RANGE_MAX)
                .into_boxed();
            query = match range.after.published_at {
                Some(after) => query.filter(key.ne(&range.after.version_key).or(time.gt(after))),
                None => query.filter(key.ne(&range.after.version_key)),
            };
            if let Some(until) = range.until.published_at {
                query = query.filter(key.ne(&range.until.version_key).or(time.le(until)));
            }
            if !range.prereleases {
                query = query.filter(component_releases::prerelease.eq(false));
            }
            query.load::<Row>(connection)?.into_iter().map(Row::release).collect::<QueryResult<_>>()
        })
        .await
}
