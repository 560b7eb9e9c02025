//! Back-up and restore of a SQLite database.
//!
//! A back-up is one file, a SQLite database itself: a copy of the whole at one moment, with one more table that holds
//! when it was made, by what, and the server's secret key, without which the links in mails that were sent mean
//! nothing. What SQLite can check and read today it can in decades, with or without this program.
//!
//! The file ends with a digest of everything in it (`digest.rs`), which is written last, so that one whose
//! making was interrupted is not taken for a back-up. Without it, nothing is restored.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use diesel::{
    Connection as _, ExpressionMethods as _, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _,
    query_dsl::methods::SelectDsl as _, sql_types::Text,
};
use releasepage_domain::time::UtcTime;

use crate::{
    AnyConnection, DatabaseUrl, MigrateError, QueryError, SchemaState,
    backup::digest::{Content, content_check, content_copy, digest_append},
    database::{
        backend::{Access, Session},
        examine::{SqliteCheck, sqlite_damage},
    },
    jobs::row::hold_insert,
    migrate, schema_state,
};

diesel::table! {
    /// The part of a back-up that is not of the database: one row.
    releasepage_backup (made_at) {
        /// The time at which it was made.
        made_at -> Timestamp,
        /// The program that made it.
        made_by -> Text,
        /// The server's secret key.
        secret_key -> Text,
    }
}

/// Makes the table; no migration does, since no database that is served has it.
const BACKUP_TABLE: &str = "CREATE TABLE releasepage_backup \
     (made_at TIMESTAMP PRIMARY KEY NOT NULL, made_by TEXT NOT NULL, secret_key TEXT NOT NULL)";

/// The reason why the queue of a restored database is held.
const RESTORED: &str = "the database was restored from a back-up";

/// The reason why a back-up could not be made or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is a file already, and no file is ever overwritten.
    #[error("{0} exists already, and nothing is overwritten")]
    Exists(PathBuf),
    /// The file is no database, or one without what a back-up has beside it.
    #[error("{0} is not a back-up that `releasepage backup` finished")]
    NotABackup(PathBuf),
    /// It is a back-up without the digest at its end.
    #[error(
        "{0} lacks the digest at its end: it was cut short or added to, or is of a version of releasepage that wrote none \
         and that can restore it"
    )]
    Undigested(PathBuf),
    /// The content is not what was backed up.
    #[error("{0} was altered since it was made: its content is not that of the SHA-256 digest at its end")]
    Altered(PathBuf),
    /// The database or the copy of it is damaged.
    #[error("{file} is damaged: {problem}")]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The words of SQLite.
        problem: String,
    },
    /// The operating system refused.
    #[error("{file}: {error}")]
    Io {
        /// The file.
        file: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// The back-up is of a newer binary, or cannot be brought to this one's schema.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// SQLite failed.
    #[error("the database failed: {0}")]
    Database(String),
}

impl From<diesel::result::Error> for BackupError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<diesel::ConnectionError> for BackupError {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<QueryError> for BackupError {
    fn from(error: QueryError) -> Self {
        Self::Database(error.into_store(false).to_string())
    }
}

impl BackupError {
    /// Turns an error of the operating system into one that names the file.
    fn io(file: &Path) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |error| match error.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists(file),
            _ => Self::Io { file, error },
        }
    }
}

/// Copies the database at `path` into a new `file`, readable by its owner alone, with the secret key; `made_by` says
/// which program did. The server may go on meanwhile: the copy is the state of one moment, and nobody waits for it.
///
/// The new file is checked and on the disk. After an error, there is no file.
pub fn backup_make(path: &str, file: &Path, secret_key: &str, made_by: &str, now: UtcTime) -> Result<(), BackupError> {
    // SQLite makes a file where there is none, and a copy of that would pass for a back-up.
    File::open(path).map_err(BackupError::io(Path::new(path)))?;
    // This takes the name. SQLite copies into a file that is empty, and leaves its mode as it is.
    file_new(file)?;
    let made = backup_write(path, file, secret_key, made_by, now);
    if made.is_err() {
        // What failed to be written may also fail to be removed; it is not taken for a back-up.
        let _ = fs::remove_file(file);
    }
    made
}

fn backup_write(path: &str, file: &Path, secret_key: &str, made_by: &str, now: UtcTime) -> Result<(), BackupError> {
    {
        let mut database = SqliteConnection::establish(path)?;
        database.batch_execute("PRAGMA busy_timeout = 5000")?;
        diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(sqlite_path(file)?).execute(&mut database)?;
    }
    {
        let mut copy = SqliteConnection::establish(&sqlite_path(file)?)?;
        copy.batch_execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL")?;
        integrity_check(&mut copy, file)?;
        copy.batch_execute(BACKUP_TABLE)?;
        diesel::insert_into(releasepage_backup::table)
            .values((
                releasepage_backup::made_at.eq(now),
                releasepage_backup::made_by.eq(made_by),
                releasepage_backup::secret_key.eq(secret_key),
            ))
            .execute(&mut copy)?;
    }
    digest_append(file).map_err(BackupError::io(file))?;
    sync(file)
}

/// A back-up that was looked at and found good.
pub struct Backup {
    file: PathBuf,
    /// The time at which it was made.
    pub made_at: UtcTime,
    /// The program that made it.
    pub made_by: String,
    /// The secret key of the server.
    pub secret_key: String,
}

impl Backup {
    /// Looks at a back-up: that it is one, and that its content is what was backed up.
    pub fn open(file: &Path) -> Result<Self, BackupError> {
        let content = content_check(file).map_err(BackupError::io(file))?;
        if content == Content::Altered {
            return Err(BackupError::Altered(file.to_owned()));
        }
        let not_a_backup = || BackupError::NotABackup(file.to_owned());
        let mut connection = SqliteConnection::establish(&sqlite_path(file)?)?;
        connection.batch_execute("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF").map_err(|_| not_a_backup())?;
        let columns = (releasepage_backup::made_at, releasepage_backup::made_by, releasepage_backup::secret_key);
        let row: Result<(UtcTime, String, String), _> =
            releasepage_backup::table.select(columns).first(&mut connection);
        let (made_at, made_by, secret_key) = row.map_err(|_| not_a_backup())?;
        if content == Content::Undigested {
            return Err(BackupError::Undigested(file.to_owned()));
        }
        integrity_check(&mut connection, file)?;
        Ok(Self { file: file.to_owned(), made_at, made_by, secret_key })
    }

    /// Makes a new database at `path` of the back-up: brought to this binary's schema, its queue held. Answers how many
    /// migrations that took.
    ///
    /// Does nothing if there is a database already, or a file that one left behind. The new database has its name only
    /// when it is complete. An interruption leaves `PATH.restoring`, and the next try begins anew.
    pub fn restore(&self, path: &str, now: UtcTime) -> Result<usize, BackupError> {
        database_is_absent(path)?;
        let draft = format!("{path}.restoring");
        draft_remove(&draft)?;
        let restored = self.restore_into(&draft, now).and_then(|migrations| {
            // A link is refused where there is a file by now; a rename would replace it.
            fs::hard_link(&draft, path).map_err(BackupError::io(Path::new(path)))?;
            sync(Path::new(path))?;
            Ok(migrations)
        });
        draft_remove(&draft)?;
        restored
    }

    fn restore_into(&self, draft: &str, now: UtcTime) -> Result<usize, BackupError> {
        let mut copy = file_new(Path::new(draft))?;
        // What is put in place is checked itself: the file may be another one by now.
        if content_copy(&self.file, &mut copy).map_err(BackupError::io(Path::new(draft)))? != Content::Whole {
            return Err(BackupError::Altered(self.file.clone()));
        }
        drop(copy);
        {
            // The key has its own place on a server; nothing of it stays in the pages of the database.
            let mut connection = SqliteConnection::establish(draft)?;
            connection.batch_execute("PRAGMA secure_delete = ON; DROP TABLE releasepage_backup")?;
        }
        let url = DatabaseUrl::Sqlite(draft.to_owned());
        let migrations = match schema_state(&url)? {
            SchemaState::Ahead(version) => return Err(MigrateError::Ahead(version).into()),
            SchemaState::Current => 0,
            SchemaState::Behind(_) => migrate(&url)?,
        };
        let mut connection = Session::open(&url, Access::Write, None)?.connection;
        hold_insert(&mut connection, RESTORED, now)?;
        if let AnyConnection::Sqlite(connection) = &mut connection {
            integrity_check(connection, Path::new(draft))?;
            // Everything into the one file that gets the name.
            connection.batch_execute("PRAGMA journal_mode = DELETE")?;
        }
        Ok(migrations)
    }
}

/// Makes sure that there is no database at this path, nor what SQLite keeps beside one: a log of another database would
/// be applied to the one that is restored.
pub fn database_is_absent(path: &str) -> Result<(), BackupError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let file = PathBuf::from(format!("{path}{suffix}"));
        if file.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(file));
        }
    }
    Ok(())
}

/// Removes what an earlier try left.
fn draft_remove(draft: &str) -> Result<(), BackupError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let file = PathBuf::from(format!("{draft}{suffix}"));
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(BackupError::io(&file)(error)),
            _ => {}
        }
    }
    Ok(())
}

/// A new file, readable by its owner alone: it holds addresses, and a back-up the secret key.
fn file_new(file: &Path) -> Result<File, BackupError> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(BackupError::io(file))
}

/// Brings a file and its name to the disk.
fn sync(file: &Path) -> Result<(), BackupError> {
    let directory = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let synced = File::open(file).and_then(|file| file.sync_all());
    synced.and_then(|()| File::open(directory)?.sync_all()).map_err(BackupError::io(file))
}

/// A path as SQLite takes it: absolute, since it has a meaning of its own for names such as `:memory:`.
fn sqlite_path(file: &Path) -> Result<String, BackupError> {
    let absolute = std::path::absolute(file).map_err(BackupError::io(file))?;
    let not_text = || io::Error::new(io::ErrorKind::InvalidInput, "the path is not UTF-8");
    absolute.into_os_string().into_string().map_err(|_| BackupError::io(file)(not_text()))
}

/// Reads every page and index of a database.
fn integrity_check(connection: &mut SqliteConnection, file: &Path) -> Result<(), BackupError> {
    let damaged = |problem: String| BackupError::Damaged { file: file.to_owned(), problem };
    sqlite_damage(connection, SqliteCheck::Whole)?.map_or(Ok(()), |problem| Err(damaged(problem)))
}
