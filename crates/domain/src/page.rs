//! Pages for readers: their ids, addresses and keys.

use serde::{Deserialize, Serialize};

use crate::{conflict::Conflict, fault::Fault};

/// The way in which the API counts the requests of a page key (`releasepage-v1.md`, Rate limit).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CountedBy {
    /// Counts all requests with the key together.
    Key,
    /// Counts each client address separately, for keys in browsers.
    Client,
}

crate::text::named! {
    CountedBy {
        Key => "key",
        Client => "client",
    }
}

/// The requests a minute for each page key, unless the owner set another number.
pub const RATE_LIMIT_DEFAULT: i32 = 60;

/// Checks a page key's limit: 1 to 1,000,000 requests a minute.
pub fn rate_limit_check(field: &str, limit: i64) -> Result<i32, Fault> {
    i32::try_from(limit)
        .ok()
        .filter(|limit| (1..=1_000_000).contains(limit))
        .ok_or_else(|| Fault::invalid(field, "must be a whole number of requests a minute, from 1 to 1000000"))
}

/// True if a text has the form of a page's id: 12 lower-case hexadecimal digits.
pub fn page_id_is_valid(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Checks the slug in a page's address `/p/{slug}`: 1 to 60 lower-case letters and digits, with single hyphens between
/// them.
pub fn slug_check(field: &str, slug: &str) -> Result<String, Fault> {
    let good = (1..=60).contains(&slug.len())
        && slug.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !slug.starts_with('-')
        && !slug.ends_with('-')
        && !slug.contains("--");
    if good {
        return Ok(slug.to_owned());
    }
    Err(Fault::invalid(field, "must be 1 to 60 lower-case letters, digits and single hyphens, such as acme-app"))
}

/// Checks a page's description: at most 2,000 characters of plain text.
pub fn description_check(field: &str, description: &str) -> Result<String, Fault> {
    let bad = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if description.chars().count() > 2_000 || description.chars().any(bad) {
        return Err(Fault::invalid(field, "must be plain text of at most 2000 characters"));
    }
    Ok(description.to_owned())
}

/// Checks that a page can be deleted: one call shall not end what readers rely on.
pub fn page_deletion_check(is_published: bool) -> Result<(), Conflict> {
    if is_published {
        return Err(Conflict("the page is published: set published to false before deleting it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_and_ids() {
        for good in ["acme", "a-b", "1"] {
            assert!(slug_check("slug", good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "a--b", "A", "ä", "a/b", &"a".repeat(61)] {
            assert!(slug_check("slug", bad).is_err(), "{bad}");
        }
        assert_eq!(slug_check("slug", &"a".repeat(60)), Ok("a".repeat(60)));
        assert!(page_id_is_valid("0767f57acc44"));
        for bad in ["", "0767F57ACC44", "0767f57acc4", "0767f57acc444", "0767f57acc4g"] {
            assert!(!page_id_is_valid(bad), "{bad}");
        }
    }

    #[test]
    fn limits() {
        for good in [1, 60, 1_000_000] {
            assert_eq!(rate_limit_check("rate_limit", good).map(i64::from), Ok(good));
        }
        for bad in [0, -1, 1_000_001, i64::MAX, i64::MIN] {
            assert!(rate_limit_check("rate_limit", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn descriptions() {
        for good in ["", "What\r\nis\tnew – 日本", &"é".repeat(2_000)] {
            assert_eq!(description_check("description", good).as_deref(), Ok(good));
        }
        for bad in ["a\0", "\u{7}", "\u{85}", &"é".repeat(2_001)] {
            assert!(description_check("description", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_page_that_readers_see_is_not_deleted() {
        assert!(page_deletion_check(true).is_err() && page_deletion_check(false).is_ok());
    }
}
