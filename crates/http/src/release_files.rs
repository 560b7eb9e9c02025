//! The addresses of a repository's files at its forge. Relative addresses in the notes of releases refer to them.

use std::collections::HashMap;

use releasepage_storage::{StoreError, releases::sources::release_sources};
use url::Url;

use crate::state::AppState;

/// Returns the addresses by release id. A release whose forge is not known has none.
pub async fn files_of(state: &AppState, release_ids: Vec<String>) -> Result<HashMap<String, Url>, StoreError> {
    let sources = release_sources(&state.store, release_ids).await?;
    let address = |(id, source)| Some((id, Url::parse(&state.settings.forges.files_address(&source)?).ok()?));
    Ok(sources.into_iter().filter_map(address).collect())
}
