//! The report of the settings in effect. Each has its value and its origin. Possible secrets are masked.

use super::{
    catalogue::entries,
    declarations::Settings,
    file::DEFAULT_FILE,
    origin::Origin,
    setting::{Accepts, Entry, Fallback},
};

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SettingReport {
    /// The key with dots.
    key: String,
    /// The value as TOML writes it. `None` if there is none.
    value: Option<String>,
    /// The origin of the value, for the end of a line.
    pub(crate) origin: String,
}

impl SettingReport {
    /// The line for a settings file. It is commented out if there is no value to write.
    pub(crate) fn assignment(&self) -> String {
        match &self.value {
            Some(value) => format!("{} = {value}", self.key),
            None => format!("# {}", self.key),
        }
    }
}

impl Settings {
    /// The origin of a setting. Its text completes the words "the setting `x`, set …".
    pub(crate) fn origin(&self, key: &str) -> Origin {
        self.origins.origin(key)
    }

    /// The settings file that was read, as a clause.
    pub(crate) fn file_read(&self) -> String {
        match &self.origins.file {
            Some(path) => format!("the settings file {} was read", path.display()),
            None => format!("no settings file was read: none was named, and there is no {DEFAULT_FILE}"),
        }
    }

    /// Every setting, in the order of the document.
    pub(crate) fn report(&self) -> Vec<SettingReport> {
        entries().flat_map(|entry| self.entry_report(entry)).collect()
    }

    fn entry_report(&self, entry: &Entry<Settings>) -> Vec<SettingReport> {
        let report = |key: &str, value, origin| SettingReport { key: key.to_owned(), value, origin };
        let set = |key: &str| format!("set {}", self.origin(key));
        if matches!(entry.accepts, Accepts::Table(_)) {
            let inside = self.origins.values_below(entry.key);
            let inside: Vec<_> = inside.map(|(key, value)| report(key, Some(value.to_owned()), set(key))).collect();
            return if inside.is_empty() {
                vec![report(entry.key, Some("{}".to_owned()), set(entry.key))]
            } else {
                inside
            };
        }
        if let Fallback::Derived(words, value) = &entry.default
            && self.origin(entry.key) == Origin::Default
        {
            let value = value(self).map(|value| if entry.accepts.is_bare() { value } else { quoted(&value) });
            return vec![report(entry.key, value, format!("by default: {words}"))];
        }
        let value = match &entry.accepts {
            Accepts::Secret(_, shown) => Some(quoted(&shown(self))),
            // Environment variables hold only text.
            accepts if accepts.is_bare() => {
                self.origins.value(entry.key).map(|value| value.trim_matches('"').to_owned())
            }
            _ => self.origins.value(entry.key).map(str::to_owned),
        };
        vec![report(entry.key, value, set(entry.key))]
    }
}

/// Text as a TOML string. TOML and Rust escape the same characters in the same way.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SettingsSources;

    fn report(variables: &[(&str, &str)]) -> String {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        let settings = SettingsSources::new(variables).load().unwrap();
        settings.report().iter().map(|line| format!("{} # {}\n", line.assignment(), line.origin)).collect()
    }

    #[test]
    fn every_setting_has_its_value_and_its_origin() {
        let shown = report(&[
            ("RELEASEPAGE__SERVER__LISTEN", "127.0.0.1:1"),
            ("RELEASEPAGE__JOBS__CONCURRENCY", "3"),
            ("RELEASEPAGE__SERVER__ENDPOINTS__EU", "https://eu.example.com"),
        ]);
        for line in [
            "server.listen = \"127.0.0.1:1\" # set by the environment variable RELEASEPAGE__SERVER__LISTEN",
            "server.public_url = \"http://127.0.0.1:1\" # by default: http://{server.listen}",
            "jobs.concurrency = 3 # set by the environment variable RELEASEPAGE__JOBS__CONCURRENCY",
            "server.endpoints.eu = \"https://eu.example.com\" # set by the environment variable \
             RELEASEPAGE__SERVER__ENDPOINTS__EU",
            "database.url = \"sqlite://./data/releasepage.db\" # by default: sqlite://{data_dir}/releasepage.db",
            "database.auto_migrate = true # set by default",
            "mail.url = \"mailbox:\" # set by default",
            "secret_key_file = \"./data/secret_key\" # by default: {data_dir}/secret_key on SQLite; on Postgres, this or \
             secret_key is required",
            "# secret_key # by default: what secret_key_file holds",
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line}\nis not in\n{shown}");
        }
        let keys = |key: &str| shown.lines().filter(|line| line.trim_start_matches("# ").starts_with(key)).count();
        for Entry { key, .. } in entries() {
            assert!(keys(key) >= 1, "{key} is missing");
        }
    }

    #[test]
    fn report_is_a_settings_file_and_shows_no_secret() {
        let key = "00112233445566778899aabbccddeeff00112233deadbeef8899aabbccddeeff";
        let shown = report(&[
            ("RELEASEPAGE__SECRET_KEY", key),
            ("RELEASEPAGE__DATABASE__URL", "postgres://app:planted@db:5432/x?sslmode=require&sslpassword=planted"),
            ("RELEASEPAGE__MAIL__URL", "smtps://app:planted@mail.example.com"),
        ]);
        assert!(!shown.contains("planted") && !shown.contains("deadbeef"), "{shown}");
        assert!(
            shown.contains("database.url = \"postgres://app:***@db:5432/x?sslmode=require&sslpassword=***\""),
            "{shown}"
        );
        assert!(shown.contains("mail.url = \"smtps://***@mail.example.com:465\""), "{shown}");
        assert!(shown.contains("secret_key = \"***\" # set by the environment variable"), "{shown}");

        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("printed.toml");
        std::fs::write(&file, report(&[])).unwrap();
        SettingsSources::new(Vec::new()).with_file(&file).load().expect("what is printed can be read");
    }
}
