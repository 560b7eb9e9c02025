//! The sentences for values that are not possible.

use super::catalogue;
use super::declarations::Settings;
use super::error::{Refusal, SettingsError};
use super::origin::Origins;

impl Origins {
    /// The sentence for a value that is not possible.
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
    /// The error for a value that looked right and turned out to be impossible in the crate that uses it: it names
    /// the key, where it was set and what is accepted.
    pub(crate) fn refusal(&self, key: &'static str) -> SettingsError {
        self.origins.impossible(key)
    }

    /// Checks that the mail server can take mail from the sender, as far as both names tell.
    ///
    /// # Errors
    ///
    /// The sentence for `mail.from` where it is an address of this machine and the mail server is another one.
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

/// What a key accepts; for a key inside a table, what the table does.
pub(super) fn accepted_for(key: &str) -> String {
    let entry = catalogue::entry(key).or_else(|| catalogue::table_of(key));
    entry.map_or_else(|| catalogue::neighbours(key), |entry| entry.accepts.to_string())
}
