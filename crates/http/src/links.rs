//! Links to documents for people. All are below `server.public_url`.

use releasepage_domain::repository::RepositoryOrigin;
use url::Url;

/// Returns a page's address, `/p/{slug}`.
pub fn page_url(public_url: &Url, slug: &str) -> String {
    below(public_url, &["p", slug])
}

/// Returns a release's permalink, `/p/{slug}/releases/{id}`.
pub fn release_url(public_url: &Url, slug: &str, release_id: &str) -> String {
    below(public_url, &["p", slug, "releases", release_id])
}

/// Returns a group's permalink, `/p/{slug}/groups/{id}`.
pub fn group_url(public_url: &Url, slug: &str, group_id: i64) -> String {
    below(public_url, &["p", slug, "groups", &group_id.to_string()])
}

/// Returns the address to which a forge delivers a repository's events, such as `/hooks/github/{id}`.
pub fn hook_url(public_url: &Url, origin: RepositoryOrigin, repository_id: i64) -> String {
    below(public_url, &["hooks", origin.as_str(), &repository_id.to_string()])
}

/// Returns an address below the server's. Each part is escaped as one segment of the path.
pub fn below(public_url: &Url, path: &[&str]) -> String {
    let mut url = public_url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Only addresses such as `mailto:` have no path to extend. The settings accept only http and https.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().extend(path);
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stand_below_the_public_url() {
        for base in ["https://releases.example.com", "https://releases.example.com/"] {
            let base = Url::parse(base).unwrap();
            assert_eq!(page_url(&base, "acme"), "https://releases.example.com/p/acme");
            assert_eq!(release_url(&base, "acme", "xbcehyc"), "https://releases.example.com/p/acme/releases/xbcehyc");
            assert_eq!(group_url(&base, "acme", 17), "https://releases.example.com/p/acme/groups/17");
            assert_eq!(below(&base, &["a b/c"]), "https://releases.example.com/a%20b%2Fc");
        }
    }
}
