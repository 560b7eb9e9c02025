//! Checks of the server's files: the secret key, the SQLite database, and the free space.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use releasepage_storage::DatabaseUrl;

use super::Finding;
use crate::{secret::secret_key_existing, settings::Settings};

/// The least free space, in bytes. SQLite needs room to write beside the database, and a migration rewrites it.
const SPACE_LEAST: u64 = 100 * 1024 * 1024;

/// Checks the secret key and the directory of a SQLite database.
pub(super) fn look(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![secret_key(settings)];
    if let DatabaseUrl::Sqlite(path) = settings.database_url() {
        let directory = Path::new(&path).parent().filter(|parent| !parent.as_os_str().is_empty());
        findings.extend(space(directory.unwrap_or(Path::new("."))));
    }
    findings
}

fn secret_key(settings: &Settings) -> Finding {
    const SUBJECT: &str = "secret key";
    if settings.secret_key.is_some() {
        return Finding::well(SUBJECT, format!("set {}", settings.origin("secret_key")));
    }
    let path = settings.secret_key_file();
    let shown = path.display();
    match secret_key_existing(settings) {
        Err(error) => Finding::fault(
            SUBJECT,
            error.to_string(),
            "restore the file from a back-up: every link that was mailed needs the key it was made with",
        ),
        Ok(None) if database_is_there(settings) => Finding::fault(
            SUBJECT,
            format!("{shown} is not there, but the database is"),
            "restore the file from a back-up: a new key makes every link that was mailed worthless",
        ),
        Ok(None) => Finding::note(SUBJECT, format!("there is none yet in {shown}"), "the first start makes one"),
        Ok(Some(_)) if is_open(&path) => Finding::note(
            SUBJECT,
            format!("{shown} can be read by others on this machine"),
            format!("if they are not meant to act as the server: chmod 600 {shown}"),
        ),
        Ok(Some(_)) => Finding::well(SUBJECT, format!("in {shown}")),
    }
}

/// True if the database of the key exists. A Postgres database is assumed to exist.
fn database_is_there(settings: &Settings) -> bool {
    match settings.database_url() {
        DatabaseUrl::Sqlite(path) => fs::metadata(path).is_ok_and(|file| file.len() > 0),
        DatabaseUrl::Postgres(_) => true,
    }
}

/// True if users other than the owner can read the file.
fn is_open(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

/// The finding on the free space for the database. `None` if the directory does not exist yet.
fn space(directory: &Path) -> Option<Finding> {
    const SUBJECT: &str = "disk space";
    let shown = directory.display();
    let free = match rustix::fs::statvfs(directory) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(rustix::io::Errno::NOENT) => return None,
        Err(error) => {
            let what = format!("the space in {shown} cannot be looked up: {error}");
            return Some(Finding::note(SUBJECT, what, "look with `df`"));
        }
    };
    let megabytes = free / 1_000_000;
    Some(if free < SPACE_LEAST {
        let what = format!("{megabytes} MB are free in {shown}");
        Finding::fault(SUBJECT, what, "make room: a full disk ends every change with an error")
    } else {
        Finding::well(SUBJECT, format!("{megabytes} MB are free in {shown}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SettingsSources;

    #[test]
    fn the_key_is_looked_for_where_the_server_does() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = directory.path().display().to_string();
        let settings = SettingsSources::new(Vec::new()).with_fixed("data_dir", data_dir).load().unwrap();
        let told = || secret_key(&settings).told();
        assert!(told().starts_with("note") && told().contains("there is none yet"), "{}", told());
        fs::write(directory.path().join("releasepage.db"), "x").unwrap();
        assert!(told().starts_with("FAULT") && told().contains("but the database is"), "{}", told());
        let file = directory.path().join("secret_key");
        fs::write(&file, "short").unwrap();
        assert!(told().starts_with("FAULT") && told().contains("cannot be used"), "{}", told());
        fs::write(&file, "0123456789abcdef".repeat(4)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(told().starts_with("note") && told().contains("chmod 600"), "{}", told());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(told().starts_with("ok"), "{}", told());
        assert!(!told().contains("0123456789abcdef"));
    }
}
