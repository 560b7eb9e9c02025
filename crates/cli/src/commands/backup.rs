//! `releasepage backup`: writes the SQLite database and the secret key to one file. The server may run meanwhile.

use std::path::Path;

use releasepage_storage::{DatabaseUrl, backup::file::backup_make, database::clock::Clock};
use secrecy::ExposeSecret as _;

use super::print;
use crate::{failure::Failure, secret::secret_key_existing, settings::Settings, wiring::database_demand};

/// The name and version of the program that makes the back-up.
const MADE_BY: &str = concat!("releasepage ", env!("CARGO_PKG_VERSION"));

/// Makes the back-up and confirms that it is good.
pub(super) fn backup(settings: &Settings, file: &Path) -> Result<(), Failure> {
    let DatabaseUrl::Sqlite(path) = settings.database_url() else {
        return Err(Failure::Said(
            "database.url is a Postgres database, which its own tools back up: `pg_dump --format=custom --file=FILE URL`, \
             and a copy of the secret key; deploy/README.md says how"
                .to_owned(),
        ));
    };
    database_demand(settings)?;
    let key = secret_key_existing(settings)?.ok_or_else(|| {
        Failure::Said(format!(
            "there is no secret key in {}, and links in mails mean nothing without it: set secret_key or secret_key_file \
             as the server has it",
            settings.secret_key_file().display()
        ))
    })?;
    backup_make(&path, file, key.encode().expose_secret(), MADE_BY, Clock::system().now())?;
    print(&format!(
        "Backed up {path} with its secret key to {}, and checked it. Whoever has this file can act as the server.\n",
        file.display()
    ))
}
