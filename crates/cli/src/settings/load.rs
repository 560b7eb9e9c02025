//! Reads the settings from their sources and reports mistakes in them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use config::{Config, ConfigError, Environment, File, FileFormat, Map, Source, Value, ValueKind};
use releasepage_storage::DatabaseUrl;

use super::catalogue::{self, entries};
use super::declarations::{SECTIONS, Settings};
use super::error::SettingsError;
use super::origin::{Origin, Origins};
use super::refusals::accepted_for;
use super::setting::{Accepts, Fallback};

/// The prefix of every environment variable of the product.
const PREFIX: &str = "RELEASEPAGE__";

/// The sources of the settings.
#[derive(Debug, Default)]
pub(crate) struct SettingsSources {
    defaults: Vec<(&'static str, String)>,
    file: Option<PathBuf>,
    variables: Vec<(OsString, OsString)>,
    fixed: Vec<(&'static str, String)>,
}

impl SettingsSources {
    /// Reads these environment variables over the built-in defaults. The program passes `std::env::vars_os()`.
    pub(crate) fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self { variables: variables.into_iter().collect(), ..Self::default() }
    }

    /// Reads this TOML file too, before the environment.
    pub(crate) fn with_file(mut self, path: &Path) -> Self {
        self.file = Some(path.to_owned());
        self
    }

    /// Gives a setting another default. Commands like `demo` need this. The key is one of the catalogue's.
    pub(crate) fn with_default(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.defaults.push((key, value.into()));
        self
    }

    /// Sets a setting over file and environment. A demo must not reach a real database or real people, whatever the
    /// shell exports. The key is one of the catalogue's.
    pub(crate) fn with_fixed(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.fixed.push((key, value.into()));
        self
    }

    /// Reads all sources and checks the merged settings.
    ///
    /// # Errors
    ///
    /// Returns the first setting that is wrong. See [`SettingsError`].
    pub(crate) fn load(self) -> Result<Settings, SettingsError> {
        let mut origins = Origins::default();
        let mut defaults = Config::builder().add_source(layer(&defaults_document()));
        for (key, value) in self.defaults {
            defaults = defaults.set_override(key, value).map_err(|error| origins.explain(&error))?;
        }
        let defaults = defaults.build().map_err(|error| origins.explain(&error))?;
        let mut layers = Config::builder().add_source(defaults);
        if let Some(path) = &self.file {
            let text = std::fs::read_to_string(path)
                .map_err(|reason| SettingsError::FileUnreadable { path: path.clone(), reason })?;
            let file = layer(&text);
            let table = file
                .collect()
                .map_err(|error| SettingsError::FileMalformed { path: path.clone(), problem: place_of(&error) })?;
            origins.note_table(&table, "", &Origin::File(path.clone()))?;
            layers = layers.add_source(file);
            origins.file = Some(path.clone());
        }
        let variables = origins.note_variables(self.variables)?;
        let environment =
            Environment::with_prefix("RELEASEPAGE").prefix_separator("__").separator("__").source(Some(variables));

        layers = layers.add_source(environment);
        for (key, value) in self.fixed {
            layers = layers.set_override(key, value).map_err(|error| origins.explain(&error))?;
        }
        let merged = layers.build().map_err(|error| origins.explain(&error))?;
        origins.note_values(&merged);
        origins.check_ranges(&merged)?;
        let mut settings: Settings = merged.try_deserialize().map_err(|error| origins.explain(&error))?;
        settings.origins = origins;
        check_together(&settings)?;
        Ok(settings)
    }
}

impl Origins {
    /// Records the settings of a file and their origin.
    fn note_table(&mut self, table: &Map<String, Value>, prefix: &str, origin: &Origin) -> Result<(), SettingsError> {
        // Sorted by name, so that of two mistakes the same one is always reported.
        for (name, value) in table.iter().collect::<BTreeMap<_, _>>() {
            let key = format!("{prefix}{name}");
            match &value.kind {
                ValueKind::Table(inner) if is_table(&key) || catalogue::is_section(&key) => {
                    self.origins.insert(key.clone(), origin.clone());
                    self.note_table(inner, &format!("{key}."), origin)?;
                }
                _ => self.note(key, origin.clone())?,
            }
        }
        Ok(())
    }

    /// Records the settings of the environment. Returns the variables that set one.
    fn note_variables(&mut self, variables: Vec<(OsString, OsString)>) -> Result<Map<String, String>, SettingsError> {
        let mut ours: BTreeMap<String, OsString> = BTreeMap::new();
        for (name, value) in variables {
            if let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) {
                // `X: ${X:-}` in a compose file sets a variable to the empty text. It means "not set".
                if !value.is_empty() {
                    ours.insert(name.to_owned(), value);
                }
            }
        }
        let mut texts = Map::new();
        for (name, value) in ours {
            let key = name[PREFIX.len()..].to_lowercase().replace("__", ".");
            let origin = Origin::Variable(name.clone());
            self.note(key.clone(), origin.clone())?;
            let text = value.into_string().map_err(|_| self.impossible(&key))?;
            texts.insert(name, text);
        }
        Ok(texts)
    }

    fn note(&mut self, key: String, origin: Origin) -> Result<(), SettingsError> {
        if catalogue::entry(&key).is_none() && catalogue::table_of(&key).is_none() {
            let accepted = catalogue::neighbours(&key);
            return Err(SettingsError::Unknown { key, origin, accepted });
        }
        self.origins.insert(key, origin);
        Ok(())
    }

    /// Records the values for messages, without those of secrets.
    fn note_values(&mut self, merged: &Config) {
        for key in self.origins.keys().map(String::as_str).chain(entries().map(|entry| entry.key)) {
            let secret = catalogue::entry(key).is_some_and(|entry| entry.accepts.is_secret());
            if let Some(value) = value_of(merged, key).filter(|_| !secret) {
                self.values.insert(key.to_owned(), quoted(&value));
            }
        }
    }

    /// Checks that numbers are whole and in their range.
    fn check_ranges(&self, merged: &Config) -> Result<(), SettingsError> {
        for entry in entries() {
            if let Accepts::Whole(range) = &entry.accepts {
                let value = value_of(merged, entry.key);
                if value.is_some_and(|value| !whole_number(&value).is_some_and(|number| range.contains(&number))) {
                    return Err(self.impossible(entry.key));
                }
            }
        }
        Ok(())
    }

    /// The sentence for a value that its type refused.
    fn explain(&self, error: &ConfigError) -> SettingsError {
        let key = match error {
            ConfigError::At { key: Some(key), .. } | ConfigError::Type { key: Some(key), .. } => key,
            ConfigError::NotFound(key) => key,
            _ => "",
        };
        // A mistake in an element is reported for the whole list.
        self.impossible(key.split('[').next().unwrap_or(key))
    }
}

/// Checks the rules that involve several settings.
fn check_together(settings: &Settings) -> Result<(), SettingsError> {
    let jobs = &settings.jobs;
    if jobs.heartbeat_seconds * 2 > jobs.lease_seconds {
        return Err(settings.origins.impossible_because(
            "jobs.heartbeat_seconds",
            format!("at most half of jobs.lease_seconds, which is {}", jobs.lease_seconds),
        ));
    }
    let has_secret = settings.secret_key.is_some() || settings.secret_key_file.is_some();
    if !has_secret && matches!(settings.database_url(), DatabaseUrl::Postgres(_)) {
        let key = "secret_key";
        return Err(SettingsError::Missing {
            key: key.to_owned(),
            reason: "database.url names a Postgres database, whose servers and workers need the same one",
            accepted: format!("{}; or secret_key_file, {}", accepted_for(key), accepted_for("secret_key_file")),
        });
    }
    Ok(())
}

fn layer(text: &str) -> File<config::FileSourceString, FileFormat> {
    File::from_str(text, FileFormat::Toml)
}

/// The built-in defaults as TOML, without those that follow from other settings.
fn defaults_document() -> String {
    let mut text = String::new();
    for section in SECTIONS {
        if !section.name.is_empty() {
            text.push_str(&format!("[{}]\n", section.name));
        }
        for entry in section.entries {
            if let Fallback::Fixed(value) = entry.default {
                text.push_str(&format!("{} = {value}\n", entry.name()));
            }
        }
    }
    text
}

fn is_table(key: &str) -> bool {
    catalogue::entry(key).is_some_and(|entry| matches!(entry.accepts, Accepts::Table(_)))
}

fn value_of(merged: &Config, key: &str) -> Option<Value> {
    merged.get(key).ok()
}

/// Returns the whole number, if the value is one. `"8"` is one, since environment variables hold only text. `8.5` and
/// `true` are not.
fn whole_number(value: &Value) -> Option<u64> {
    match &value.kind {
        ValueKind::I64(number) => u64::try_from(*number).ok(),
        ValueKind::U64(number) => Some(*number),
        ValueKind::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A value as messages show it.
fn quoted(value: &Value) -> String {
    match &value.kind {
        ValueKind::String(text) => format!("{text:?}"),
        ValueKind::Array(elements) => {
            let elements: Vec<_> = elements.iter().map(quoted).collect();
            format!("[{}]", elements.join(", "))
        }
        ValueKind::Table(_) => "a table".to_owned(),
        ValueKind::Nil => "nothing".to_owned(),
        other => other.to_string(),
    }
}

/// Line, column and kind of a mistake in a TOML file. The parser's message also shows the line itself. It is left out,
/// since it may hold a secret.
fn place_of(error: &ConfigError) -> String {
    let cause = match error {
        ConfigError::FileParse { cause, .. } => cause.to_string(),
        other => other.to_string(),
    };
    let mut lines = cause.lines();
    let place = lines.next().unwrap_or_default().trim_start_matches("TOML parse error ").to_owned();
    match lines.next_back() {
        Some(kind) => format!("{place}: {}", kind.trim()),
        None => place,
    }
}

#[cfg(test)]
mod tests;
