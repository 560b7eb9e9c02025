//! Encryption of stored secrets that the server must read again, such as those it shares with forges.
//!
//! The cipher is XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha). Its nonces are long enough to be drawn at random. Its
//! key is derived from the server's secret key for this purpose alone. A sealed secret is bound to its row: it does not
//! open in another one.

use std::fmt;

use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use secrecy::{ExposeSecret, SecretString};

use crate::{random::bytes_random, secret_key::SecretKey};

/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;

/// The start of a sealed text. It names the way of sealing.
const VERSION: &str = "1.";

/// Seals and opens secrets.
#[derive(Clone)]
pub struct Sealer(XChaCha20Poly1305);

impl Sealer {
    /// Makes the sealer of a server.
    pub fn new(secret_key: &SecretKey) -> Self {
        Self(XChaCha20Poly1305::new(&secret_key.subkey_bytes("sealed").into()))
    }

    /// Seals a secret for one row, such as `repository_hooks 50000`. No two results are alike.
    ///
    /// # Panics
    ///
    /// If the operating system has no randomness to give.
    pub fn seal(&self, row: &str, secret: &SecretString) -> String {
        let nonce = bytes_random::<NONCE_BYTES>();
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: row.as_bytes() };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).expect("only a text of 256 GiB is too long");
        format!("{VERSION}{}", BASE64_STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens a secret that was sealed for this row. `None` if the row or the key is another one, or if the text was
    /// changed.
    pub fn open(&self, row: &str, sealed: &str) -> Option<SecretString> {
        let bytes = BASE64_STANDARD_NO_PAD.decode(sealed.strip_prefix(VERSION)?).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: row.as_bytes() };
        let secret = self.0.decrypt(&XNonce::from(*nonce), payload).ok()?;
        String::from_utf8(secret).ok().map(SecretString::from)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Sealer([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sealer(byte: &str) -> Sealer {
        Sealer::new(&SecretKey::parse(&byte.repeat(32)).unwrap())
    }

    fn opened(sealer: &Sealer, row: &str, sealed: &str) -> Option<String> {
        sealer.open(row, sealed).map(|secret| secret.expose_secret().to_owned())
    }

    /// A database outlives many versions of the program. The expected value was computed without this code.
    #[test]
    fn what_was_sealed_long_ago_still_opens() {
        let sealed = "1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXWr5puPfXvNPl9GEceHe9M+Mum9Wd+jG1CJxT";
        assert_eq!(opened(&sealer("2a"), "repository_hooks 50000", sealed).as_deref(), Some("hook-secret"));
    }

    #[test]
    fn only_its_own_row_and_key_open_it() {
        let sealed = sealer("2a").seal("hooks 1", &"secret".to_owned().into());
        assert_eq!(opened(&sealer("2a"), "hooks 1", &sealed).as_deref(), Some("secret"));
        assert_eq!(opened(&sealer("2a"), "hooks 2", &sealed), None, "another row");
        assert_eq!(opened(&sealer("2b"), "hooks 1", &sealed), None, "another key");
        assert_ne!(sealed, sealer("2a").seal("hooks 1", &"secret".to_owned().into()));
        assert!(!format!("{:?}", sealer("2a")).contains("42"));
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let sealed = sealer("2a").seal("hooks 1", &"secret".to_owned().into());
        for (index, _) in sealed.char_indices() {
            for other in ["A", "b", "!"] {
                let mut changed = sealed.clone();
                changed.replace_range(index..=index, other);
                assert!(changed == sealed || opened(&sealer("2a"), "hooks 1", &changed).is_none(), "{changed}");
            }
            assert_eq!(opened(&sealer("2a"), "hooks 1", &sealed[..index]), None, "cut at {index}");
        }
    }

    proptest! {
        #[test]
        fn every_text_reads_back(row: String, secret: String) {
            let sealed = sealer("2a").seal(&row, &secret.clone().into());
            prop_assert_eq!(opened(&sealer("2a"), &row, &sealed), Some(secret));
        }
    }
}
