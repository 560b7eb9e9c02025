//! Back-up and restore of a SQLite database.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use releasepage_storage::{
    DatabaseUrl,
    accounts::users::organization_first,
    backup::file::{Backup, BackupError, backup_make, database_is_absent},
    jobs::hold::job_hold_get,
};
use tempfile::TempDir;

use crate::support::{Database, now};

const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn path_of(database: &Database) -> String {
    match &database.url {
        DatabaseUrl::Sqlite(path) => path.clone(),
        DatabaseUrl::Postgres(_) => panic!("back-ups are of SQLite"),
    }
}

/// A database with something in it, and a back-up of it.
async fn backed_up() -> (Database, TempDir, PathBuf) {
    let database = Database::sqlite();
    database.site().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("it's a back-up?.db");
    backup_make(&path_of(&database), &file, KEY, "releasepage 1.2.3", now()).unwrap();
    (database, directory, file)
}

fn open_error(file: &Path) -> BackupError {
    match Backup::open(file) {
        Ok(_) => panic!("{} was taken for a back-up", file.display()),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_up_is_restored_whole_and_held() {
    let (_database, directory, file) = backed_up().await;
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let backup = Backup::open(&file).unwrap();
    assert_eq!(
        (backup.made_at, backup.made_by.as_str(), backup.secret_key.as_str()),
        (now(), "releasepage 1.2.3", KEY)
    );

    let restored = directory.path().join("restored.db").display().to_string();
    assert_eq!(backup.restore(&restored, now()).unwrap(), 0);
    assert_eq!(fs::metadata(&restored).unwrap().permissions().mode() & 0o777, 0o600);
    // Of the key nothing is left in the database.
    let bytes = fs::read(&restored).unwrap();
    assert!(!bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes()));
    let store = Database::store_at(&restored);
    assert!(job_hold_get(&store).await.unwrap().is_some());
    assert!(organization_first(&store).await.unwrap().is_some());
    // Nothing is left beside what was asked for, but what SQLite keeps beside an open database.
    let mut names: Vec<String> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect();
    names.sort();
    assert_eq!(names, ["it's a back-up?.db", "restored.db"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_ever_overwritten() {
    let (database, directory, file) = backed_up().await;
    let again = backup_make(&path_of(&database), &file, KEY, "x", now());
    assert!(matches!(again, Err(BackupError::Exists(_))), "{again:?}");
    let backup = Backup::open(&file).unwrap();
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let path = directory.path().join("other.db").display().to_string();
        let there = format!("{path}{suffix}");
        fs::write(&there, "mine").unwrap();
        assert!(matches!(database_is_absent(&path), Err(BackupError::Exists(_))), "{suffix}");
        assert!(matches!(backup.restore(&path, now()), Err(BackupError::Exists(_))), "{suffix}");
        assert_eq!(fs::read_to_string(&there).unwrap(), "mine");
        fs::remove_file(&there).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_interrupted_restore_left_is_begun_anew() {
    let (_database, directory, file) = backed_up().await;
    let path = directory.path().join("restored.db").display().to_string();
    for suffix in ["", "-wal", "-journal"] {
        fs::write(format!("{path}.restoring{suffix}"), "half").unwrap();
    }
    Backup::open(&file).unwrap().restore(&path, now()).unwrap();
    assert!(job_hold_get(&Database::store_at(&path)).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_back_up_is_refused() {
    let (database, directory, file) = backed_up().await;
    let missing = directory.path().join("missing.db");
    assert!(matches!(open_error(&missing), BackupError::Io { .. }));
    assert!(!missing.exists());
    let text = directory.path().join("text");
    fs::write(&text, "not a database at all, though long enough to have a header of a hundred bytes".repeat(3))
        .unwrap();
    assert!(matches!(open_error(&text), BackupError::NotABackup(_)));
    // A back-up that was interrupted before its last step is such a file too.
    assert!(matches!(open_error(Path::new(&path_of(&database))), BackupError::NotABackup(_)));
    let empty = directory.path().join("empty");
    fs::write(&empty, "").unwrap();
    assert!(matches!(open_error(&empty), BackupError::NotABackup(_)));

    // So is one with a digest that is of no database.
    let mut bytes = fs::read(&file).unwrap();
    let end = bytes.len();
    let digested = directory.path().join("digested");
    fs::write(&digested, [b"\n", EMPTY_DIGEST].concat()).unwrap();
    assert!(matches!(open_error(&digested), BackupError::NotABackup(_)));

    // Damage in the middle is found by reading everything.
    let middle = end / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xFF);
    let damaged = directory.path().join("damaged.db");
    fs::write(&damaged, bytes).unwrap();
    assert!(matches!(open_error(&damaged), BackupError::Altered(_)));
}

/// The last line of a file that has nothing before it.
const EMPTY_DIGEST: &[u8] = b"releasepage backup, sha256 of all before this line: \
    e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n";

/// The same file with the first `found` in it replaced by as many other bytes.
fn altered(file: &Path, found: &[u8], other: &[u8]) {
    let mut bytes = fs::read(file).unwrap();
    let at = bytes.windows(found.len()).position(|window| window == found).expect("it is in the file");
    bytes[at..at + other.len()].copy_from_slice(other);
    fs::write(file, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_value_is_noticed_before_anything_is_put_in_place() {
    let (database, directory, file) = backed_up().await;
    database.execute("UPDATE organizations SET name = 'A name to be altered'").await;
    let value = directory.path().join("value.db");
    backup_make(&path_of(&database), &value, KEY, "x", now()).unwrap();
    altered(&value, b"A name to be altered", b"a");
    assert!(matches!(open_error(&value), BackupError::Altered(_)));

    // It is altered after it was looked at.
    let path = directory.path().join("restored.db").display().to_string();
    let backup = Backup::open(&file).unwrap();
    altered(&file, KEY.as_bytes(), b"f");
    let refused = backup.restore(&path, now());
    assert!(matches!(refused, Err(BackupError::Altered(_))), "{refused:?}");
    assert!(!Path::new(&path).exists() && !Path::new(&format!("{path}.restoring")).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_up_without_its_digest_is_refused() {
    let (_database, directory, file) = backed_up().await;
    let bytes = fs::read(&file).unwrap();
    let end = bytes.len();
    let content = end - EMPTY_DIGEST.len() - 1;
    // Cut off within the digest and before it, which is how a version without digests left it, and added to.
    for other in [&bytes[..end - 1], &bytes[..content], &[&bytes[..], b"\n"].concat()] {
        let undigested = directory.path().join("undigested.db");
        fs::write(&undigested, other).unwrap();
        assert!(matches!(open_error(&undigested), BackupError::Undigested(_)), "{} of {end}", other.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_up_that_cannot_be_made_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("backup.db");
    let missing = directory.path().join("missing.db").display().to_string();
    assert!(matches!(backup_make(&missing, &file, KEY, "x", now()), Err(BackupError::Io { .. })));
    let text = directory.path().join("text.db").display().to_string();
    fs::write(&text, "no database".repeat(100)).unwrap();
    assert!(matches!(backup_make(&text, &file, KEY, "x", now()), Err(BackupError::Database(_))));
    assert!(!file.exists());
    let nowhere = directory.path().join("none/backup.db");
    assert!(matches!(backup_make(&text, &nowhere, KEY, "x", now()), Err(BackupError::Io { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_up_of_a_newer_binary_is_refused() {
    let (database, directory, _) = backed_up().await;
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')").await;
    let file = directory.path().join("newer.db");
    backup_make(&path_of(&database), &file, KEY, "x", now()).unwrap();
    let path = directory.path().join("restored.db").display().to_string();
    let refused = Backup::open(&file).unwrap().restore(&path, now());
    assert!(matches!(refused, Err(BackupError::Migrate(_))), "{refused:?}");
    assert!(!Path::new(&path).exists() && !Path::new(&format!("{path}.restoring")).exists());
}
