//! The values that follow from other settings if they are not set.

use std::net::SocketAddr;
use std::path::PathBuf;

use releasepage_storage::DatabaseUrl;

use super::declarations::{ServerSettings, Settings};
use super::masked::database_url_masked;
use super::values::PublicUrl;

impl Settings {
    /// The database: the one that is set, or the SQLite file in `data_dir`.
    pub(crate) fn database_url(&self) -> DatabaseUrl {
        self.database.url.clone().unwrap_or_else(|| DatabaseUrl::in_directory(&self.data_dir))
    }

    /// The database's address without its password.
    pub(crate) fn database_url_shown(&self) -> String {
        database_url_masked(&self.database_url())
    }

    /// The file of the secret key, used if `secret_key` is not set. It is the one that is set, or the one in
    /// `data_dir`.
    pub(crate) fn secret_key_file(&self) -> PathBuf {
        self.secret_key_file.clone().unwrap_or_else(|| self.data_dir.join("secret_key"))
    }
}

impl ServerSettings {
    /// The address that links are built from: the one that is set, or the one that the server listens on. `bound` is
    /// the address after binding. It differs from `listen` if the port there is 0.
    pub(crate) fn public_url(&self, bound: SocketAddr) -> PublicUrl {
        self.public_url.clone().unwrap_or_else(|| PublicUrl::of_address(bound))
    }

    /// The number of threads: the one that is set, or one for each core.
    pub(super) fn workers(&self) -> usize {
        self.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }
}
