//! The sentences for values that are not accepted.

use super::catalogue;
use super::declarations::Settings;
use super::error::{Refusal, SettingsError};
use super::origin::Origins;

impl Origins {
    /// The sentence for a value that is not accepted.
    pub(super) fn impossible(&self, key: &str) -> SettingsError {
        self.impossible_because(key, accepted_for(key))
    }

    fn refusal(&self, key: &str) -> Refusal {
        let is_secret = catalogue::entry(key).is_some_and(|entry| entry.accepts.is_secret());
        match self.values.get(key) {
            Some(value) => Refusal::Shown(value.clone()),
            None if is_secret || self.origins.contains_key(key) => Refusal::Secret,
            None => Refusal::Derived,
        }
    }

    pub(super) fn impossible_because(&self, key: &str, accepted: String) -> SettingsError {
        SettingsError::Impossible {
            key: key.to_owned(),
            origin: self.origin(key),
            refusal: self.refusal(key),
            accepted,
        }
    }
}

impl Settings {
    /// The error for a value that only the crate that uses it refuses. It names the key, its origin and the accepted
    /// values.
    pub(crate) fn refusal(&self, key: &'static str) -> SettingsError {
        self.origins.impossible(key)
    }

    /// Checks that the mail server can accept mail from the sender, as far as the two names tell.
    ///
    /// # Errors
    ///
    /// Fails if `mail.from` is an address of this machine and the mail server is another machine.
    pub(crate) fn sender_check(&self) -> Result<(), SettingsError> {
        let Some(server) = self.mail.server_without_sender() else { return Ok(()) };
        let accepted = format!(
            "an address of yours that readers can answer to, such as Acme Releases <releases@example.com>, since the \
             mail server {} in mail.url is another machine and localhost is nobody there",
            server.host
        );
        Err(self.origins.impossible_because("mail.from", accepted))
    }
}

/// The accepted values of a key. For a key inside a table, those of the table.
pub(super) fn accepted_for(key: &str) -> String {
    let entry = catalogue::entry(key).or_else(|| catalogue::table_of(key));
    entry.map_or_else(|| catalogue::neighbours(key), |entry| entry.accepts.to_string())
}
