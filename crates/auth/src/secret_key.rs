//! The server's secret key, from which every signing key is derived.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_PAD_INDIFFERENT, URL_SAFE_PAD_INDIFFERENT},
};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use thiserror::Error;

use crate::{
    hex::{hex_decode, hex_encode},
    mac::MacKey,
    random::bytes_random,
};

/// The minimum length of a secret key, in bytes.
const MINIMUM_BYTES: usize = 32;

/// The setting `secret_key`: 32 random bytes or more.
///
/// The key itself signs nothing. Each purpose has a key derived from it, so that a signature for one purpose is useless
/// for another. A changed key makes every link, form and device cookie invalid. Suppressed addresses that were erased
/// are then no longer recognized.
#[derive(Clone, Debug)]
pub struct SecretKey(SecretSlice<u8>);

/// The reasons why a text is not a [`SecretKey`]. The message says what is accepted, and never repeats the text.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum SecretKeyError {
    /// The text is neither hexadecimal nor base64.
    #[error(
        "the secret key must be at least {MINIMUM_BYTES} bytes in hexadecimal or base64, as `openssl rand -hex 32` \
         prints them, but is neither hexadecimal nor base64"
    )]
    Malformed,
    /// The text is well-formed, but holds only this number of bytes.
    #[error(
        "the secret key must be at least {MINIMUM_BYTES} bytes in hexadecimal or base64, as `openssl rand -hex 32` \
         prints them, but has {0}"
    )]
    TooShort(usize),
}

impl SecretKey {
    /// Makes a new random key of 32 bytes.
    pub fn generate() -> Self {
        Self(bytes_random::<MINIMUM_BYTES>().to_vec().into())
    }

    /// Reads a key of 32 bytes or more. It tries hexadecimal of either case, then base64 of either alphabet, padded or
    /// not. White space around it is dropped.
    ///
    /// # Errors
    ///
    /// [`SecretKeyError`] if the text is neither hexadecimal nor base64, or the key is too short.
    pub fn parse(text: &str) -> Result<Self, SecretKeyError> {
        let text = text.trim();
        let bytes = hex_decode(text)
            .or_else(|| STANDARD_PAD_INDIFFERENT.decode(text).ok())
            .or_else(|| URL_SAFE_PAD_INDIFFERENT.decode(text).ok())
            .ok_or(SecretKeyError::Malformed)?;
        if bytes.len() < MINIMUM_BYTES {
            return Err(SecretKeyError::TooShort(bytes.len()));
        }
        Ok(Self(bytes.into()))
    }

    /// Returns the key in lower-case hexadecimal, which [`SecretKey::parse`] reads. Only this spelling cannot be
    /// mistaken for another one.
    pub fn encode(&self) -> SecretString {
        hex_encode(self.0.expose_secret()).into()
    }

    /// Returns the key for one purpose: HMAC-SHA256 of its label under this key.
    ///
    /// The label is part of every signature made with the returned key. A changed label makes them all invalid.
    pub(crate) fn subkey(&self, label: &str) -> MacKey {
        MacKey::new(&self.subkey_bytes(label))
    }

    /// Returns the bytes of the key for a purpose other than signing.
    pub(crate) fn subkey_bytes(&self, label: &str) -> [u8; 32] {
        MacKey::new(self.0.expose_secret()).code(&[label.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
    use proptest::{collection::vec, prelude::*};

    fn bytes_of(text: &str) -> Result<Vec<u8>, SecretKeyError> {
        SecretKey::parse(text).map(|key| key.0.expose_secret().to_vec())
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        let short = "a".repeat(62);
        for (text, error) in [
            ("", SecretKeyError::TooShort(0)),
            (short.as_str(), SecretKeyError::TooShort(31)),
            ("c2hvcnQ=", SecretKeyError::TooShort(5)),
            ("correct horse battery staple, and then some more", SecretKeyError::Malformed),
        ] {
            let given = SecretKey::parse(text).unwrap_err();
            assert_eq!(given, error, "{text}");
            assert!(text.is_empty() || !given.to_string().contains(text), "{given}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let key = SecretKey::generate();
        let shown = format!("{key:?} {:?} {:?}", key.encode(), key.subkey("label"));
        assert_eq!(shown.matches("REDACTED").count(), 3, "{shown}");
        assert!(!shown.contains(key.encode().expose_secret()), "{shown}");
        let numbers = format!("{:?}", key.0.expose_secret());
        assert!(!shown.contains(&numbers), "{shown}");
    }

    #[test]
    fn generated_keys_differ() {
        assert_ne!(SecretKey::generate().encode().expose_secret(), SecretKey::generate().encode().expose_secret());
    }

    #[test]
    fn purposes_have_their_own_keys() {
        let key = SecretKey::generate();
        assert_ne!(key.subkey("a").code(&[b"x"]), key.subkey("b").code(&[b"x"]));
        assert_ne!(key.subkey("a").code(&[b"x"]), SecretKey::generate().subkey("a").code(&[b"x"]));
    }

    proptest! {
        #[test]
        fn every_spelling_is_read(bytes in vec(any::<u8>(), 32..100)) {
            for text in [
                hex_encode(&bytes),
                hex_encode(&bytes).to_uppercase(),
                BASE64_STANDARD.encode(&bytes),
                BASE64_STANDARD_NO_PAD.encode(&bytes),
                BASE64_URL_SAFE.encode(&bytes),
                BASE64_URL_SAFE_NO_PAD.encode(&bytes),
                format!(" {}\n", BASE64_STANDARD.encode(&bytes)),
            ] {
                let read = bytes_of(&text);
                prop_assert_eq!(read.as_ref(), Ok(&bytes), "{}", text);
                let again = bytes_of(SecretKey::parse(&text).unwrap().encode().expose_secret());
                prop_assert_eq!(again.as_ref(), Ok(&bytes));
            }
        }
    }
}
