//! One connection type over both databases, and how a connection is opened.

use std::{sync::Once, time::Duration};

use diesel::{
    Connection as _, ConnectionResult, PgConnection, RunQueryDsl, SqliteConnection,
    connection::{InstrumentationEvent, SimpleConnection},
    dsl::sql,
    sql_types::{BigInt, Text},
};

use crate::{QueryResult, Scope, settings::DatabaseUrl};

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
            $crate::backend::AnyConnection::Sqlite($inner) => $body,
            $crate::backend::AnyConnection::Postgres($inner) => $body,
        }
    };
}
pub(crate) use on_each_backend;

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl AnyConnection {
    /// Empties SQLite's write-ahead log into the database, so that its room can be used again. Answers whether there may
    /// be more room now.
    pub(crate) fn room_make(&mut self) -> bool {
        match self {
            Self::Sqlite(connection) => connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").is_ok(),
            Self::Postgres(_) => false,
        }
    }

    /// Opens a connection and makes it safe to use: durable, checked foreign keys, no endless wait for a lock.
    ///
    /// A SQLite connection that is opened to read refuses to write; on Postgres its transactions do.
    pub(crate) fn open(url: &DatabaseUrl, access: Access) -> ConnectionResult<Self> {
        let failed = |error: diesel::result::Error| diesel::ConnectionError::CouldntSetupConfiguration(error);
        match url {
            DatabaseUrl::Sqlite(path) => {
                let mut connection = SqliteConnection::establish(path)?;
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
                Ok(Self::Sqlite(connection))
            }
            DatabaseUrl::Postgres(url) => {
                let mut connection = PgConnection::establish(&postgres_url(url))?;
                connection
                    .batch_execute("SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'; SET TIME ZONE 'UTC'; SET client_min_messages = warning")
                    .map_err(failed)?;
                language_set(&mut connection);
                connection.set_instrumentation(statement_trace);
                Ok(Self::Postgres(connection))
            }
        }
    }

    /// Lets the database itself give up a statement after so long. SQLite has nothing of the kind, and needs it less: its
    /// statements wait for nobody but a disk.
    pub(crate) fn statement_timeout_set(&mut self, timeout: Duration) -> ConnectionResult<()> {
        if let Self::Postgres(connection) = self {
            let statement = format!("SET statement_timeout = {}", timeout.as_millis());
            connection.batch_execute(&statement).map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
        }
        Ok(())
    }

    /// Begins a transaction. SQLite's writers wait here for each other; Postgres' wait for their scopes.
    pub(crate) fn begin(&mut self, access: Access, scopes: &[Scope]) -> QueryResult<()> {
        match (&mut *self, access) {
            (Self::Sqlite(connection), Access::Read) => connection.batch_execute("BEGIN")?,
            (Self::Sqlite(connection), Access::Write) => connection.batch_execute("BEGIN IMMEDIATE")?,
            (Self::Postgres(connection), Access::Read) => {
                connection.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
            }
            (Self::Postgres(connection), Access::Write) => connection.batch_execute("BEGIN")?,
        }
        for scope in scopes {
            self.lock(scope)?;
        }
        Ok(())
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

    /// Takes everything back since [`Self::begin`].
    pub(crate) fn rollback(&mut self) -> QueryResult<()> {
        Ok(self.batch_execute("ROLLBACK")?)
    }
}

/// How the driver notices a server that is gone without a word: that does not answer when it is connected to, or is cut
/// off while it works. Without these it would wait for as long as the system goes on trying, which is for hours.
const POSTGRES_PATIENCE: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "15"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "30000"),
];

/// The address for the driver: as it was set, and with [`POSTGRES_PATIENCE`] where it does not say otherwise.
fn postgres_url(set: &str) -> String {
    let query = set.split_once('?').map_or("", |(_, query)| query);
    let names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let mut url = set.to_owned();
    for (name, value) in POSTGRES_PATIENCE.iter().filter(|(name, _)| !names.contains(name)) {
        if !url.ends_with(['?', '&']) {
            url.push(if url.contains('?') { '&' } else { '?' });
        }
        url.push_str(&format!("{name}={value}"));
    }
    url
}

/// Makes Postgres tell its errors in English, by which a deadlock and a timeout are known: the driver hands on their text
/// but not their code. Some servers let only superusers choose; one of those must speak English by itself.
fn language_set(connection: &mut PgConnection) {
    static WARNED: Once = Once::new();
    if connection.batch_execute("SET lc_messages = 'C'").is_ok() {
        return;
    }
    let language = diesel::select(sql::<Text>("current_setting('lc_messages')")).get_result::<String>(connection);
    let language = language.unwrap_or_default();
    if !is_english(&language) {
        WARNED.call_once(|| {
            tracing::warn!(
                language,
                "Postgres tells its errors in another language, and transactions that meet are not tried again: \
                 set lc_messages to C for this database or its user"
            );
        });
    }
}

/// Whether messages of a locale are in English: of `C`, `POSIX`, or none, and `en_US.UTF-8`.
fn is_english(locale: &str) -> bool {
    let language = locale.split(['.', '_', '@', '-']).next().unwrap_or_default();
    ["", "C", "POSIX", "en", "English"].contains(&language)
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
    fn the_address_says_how_patient_the_driver_is() {
        let patience = "keepalives_idle=15&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=30000";
        for (set, url) in [
            ("postgres://u:p@host/db", format!("postgres://u:p@host/db?connect_timeout=5&{patience}")),
            ("postgres://host/db?", format!("postgres://host/db?connect_timeout=5&{patience}")),
            (
                "postgres://host/db?sslmode=require&connect_timeout=30",
                format!("postgres://host/db?sslmode=require&connect_timeout=30&{patience}"),
            ),
        ] {
            assert_eq!(postgres_url(set), url);
        }
    }

    #[test]
    fn english() {
        for locale in ["", "C", "C.UTF-8", "POSIX", "en_US.UTF-8", "en-US", "English_United States.1252"] {
            assert!(is_english(locale), "{locale}");
        }
        for locale in ["de_DE.UTF-8", "German_Germany.1252", "fr", "eno"] {
            assert!(!is_english(locale), "{locale}");
        }
    }
}
