//! Masking of addresses that may hold a secret.

use releasepage_storage::DatabaseUrl;
use url::Url;

/// The sign in place of a secret.
pub(super) const MASK: &str = "***";

/// The address of a database without its password. libpq accepts the password in several places.
pub(crate) fn database_url_masked(url: &DatabaseUrl) -> String {
    match url {
        DatabaseUrl::Sqlite(path) => format!("sqlite://{path}"),
        DatabaseUrl::Postgres(text) => match Url::parse(text) {
            Ok(url) => postgres_masked(url),
            // An address that cannot be parsed is not shown at all.
            Err(_) => format!("postgres://{MASK}"),
        },
    }
}

fn postgres_masked(mut url: Url) -> String {
    if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
        return format!("postgres://{MASK}");
    }
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    if !pairs.is_empty() {
        let masked = pairs.iter().map(|(name, value)| match name.contains("password") {
            true => (name.as_str(), MASK),
            false => (name.as_str(), value.as_str()),
        });
        url.query_pairs_mut().clear().extend_pairs(masked);
    }
    url.into()
}
