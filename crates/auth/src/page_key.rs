//! The API keys of a page (`releasepage-v1.md`, Authentication).
//!
//! A page key is public: it is part of a web page's source, is stored readable and is shown again. It is random, so
//! that nobody can guess the key of a page that they have not seen.

use releasepage_domain::environment::Environment;

use crate::{
    checksum::{checksum_append, checksum_strip},
    random::{BASE62_160_BITS, base62_check, base62_random},
};

/// Returns a new key: `live.` or `test.`, 27 random base62 characters (160 bits) and the checksum.
pub fn page_key_new(environment: Environment) -> String {
    checksum_append(format!("{}.{}", environment.as_str(), base62_random(BASE62_160_BITS)))
}

/// Returns the environment of a key. `None` if no page can have the key: it is mistyped, cut off or of another kind.
/// Only a look-up tells whether a page has it.
pub fn page_key_parse(key: &str) -> Option<Environment> {
    let (prefix, random) = checksum_strip(key)?.split_once('.')?;
    let environment = prefix.parse().ok()?;
    base62_check(random, BASE62_160_BITS).then_some(environment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum::typos::typos_of;

    #[test]
    fn new_keys_name_their_environment() {
        for &environment in Environment::ALL {
            let key = page_key_new(environment);
            assert_eq!(key.len(), 5 + 27 + 6, "{key}");
            assert!(key.starts_with(environment.as_str()), "{key}");
            assert_eq!(page_key_parse(&key), Some(environment), "{key}");
            assert_ne!(key, page_key_new(environment));
        }
    }

    #[test]
    fn mistyped_keys_are_refused() {
        for typo in typos_of(&page_key_new(Environment::Live)) {
            assert_eq!(page_key_parse(&typo), None, "{typo}");
        }
    }

    #[test]
    fn a_right_checksum_is_not_enough() {
        let random = "a".repeat(27);
        for body in [
            format!("prod.{random}"),
            format!("LIVE.{random}"),
            format!("live.{random}a"),
            format!("live{random}"),
            format!("live.{}-", &random[1..]),
            String::new(),
        ] {
            assert_eq!(page_key_parse(&checksum_append(body.clone())), None, "{body}");
        }
    }
}
