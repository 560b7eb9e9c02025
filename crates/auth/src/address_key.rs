//! What is left of a mail address once it is erased.

use crate::{hex::hex_encode, mac::MacKey, secret_key::SecretKey};

/// Turns addresses into keys, under which they are counted and suppressed.
///
/// A plain hash of an address can be undone by hashing every address there is; this one only by who has the server's
/// secret key. Erasing a subscriber therefore leaves nothing that names them, and a suppressed address stays suppressed.
#[derive(Clone, Debug)]
pub struct AddressKeys {
    key: MacKey,
}

impl AddressKeys {
    /// The keys of a server.
    pub fn new(secret_key: &SecretKey) -> Self {
        Self { key: secret_key.subkey("address") }
    }

    /// The key of an address: HMAC-SHA256, 64 lower-case hexadecimal digits. The address is taken as it is: fold it
    /// first, so that its spellings have one key.
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

    /// Keys outlive the addresses they were made of, and cannot be made again. The value was computed apart from this
    /// code.
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
