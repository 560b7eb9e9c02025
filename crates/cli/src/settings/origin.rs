//! Where a setting was set.

use std::fmt;
use std::path::PathBuf;

/// The place that gave a setting its value; as text it completes the words "the setting `x`, set …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The built-in default, or a command's own.
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
