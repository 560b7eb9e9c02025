//! Access tokens (`management-v1.md`), one-time set-up tokens, and the hash under which such secrets are stored.

use secrecy::SecretString;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    checksum::{checksum_append, checksum_strip},
    hex::hex_encode,
    random::{BASE62_160_BITS, base62_check, base62_random},
};

const PREFIX: &str = "rp_pat_";

/// Returns a new access token: `rp_pat_`, 27 random base62 characters (160 bits) and the checksum. Its user sees it
/// once.
pub fn token_new() -> SecretString {
    checksum_append(format!("{PREFIX}{}", base62_random(BASE62_160_BITS))).into()
}

/// True if a text can be an access token: its prefix, length and checksum are right. Only a look-up by its
/// [`secret_hash`] tells whether the token exists.
pub fn token_check(token: &str) -> bool {
    checksum_strip(token)
        .and_then(|body| body.strip_prefix(PREFIX))
        .is_some_and(|random| base62_check(random, BASE62_160_BITS))
}

/// True if a text was meant to be an access token, right or wrong: it has the prefix.
pub fn token_resembles(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Returns a new token for a one-time set-up link: 27 random base62 characters (160 bits).
pub fn setup_token_new() -> SecretString {
    base62_random(BASE62_160_BITS).into()
}

/// Returns the stored form of a token, a project's secret key, a session or a set-up token: SHA-256, 64 lower-case
/// hexadecimal digits.
///
/// People choose passwords that can be guessed, so those need a slow and salted hash. These secrets are 160 random bits
/// and cannot be guessed, however fast the hash is. No two are alike, so a salt would add nothing, and it would prevent
/// the look-up by hash. A fast hash also keeps requests of pipelines fast.
pub fn secret_hash(secret: &str) -> String {
    hex_encode(&Sha256::digest(secret))
}

/// True if the secret has this [`secret_hash`]. The time taken does not depend on the first difference.
pub fn secret_matches(given: &str, stored_hash: &str) -> bool {
    secret_hash(given).as_bytes().ct_eq(stored_hash.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum::typos::typos_of;
    use secrecy::ExposeSecret;

    #[test]
    fn new_tokens_are_recognized() {
        let token = token_new();
        assert_eq!(token.expose_secret().len(), 7 + 27 + 6);
        assert!(token.expose_secret().starts_with("rp_pat_"));
        assert!(token_check(token.expose_secret()));
        for (text, expected) in [(token.expose_secret(), true), ("rp_pat_", true), ("live.rp_pat_", false)] {
            assert_eq!(token_resembles(text), expected, "{text}");
        }
        assert_ne!(token.expose_secret(), token_new().expose_secret());
        assert!(!format!("{token:?}").contains("rp_pat_"));
    }

    #[test]
    fn mistyped_tokens_are_refused() {
        for typo in typos_of(token_new().expose_secret()) {
            assert!(!token_check(&typo), "{typo}");
        }
    }

    #[test]
    fn a_right_checksum_is_not_enough() {
        let random = "a".repeat(27);
        for body in
            [format!("rp_{random}"), format!("rp_pat_{random}a"), format!("rp_pat_{}_", &random[1..]), random.clone()]
        {
            assert!(!token_check(&checksum_append(body.clone())), "{body}");
        }
    }

    /// The example of FIPS 180-2, appendix B.1.
    #[test]
    fn secrets_are_stored_as_sha_256() {
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(secret_hash("abc"), hash);
        assert!(secret_matches("abc", hash));
        for (given, stored) in [("abd", hash), ("abc", &hash[1..]), ("abc", ""), ("abc", "abc")] {
            assert!(!secret_matches(given, stored), "{given} {stored}");
        }
    }

    #[test]
    fn set_up_tokens_differ() {
        assert_ne!(setup_token_new().expose_secret(), setup_token_new().expose_secret());
    }
}
