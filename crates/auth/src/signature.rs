//! Proofs that a delivery of a webhook comes from a sender who has the repository's secret. A proof is a signature of
//! the body, or the secret itself.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::Duration;
use hmac::{Hmac, KeyInit, Mac};
use releasepage_domain::{fault::Fault, time::UtcTime};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::{
    hex::{hex_decode, hex_encode},
    random::{BASE62_160_BITS, base62_random, bytes_random},
};

/// The prefix of a secret of Standard Webhooks. Base64 follows.
const STANDARD_PREFIX: &str = "whsec_";

/// The prefix of an HMAC-SHA256 signature of Standard Webhooks. Base64 follows.
const STANDARD_VERSION: &str = "v1,";

/// The largest difference between a signed time and ours, in either direction.
const TIME_TOLERANCE: Duration = Duration::minutes(5);

/// The number of hexadecimal digits of an HMAC-SHA256.
const DIGITS: usize = 64;

/// The number of characters of an HMAC-SHA256 in Base64.
const BASE64_CHARACTERS: usize = 44;

/// Returns a new secret of a webhook: 27 random base62 characters (160 bits).
pub fn hook_secret_new() -> SecretString {
    base62_random(BASE62_160_BITS).into()
}

/// Returns a new secret for a webhook that signs by Standard Webhooks: `whsec_` and 32 random bytes in Base64.
pub fn hook_secret_standard_new() -> SecretString {
    format!("{STANDARD_PREFIX}{}", BASE64_STANDARD.encode(bytes_random::<32>())).into()
}

/// Checks a secret of Standard Webhooks that was made elsewhere: `whsec_` and 24 to 63 bytes in Base64. GitLab makes
/// them of 32 bytes.
pub fn hook_secret_standard_check(field: &str, text: &str) -> Result<SecretString, Fault> {
    match standard_key(text) {
        Some(key) if (24..=63).contains(&key.len()) => Ok(text.to_owned().into()),
        _ => Err(Fault::invalid(field, "must be whsec_ and 24 to 63 bytes in Base64, as GitLab shows a signing token")),
    }
}

/// Returns the key in a secret of Standard Webhooks.
fn standard_key(secret: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(secret.strip_prefix(STANDARD_PREFIX)?).ok()
}

/// The proof in a delivery.
#[derive(Clone, Copy)]
pub enum HookProof<'a> {
    /// The HMAC-SHA256 of the body under the secret, in 64 hexadecimal digits.
    Digits(&'a str),
    /// The secret itself, one of Standard Webhooks.
    Token(&'a str),
    /// The three headers of Standard Webhooks 1.0.0. The signature is the HMAC-SHA256 of id, time and body, joined by
    /// dots, under the key in the secret.
    Standard {
        /// The header `webhook-id`.
        id: &'a str,
        /// The header `webhook-timestamp`: seconds since 1970.
        timestamp: &'a str,
        /// The header `webhook-signature`: `v1,` and Base64. While a secret is replaced, it has several, separated by
        /// spaces.
        signatures: &'a str,
    },
}

/// Shows only the kind of proof, since one kind is the secret itself.
impl fmt::Debug for HookProof<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Digits(_) => "Digits",
            Self::Token(_) => "Token",
            Self::Standard { .. } => "Standard",
        })
    }
}

impl HookProof<'_> {
    /// True if the proof can be right for some secret and body. Otherwise the body need not be read.
    pub fn is_formed(&self, now: UtcTime) -> bool {
        match self {
            Self::Digits(digits) => digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
            Self::Token(token) => standard_key(token).is_some(),
            Self::Standard { id, timestamp, signatures } => {
                !id.is_empty()
                    && time_is_near(timestamp, now)
                    && signatures_of(signatures).any(|signature| signature.len() == BASE64_CHARACTERS)
            }
        }
    }

    /// True if the proof is right for this secret and body. A signed time must be within five minutes of `now`.
    ///
    /// Codes and secrets are compared in constant time, so that the time taken shows nothing of either.
    pub fn verify(&self, secret: &SecretString, body: &[u8], now: UtcTime) -> bool {
        let secret = secret.expose_secret();
        match self {
            Self::Digits(digits) => {
                let given = hex_decode(digits).unwrap_or_default();
                code_of(secret.as_bytes(), &[body]).ct_eq(given.as_slice()).into()
            }
            Self::Token(token) => secret.as_bytes().ct_eq(token.as_bytes()).into(),
            Self::Standard { id, timestamp, signatures } => {
                let key = standard_key(secret).unwrap_or_else(|| secret.as_bytes().to_vec());
                let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
                let code = BASE64_STANDARD.encode(code_of(&key, &parts));
                let matches = signatures_of(signatures)
                    .fold(Choice::from(0), |found, given| found | code.as_bytes().ct_eq(given.as_bytes()));
                bool::from(matches) && time_is_near(timestamp, now)
            }
        }
    }
}

/// Returns the signatures of the known kind, without their prefix.
fn signatures_of(signatures: &str) -> impl Iterator<Item = &str> {
    signatures.split(' ').filter_map(|signature| signature.strip_prefix(STANDARD_VERSION))
}

/// True if a time in seconds since 1970 is within five minutes of `now`.
fn time_is_near(timestamp: &str, now: UtcTime) -> bool {
    let is_number = !timestamp.is_empty() && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: Option<i64> = timestamp.parse().ok().filter(|_| is_number);
    seconds.is_some_and(|seconds| {
        now.and_utc().timestamp().abs_diff(seconds) <= TIME_TOLERANCE.num_seconds().unsigned_abs()
    })
}

fn code_of(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// Returns the SHA-256 of a body, in lower-case hexadecimal digits. It identifies a body that arrives again.
pub fn body_digest(body: &[u8]) -> String {
    hex_encode(&Sha256::digest(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use releasepage_domain::time::time_parse;

    /// The example of GitHub's documentation, "Validating webhook deliveries".
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const CODE: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    /// The example in the tests of the Standard Webhooks libraries.
    const STANDARD_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const STANDARD_BODY: &[u8] = br#"{"test": 2432232314}"#;
    const STANDARD: HookProof<'static> = HookProof::Standard {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };

    fn now() -> UtcTime {
        time_parse("2021-02-25T15:02:10Z").unwrap()
    }

    fn verify(secret: &str, body: &[u8], proof: HookProof<'_>) -> bool {
        proof.verify(&secret.to_owned().into(), body, now())
    }

    #[test]
    fn the_documented_examples_verify() {
        assert!(verify(SECRET, BODY, HookProof::Digits(CODE)));
        assert!(verify(SECRET, BODY, HookProof::Digits(&CODE.to_uppercase())));
        assert!(verify(STANDARD_SECRET, STANDARD_BODY, STANDARD));
        assert!(verify(SECRET, BODY, HookProof::Token(SECRET)));
        for proof in [HookProof::Digits(CODE), HookProof::Token(STANDARD_SECRET), STANDARD] {
            assert!(proof.is_formed(now()), "{proof:?}");
        }
    }

    #[test]
    fn no_other_digits_verify() {
        let short = &CODE[..62];
        for digits in ["", short, &format!("{CODE}00"), &format!("{short} 0"), &format!("sha1={CODE}")] {
            assert!(!verify(SECRET, BODY, HookProof::Digits(digits)), "{digits}");
            assert!(!HookProof::Digits(digits).is_formed(now()), "{digits}");
        }
        assert!(!verify(SECRET, BODY, HookProof::Digits(&"0".repeat(64))));
        assert!(!verify(SECRET, b"Hello, World", HookProof::Digits(CODE)), "another body");
        assert!(!verify("another", BODY, HookProof::Digits(CODE)), "another secret");
    }

    #[test]
    fn no_other_token_verifies() {
        for token in ["", "It's a Secret to Everybod", "It's a Secret to Everybody ", "it's a secret to everybody"] {
            assert!(!verify(SECRET, BODY, HookProof::Token(token)), "{token}");
        }
        for formless in ["", "whsec_?", SECRET] {
            assert!(!HookProof::Token(formless).is_formed(now()), "{formless}");
        }
    }

    #[test]
    fn the_parts_of_a_standard_signature_are_all_signed() {
        let HookProof::Standard { id, timestamp, signatures } = STANDARD else { panic!("not a standard proof") };
        let proof = |id, timestamp, signatures| HookProof::Standard { id, timestamp, signatures };
        let several = format!("v1a,AAAA v1,{} {signatures}", "A".repeat(44));
        assert!(verify(STANDARD_SECRET, STANDARD_BODY, proof(id, timestamp, &several)), "one of several");
        for other in [
            proof("msg_other", timestamp, signatures),
            proof(id, "1614265331", signatures),
            proof(id, timestamp, &signatures[3..]),
            proof(id, timestamp, &signatures.replace("v1,", "v2,")),
            proof(id, timestamp, &signatures[..46]),
            proof(id, timestamp, ""),
        ] {
            assert!(!verify(STANDARD_SECRET, STANDARD_BODY, other), "{other:?}");
        }
        assert!(!verify(STANDARD_SECRET, b"{}", STANDARD), "another body");
        assert!(!verify("whsec_AAAA", STANDARD_BODY, STANDARD), "another secret");
    }

    #[test]
    fn a_signed_time_is_near() {
        let secret = STANDARD_SECRET.to_owned().into();
        for (minutes, seconds, near) in [(5, 0, true), (-5, 0, true), (5, 1, false), (-5, -1, false)] {
            let now = now() + Duration::minutes(minutes) + Duration::seconds(seconds);
            assert_eq!(STANDARD.verify(&secret, STANDARD_BODY, now), near, "{minutes}:{seconds}");
            assert_eq!(STANDARD.is_formed(now), near, "{minutes}:{seconds}");
        }
        for timestamp in ["", "+1614265330", "1614265330.0", "-1", "now", "99999999999999999999"] {
            assert!(!time_is_near(timestamp, now()), "{timestamp}");
        }
    }

    #[test]
    fn secrets_differ_and_do_not_show() {
        let secret = hook_secret_new();
        assert_eq!(secret.expose_secret().len(), 27);
        assert_ne!(secret.expose_secret(), hook_secret_new().expose_secret());
        assert!(!format!("{secret:?}").contains(secret.expose_secret()));
        let standard = hook_secret_standard_new();
        assert!(hook_secret_standard_check("secret", standard.expose_secret()).is_ok());
        assert_ne!(standard.expose_secret(), hook_secret_standard_new().expose_secret());
        assert_eq!(format!("{:?}", HookProof::Token("secret")), "Token");
    }

    #[test]
    fn secrets_made_elsewhere_have_a_form() {
        let of_bytes = |length: usize| format!("whsec_{}", BASE64_STANDARD.encode(vec![7; length]));
        for (secret, good) in [
            (STANDARD_SECRET.to_owned(), true),
            (of_bytes(32), true),
            (of_bytes(63), true),
            (of_bytes(23), false),
            (of_bytes(64), false),
            (STANDARD_SECRET.replace("whsec_", ""), false),
            (format!("{STANDARD_SECRET}="), false),
        ] {
            assert_eq!(hook_secret_standard_check("secret", &secret).is_ok(), good, "{secret}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_bit_is_enough(body: Vec<u8>, bit in 0_usize..256) {
            let secret = hook_secret_new();
            let mut code = code_of(secret.expose_secret().as_bytes(), &[&body]);
            prop_assert!(HookProof::Digits(&hex_encode(&code)).verify(&secret, &body, now()));
            code[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!HookProof::Digits(&hex_encode(&code)).verify(&secret, &body, now()));
        }
    }
}
