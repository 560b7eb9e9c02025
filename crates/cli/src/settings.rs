//! The settings of the binary: where they come from, what they may be, and what is said of a wrong one.
//!
//! Settings are read from the built-in defaults, then a file (TOML; [`settings_file`] finds it), then the environment
//! (`RELEASEPAGE__SECTION__KEY`); the later wins. Each is declared once, in [`declarations`], with its type, its default,
//! what it accepts and what it is for: the structs, the defaults, the check for unknown keys, every error message, the
//! report and the document `docs/settings.toml` are made of that, so that they cannot tell different stories.
//!
//! A wrong setting ends the start with one sentence ([`SettingsError`]). The value of a secret is in no message.

mod catalogue;
mod convert;
mod declarations;
mod declare;
mod derived;
mod document;
mod error;
mod file;
mod load;
mod masked;
mod origin;
mod refusals;
mod report;
mod setting;
mod values;

pub(crate) use declarations::{LogSettings, Settings};
pub(crate) use document::settings_document;
pub(crate) use error::SettingsError;
pub(crate) use file::{DEFAULT_FILE, settings_file};
pub(crate) use load::SettingsSources;
pub(crate) use masked::database_url_masked;
pub(crate) use origin::Origin;
pub(crate) use values::LogFormat;
