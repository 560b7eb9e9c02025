//! The settings of the binary: their sources, their accepted values, and the errors for wrong ones.
//!
//! Settings are read from the built-in defaults, then a TOML file, then the environment (`RELEASEPAGE__SECTION__KEY`).
//! The later source wins. [`settings_file`] finds the file. Each setting is declared once, in [`declarations`], with
//! its type, its default, its accepted values and its purpose. The structs, the defaults, the check for unknown keys,
//! the error messages, the report and the document `docs/settings.toml` are made from that declaration. So they cannot
//! contradict each other.
//!
//! A wrong setting ends the start with one sentence ([`SettingsError`]). No message contains the value of a secret.

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
