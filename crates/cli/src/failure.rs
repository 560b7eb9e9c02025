//! Why a command ended without success: one sentence for the person in front of it.

use std::io;

use releasepage_mailer::worker::WorkerError;
use releasepage_storage::{MigrateError, StoreError, backup::file::BackupError};

use crate::settings::SettingsError;

/// The failure of a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A setting cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database cannot be brought to, or has not, this binary's schema.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A back-up cannot be made or restored.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// Mail cannot be sent with these settings.
    #[error(transparent)]
    Mail(#[from] WorkerError),
    /// The operating system refused something.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        error: io::Error,
    },
    /// Anything that one sentence says better than a type.
    #[error("{0}")]
    Said(String),
}

impl Failure {
    /// Turns an error of the operating system into a failure that says what was tried.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}
