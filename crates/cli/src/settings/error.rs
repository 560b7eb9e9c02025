//! What is said when the settings are wrong: one sentence with the setting, where it was set, and what is accepted.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::origin::Origin;

/// Why the settings cannot be used. Each is one sentence for the person who starts the program; none shows a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SettingsError {
    /// The settings file is missing, not permitted or not text.
    #[error(
        "the settings file {path} cannot be read ({reason}); --config and RELEASEPAGE_CONFIG accept the path of a TOML \
         file",
        path = .path.display()
    )]
    FileUnreadable {
        /// The path as it was given.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },

    /// The settings file is not TOML.
    #[error("the settings file {path} is not TOML ({problem}); accepted is a file like docs/settings.toml", path = .path.display())]
    FileMalformed {
        /// The path as it was given.
        path: PathBuf,
        /// Line, column and kind of the mistake, without the text of the line: it may be a secret's.
        problem: String,
    },

    /// No setting has this name.
    #[error("the setting `{key}`, set {origin}, does not exist; {accepted}")]
    Unknown {
        /// The key with dots, `server.lisen`.
        key: String,
        /// Where it was set.
        origin: Origin,
        /// Which keys exist in its place.
        accepted: String,
    },

    /// The setting exists, but cannot have this value.
    #[error("the setting `{key}`, set {origin}, {refusal}; accepted is {accepted}")]
    Impossible {
        /// The key with dots.
        key: String,
        /// Where it was set.
        origin: Origin,
        /// What is said of the value.
        refusal: Refusal,
        /// What is accepted instead.
        accepted: String,
    },

    /// The setting has no default in this situation and was not set.
    #[error("the setting `{key}` is not set, but {reason}; accepted is {accepted}")]
    Missing {
        /// The key with dots.
        key: String,
        /// Why it is needed.
        reason: &'static str,
        /// What is accepted.
        accepted: String,
    },
}

/// What is said of a value that is not possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The value, as a file of settings has it.
    Shown(String),
    /// The value is or may hold a secret.
    Secret,
    /// The value was not set, but follows from other settings.
    Derived,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shown(value) => write!(formatter, "cannot be {value}"),
            Self::Secret => {
                formatter.write_str("has a value that cannot be used and is not shown, as it may hold a secret")
            }
            Self::Derived => formatter.write_str("follows from other settings and cannot be used so"),
        }
    }
}
