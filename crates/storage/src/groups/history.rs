//! The readers' view of a page's groups in the order of their versions: one with its neighbours, what lies between two
//! of them, and the group that a release is in.

use std::collections::HashMap;

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{bump::Bump, changes::GroupRange, group::GroupState};

use crate::{
    QueryResult, Store, StoreError,
    database::schema::{component_releases, components, group_members, groups, releases},
    groups::{
        member_row::counted,
        row::GroupRow,
        timeline::{PageGroup, groups_read, groups_shown, is_grouped},
    },
    pages::release_row::{PageRelease, RANGE_MAX, Row, row},
};

/// A group by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupName {
    /// The group.
    pub id: i64,
    /// Its version.
    pub version: String,
}

impl GroupName {
    fn of(row: GroupRow) -> Option<Self> {
        Some(Self { id: row.id, version: row.version? })
    }
}

/// A group among the others of its page.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupAmongOthers {
    /// The group.
    pub group: PageGroup,
    /// The one with the next higher version; `None` for the highest.
    pub newer: Option<GroupName>,
    /// The one with the next lower version; `None` for the lowest.
    pub older: Option<GroupName>,
}

/// A group of a page with its neighbours, or [`StoreError::NotFound`] where readers see none. It is found also while
/// the page's grouping is off: links to it stand in mails.
pub async fn page_group_shown(store: &Store, page_id: String, group_id: i64) -> Result<GroupAmongOthers, StoreError> {
    store
        .read(move |connection| {
            let row = groups_shown!(&page_id).filter(groups::id.eq(group_id)).first(connection).optional()?;
            let key: Option<String> =
                groups::table.find(group_id).select(groups::version_key).first(connection).optional()?.flatten();
            let group = groups_read(connection, &page_id, row.into_iter().collect())?.pop();
            let (group, key) = group.zip(key).ok_or(StoreError::NotFound)?;
            let (mut newer, mut older): (Option<GroupRow>, Option<GroupRow>) = (None, None);
            if is_grouped(connection, &page_id)? {
                newer = groups_shown!(&page_id)
                    .filter(groups::version_key.gt(&key))
                    .order(groups::version_key.asc())
                    .first(connection)
                    .optional()?;
                older = groups_shown!(&page_id)
                    .filter(groups::version_key.lt(&key))
                    .order(groups::version_key.desc())
                    .first(connection)
                    .optional()?;
            }
            Ok(GroupAmongOthers { group, newer: newer.and_then(GroupName::of), older: older.and_then(GroupName::of) })
        })
        .await
}

/// The groups that readers of a page see releases in, by the ids of the releases; none where the page's grouping is
/// off.
pub async fn release_groups(
    store: &Store,
    page_id: String,
    release_ids: Vec<String>,
) -> Result<HashMap<String, GroupName>, StoreError> {
    store
        .read(move |connection| {
            if !is_grouped(connection, &page_id)? {
                return Ok(HashMap::new());
            }
            let found: Vec<(String, i64, Option<String>)> = counted!(&page_id)
                .inner_join(groups::table.on(groups::id.eq(group_members::group_id)))
                .filter(groups::state.eq(GroupState::Closed.as_str()))
                .filter(releases::id.eq_any(&release_ids))
                .select((releases::id, groups::id, groups::version))
                .load(connection)?;
            let named = |(release, id, version): (String, i64, Option<String>)| {
                Some((release, GroupName { id, version: version? }))
            };
            Ok(found.into_iter().filter_map(named).collect())
        })
        .await
}

/// The releases of the groups in a range that readers see, at most [`RANGE_MAX`]: breaking (major) ones first, then
/// component by component in the order in which they came to the page, each from the highest version down.
pub async fn group_releases_between(
    store: &Store,
    page_id: String,
    range: GroupRange,
) -> Result<Vec<PageRelease>, StoreError> {
    store
        .read(move |connection| {
            let key = groups::version_key;
            let within = groups::table
                .filter(groups::page_id.eq(&page_id).and(groups::state.eq(GroupState::Closed.as_str())))
                .filter(key.gt(&range.after).and(key.le(&range.until)))
                .select(groups::id);
            counted!(&page_id)
                .filter(group_members::group_id.eq_any(within))
                .order((
                    component_releases::bump.eq(Bump::Major.as_str()).desc(),
                    components::id,
                    component_releases::version_key.desc(),
                    component_releases::published_at.desc(),
                    releases::tag.desc(),
                    releases::id.desc(),
                ))
                .limit(RANGE_MAX)
                .select(row!())
                .load::<Row>(connection)?
                .into_iter()
                .map(Row::release)
                .collect::<QueryResult<_>>()
        })
        .await
}
