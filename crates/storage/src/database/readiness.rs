//! Finds out, without writing a row, what a request that writes would meet.

use std::{
    fs,
    io::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use diesel::{
    QueryableByName, RunQueryDsl,
    connection::SimpleConnection as _,
    dsl::sql,
    result::{DatabaseErrorKind, Error as DieselError},
    sql_types::{Array, Bool, Text},
};
use tokio::{task::spawn_blocking, time::timeout};

use crate::{
    AnyConnection, DatabaseUrl, QueryError, QueryResult, SchemaState, Store, StoreError,
    database::{
        backend::{Access, Session},
        migrate::{schema_applied, schema_compare},
        schema::TABLES,
    },
};

/// The longest that one looks, so that there is an answer within two seconds.
const LOOK_MAX: Duration = Duration::from_millis(1_800);

/// The time that a lock of SQLite is waited for. Postgres' writers wait for their scopes alone.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// The room that a disk must have to be called free again: what a few pages of a write-ahead log take.
const ROOM_BYTES: usize = 64 * 1024;

/// The state of the database for whoever would write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It takes writes.
    Ready,
    /// It lacks migrations.
    Behind,
    /// It refuses writes: it is set to, or it is a copy of another one, or its files may only be read.
    ReadOnly,
    /// The role may not write to every table.
    NotPermitted,
    /// Another process holds it locked.
    Locked,
    /// Its disk was full at the last write, and is.
    Full,
}

/// Looks at schema and writability, for less than two seconds. Writes nothing.
///
/// # Errors
///
/// The database cannot be reached, says nothing, or failed.
pub async fn readiness(store: &Store) -> Result<Readiness, StoreError> {
    let late = || StoreError::Unavailable("the database did not answer within what a probe waits".into());
    timeout(LOOK_MAX, look(store)).await.map_err(|_| late())?
}

async fn look(store: &Store) -> Result<Readiness, StoreError> {
    let is_read_only = Arc::new(AtomicBool::new(false));
    let found = Arc::clone(&is_read_only);
    let applied = store.read(move |connection| {
        if postgres_is_read_only(connection)? {
            found.store(true, Ordering::Relaxed);
            return Err(QueryError::Diesel(read_only()));
        }
        Ok((schema_applied(connection)?, postgres_may_write(connection)?))
    });
    let (applied, may_write) = match applied.await {
        Err(_) if is_read_only.load(Ordering::Relaxed) => return Ok(Readiness::ReadOnly),
        applied => applied?,
    };
    if let SchemaState::Behind(_) = schema_compare(applied)? {
        return Ok(Readiness::Behind);
    }
    if !may_write {
        return Ok(Readiness::NotPermitted);
    }
    match store.url() {
        DatabaseUrl::Sqlite(path) => sqlite_look(store, path.clone()).await,
        DatabaseUrl::Postgres(_) => Ok(Readiness::Ready),
    }
}

/// The error of a write that failed on this connection, so that nobody gets it again: a new one may be allowed to
/// write.
fn read_only() -> DieselError {
    DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, Box::new("the session is read-only".to_owned()))
}

fn postgres_is_read_only(connection: &mut AnyConnection) -> QueryResult<bool> {
    let AnyConnection::Postgres(connection) = connection else { return Ok(false) };
    // This transaction only reads in any case: what counts is what the next one may.
    let query = "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'";
    Ok(sql::<Bool>(query).get_result(connection)?)
}

/// True if the role may write to all tables. A table that does not exist is not counted: the schema tells of it.
fn postgres_may_write(connection: &mut AnyConnection) -> QueryResult<bool> {
    let AnyConnection::Postgres(connection) = connection else { return Ok(true) };
    let query = "SELECT coalesce(bool_and(has_table_privilege(at, 'INSERT') AND has_table_privilege(at, 'UPDATE') \
                 AND has_table_privilege(at, 'DELETE')), true) AS may FROM (SELECT to_regclass(name) AS at \
                 FROM unnest($1) AS name) AS tables WHERE at IS NOT NULL";
    let Permission { may } = diesel::sql_query(query).bind::<Array<Text>, _>(TABLES).get_result(connection)?;
    Ok(may)
}

#[derive(QueryableByName)]
struct Permission {
    #[diesel(sql_type = Bool)]
    may: bool,
}

/// Takes the lock of a writer and gives it back.
async fn sqlite_look(store: &Store, path: String) -> Result<Readiness, StoreError> {
    let writes_before = store.writes_begun();
    let url = store.url().clone();
    let look = spawn_blocking(move || sqlite_lock(&url));
    let looked = look.await.map_err(|panic| StoreError::Database(format!("a look panicked: {panic}")))?;
    match looked {
        Ok(()) => {}
        // Another writer of this process has it: writes are taken.
        Err(SqliteRefusal::Locked) if store.is_writing() || store.writes_begun() != writes_before => {}
        Err(SqliteRefusal::Locked) => return Ok(Readiness::Locked),
        Err(SqliteRefusal::ReadOnly) => return Ok(Readiness::ReadOnly),
        Err(SqliteRefusal::Other(reason)) => return Err(StoreError::Unavailable(reason)),
    }
    if store.lacks_room() {
        let has_room = spawn_blocking(move || room_try(Path::new(&path))).await.unwrap_or(false);
        if !has_room {
            return Ok(Readiness::Full);
        }
        store.room_found();
    }
    Ok(Readiness::Ready)
}

enum SqliteRefusal {
    Locked,
    ReadOnly,
    Other(String),
}

fn sqlite_lock(url: &DatabaseUrl) -> Result<(), SqliteRefusal> {
    let sorted = |text: String| {
        if text.contains("locked") {
            SqliteRefusal::Locked
        } else if text.contains("readonly") {
            SqliteRefusal::ReadOnly
        } else {
            SqliteRefusal::Other(text)
        }
    };
    let mut session = Session::open(url, Access::Write, None).map_err(|error| sorted(error.to_string()))?;
    let statements = format!("PRAGMA busy_timeout = {}; BEGIN IMMEDIATE; ROLLBACK", LOCK_WAIT.as_millis());
    session.connection.batch_execute(&statements).map_err(|error| sorted(error.to_string()))
}

/// Writes a file beside the database and removes it.
fn room_try(path: &Path) -> bool {
    let place = path.with_extension(format!("room-{}", std::process::id()));
    let tried = fs::File::create(&place).and_then(|mut file| {
        file.write_all(&[0; ROOM_BYTES])?;
        file.sync_all()
    });
    let removed = fs::remove_file(&place);
    tried.and(removed).is_ok()
}
