//! The settings of the binary: where they come from, what they may be, and what is said of a wrong one.
//!
//! Settings are read from the built-in defaults, then a file (TOML; [`settings_file`] finds it), then the environment
//! (`RELEASEPAGE__SECTION__KEY`); the later wins. One table, [`catalogue`], holds every key with its default, what it
//! accepts and what it is for: the defaults, the check for unknown keys, every error message and the document
//! `docs/settings.toml` come from it, so that they cannot tell different stories.
//!
//! A wrong setting ends the start with one sentence ([`SettingsError`]). The value of a secret is in no message.

mod catalogue;
mod convert;
mod document;
mod error;
mod file;
mod load;
mod origin;
mod report;
mod sections;
mod values;

pub(crate) use document::settings_document;
pub(crate) use error::SettingsError;
pub(crate) use file::{DEFAULT_FILE, settings_file};
pub(crate) use load::SettingsSources;
pub(crate) use origin::Origin;
pub(crate) use report::database_url_masked;
pub(crate) use sections::{LogFormat, LogSettings, Settings};
