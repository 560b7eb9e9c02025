//! Signed links in mails: the link is the authority, and nothing about it is stored.
//!
//! A token is `row.signature`. The signature covers purpose, row and generation: the same on every try of a mail, void
//! for any other purpose, and revoked by raising the row's generation. How long it is good is up to the row.

use crate::{
    mac::{MacKey, signed_number_format, signed_number_parse},
    secret_key::SecretKey,
};

/// What a link lets its holder do, and whose row it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkPurpose {
    /// Confirm a subscription request. The row is the request's.
    Confirm,
    /// See and change a subscriber's preferences. The row is the subscriber's.
    Preferences,
    /// End a subscription, with one click. The row is the subscriber's.
    Unsubscribe,
}

impl LinkPurpose {
    /// Part of what is signed; changing one voids every link of that purpose that was ever mailed.
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
    /// The signer of a server.
    pub fn new(secret_key: &SecretKey) -> Self {
        Self { key: secret_key.subkey("link") }
    }

    /// The token for one row at its current generation; safe in a URL's path or query.
    pub fn token(&self, purpose: LinkPurpose, row: i64, generation: i32) -> String {
        let signature = self.key.signature(&[purpose.label(), &row.to_be_bytes(), &generation.to_be_bytes()]);
        signed_number_format(row, &signature)
    }

    /// The row that a token names, or `None` if no token is spelled like that. It is a claim: load the row, then
    /// [`LinkSigner::verify`] with its generation before believing it.
    pub fn row(token: &str) -> Option<i64> {
        signed_number_parse(token).map(|(row, _)| row)
    }

    /// Whether the token was made here for this purpose and this generation of its row. Takes the same time wherever a
    /// wrong signature differs.
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

    /// Links stay in mailboxes for years: what was once mailed must verify for ever. The value was computed apart from
    /// this code.
    #[test]
    fn a_link_mailed_long_ago_still_verifies() {
        assert_eq!(signer("2a").token(Unsubscribe, 4711, 3), "4711.3QzG7gyJnabWcl2h2PcpKG3LmuQ");
        assert!(signer("2a").verify(Unsubscribe, "4711.3QzG7gyJnabWcl2h2PcpKG3LmuQ", 3));
    }

    #[test]
    fn nothing_else_verifies() {
        let token = signer("2a").token(Confirm, 12, 1);
        assert!(signer("2a").verify(Confirm, &token, 1));
        assert!(!signer("2b").verify(Confirm, &token, 1), "another server's");
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
