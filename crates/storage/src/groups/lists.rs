//! Groups as those who manage a page see them.

use diesel::prelude::*;
use releasepage_domain::group::GroupState;

use crate::{
    Store, StoreError,
    database::{
        cursor::{IdCursor, ListPart},
        schema::groups,
    },
    groups::row::{Group, GroupRow, group_load, groups_complete},
    pages::row::page_load,
};

/// One group of an organization's page, or [`StoreError::NotFound`].
pub async fn group_get(
    store: &Store,
    organization_id: i64,
    page_id: String,
    group_id: i64,
) -> Result<Group, StoreError> {
    store
        .read(move |connection| {
            page_load(connection, organization_id, &page_id)?;
            group_load(connection, &page_id, group_id)
        })
        .await
}

/// The groups of a page, the ones made last first, at most `limit` after the cursor; with `state`, those which stand
/// there. Fails with [`StoreError::NotFound`] where the organization has no such page.
pub async fn groups_list(
    store: &Store,
    organization_id: i64,
    page_id: String,
    state: Option<GroupState>,
    after: Option<IdCursor>,
    limit: u32,
) -> Result<ListPart<Group>, StoreError> {
    store
        .read(move |connection| {
            page_load(connection, organization_id, &page_id)?;
            let mut query = groups::table
                .filter(groups::page_id.eq(&page_id))
                .order(groups::id.desc())
                .limit(i64::from(limit) + 1)
                .select(GroupRow::as_select())
                .into_boxed();
            if let Some(state) = state {
                query = query.filter(groups::state.eq(state.as_str()));
            }
            if let Some(IdCursor(after)) = after {
                query = query.filter(groups::id.lt(after));
            }
            let rows = query.load(connection)?;
            let groups = groups_complete(connection, &page_id, rows)?;
            Ok(ListPart::cut(groups, limit, |last: &Group| IdCursor(last.id).to_string()))
        })
        .await
}
