//! Components: repositories, or parts of them, on a page.

use crate::{fault::Fault, repository::RepositoryName};

/// Checks a tag prefix: 1 to 100 printable ASCII characters without blanks, as git allows in a tag.
pub fn tag_prefix_check(field: &str, prefix: &str) -> Result<String, Fault> {
    let forbidden = |byte: u8| !byte.is_ascii_graphic() || b"~^:?*[\\".contains(&byte);
    if prefix.is_empty() || prefix.len() > 100 || prefix.bytes().any(forbidden) || component_part(prefix).is_empty() {
        return Err(Fault::invalid(
            field,
            "must be the beginning of the tags of this part, such as web-v or cmd/river/, at most 100 characters",
        ));
    }
    Ok(prefix.to_owned())
}

/// Returns the `repo` of a component: `owner/name`, or `owner/name/part` if it has a tag prefix (`releasepage-v1.md`,
/// version). It contains only `A-Z a-z 0-9 . _ / -`.
pub fn component_repo(repository: &RepositoryName, tag_prefix: Option<&str>) -> String {
    match tag_prefix {
        None => repository.as_str().to_owned(),
        Some(prefix) => format!("{}/{}", repository.as_str(), component_part(prefix)),
    }
}

/// Returns the part that a prefix names: `web` for `web-v`, `cmd/river` for `cmd/river/v`, `scope/name` for
/// `@scope/name@`.
fn component_part(prefix: &str) -> String {
    let separators = ['-', '@', '/', '_', '.'];
    let stem = prefix.trim_end_matches(separators);
    let stem = stem.strip_suffix(['v', 'V']).filter(|rest| rest.ends_with(separators)).unwrap_or(stem);
    let kept: String =
        stem.chars().filter(|&c| c.is_ascii_alphanumeric() || separators.contains(&c) && c != '@').collect();
    let parts: Vec<&str> = kept
        .trim_matches(separators)
        .split('/')
        .filter(|part| !part.is_empty() && *part != "." && *part != "..")
        .collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        for (prefix, part) in [
            ("web-v", "web"),
            ("web-", "web"),
            ("cmd/river/v", "cmd/river"),
            ("cmd/river/", "cmd/river"),
            ("@scope/name@", "scope/name"),
            ("dev", "dev"),
            ("v", "v"),
        ] {
            assert_eq!(component_part(prefix), part, "{prefix}");
        }
    }

    #[test]
    fn prefixes_that_name_nothing_are_refused() {
        for bad in ["", "-", "@", "a b", "ä-", "a\0", "../", &"a".repeat(101)] {
            assert!(tag_prefix_check("tag_prefix", bad).is_err(), "{bad:?}");
        }
        assert!(tag_prefix_check("tag_prefix", "web-v").is_ok());
    }
}
