//! Keyed hashes of email addresses, which remain after an address is erased.

use crate::{hex::hex_encode, mac::MacKey, secret_key::SecretKey};

/// Turns addresses into keys, under which they are counted and suppressed.
///
/// Anyone can undo a plain hash of an address by hashing every known address. A key needs the server's secret key.
/// After a subscriber is erased, nothing names them, and a suppressed address stays suppressed.
#[derive(Clone, Debug)]
pub struct AddressKeys {
    key: MacKey,
}

impl AddressKeys {
    /// The keys of a server.
    pub fn new(secret_key: &SecretKey) -> Self {
        Self { key: secret_key.subkey("address") }
    }

    /// Returns the key of an address: HMAC-SHA256, 64 lower-case hexadecimal digits. It takes the address as it is.
    /// Fold the address first, so that all its spellings have one key.
    pub fn key(&self, folded_address: &str) -> String {
        hex_encode(&self.key.code(&[folded_address.as_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: &str) -> AddressKeys {
        AddressKeys::new(&SecretKey::parse(&byte.repeat(32)).unwrap())
    }

    /// Keys outlive their addresses and cannot be made again. The expected value was computed without this code.
    #[test]
    fn a_key_stored_long_ago_is_still_found() {
        assert_eq!(keys("2a").key("a@example.com"), "3357a02fdbc8aa840a6c28490d7dfc9f3b3e11c85e99d4ff5b94f5925b5b6627");
    }

    #[test]
    fn addresses_and_servers_have_their_own_keys() {
        assert_ne!(keys("2a").key("a@example.com"), keys("2a").key("b@example.com"));
        assert_ne!(keys("2a").key("a@example.com"), keys("2b").key("a@example.com"));
    }
}
