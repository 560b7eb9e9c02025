//! Releases as the readers of a page see them, and the place of each in the history of its component.

use diesel::prelude::*;
use releasepage_domain::{bump::Bump, repository::repository_owner, time::UtcTime};

use crate::{
    AnyConnection, QueryResult, StoreError,
    database::{
        schema::{component_releases, components, releases},
        stored::stored,
    },
    pages::row::{PageComponent, page_components},
};

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
    /// Its bump to the component's readers.
    pub bump: Bump,
    /// Says whether it comes before a release.
    pub prerelease: bool,
    /// Its title; may be empty.
    pub title: String,
    /// Its notes, Markdown.
    pub notes: Option<String>,
    /// The author, where its source named somebody.
    pub author: Option<String>,
    /// The platforms it is for.
    pub platforms: Vec<String>,
    /// The time at which it was published.
    pub published_at: UtcTime,
    /// The time at which its roll-out ends.
    pub ends_at: Option<UtcTime>,
}

/// The columns of a [`PageRelease`].
#[derive(Queryable)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) component: PageComponent,
    pub(crate) tag: String,
    pub(crate) version: String,
    pub(crate) version_key: String,
    pub(crate) bump: String,
    pub(crate) prerelease: bool,
    pub(crate) title: String,
    pub(crate) notes: Option<String>,
    pub(crate) author: Option<String>,
    pub(crate) platforms: String,
    published_at: UtcTime,
    pub(crate) ends_at: Option<UtcTime>,
}

impl PageRelease {
    /// The author; the owner part of `repo` where nobody was named, as the API has it (`releasepage-v1.md`, version).
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

/// The order of releases of a component, highest first: the order of
/// `releasepage_domain::history::component_release_order`.
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

/// Keeps the bump of an announced release as it is, and answers it; `None` where readers no longer see the release.
pub(crate) fn bump_fix(
    connection: &mut AnyConnection,
    component_id: i64,
    release_id: &str,
) -> QueryResult<Option<Bump>> {
    let place = component_releases::table.find((component_id, release_id));
    let bump: Option<String> = place
        .filter(component_releases::visible.eq(true))
        .select(component_releases::bump)
        .first(connection)
        .optional()?;
    let Some(bump) = bump else { return Ok(None) };
    diesel::update(place).set(component_releases::bump_fixed.eq(true)).execute(connection)?;
    Ok(Some(stored(&bump, "bump")?))
}

/// The most releases that `component_releases_between` answers.
pub const RANGE_MAX: i64 = 500;
