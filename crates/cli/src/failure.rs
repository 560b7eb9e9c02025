//! The failures of commands: each is one sentence for the operator.

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
    /// The schema of the database is not that of this binary, or cannot be migrated to it.
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
        /// The action that failed.
        what: String,
        /// The error of the operating system.
        error: io::Error,
    },
    /// Any other failure, as one sentence.
    #[error("{0}")]
    Said(String),
}

impl Failure {
    /// Turns an error of the operating system into a failure that names the action.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}
