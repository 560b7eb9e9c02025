//! The origin of each setting.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// The place that gave a setting its value. Its text completes the words "the setting `x`, set …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The built-in default, or the default of a command.
    Default,
    /// The settings file.
    File(PathBuf),
    /// The environment variable of this name.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("by default"),
            Self::File(path) => write!(formatter, "in {}", path.display()),
            Self::Variable(name) => write!(formatter, "by the environment variable {name}"),
        }
    }
}

/// The value and the origin of each setting, for the messages about wrong ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins {
    pub(super) origins: BTreeMap<String, Origin>,
    /// The values as text, without those of secrets.
    pub(super) values: BTreeMap<String, String>,
    /// The file that was read.
    pub(super) file: Option<PathBuf>,
}

impl Origins {
    /// The origin of a setting.
    pub(super) fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// The value of a setting, as a settings file would have it. `None` for a secret, and if there is no value.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// The settings inside a table with keys of the user's choice, with their values.
    pub(super) fn values_below(&self, table: &str) -> impl Iterator<Item = (&str, &str)> {
        let inside = move |key: &str| key.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'));
        self.values.iter().filter(move |(key, _)| inside(key)).map(|(key, value)| (key.as_str(), value.as_str()))
    }
}
