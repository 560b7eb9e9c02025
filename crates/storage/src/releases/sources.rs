//! The repositories of releases, as their forges know them.

use std::collections::HashMap;

use diesel::prelude::*;
use releasepage_domain::repository_files::ReleaseSource;

use crate::{
    Store, StoreError,
    database::{
        schema::{releases, repositories, repository_hooks, repository_sources},
        stored::stored,
    },
};

/// The sources of releases, by the releases' ids. A repository's forge may know it by another name than it has here:
/// the one that its owner gave counts, then the one that its webhook told.
pub async fn release_sources(
    store: &Store,
    release_ids: Vec<String>,
) -> Result<HashMap<String, ReleaseSource>, StoreError> {
    type Named = (String, Option<String>, Option<String>);
    store
        .read(move |connection| {
            let rows: Vec<(String, String, String, Named, Option<String>)> = releases::table
                .inner_join(repositories::table.left_join(repository_hooks::table).left_join(repository_sources::table))
                .filter(releases::id.eq_any(&release_ids))
                .select((
                    releases::id,
                    releases::tag,
                    repositories::origin,
                    (repositories::name, repository_hooks::source_name.nullable(), repository_sources::name.nullable()),
                    repository_sources::api_url.nullable(),
                ))
                .load(connection)?;
            rows.into_iter()
                .map(|(id, tag, origin, (name, name_told, name_given), api_url)| {
                    let name = name_given.or(name_told).unwrap_or(name);
                    Ok((id, ReleaseSource { origin: stored(&origin, "origin")?, name, api_url, tag }))
                })
                .collect()
        })
        .await
}
