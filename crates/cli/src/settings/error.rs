//! The errors of wrong settings. Each is one sentence with the setting, its origin and the accepted values.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::origin::Origin;

/// The reason why the settings cannot be used. Each is one sentence for the operator. None shows a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SettingsError {
    /// The settings file is missing, may not be read, or is not text.
    #[error(
        "the settings file {path} cannot be read ({reason}); --config and RELEASEPAGE_CONFIG accept the path of a TOML \
         file",
        path = .path.display()
    )]
    FileUnreadable {
        /// The path as the operator gave it.
        path: PathBuf,
        /// The error of the operating system.
        reason: io::Error,
    },

    /// The settings file is not TOML.
    #[error("the settings file {path} is not TOML ({problem}); accepted is a file like docs/settings.toml", path = .path.display())]
    FileMalformed {
        /// The path as the operator gave it.
        path: PathBuf,
        /// Line, column and kind of the mistake. The text of the line is left out, since it may hold a secret.
        problem: String,
    },

    /// No setting has this name.
    #[error("the setting `{key}`, set {origin}, does not exist; {accepted}")]
    Unknown {
        /// The full key with dots, such as `server.lisen`.
        key: String,
        /// The origin of the key.
        origin: Origin,
        /// The keys that exist in its place.
        accepted: String,
    },

    /// The setting exists, but does not accept this value.
    #[error("the setting `{key}`, set {origin}, {refusal}; accepted is {accepted}")]
    Impossible {
        /// The key with dots.
        key: String,
        /// The origin of the value.
        origin: Origin,
        /// The value as the message shows it.
        refusal: Refusal,
        /// The accepted values.
        accepted: String,
    },

    /// The setting was not set, and has no default in this situation.
    #[error("the setting `{key}` is not set, but {reason}; accepted is {accepted}")]
    Missing {
        /// The key with dots.
        key: String,
        /// The reason why it is needed.
        reason: &'static str,
        /// The accepted values.
        accepted: String,
    },
}

/// The way in which a message shows a value that is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The value, as a settings file would have it.
    Shown(String),
    /// The value is not shown, because it is or may hold a secret.
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
