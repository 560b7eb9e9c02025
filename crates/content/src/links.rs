//! Resolution of relative addresses in notes.

use url::Url;

/// Resolves an address that is relative to a repository. `None` if the address is absolute, points inside the notes, or
/// cannot be resolved.
///
/// `files` is the URL at which the forge shows the repository's files. It ends in `/`. An address that begins with `/`
/// also points into the repository, as on the forges themselves.
pub(crate) fn relative_resolve(address: &str, files: Option<&Url>) -> Option<String> {
    let files = files?;
    let address = address.trim();
    if address.is_empty() || address.starts_with('#') || !is_relative(address) {
        return None;
    }
    let rooted = address.strip_prefix('/').filter(|rest| !rest.starts_with(['/', '\\']));
    // After the dot, the parser takes any text as a path, even `/javascript:x`.
    let resolved = rooted.map_or_else(|| files.join(address), |rest| files.join(&format!("./{rest}"))).ok()?;
    matches!(resolved.scheme(), "http" | "https").then(|| resolved.into())
}

/// True if an address is relative.
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
