//! The server's secret key: from the settings, or made once and kept beside the SQLite database.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::Path,
};

use releasepage_auth::secret_key::SecretKey;
use secrecy::ExposeSecret as _;

use crate::{failure::Failure, settings::Settings};

/// The name of the file in `data_dir`.
const FILE: &str = "secret_key";

/// The secret key. Two processes that start at once on a new directory agree on one.
pub(crate) fn secret_key(settings: &Settings) -> Result<SecretKey, Failure> {
    if let Some(key) = &settings.secret_key {
        return Ok(key.clone());
    }
    let path = settings.data_dir.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => SecretKey::parse(&text)
            .map_err(|error| Failure::Said(format!("the secret key in {} cannot be used: {error}", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            secret_key_make(&settings.data_dir)?;
            secret_key(settings)
        }
        Err(error) => Err(Failure::io(format!("the secret key in {} cannot be read", path.display()))(error)),
    }
}

/// Writes a new key beside its place and links it there: whoever reads the file sees all of it or none, and a key that
/// is there already stays.
fn secret_key_make(data_dir: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = data_dir.join(FILE);
    let draft = data_dir.join(format!("{FILE}.{}", std::process::id()));
    let failed = |error| Failure::io(format!("the secret key cannot be written to {}", path.display()))(error);
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(failed)?;
    let written = file
        .write_all(SecretKey::generate().encode().expose_secret().as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| match fs::hard_link(&draft, &path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        })
        // The name must last as long as the key: a database without it is full of links that nobody can verify.
        .and_then(|()| fs::File::open(data_dir)?.sync_all());
    // A draft that is left behind is no harm: nobody reads it.
    let _ = fs::remove_file(&draft);
    written.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once() {
        let directory = tempfile::tempdir().expect("a directory");
        secret_key_make(directory.path()).expect("made");
        let first = fs::read_to_string(directory.path().join(FILE)).expect("there");
        secret_key_make(directory.path()).expect("kept");
        assert_eq!(fs::read_to_string(directory.path().join(FILE)).expect("there"), first);
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 1);
        assert!(SecretKey::parse(&first).is_ok());
    }
}
