//! `releasepage restore`: restores a server from a back-up and holds its queue.

use std::path::Path;

use releasepage_auth::secret_key::SecretKey;
use releasepage_domain::time::time_iso8601;
use releasepage_storage::{
    DatabaseUrl, Store,
    backup::file::{Backup, database_is_absent},
    database::clock::Clock,
    jobs::hold::mail_queued,
};
use secrecy::ExposeSecret as _;

use super::{block_on, jobs::mail_words, print};
use crate::{
    failure::Failure,
    secret::{secret_key_existing, secret_key_keep},
    settings::Settings,
    wiring::data_dir_make,
};

/// Restores the database and the secret key if neither exists. Prints the next steps.
pub(super) fn restore(settings: &Settings, file: &Path) -> Result<(), Failure> {
    let DatabaseUrl::Sqlite(path) = settings.database_url() else {
        return Err(Failure::Said(
            "database.url is a Postgres database, which its own tools restore: `pg_restore --dbname=URL FILE`, then \
             `releasepage jobs hold` before anything is started; deploy/README.md says how"
                .to_owned(),
        ));
    };
    let backup = Backup::open(file)?;
    data_dir_make(settings)?;
    database_is_absent(&path)?;
    // The key comes first. A process that starts on a database without its key would make a new one.
    key_restore(settings, &backup)?;
    let migrations = backup.restore(&path, Clock::system().now())?;
    let queued = block_on(async { Ok(mail_queued(&Store::new(&settings.store())).await?) })?;
    let migrated = if migrations == 0 { String::new() } else { format!(" Applied {migrations} migrations.") };
    print(&format!(
        "Restored {path} as it was at {}, backed up by {}.{migrated}\n\
         The queue is held: nothing is mailed, and no scheduled release published, before `releasepage jobs resume`.\n\
         Of mail there waits {}. Where the server went on after the back-up, that may have been sent:\n\
         `releasepage jobs resume --cancel-mail` gives it up.\n",
        time_iso8601(backup.made_at),
        backup.made_by,
        mail_words(queued),
    ))
}

/// Writes the back-up's key to the place where the server reads it. Fails if another key is there: the back-up is of
/// another server then.
fn key_restore(settings: &Settings, backup: &Backup) -> Result<(), Failure> {
    let key = SecretKey::parse(&backup.secret_key)
        .map_err(|error| Failure::Said(format!("the back-up's secret key cannot be used: {error}")))?;
    match secret_key_existing(settings)? {
        Some(own) if own.encode().expose_secret() == key.encode().expose_secret() => Ok(()),
        Some(_) => Err(Failure::Said(
            "the secret key of the settings is not that of the back-up, whose links it would make worthless: leave \
             secret_key unset, or set it as it was, and let secret_key_file name no file that is there"
                .to_owned(),
        )),
        None => {
            let path = settings.secret_key_file();
            secret_key_keep(&path, &key)
                .map(drop)
                .map_err(Failure::io(format!("the secret key cannot be written to {}", path.display())))
        }
    }
}
