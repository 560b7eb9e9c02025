//! API access: the publishable keys of a page, and how much they may ask for (`releasepage-v1.md`, Authentication).

use diesel::prelude::*;
use releasepage_domain::{environment::Environment, page::CountedBy, time::UtcTime};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::schema::{page_keys, pages},
    pages::row::{page_generation_raise, page_load},
};

/// The keys of a page, one for each environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageKeys {
    /// The key for readers.
    pub live: String,
    /// The key for trying things out.
    pub test: String,
}

/// The API access of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiAccess {
    /// Says whether the keys work.
    pub enabled: bool,
    /// The page.
    pub page_id: String,
    /// The keys; `None` where API access has never been on.
    pub keys: Option<PageKeys>,
    /// Requests a minute with each key.
    pub rate_limit: i32,
    /// The way in which they are counted.
    pub counted_by: CountedBy,
}

/// A new setting of a page's API access.
#[derive(Clone, Debug)]
pub struct ApiAccessChange {
    /// Says whether the keys work.
    pub enabled: bool,
    /// Requests a minute with each key, as `rate_limit_check` of the rules allows them; `None` leaves them.
    pub rate_limit: Option<i32>,
    /// The way in which they are counted; `None` leaves it.
    pub counted_by: Option<CountedBy>,
}

/// The API access of a page. Fails with [`StoreError::NotFound`] where the organization has no such page.
pub async fn api_access_get(store: &Store, organization_id: i64, page_id: String) -> Result<ApiAccess, StoreError> {
    store.read(move |connection| api_access_load(connection, organization_id, &page_id)).await
}

/// Switches API access on or off, and sets its limits. Switched off, a page keeps its keys; `new_keys` become its keys
/// where it is switched on for the first time.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such page.
pub async fn api_access_set(
    store: &Store,
    organization_id: i64,
    page_id: String,
    change: ApiAccessChange,
    new_keys: PageKeys,
    now: UtcTime,
) -> Result<ApiAccess, StoreError> {
    store
        .write(&[Scope::Page(page_id.clone())], move |connection| {
            let access = api_access_load(connection, organization_id, &page_id)?;
            if change.enabled && access.keys.is_none() {
                keys_insert(connection, &page_id, &new_keys, now)?;
            }
            let counted_by = change.counted_by.unwrap_or(access.counted_by);
            diesel::update(pages::table.find(&page_id))
                .set((
                    pages::api_enabled.eq(change.enabled),
                    pages::rate_limit.eq(change.rate_limit.unwrap_or(access.rate_limit)),
                    pages::counted_by.eq(counted_by.as_str()),
                ))
                .execute(connection)?;
            page_generation_raise(connection, &page_id)?;
            api_access_load(connection, organization_id, &page_id)
        })
        .await
}

/// Gives a page new keys, whether API access is on or off; the old ones never work again. Fails with
/// [`StoreError::NotFound`] where the organization has no such page.
pub async fn api_access_rotate(
    store: &Store,
    organization_id: i64,
    page_id: String,
    new_keys: PageKeys,
    now: UtcTime,
) -> Result<ApiAccess, StoreError> {
    store
        .write(&[Scope::Page(page_id.clone())], move |connection| {
            page_load(connection, organization_id, &page_id)?;
            diesel::update(page_keys::table)
                .filter(page_keys::page_id.eq(&page_id).and(page_keys::revoked_at.is_null()))
                .set(page_keys::revoked_at.eq(now))
                .execute(connection)?;
            keys_insert(connection, &page_id, &new_keys, now)?;
            page_generation_raise(connection, &page_id)?;
            api_access_load(connection, organization_id, &page_id)
        })
        .await
}

fn api_access_load(connection: &mut AnyConnection, organization_id: i64, page_id: &str) -> QueryResult<ApiAccess> {
    let page = page_load(connection, organization_id, page_id)?;
    let live = key_load(connection, page_id, Environment::Live)?;
    let test = key_load(connection, page_id, Environment::Test)?;
    Ok(ApiAccess {
        enabled: page.api_enabled,
        keys: live.zip(test).map(|(live, test)| PageKeys { live, test }),
        page_id: page.id,
        rate_limit: page.rate_limit,
        counted_by: page.counted_by,
    })
}

/// The key of a page that is not revoked.
fn key_load(connection: &mut AnyConnection, page_id: &str, environment: Environment) -> QueryResult<Option<String>> {
    Ok(page_keys::table
        .filter(page_keys::page_id.eq(page_id).and(page_keys::environment.eq(environment.as_str())))
        .filter(page_keys::revoked_at.is_null())
        .select(page_keys::page_key)
        .first(connection)
        .optional()?)
}

fn keys_insert(connection: &mut AnyConnection, page_id: &str, keys: &PageKeys, now: UtcTime) -> QueryResult<()> {
    for (environment, key) in [(Environment::Live, &keys.live), (Environment::Test, &keys.test)] {
        diesel::insert_into(page_keys::table)
            .values((
                page_keys::page_key.eq(key),
                page_keys::page_id.eq(page_id),
                page_keys::environment.eq(environment.as_str()),
                page_keys::created_at.eq(now),
            ))
            .execute(connection)?;
    }
    Ok(())
}
