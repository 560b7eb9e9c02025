//! The key pair of a project, for publishing through the Releases API (`amplitude-2.md`).
//!
//! The API key names the project and its region, and is stored readable. The secret key proves the right to publish. It
//! is shown once and stored as its [hash](crate::token::secret_hash).

use std::{fmt, str::FromStr};

use secrecy::SecretString;
use thiserror::Error;

use crate::{
    checksum::{checksum_append, checksum_strip},
    random::{BASE62_160_BITS, base62_check, base62_random},
};

/// Random characters of an API key: 130 bits. A page key has another length, so that the API key of a region called
/// `live` does not look like a page key.
const API_KEY_RANDOM: usize = 22;

/// The region of a server: 1 to 32 characters of `a-z`, `0-9` and `-`, such as `standard` or `eu`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Region(String);

/// The error for a text that is not a [`Region`].
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a region is 1 to 32 characters of a-z, 0-9 and hyphen")]
pub struct RegionError;

impl Region {
    /// Returns the name, as keys and headers contain it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = RegionError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if region_check(name) { Ok(Self(name.to_owned())) } else { Err(RegionError) }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Returns a new API key of a project: the region, a dot, 22 random base62 characters (130 bits) and the checksum.
pub fn project_api_key_new(region: &Region) -> String {
    checksum_append(format!("{region}.{}", base62_random(API_KEY_RANDOM)))
}

/// Returns the region of an API key. `None` if no project can have the key: it is mistyped, cut off or of another kind.
pub fn project_api_key_region(key: &str) -> Option<&str> {
    let (region, random) = checksum_strip(key)?.split_once('.')?;
    (region_check(region) && base62_check(random, API_KEY_RANDOM)).then_some(region)
}

/// Returns a new secret key of a project: 27 random base62 characters (160 bits; the contract asks for 128).
pub fn project_secret_key_new() -> SecretString {
    base62_random(BASE62_160_BITS).into()
}

fn region_check(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checksum::typos::typos_of,
        page_key::{page_key_new, page_key_parse},
    };
    use proptest::prelude::*;
    use releasepage_domain::environment::Environment;
    use secrecy::ExposeSecret;

    #[test]
    fn regions_have_their_shape() {
        for name in ["standard", "eu", "eu-1", "0", &"a".repeat(32)] {
            assert_eq!(name.parse::<Region>().unwrap().as_str(), name);
        }
        for name in ["", "EU", "eu.west", "eu_1", "é", " eu", "a\n", &"a".repeat(33)] {
            assert_eq!(name.parse::<Region>(), Err(RegionError), "{name:?}");
        }
    }

    #[test]
    fn mistyped_keys_are_refused() {
        for typo in typos_of(&project_api_key_new(&"eu-1".parse().unwrap())) {
            assert_eq!(project_api_key_region(&typo), None, "{typo}");
        }
    }

    #[test]
    fn page_and_project_keys_are_told_apart() {
        assert_eq!(page_key_parse(&project_api_key_new(&"live".parse().unwrap())), None);
        assert_eq!(project_api_key_region(&page_key_new(Environment::Live)), None);
    }

    #[test]
    fn a_right_checksum_is_not_enough() {
        for body in [format!("EU.{}", "a".repeat(22)), format!("eu.{}", "a".repeat(21)), format!(".{}", "a".repeat(22))]
        {
            assert_eq!(project_api_key_region(&checksum_append(body.clone())), None, "{body}");
        }
    }

    #[test]
    fn secret_keys_differ_and_do_not_show() {
        let secret = project_secret_key_new();
        assert!(base62_check(secret.expose_secret(), 27));
        assert_ne!(secret.expose_secret(), project_secret_key_new().expose_secret());
        assert!(!format!("{secret:?}").contains(secret.expose_secret()));
    }

    proptest! {
        #[test]
        fn keys_carry_their_region(name in "[a-z0-9-]{1,32}") {
            let key = project_api_key_new(&name.parse().unwrap());
            prop_assert_eq!(project_api_key_region(&key), Some(name.as_str()));
        }
    }
}
