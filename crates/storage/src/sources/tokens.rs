//! The token of a repository's forge: sealed for the place that it is meant for, so that it opens for no other.

use std::{fmt, sync::Arc};

use diesel::prelude::*;
use releasepage_domain::repository_source::SourcePlace;
use url::Url;

use crate::{
    Scope, Store, StoreError,
    database::{schema::repository_sources, sealed_text::SealedText},
};

/// Seals a token for what it is handed; see [`source_token_place`].
#[derive(Clone)]
pub struct TokenSealing(Arc<dyn Fn(&str) -> String + Send + Sync>);

impl TokenSealing {
    /// Of a token, which the function knows.
    pub fn new(seal: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(seal))
    }

    pub(crate) fn seal(&self, repository_id: i64, api_url: Option<&str>) -> String {
        (self.0)(&source_token_place(repository_id, api_url))
    }
}

impl fmt::Debug for TokenSealing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenSealing(…)")
    }
}

/// The place that the token of a repository's forge is sealed for: the repository, and scheme, host and port of the
/// forge's API.
pub fn source_token_place(repository_id: i64, api_url: Option<&str>) -> String {
    match source_place(api_url) {
        SourcePlace::OfSettings => format!("repository_sources {repository_id} of the settings"),
        SourcePlace::Origin(origin) => format!("repository_sources {repository_id} {origin}"),
    }
}

/// The place that a token was sealed for by versions that bound it to the repository alone.
pub fn source_token_row(repository_id: i64) -> String {
    format!("repository_sources {repository_id}")
}

/// The place that an address of a forge's API leads to.
pub(crate) fn source_place(api_url: Option<&str>) -> SourcePlace {
    let Some(text) = api_url else { return SourcePlace::OfSettings };
    // An address that cannot be read is the same place as itself alone.
    let origin = Url::parse(text).map_or_else(|_| text.to_owned(), |url| url.origin().ascii_serialization());
    SourcePlace::Origin(origin)
}

/// Puts a token that is sealed anew in the place of the one that it was opened from, unless either changed meanwhile
/// or leads elsewhere by now.
pub async fn source_token_reseal(
    store: &Store,
    repository_id: i64,
    api_url: Option<String>,
    old: SealedText,
    new: String,
) -> Result<(), StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            let row = repository_sources::table.find(repository_id).filter(repository_sources::token.eq(old.as_str()));
            let found: Option<Option<String>> = row.select(repository_sources::api_url).first(connection).optional()?;
            if found.as_ref() == Some(&api_url) {
                diesel::update(row).set(repository_sources::token.eq(&new)).execute(connection)?;
            }
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_scheme_host_and_port() {
        let place = |address| source_token_place(7, Some(address));
        let home = place("https://git.example.com/api/v3");
        for same in ["https://git.example.com", "https://GIT.example.com:443/other"] {
            assert_eq!(place(same), home, "{same}");
        }
        for other in [
            "http://git.example.com/api/v3",
            "https://git.example.com:8443/api/v3",
            "https://git.example.com./api/v3",
            "https://git.example.org/api/v3",
        ] {
            assert_ne!(place(other), home, "{other}");
        }
        assert_ne!(source_token_place(7, None), home);
        assert_ne!(source_token_place(8, Some("https://git.example.com")), home);
    }
}
