//! Failures of the database, sorted by what the caller can do about them.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use releasepage_domain::{
    conflict::Conflict,
    fault::{Fault, Faults},
};

/// The failure of a storage function. A database error never looks like "not found".
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The thing that the caller named does not exist, or belongs to somebody else.
    #[error("not found")]
    NotFound,
    /// The change met another one; the sentence says which.
    #[error("{0}")]
    Conflict(&'static str),
    /// The input cannot be stored; nothing was.
    #[error("{0}")]
    Faults(#[from] Faults),
    /// The database cannot be reached, is too busy, or has no space left; trying again later may work.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The database or the stored data is at fault.
    #[error("the database failed: {0}")]
    Database(String),
}

impl StoreError {
    /// Stored text that the rules cannot read.
    pub(crate) fn corrupt(what: &'static str) -> Self {
        Self::Database(format!("stored {what} cannot be read"))
    }
}

impl From<Conflict> for StoreError {
    fn from(Conflict(because): Conflict) -> Self {
        Self::Conflict(because)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        Self::Faults(fault.into())
    }
}

/// The failure of a closure that runs on a connection: the caller's own kind of failure, or the driver's, which
/// [`crate::Store`] looks at to decide whether to run it again.
#[derive(Debug)]
pub enum QueryError {
    /// The driver's.
    Diesel(DieselError),
    /// A decision of ours; the transaction is rolled back.
    Store(StoreError),
}

impl From<DieselError> for QueryError {
    fn from(error: DieselError) -> Self {
        Self::Diesel(error)
    }
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Conflict> for QueryError {
    fn from(conflict: Conflict) -> Self {
        Self::Store(conflict.into())
    }
}

impl From<Fault> for QueryError {
    fn from(fault: Fault) -> Self {
        Self::Store(fault.into())
    }
}

/// The result of a closure, or of a query in it.
pub type QueryResult<T> = Result<T, QueryError>;

/// The meaning of a statement's failure for the transaction it was in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Another transaction was in the way: run the closure again.
    Again,
    /// The connection is gone: run the closure again on another one, if nothing was committed.
    Reconnect,
    /// SQLite's disk is full: run the closure again once what its log holds was moved to where it belongs, which may
    /// make room.
    NoRoom,
    /// The database takes no writes, or this connection does not: the next one may.
    ReadOnly,
    /// The database says why in a language that cannot be read: run the closure again a few times, since what it may be
    /// in operation is a deadlock, a timeout, or a lack of something.
    Unreadable,
    /// Trying again gives the same.
    Final,
}

/// Words of libpq where the server went away.
const CONNECTION_GONE: [&str; 9] = [
    "server closed the connection",
    "terminating connection",
    "connection to server",
    "connection to the server",
    "connection not open",
    "could not receive data from server",
    "could not send data to server",
    "SSL connection has been closed",
    "SSL SYSCALL error",
];

/// The words of a database that has no time, no room or no memory, or does not let this role write. The request is not
/// the cause, and the next one may succeed.
const REFUSES_FOR_NOW: [&str; 11] = [
    "statement timeout",
    "lock timeout",
    "transaction timeout",
    "recovery is in progress",
    "database is not accepting commands",
    "disk I/O error",
    "unable to open database file",
    "No space left on device",
    "out of memory",
    "out of shared memory",
    "permission denied for",
];

/// Sorts a driver's error: by the kind, which is the code where the driver knows it, and which no language changes.
/// Neither database has a kind for every case, so that the text decides for the rest. It is in English, which every
/// connection asks for, unless the role of this one may not (`is_foreign`).
pub(crate) fn fate(error: &DieselError, is_foreign: bool) -> Fate {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => Fate::ReadOnly,
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => Fate::Again,
        DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) | DieselError::BrokenTransactionManager => {
            Fate::Reconnect
        }
        DieselError::DatabaseError(kind, information) => {
            let text = information.message();
            if text.contains("database is locked") || text.contains("deadlock detected") {
                Fate::Again
            } else if CONNECTION_GONE.iter().any(|gone| text.contains(gone)) {
                Fate::Reconnect
            } else if text.contains("database or disk is full") {
                Fate::NoRoom
            } else if text.contains("readonly database") {
                Fate::ReadOnly
            } else if is_foreign && matches!(kind, DatabaseErrorKind::Unknown) {
                Fate::Unreadable
            } else {
                Fate::Final
            }
        }
        _ => Fate::Final,
    }
}

impl StoreError {
    /// Turns a driver's error into what it means to the caller; see [`fate`] for `is_foreign`.
    fn of_driver(error: DieselError, is_foreign: bool) -> Self {
        match fate(&error, is_foreign) {
            Fate::Again | Fate::Reconnect | Fate::NoRoom | Fate::ReadOnly | Fate::Unreadable => {
                Self::Unavailable(error.to_string())
            }
            Fate::Final => match &error {
                DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                    Self::Conflict("another request stored the same at the same time")
                }
                DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _) => {
                    Self::Conflict("what it belongs to was deleted in the meantime, or something still belongs to it")
                }
                DieselError::DatabaseError(_, information)
                    if REFUSES_FOR_NOW.iter().any(|short| information.message().contains(short)) =>
                {
                    Self::Unavailable(error.to_string())
                }
                _ => Self::Database(error.to_string()),
            },
        }
    }
}

impl QueryError {
    /// Turns the failure into what it means to the caller; see [`fate`] for `is_foreign`.
    pub(crate) fn into_store(self, is_foreign: bool) -> StoreError {
        match self {
            Self::Diesel(error) => StoreError::of_driver(error, is_foreign),
            Self::Store(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: DatabaseErrorKind, text: &str) -> DieselError {
        DieselError::DatabaseError(kind, Box::new(text.to_owned()))
    }

    /// Each as SQLite, Postgres or libpq says it.
    #[test]
    fn what_the_texts_of_both_databases_mean() {
        use DatabaseErrorKind::{
            ClosedConnection, ForeignKeyViolation, ReadOnlyTransaction, SerializationFailure, UniqueViolation, Unknown,
        };
        let unavailable: fn(&StoreError) -> bool = |error| matches!(error, StoreError::Unavailable(_));
        let conflict: fn(&StoreError) -> bool = |error| matches!(error, StoreError::Conflict(_));
        let fault: fn(&StoreError) -> bool = |error| matches!(error, StoreError::Database(_));
        for (kind, text, expected, is_meant) in [
            (Unknown, "database is locked", Fate::Again, unavailable),
            (Unknown, "deadlock detected", Fate::Again, unavailable),
            (SerializationFailure, "could not serialize access due to concurrent update", Fate::Again, unavailable),
            (ClosedConnection, "", Fate::Reconnect, unavailable),
            (
                Unknown,
                "server closed the connection unexpectedly\n\tThis probably means …",
                Fate::Reconnect,
                unavailable,
            ),
            (Unknown, "terminating connection due to administrator command", Fate::Reconnect, unavailable),
            (Unknown, "no connection to the server\n", Fate::Reconnect, unavailable),
            (Unknown, "could not receive data from server: Connection reset by peer", Fate::Reconnect, unavailable),
            (Unknown, "could not send data to server: Broken pipe", Fate::Reconnect, unavailable),
            (Unknown, "SSL SYSCALL error: EOF detected", Fate::Reconnect, unavailable),
            (Unknown, "canceling statement due to statement timeout", Fate::Final, unavailable),
            (Unknown, "canceling statement due to lock timeout", Fate::Final, unavailable),
            (Unknown, "database or disk is full", Fate::NoRoom, unavailable),
            (Unknown, "attempt to write a readonly database", Fate::ReadOnly, unavailable),
            (
                ReadOnlyTransaction,
                "kann INSERT nicht in einer Read-Only-Transaktion ausführen",
                Fate::ReadOnly,
                unavailable,
            ),
            (Unknown, "database is not accepting commands that assign new transaction IDs", Fate::Final, unavailable),
            (Unknown, "disk I/O error", Fate::Final, unavailable),
            (Unknown, "permission denied for table pages", Fate::Final, unavailable),
            (Unknown, "could not extend file \"base/5/1\": No space left on device", Fate::Final, unavailable),
            (UniqueViolation, "UNIQUE constraint failed: pages.slug", Fate::Final, conflict),
            (ForeignKeyViolation, "FOREIGN KEY constraint failed", Fate::Final, conflict),
            (ForeignKeyViolation, "violates foreign key constraint \"components_page_id_fkey\"", Fate::Final, conflict),
            (Unknown, "no such table: pages", Fate::Final, fault),
        ] {
            let error = told(kind, text);
            assert_eq!(fate(&error, false), expected, "{text}");
            let error = StoreError::of_driver(error, false);
            assert!(is_meant(&error), "{text}: {error:?}");
        }
    }

    /// Of what Postgres says in another language, a code that the driver knows counts; the rest may be trouble.
    #[test]
    fn what_cannot_be_read_is_trouble() {
        use DatabaseErrorKind::{ReadOnlyTransaction, SerializationFailure, UniqueViolation, Unknown};
        for (kind, text, expected) in [
            (Unknown, "Verklemmung (Deadlock) entdeckt", Fate::Unreadable),
            (Unknown, "storniere Anfrage wegen Zeitüberschreitung der Anfrage", Fate::Unreadable),
            (SerializationFailure, "konnte Zugriff nicht serialisieren", Fate::Again),
            (ReadOnlyTransaction, "kann INSERT nicht in einer Read-Only-Transaktion ausführen", Fate::ReadOnly),
            (UniqueViolation, "doppelter Schlüsselwert verletzt Unique-Constraint", Fate::Final),
        ] {
            assert_eq!(fate(&told(kind, text), true), expected, "{text}");
        }
        assert!(matches!(StoreError::of_driver(told(Unknown, "Verklemmung"), true), StoreError::Unavailable(_)));
        assert!(matches!(StoreError::of_driver(told(Unknown, "Verklemmung"), false), StoreError::Database(_)));
    }
}
