//! Signatures of what forges send: HMAC-SHA256 over the bytes of a body, under a secret that forge and server share.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{
    hex::hex_decode,
    random::{BASE62_160_BITS, base62_random},
};

/// What GitHub writes before the digits, to say which hash it used.
const ALGORITHM: &str = "sha256=";

/// A new secret of a webhook: 27 random base62 characters (160 bits).
pub fn hook_secret_new() -> SecretString {
    base62_random(BASE62_160_BITS).into()
}

/// Whether `signature` is `sha256=` and the HMAC-SHA256 of the body in 64 hexadecimal digits, as GitHub signs in
/// `X-Hub-Signature-256`.
///
/// The code of the body is computed in any case, and compared in constant time, so that the time taken tells nothing of
/// secret or signature.
pub fn hook_signature_verify(secret: &SecretString, body: &[u8], signature: &str) -> bool {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    let code: [u8; 32] = mac.finalize().into_bytes().into();
    let given = signature.strip_prefix(ALGORITHM).and_then(hex_decode).unwrap_or_default();
    code.ct_eq(given.as_slice()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::hex_encode;
    use proptest::prelude::*;

    /// The example of GitHub's documentation, "Validating webhook deliveries".
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const DIGITS: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn verify(body: &[u8], signature: &str) -> bool {
        hook_signature_verify(&SECRET.to_owned().into(), body, signature)
    }

    #[test]
    fn the_documented_example_verifies() {
        assert!(verify(BODY, &format!("sha256={DIGITS}")));
        assert!(verify(BODY, &format!("sha256={}", DIGITS.to_uppercase())));
    }

    #[test]
    fn nothing_else_verifies() {
        let short = &DIGITS[..62];
        for signature in [
            "",
            "sha256=",
            DIGITS,
            &format!("sha1={DIGITS}"),
            &format!("SHA256={DIGITS}"),
            &format!("sha256={short}"),
            &format!("sha256={DIGITS}00"),
            &format!("sha256= {DIGITS}"),
            &format!("sha256={short}zz"),
            &format!("sha256={}", "0".repeat(64)),
        ] {
            assert!(!verify(BODY, signature), "{signature}");
        }
        assert!(!verify(b"Hello, World", &format!("sha256={DIGITS}")), "another body");
        let other = hook_signature_verify(&hook_secret_new(), BODY, &format!("sha256={DIGITS}"));
        assert!(!other, "another secret");
    }

    #[test]
    fn secrets_differ_and_do_not_show() {
        let secret = hook_secret_new();
        assert_eq!(secret.expose_secret().len(), 27);
        assert_ne!(secret.expose_secret(), hook_secret_new().expose_secret());
        assert!(!format!("{secret:?}").contains(secret.expose_secret()));
    }

    proptest! {
        #[test]
        fn one_wrong_bit_is_enough(body: Vec<u8>, bit in 0_usize..256) {
            let secret = hook_secret_new();
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).unwrap();
            mac.update(&body);
            let mut code: [u8; 32] = mac.finalize().into_bytes().into();
            let right = format!("sha256={}", hex_encode(&code));
            prop_assert!(hook_signature_verify(&secret, &body, &right));
            code[bit / 8] ^= 1 << (bit % 8);
            let wrong = format!("sha256={}", hex_encode(&code));
            prop_assert!(!hook_signature_verify(&secret, &body, &wrong));
        }
    }
}
