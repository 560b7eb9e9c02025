//! The server's secret key, from the settings or from its file. The file is made for a new database.

use std::{
    fs,
    io::{self, ErrorKind, Write as _},
    path::Path,
};

use releasepage_auth::secret_key::SecretKey;
use releasepage_storage::schema_is_new;
use secrecy::ExposeSecret as _;
use tempfile::NamedTempFile;

use crate::{failure::Failure, settings::Settings};

/// Returns the secret key. Processes that start at once on a new database and share the file agree on one key.
///
/// A missing file is made for a new database only. With a new key, the links and secrets of a database in use would be
/// invalid. One of several machines would also sign differently from the rest.
pub(crate) fn secret_key(settings: &Settings) -> Result<SecretKey, Failure> {
    if let Some(key) = &settings.secret_key {
        return Ok(key.clone());
    }
    let path = settings.secret_key_file();
    if let Some(key) = secret_key_read(&path)? {
        return Ok(key);
    }
    if schema_is_new(&settings.database_url())? {
        secret_key_make(&path)
            .map_err(Failure::io(format!("the secret key cannot be written to {}", path.display())))?;
    }
    // Another process may have been faster. Its key counts, because it was there before its schema.
    secret_key_read(&path)?.ok_or_else(|| {
        Failure::Said(format!(
            "secret_key_file: {} does not exist, but the database is in use: copy the file from another server or from a \
             back-up, since no other key verifies its links or opens its secrets",
            path.display()
        ))
    })
}

/// Returns the secret key from the settings or its file. `None` if there is none yet. Makes nothing.
pub(crate) fn secret_key_existing(settings: &Settings) -> Result<Option<SecretKey>, Failure> {
    match &settings.secret_key {
        Some(key) => Ok(Some(key.clone())),
        None => secret_key_read(&settings.secret_key_file()),
    }
}

/// Reads the key from a file. `None` if there is no such file.
fn secret_key_read(path: &Path) -> Result<Option<SecretKey>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => SecretKey::parse(&text)
            .map(Some)
            .map_err(|error| Failure::Said(format!("the secret key in {} cannot be used: {error}", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io(format!("the secret key in {} cannot be read", path.display()))(error)),
    }
}

/// Makes a new key, unless the file exists.
fn secret_key_make(path: &Path) -> io::Result<()> {
    if secret_key_keep(path, &SecretKey::generate())? {
        tracing::info!(path = %path.display(), "made the secret key: keep a copy with the back-ups");
    }
    Ok(())
}

/// Writes a key to a temporary file and moves it into place. So a reader sees all of it or none. An existing key stays.
/// Only the owner may read the file. Returns true if the file holds this key now.
pub(crate) fn secret_key_keep(path: &Path, key: &SecretKey) -> io::Result<bool> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut draft = NamedTempFile::new_in(directory)?;
    draft.write_all(key.encode().expose_secret().as_bytes())?;
    draft.as_file().sync_all()?;
    let is_kept = match draft.persist_noclobber(path) {
        Ok(_) => true,
        Err(refused) if refused.error.kind() == ErrorKind::AlreadyExists => false,
        Err(refused) => return Err(refused.error),
    };
    // The name must be as durable as the key. Without the key, nobody can verify the links of the database.
    fs::File::open(directory)?.sync_all()?;
    Ok(is_kept)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("key");
        secret_key_make(&path).expect("made");
        let first = fs::read_to_string(&path).expect("there");
        secret_key_make(&path).expect("kept");
        assert_eq!(fs::read_to_string(&path).expect("there"), first);
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 1);
        assert!(SecretKey::parse(&first).is_ok());
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }
}
