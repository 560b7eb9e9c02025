//! One connection type over both databases, and how a connection is opened.

use std::time::Duration;

use diesel::{
    Connection as _, ConnectionResult, PgConnection, RunQueryDsl, SqliteConnection,
    connection::{InstrumentationEvent, SimpleConnection},
    sql_types::BigInt,
};

use crate::{DatabaseUrl, QueryResult, Scope, database::postgres_session::postgres_open};

/// A connection to either database. Queries written with diesel run on it unchanged; what the common subset lacks is
/// written once with `on_each_backend!`.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// One file, one writer.
    Sqlite(SqliteConnection),
    /// A server.
    Postgres(PgConnection),
}

/// Compiles one body against each kind of connection: for what diesel cannot express on the enum.
macro_rules! on_each_backend {
    ($connection:expr, $inner:ident => $body:expr) => {
        match $connection {
            $crate::AnyConnection::Sqlite($inner) => $body,
            $crate::AnyConnection::Postgres($inner) => $body,
        }
    };
}
pub(crate) use on_each_backend;

/// The purpose of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl AnyConnection {
    /// Empties SQLite's write-ahead log into the database, so that its room can be used again. Answers whether there
    /// may be more room now.
    pub(crate) fn room_make(&mut self) -> bool {
        match self {
            Self::Sqlite(connection) => connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").is_ok(),
            Self::Postgres(_) => false,
        }
    }

    /// Takes one more scope inside a transaction. The caller keeps to the order of [`Scope`].
    pub(crate) fn lock(&mut self, scope: &Scope) -> QueryResult<()> {
        if let Self::Postgres(connection) = self {
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                .bind::<BigInt, _>(scope.lock_key())
                .execute(connection)?;
        }
        Ok(())
    }

    /// Ends a transaction for good.
    pub(crate) fn commit(&mut self) -> QueryResult<()> {
        Ok(self.batch_execute("COMMIT")?)
    }

    /// Takes everything back since [`Session::begin`].
    pub(crate) fn rollback(&mut self) -> QueryResult<()> {
        Ok(self.batch_execute("ROLLBACK")?)
    }
}

/// A connection, and what its transactions begin with.
pub(crate) struct Session {
    pub(crate) connection: AnyConnection,
    /// On Postgres, the settings of each transaction.
    preamble: String,
    /// The database tells its errors in a language that cannot be read.
    pub(crate) is_foreign: bool,
}

impl Session {
    /// Opens a connection and makes it safe to use: durable, checked foreign keys, no endless wait for a lock. A SQLite
    /// database that is not there is not made.
    ///
    /// A SQLite connection that is opened to read refuses to write; on Postgres its transactions do. `timeout` is how
    /// long Postgres may work on one statement. SQLite has nothing of the kind, and needs it less: its statements wait
    /// for nobody but a disk.
    pub(crate) fn open(url: &DatabaseUrl, access: Access, timeout: Option<Duration>) -> ConnectionResult<Self> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let connection = AnyConnection::Sqlite(sqlite_open(path, access)?);
                Ok(Self { connection, preamble: String::new(), is_foreign: false })
            }
            DatabaseUrl::Postgres(url) => {
                let mut session = postgres_open(url, timeout)?;
                session.connection.set_instrumentation(statement_trace);
                Ok(Self {
                    connection: AnyConnection::Postgres(session.connection),
                    preamble: session.preamble,
                    is_foreign: session.is_foreign,
                })
            }
        }
    }

    /// Begins a transaction. SQLite's writers wait here for each other; Postgres' wait for their scopes.
    pub(crate) fn begin(&mut self, access: Access, scopes: &[Scope]) -> QueryResult<()> {
        let preamble = &self.preamble;
        match (&mut self.connection, access) {
            (AnyConnection::Sqlite(connection), Access::Read) => connection.batch_execute("BEGIN")?,
            (AnyConnection::Sqlite(connection), Access::Write) => connection.batch_execute("BEGIN IMMEDIATE")?,
            (AnyConnection::Postgres(connection), Access::Read) => {
                connection.batch_execute(&format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {preamble}"))?;
            }
            (AnyConnection::Postgres(connection), Access::Write) => {
                connection.batch_execute(&format!("BEGIN; {preamble}"))?;
            }
        }
        for scope in scopes {
            self.connection.lock(scope)?;
        }
        Ok(())
    }
}

/// Opens a SQLite database that is there.
fn sqlite_open(path: &str, access: Access) -> ConnectionResult<SqliteConnection> {
    let failed = |error: diesel::result::Error| diesel::ConnectionError::CouldntSetupConfiguration(error);
    let mut connection = SqliteConnection::establish(&sqlite_address(path))?;
    connection
        .batch_execute(
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;",
        )
        .map_err(failed)?;
    if access == Access::Read {
        connection.batch_execute("PRAGMA query_only = ON").map_err(failed)?;
    }
    connection.set_instrumentation(statement_trace);
    Ok(connection)
}

/// The address of a file for the driver, which would make it where it is missing unless the address says otherwise.
fn sqlite_address(path: &str) -> String {
    let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    // Two slashes at the begin would be the name of a host.
    let empty_host = if path.starts_with("//") { "//" } else { "" };
    format!("file:{empty_host}{path}?mode=rw")
}

/// The target under which every statement is traced, without the values bound to it.
pub const STATEMENT_TARGET: &str = "releasepage::statement";

fn statement_trace(event: InstrumentationEvent<'_>) {
    if let InstrumentationEvent::StartQuery { query, .. } = event
        && tracing::enabled!(target: STATEMENT_TARGET, tracing::Level::TRACE)
    {
        let text = query.to_string();
        // The driver appends the bound values, which may be addresses and secrets, or hold this very mark.
        let statement = text.split_once(" -- binds:").map_or(text.as_str(), |(statement, _)| statement);
        tracing::trace!(target: STATEMENT_TARGET, statement, "statement");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_file_says_that_none_is_made() {
        for (path, address) in [
            ("data/a.db", "file:data/a.db?mode=rw"),
            ("/var/a b/100%.db", "file:/var/a b/100%25.db?mode=rw"),
            ("//var/a.db", "file:////var/a.db?mode=rw"),
        ] {
            assert_eq!(sqlite_address(path), address);
        }
    }

    #[test]
    fn a_database_that_is_not_there_is_not_made() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a#b%20c.db");
        let url = DatabaseUrl::Sqlite(path.to_string_lossy().into_owned());
        assert!(Session::open(&url, Access::Write, None).is_err());
        assert!(!path.exists());
        std::fs::File::create(&path).expect("a file");
        assert!(Session::open(&url, Access::Write, None).is_ok());
        assert!(path.with_extension("db-wal").exists() || std::fs::metadata(&path).is_ok_and(|file| file.len() > 0));
    }
}
