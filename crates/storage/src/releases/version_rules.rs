//! The work that an upgrade leaves which brings other rules of versions.

use diesel::prelude::*;
use releasepage_domain::history::VERSION_RULES;

use crate::{
    Scope, Store, StoreError, database::schema::repositories, pages::component_releases::repository_recompute,
};

/// Computes versions and bumps again for every repository where that was done by earlier rules, each in a transaction
/// of its own: broken off, it goes on where it was. What was announced or grouped keeps its bump, and nobody is mailed.
/// Answers how many there were.
pub async fn version_rules_apply(store: &Store) -> Result<usize, StoreError> {
    let mut done = 0;
    while let Some(id) = repository_stale(store).await? {
        store.write(&[Scope::Repository(id)], move |connection| repository_recompute(connection, id)).await?;
        done += 1;
    }
    Ok(done)
}

async fn repository_stale(store: &Store) -> Result<Option<i64>, StoreError> {
    store
        .read(|connection| {
            Ok(repositories::table
                .filter(repositories::version_rules.lt(VERSION_RULES))
                .order(repositories::id)
                .select(repositories::id)
                .first(connection)
                .optional()?)
        })
        .await
}
