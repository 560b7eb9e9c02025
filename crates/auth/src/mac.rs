//! Message authentication: HMAC-SHA256 under a key that serves one purpose.

use std::fmt;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Bytes of a signature in a link or a cookie: 160 bits. They are as safe from guessing as 256 bits, and 16 characters
/// shorter.
const SIGNATURE_BYTES: usize = 20;

/// Characters of a signature: 20 bytes in unpadded base64url.
const SIGNATURE_LENGTH: usize = (SIGNATURE_BYTES * 4).div_ceil(3);

/// A key that authenticates messages for one purpose.
#[derive(Clone)]
pub(crate) struct MacKey(Hmac<Sha256>);

impl MacKey {
    /// Makes a key from bytes of any length.
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// Returns the whole code of a message. Each part is preceded by its length, so that two different messages never
    /// have the same bytes.
    pub(crate) fn code(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Returns the first 160 bits of a message's code, in 27 characters that need no escaping in a URL or a cookie.
    pub(crate) fn signature(&self, parts: &[&[u8]]) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.code(parts)[..SIGNATURE_BYTES])
    }

    /// True if the signature belongs to this message. The time taken does not depend on the first difference.
    pub(crate) fn signature_verify(&self, parts: &[&[u8]], signature: &str) -> bool {
        self.signature(parts).as_bytes().ct_eq(signature.as_bytes()).into()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MacKey([REDACTED])")
    }
}

/// Returns a number and its signature as one text: `42.Zx…`.
pub(crate) fn signed_number_format(number: i64, signature: &str) -> String {
    format!("{number}.{signature}")
}

/// Returns the parts of such a text. `None` unless it is spelled exactly as [`signed_number_format`] spells it. The
/// caller verifies the signature.
pub(crate) fn signed_number_parse(text: &str) -> Option<(i64, &str)> {
    let (digits, signature) = text.split_once('.')?;
    let number: i64 = digits.parse().ok()?;
    let canonical = number.to_string() == digits
        && signature.len() == SIGNATURE_LENGTH
        && signature.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    canonical.then_some((number, signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_are_told_apart() {
        let key = MacKey::new(b"key");
        assert_ne!(key.code(&[b"ab", b"c"]), key.code(&[b"a", b"bc"]));
        assert_ne!(key.code(&[b"abc"]), key.code(&[b"abc", b""]));
        assert_ne!(key.code(&[b"abc"]), MacKey::new(b"another").code(&[b"abc"]));
    }

    #[test]
    fn other_spellings_are_refused() {
        let signature = "A".repeat(SIGNATURE_LENGTH);
        for number in ["+1", "01", "-0", " 1", "1 ", "", "1_0", "9223372036854775808", "１"] {
            assert_eq!(signed_number_parse(&format!("{number}.{signature}")), None, "{number}");
        }
        for rest in
            ["", ".", ".short", &format!(".{signature}A"), &format!(".{signature}="), &format!(".{}/", &signature[1..])]
        {
            assert_eq!(signed_number_parse(&format!("1{rest}")), None, "1{rest}");
        }
        assert_eq!(signed_number_parse(&format!("1.{signature}")), Some((1, signature.as_str())));
    }

    proptest! {
        #[test]
        fn signatures_verify_for_their_message_alone(key: Vec<u8>, message: Vec<u8>, other: Vec<u8>, number: i64) {
            let key = MacKey::new(&key);
            let signature = key.signature(&[&message]);
            prop_assert!(key.signature_verify(&[&message], &signature));
            prop_assert_eq!(key.signature_verify(&[&other], &signature), message == other);
            prop_assert!(!key.signature_verify(&[&message], &signature[1..]));
            let text = signed_number_format(number, &signature);
            prop_assert_eq!(signed_number_parse(&text), Some((number, signature.as_str())));
        }
    }
}
