//! Where the addresses in notes lead that name no server.

use url::Url;

/// Where an address that is relative to a repository leads; `None` where nobody knows, or it leads nowhere but within
/// the notes.
///
/// `files` is where the files of the repository are shown, and ends in `/`. As forges have it, an address that begins
/// with `/` is one in the repository, too.
pub(crate) fn relative_resolve(address: &str, files: Option<&Url>) -> Option<String> {
    let files = files?;
    let address = address.trim();
    if address.is_empty() || address.starts_with('#') || !is_relative(address) {
        return None;
    }
    let rooted = address.strip_prefix('/').filter(|rest| !rest.starts_with(['/', '\\']));
    // With the dot, what follows is a path, whatever it looks like: `/javascript:x`.
    let resolved = rooted.map_or_else(|| files.join(address), |rest| files.join(&format!("./{rest}"))).ok()?;
    matches!(resolved.scheme(), "http" | "https").then(|| resolved.into())
}

/// Whether an address is to be read beside another.
pub(crate) fn is_relative(address: &str) -> bool {
    Url::parse(address) == Err(url::ParseError::RelativeUrlWithoutBase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_the_repository() {
        let files = Url::parse("https://github.com/acme/api/blob/v1.2.0/").expect("a URL");
        for (address, expected) in [
            ("docs/new.md", Some("https://github.com/acme/api/blob/v1.2.0/docs/new.md")),
            ("./CHANGELOG.md#v1", Some("https://github.com/acme/api/blob/v1.2.0/CHANGELOG.md#v1")),
            ("/docs/a b.md", Some("https://github.com/acme/api/blob/v1.2.0/docs/a%20b.md")),
            ("../../issues/7", Some("https://github.com/acme/api/issues/7")),
            ("//example.com/x", Some("https://example.com/x")),
            ("/javascript:alert(1)", Some("https://github.com/acme/api/blob/v1.2.0/javascript:alert(1)")),
            ("#top", None),
            ("", None),
            ("https://example.com", None),
            ("javascript:alert(1)", None),
        ] {
            assert_eq!(relative_resolve(address, Some(&files)).as_deref(), expected, "{address}");
            assert_eq!(relative_resolve(address, None), None, "{address}");
        }
    }
}
