//! The tags that a repository has releases of.

use diesel::prelude::*;

use crate::{Store, StoreError, database::schema::releases};

/// The tag of every release of a repository, whatever its state, each once and in the order of their bytes.
pub async fn repository_tags(store: &Store, repository_id: i64) -> Result<Vec<String>, StoreError> {
    store
        .read(move |connection| {
            let tags = releases::table
                .filter(releases::repository_id.eq(repository_id))
                .select(releases::tag)
                .distinct()
                .order(releases::tag);
            Ok(tags.load(connection)?)
        })
        .await
}
