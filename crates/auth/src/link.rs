//! Signed links in emails. The link itself gives its holder the right to act, and nothing about it is stored.
//!
//! A token is `row.signature`. The signature covers purpose, row and generation. It is the same on every try of an email,
//! and is useless for another purpose. Raising the row's generation revokes it. The row decides how long it is valid.

use crate::{
    mac::{MacKey, signed_number_format, signed_number_parse},
    secret_key::SecretKey,
};

/// The right that a link gives to its holder, and the kind of row that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkPurpose {
    /// Confirm a request for a subscription. The row is that of the request.
    Confirm,
    /// See and change a subscriber's preferences. The row is that of the subscriber.
    Preferences,
    /// End a subscription with one click. The row is that of the subscriber.
    Unsubscribe,
}

impl LinkPurpose {
    /// Returns the part of the signed message that names the purpose. A changed label makes every link of that purpose
    /// that was ever sent invalid.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Confirm => b"confirm",
            Self::Preferences => b"preferences",
            Self::Unsubscribe => b"unsubscribe",
        }
    }
}

/// Makes and verifies the tokens of links.
#[derive(Clone, Debug)]
pub struct LinkSigner {
    key: MacKey,
}

impl LinkSigner {
    /// Makes the signer of a server.
    pub fn new(secret_key: &SecretKey) -> Self {
        Self { key: secret_key.subkey("link") }
    }

    /// Returns the token for one row at its current generation. It is safe in a URL's path or query.
    pub fn token(&self, purpose: LinkPurpose, row: i64, generation: i32) -> String {
        let signature = self.key.signature(&[purpose.label(), &row.to_be_bytes(), &generation.to_be_bytes()]);
        signed_number_format(row, &signature)
    }

    /// Returns the row that a token names. `None` if the token is misspelled. Do not trust the row yet: load it, then
    /// call [`LinkSigner::verify`] with its generation.
    pub fn row(token: &str) -> Option<i64> {
        signed_number_parse(token).map(|(row, _)| row)
    }

    /// True if this server made the token for this purpose and this generation of its row. The time taken does not
    /// depend on the first wrong character.
    pub fn verify(&self, purpose: LinkPurpose, token: &str, generation: i32) -> bool {
        signed_number_parse(token).is_some_and(|(row, signature)| {
            let parts: [&[u8]; 3] = [purpose.label(), &row.to_be_bytes(), &generation.to_be_bytes()];
            self.key.signature_verify(&parts, signature)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum::typos::typos_of;
    use LinkPurpose::{Confirm, Preferences, Unsubscribe};
    use proptest::prelude::*;

    fn signer(byte: &str) -> LinkSigner {
        LinkSigner::new(&SecretKey::parse(&byte.repeat(32)).unwrap())
    }

    /// Links stay in mailboxes for years and must always verify. The expected value was computed without this code.
    #[test]
    fn a_link_mailed_long_ago_still_verifies() {
        assert_eq!(signer("2a").token(Unsubscribe, 4711, 3), "4711.3QzG7gyJnabWcl2h2PcpKG3LmuQ");
        assert!(signer("2a").verify(Unsubscribe, "4711.3QzG7gyJnabWcl2h2PcpKG3LmuQ", 3));
    }

    #[test]
    fn nothing_else_verifies() {
        let token = signer("2a").token(Confirm, 12, 1);
        assert!(signer("2a").verify(Confirm, &token, 1));
        assert!(!signer("2b").verify(Confirm, &token, 1), "another server's key");
        assert!(!signer("2a").verify(Preferences, &token, 1), "another purpose");
        assert!(!signer("2a").verify(Confirm, &token, 2), "revoked");
        for forged in typos_of(&token) {
            assert!(!signer("2a").verify(Confirm, &forged, 1), "{forged}");
        }
    }

    proptest! {
        #[test]
        fn tokens_name_their_row(row: i64, generation: i32) {
            for purpose in [Confirm, Preferences, Unsubscribe] {
                let token = signer("2a").token(purpose, row, generation);
                prop_assert_eq!(LinkSigner::row(&token), Some(row));
                prop_assert!(signer("2a").verify(purpose, &token, generation));
                prop_assert!(!signer("2a").verify(purpose, &token, generation.wrapping_add(1)));
                prop_assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
            }
        }

        #[test]
        fn any_text_may_be_asked(text: String) {
            prop_assert!(!signer("2a").verify(Confirm, &text, 0));
        }
    }
}
