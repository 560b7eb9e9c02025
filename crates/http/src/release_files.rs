//! Where the files of the repositories of releases are shown: what addresses in their notes are relative to.

use std::collections::HashMap;

use releasepage_storage::{StoreError, releases::sources::release_sources};
use url::Url;

use crate::state::AppState;

/// The addresses, by the releases' ids; those whose forge is not known have none.
pub async fn files_of(state: &AppState, release_ids: Vec<String>) -> Result<HashMap<String, Url>, StoreError> {
    let sources = release_sources(&state.store, release_ids).await?;
    let address = |(id, source)| Some((id, Url::parse(&state.settings.forges.files_address(&source)?).ok()?));
    Ok(sources.into_iter().filter_map(address).collect())
}
