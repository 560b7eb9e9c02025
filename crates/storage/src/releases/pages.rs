//! The pages on which readers find a release.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::{
    Store, StoreError,
    database::schema::{component_releases, components, pages},
};

/// The slugs of the published pages that show each of these releases, by its id. One that no page shows is left out.
pub async fn release_page_slugs(
    store: &Store,
    release_ids: Vec<String>,
) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
    store
        .read(move |connection| {
            let rows: Vec<(String, String)> = component_releases::table
                .inner_join(components::table.inner_join(pages::table))
                .filter(component_releases::release_id.eq_any(&release_ids))
                .filter(component_releases::visible.eq(true).and(pages::published.eq(true)))
                .select((component_releases::release_id, pages::slug))
                .distinct()
                .order((component_releases::release_id, pages::slug))
                .load(connection)?;
            let mut slugs: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (release_id, slug) in rows {
                slugs.entry(release_id).or_default().push(slug);
            }
            Ok(slugs)
        })
        .await
}
