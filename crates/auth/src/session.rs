//! Secrets of signed-in people: session tokens, CSRF tokens for their forms and device cookies for their sign-in.

use secrecy::SecretString;

use crate::{
    mac::{MacKey, signed_number_format, signed_number_parse},
    random::{BASE62_160_BITS, base62_random},
    secret_key::SecretKey,
};

/// Returns a new value for a session's cookie, or for the cookie before a session: 27 random base62 characters (160
/// bits). Only its [hash](crate::token::secret_hash) is stored.
pub fn session_token_new() -> SecretString {
    base62_random(BASE62_160_BITS).into()
}

/// Makes and verifies the CSRF tokens of forms. A token belongs to one session and is useless in another.
#[derive(Clone, Debug)]
pub struct CsrfSigner {
    key: MacKey,
}

impl CsrfSigner {
    /// Makes the signer of a server.
    pub fn new(secret_key: &SecretKey) -> Self {
        Self { key: secret_key.subkey("csrf") }
    }

    /// Returns the token for the forms of a session. `session` is the value of its cookie, or of the cookie before a
    /// session.
    pub fn token(&self, session: &str) -> String {
        self.key.signature(&[session.as_bytes()])
    }

    /// True if a form's token belongs to the session whose cookie came with it. The time taken does not depend on the
    /// first difference.
    pub fn verify(&self, session: &str, token: &str) -> bool {
        self.key.signature_verify(&[session.as_bytes()], token)
    }
}

/// Makes and verifies device cookies. Such a cookie proves that this user has signed in from this browser before.
///
/// Failed sign-ins from browsers with such a cookie are counted separately. A stranger who guesses passwords until the
/// account is throttled then does not lock its owner out. The cookie gives no access: the password is still needed.
#[derive(Clone, Debug)]
pub struct DeviceSigner {
    key: MacKey,
}

impl DeviceSigner {
    /// Makes the signer of a server.
    pub fn new(secret_key: &SecretKey) -> Self {
        Self { key: secret_key.subkey("device") }
    }

    /// Returns the cookie's value for a user who has just signed in: `user_id.signature`.
    pub fn cookie(&self, user_id: i64) -> String {
        signed_number_format(user_id, &self.key.signature(&[&user_id.to_be_bytes()]))
    }

    /// Returns the user who signed in from the browser that sent this cookie. `None` if this server did not make the
    /// cookie.
    pub fn verify(&self, cookie: &str) -> Option<i64> {
        let (user_id, signature) = signed_number_parse(cookie)?;
        self.key.signature_verify(&[&user_id.to_be_bytes()], signature).then_some(user_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checksum::typos::typos_of;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    #[test]
    fn session_tokens_differ_and_do_not_show() {
        let token = session_token_new();
        assert_eq!(token.expose_secret().len(), 27);
        assert_ne!(token.expose_secret(), session_token_new().expose_secret());
        assert!(!format!("{token:?}").contains(token.expose_secret()));
    }

    #[test]
    fn forged_device_cookies_are_refused() {
        let key = SecretKey::generate();
        let cookie = DeviceSigner::new(&key).cookie(42);
        for forged in typos_of(&cookie) {
            assert_eq!(DeviceSigner::new(&key).verify(&forged), None, "{forged}");
        }
        assert_eq!(DeviceSigner::new(&SecretKey::generate()).verify(&cookie), None, "another server's");
    }

    proptest! {
        #[test]
        fn csrf_tokens_belong_to_one_session(session: String, other: String) {
            let key = SecretKey::generate();
            let signer = CsrfSigner::new(&key);
            let token = signer.token(&session);
            prop_assert!(signer.verify(&session, &token));
            prop_assert_eq!(signer.verify(&other, &token), session == other);
            prop_assert!(!signer.verify(&session, ""));
            prop_assert!(!CsrfSigner::new(&SecretKey::generate()).verify(&session, &token));
        }

        #[test]
        fn device_cookies_name_their_user(user_id: i64) {
            let signer = DeviceSigner::new(&SecretKey::generate());
            prop_assert_eq!(signer.verify(&signer.cookie(user_id)), Some(user_id));
        }
    }
}
