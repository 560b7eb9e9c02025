//! The readers' view of a page's groups: the latest, one by its version, and all of them among the releases that have
//! none.

use std::collections::HashMap;

use diesel::{
    dsl::{exists, not},
    prelude::*,
};
use releasepage_domain::{
    bump::Bump,
    group::{GroupState, GroupVersion, Grouping, bump_rank},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Store, StoreError,
    database::{
        cursor::{ListPart, TimeCursor},
        schema::{component_releases, components, group_members, groups, releases},
        stored::stored,
    },
    groups::{member_row::counted, row::GroupRow},
    pages::{
        release_row::{PageRelease, Row, row, visible},
        row::page_grouping,
    },
};

/// A closed group as the readers of a page see it; it has a member that they see.
#[derive(Clone, Debug, PartialEq)]
pub struct PageGroup {
    /// The group.
    pub id: i64,
    /// Its version.
    pub version: String,
    /// Its bump to its readers when it closed.
    pub bump: Bump,
    /// The introduction that an editor wrote, Markdown.
    pub notes: Option<String>,
    /// The time at which its newest member was published, as it closed.
    pub published_at: UtcTime,
    /// The releases that readers see, component by component: those with breaking changes first, then those to which
    /// something was added, then those that were repaired; of one component likewise, and the higher version first.
    pub members: Vec<PageRelease>,
}

/// The content of `latestGrouped` (`releasepage-v1.md`, version).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatestGroup {
    /// The group.
    pub id: i64,
    /// The version of the highest group.
    pub version: String,
    /// The authors of its releases, each once, those of the newest first.
    pub authors: Vec<String>,
    /// The time at which its newest release was published.
    pub published_at: UtcTime,
    /// The components of its releases, each once, that of the newest first.
    pub repos: Vec<String>,
}

/// One entry of a page's history.
#[derive(Clone, Debug, PartialEq)]
pub enum TimelineEntry {
    /// A group with its releases.
    Group(PageGroup),
    /// A release that is in no group that readers see.
    Release(Box<PageRelease>),
}

impl TimelineEntry {
    /// The time at which it was published.
    pub fn published_at(&self) -> UtcTime {
        match self {
            Self::Group(group) => group.published_at,
            Self::Release(release) => release.published_at,
        }
    }

    /// The place in the history.
    fn place(&self) -> TimeCursor {
        TimeCursor { time: self.published_at(), id: self.key() }
    }

    fn cursor(&self) -> String {
        self.place().to_string()
    }

    /// Its place among the entries of one moment, which sort by it from the last down: releases (`r`), then groups
    /// (`g`).
    fn key(&self) -> String {
        match self {
            Self::Group(group) => format!("g{:016x}", group.id),
            Self::Release(release) => format!("r{}", release.id),
        }
    }
}

/// A part of a page's history.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum TimelinePlace {
    /// Its newest entries.
    #[default]
    Newest,
    /// The entries right behind this place, older than it.
    After(TimeCursor),
    /// The entries right before this place, newer than it; the newest entries where that is no whole part.
    Before(TimeCursor),
}

/// One part of a page's history.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelinePart {
    /// The entries, newest first.
    pub entries: Vec<TimelineEntry>,
    /// The place that everything newer is before; `None` where there is nothing newer.
    pub newer: Option<String>,
    /// The place that everything older is after; `None` where there is nothing older.
    pub older: Option<String>,
}

/// The groups of a page that readers see: closed, and with a member that counts.
macro_rules! groups_shown {
    ($page_id:expr) => {
        groups::table
            .filter(groups::page_id.eq($page_id).and(groups::state.eq(GroupState::Closed.as_str())))
            .filter(exists(counted!($page_id).filter(group_members::group_id.eq(groups::id))))
            .select(GroupRow::as_select())
    };
}
pub(crate) use groups_shown;

/// The highest group of a page that readers see; `None` where there is none, or the page's grouping is off.
pub(crate) fn page_group_latest(connection: &mut AnyConnection, page_id: &str) -> QueryResult<Option<LatestGroup>> {
    if !is_grouped(connection, page_id)? {
        return Ok(None);
    }
    let row = groups_shown!(page_id).order(groups::version_key.desc()).first(connection).optional()?;
    let group = groups_read(connection, page_id, row.into_iter().collect())?.pop();
    Ok(group.and_then(latest_of))
}

fn latest_of(mut group: PageGroup) -> Option<LatestGroup> {
    group.members.sort_by(|one, other| {
        other.published_at.cmp(&one.published_at).then_with(|| one.component.id.cmp(&other.component.id))
    });
    let published_at = group.members.first()?.published_at;
    let (mut authors, mut repos) = (Vec::new(), Vec::new());
    for member in group.members {
        let author = member.author_or_owner().to_owned();
        if !authors.contains(&author) {
            authors.push(author);
        }
        if !repos.contains(&member.component.repo) {
            repos.push(member.component.repo);
        }
    }
    Some(LatestGroup { id: group.id, version: group.version, authors, published_at, repos })
}

/// Tells whether readers see groups on a page.
pub(crate) fn is_grouped(connection: &mut AnyConnection, page_id: &str) -> QueryResult<bool> {
    let grouping = page_grouping(connection, page_id)?;
    Ok(grouping.is_some_and(|grouping| grouping.mode != Grouping::Off))
}

/// The group of a page with a version, by precedence. Fails with [`StoreError::NotFound`] where readers see none, and
/// where the page's grouping is off.
pub async fn page_group(store: &Store, page_id: String, version: GroupVersion) -> Result<PageGroup, StoreError> {
    store
        .read(move |connection| {
            if !is_grouped(connection, &page_id)? {
                return Err(StoreError::NotFound.into());
            }
            let row = groups_shown!(&page_id)
                .filter(groups::version_key.eq(version.sort_key()))
                .first(connection)
                .optional()?;
            let group = groups_read(connection, &page_id, row.into_iter().collect())?.pop();
            Ok(group.ok_or(StoreError::NotFound)?)
        })
        .await
}

/// The group of a page that a release belongs to and readers see; `None` where it has none, and where the page's
/// grouping is off.
pub async fn page_group_of_release(
    store: &Store,
    page_id: String,
    release_id: String,
) -> Result<Option<PageGroup>, StoreError> {
    store
        .read(move |connection| {
            if !is_grouped(connection, &page_id)? {
                return Ok(None);
            }
            let own = group_members::release_id.eq(&release_id).and(group_members::group_id.eq(groups::id));
            let row =
                groups_shown!(&page_id).filter(exists(counted!(&page_id).filter(own))).first(connection).optional()?;
            Ok(groups_read(connection, &page_id, row.into_iter().collect())?.pop())
        })
        .await
}

/// The history of a page, newest first: its groups, and the releases that are in none, at most `limit` from a place on.
/// Releases alone, if the page's grouping is off.
pub async fn page_timeline(
    store: &Store,
    page_id: String,
    place: TimelinePlace,
    limit: u32,
) -> Result<TimelinePart, StoreError> {
    store
        .read(move |connection| {
            let timeline = Timeline { page_id: &page_id, is_grouped: is_grouped(connection, &page_id)? };
            if let TimelinePlace::Before(place) = &place {
                let newer = timeline.entries(connection, Side::Newer, Some(place), limit.saturating_add(1))?;
                let mut part = ListPart::cut(newer, limit, TimelineEntry::cursor);
                // Fewer are the beginning of the history, which is shown whole.
                if part.next.is_some() {
                    part.rows.reverse();
                    let older = timeline.next(connection, Side::Older, part.rows.last())?;
                    return Ok(TimelinePart { entries: part.rows, newer: part.next, older });
                }
            }
            let after = match &place {
                TimelinePlace::After(place) => Some(place),
                TimelinePlace::Newest | TimelinePlace::Before(_) => None,
            };
            let older = timeline.entries(connection, Side::Older, after, limit.saturating_add(1))?;
            let part = ListPart::cut(older, limit, TimelineEntry::cursor);
            let newer = match after {
                Some(_) => timeline.next(connection, Side::Newer, part.rows.first())?,
                None => None,
            };
            Ok(TimelinePart { entries: part.rows, newer, older: part.next })
        })
        .await
}

/// On which side of a place entries are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Newer,
    Older,
}

/// The history of a page.
struct Timeline<'a> {
    page_id: &'a str,
    is_grouped: bool,
}

impl Timeline<'_> {
    /// The place of an entry, if there is anything on that side of it.
    fn next(
        &self,
        connection: &mut AnyConnection,
        side: Side,
        entry: Option<&TimelineEntry>,
    ) -> QueryResult<Option<String>> {
        let Some(place) = entry.map(TimelineEntry::place) else { return Ok(None) };
        let is_more = !self.entries(connection, side, Some(&place), 1)?.is_empty();
        Ok(is_more.then(|| place.to_string()))
    }

    /// So many entries on one side of a place, those nearest to it first.
    fn entries(
        &self,
        connection: &mut AnyConnection,
        side: Side,
        place: Option<&TimeCursor>,
        limit: u32,
    ) -> QueryResult<Vec<TimelineEntry>> {
        let mut entries: Vec<TimelineEntry> = Vec::new();
        if self.is_grouped {
            let rows = groups_beside(connection, self.page_id, side, place, limit.into())?;
            entries.extend(groups_read(connection, self.page_id, rows)?.into_iter().map(TimelineEntry::Group));
        }
        let releases = self.releases_beside(connection, side, place, limit.into())?;
        entries.extend(releases.into_iter().map(|release| TimelineEntry::Release(Box::new(release))));
        entries.sort_by_cached_key(|entry| (entry.published_at(), entry.key()));
        if side == Side::Older {
            entries.reverse();
        }
        entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(entries)
    }

    fn releases_beside(
        &self,
        connection: &mut AnyConnection,
        side: Side,
        place: Option<&TimeCursor>,
        limit: i64,
    ) -> QueryResult<Vec<PageRelease>> {
        let mut query = visible!(self.page_id).limit(limit).into_boxed();
        if self.is_grouped {
            let of_release = group_members::release_id.eq(releases::id).and(group_members::page_id.eq(self.page_id));
            let grouped = group_members::table
                .inner_join(groups::table)
                .filter(of_release.and(group_members::left_at.is_null()))
                .filter(groups::state.eq(GroupState::Closed.as_str()));
            query = query.filter(component_releases::prerelease.eq(true).or(not(exists(grouped))));
        }
        let at = component_releases::published_at;
        query = match side {
            Side::Older => query.order((at.desc(), releases::id.desc())),
            Side::Newer => query.order((at.asc(), releases::id.asc())),
        };
        if let Some(place) = place {
            let id = place.id.strip_prefix('r').map(str::to_owned);
            query = match (side, id) {
                (Side::Older, Some(id)) => {
                    query.filter(at.lt(place.time).or(at.eq(place.time).and(releases::id.lt(id))))
                }
                (Side::Newer, Some(id)) => {
                    query.filter(at.gt(place.time).or(at.eq(place.time).and(releases::id.gt(id))))
                }
                // Of one moment, releases are newer than groups.
                (Side::Older, None) => query.filter(at.lt(place.time)),
                (Side::Newer, None) => query.filter(at.ge(place.time)),
            };
        }
        query.load::<Row>(connection)?.into_iter().map(Row::release).collect()
    }
}

fn groups_beside(
    connection: &mut AnyConnection,
    page_id: &str,
    side: Side,
    place: Option<&TimeCursor>,
    limit: i64,
) -> QueryResult<Vec<GroupRow>> {
    let at = groups::published_at;
    let mut query = groups_shown!(page_id).limit(limit).into_boxed();
    query = match side {
        Side::Older => query.order((at.desc(), groups::id.desc())),
        Side::Newer => query.order((at.asc(), groups::id.asc())),
    };
    if let Some(place) = place {
        let time = place.time;
        // Beside a release, every group of the same moment is older.
        let id = place.id.strip_prefix('g').and_then(|hex| i64::from_str_radix(hex, 16).ok()).unwrap_or(i64::MAX);
        query = match side {
            Side::Older => query.filter(at.lt(time).or(at.eq(time).and(groups::id.lt(id)))),
            Side::Newer => query.filter(at.gt(time).or(at.eq(time).and(groups::id.gt(id)))),
        };
    }
    Ok(query.load(connection)?)
}

/// Adds to groups what readers see of their members.
pub(crate) fn groups_read(
    connection: &mut AnyConnection,
    page_id: &str,
    rows: Vec<GroupRow>,
) -> QueryResult<Vec<PageGroup>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut members = members_read(connection, page_id, &ids)?;
    rows.into_iter()
        .map(|row| {
            let missing = || StoreError::corrupt("group");
            Ok(PageGroup {
                members: members.remove(&row.id).unwrap_or_default(),
                id: row.id,
                version: row.version.ok_or_else(missing)?,
                bump: stored(&row.bump.ok_or_else(missing)?, "bump")?,
                notes: row.notes,
                published_at: row.published_at.ok_or_else(missing)?,
            })
        })
        .collect()
}

/// Loads what readers see of the members of groups of a page, as [`PageGroup::members`] has them.
pub(crate) fn members_read(
    connection: &mut AnyConnection,
    page_id: &str,
    group_ids: &[i64],
) -> QueryResult<HashMap<i64, Vec<PageRelease>>> {
    let found: Vec<(i64, Row)> = counted!(page_id)
        .filter(group_members::group_id.eq_any(group_ids))
        .select((group_members::group_id, row!()))
        .load(connection)?;
    let mut members: HashMap<i64, Vec<PageRelease>> = HashMap::new();
    for (group_id, row) in found {
        members.entry(group_id).or_default().push(row.release()?);
    }
    members.values_mut().for_each(|members| members_sort(members));
    Ok(members)
}

/// Puts the members of a group in the order in which readers see them, see [`PageGroup::members`].
fn members_sort(members: &mut [PageRelease]) {
    let mut component_ranks: HashMap<i64, u8> = HashMap::new();
    for member in &*members {
        let rank = component_ranks.entry(member.component.id).or_insert(u8::MAX);
        *rank = bump_rank(member.bump).min(*rank);
    }
    members.sort_by(|one, other| {
        let rank = |member: &PageRelease| {
            (component_ranks.get(&member.component.id).copied(), member.component.id, bump_rank(member.bump))
        };
        rank(one).cmp(&rank(other)).then_with(|| other.version_key.cmp(&one.version_key))
    });
}
