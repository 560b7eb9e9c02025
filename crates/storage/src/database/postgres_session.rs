//! Opens a connection to Postgres, directly or through a pooler that gives every transaction another server process.
//!
//! Such a pooler (PgBouncer with `pool_mode = transaction`) forgets what a session was told. So nothing is told to the
//! session: what a transaction needs is told at its begin, and statements that the server would have to remember by
//! name are not prepared. No lock outlives a transaction either.

use std::{
    fmt::Write as _,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use diesel::{
    Connection as _, ConnectionError, ConnectionResult, PgConnection, RunQueryDsl,
    connection::{CacheSize, SimpleConnection},
    dsl::sql,
    sql_types::{Nullable, Text},
};

/// Settings that every transaction is told first: to wait for nobody for long, and to be quiet.
const TRANSACTION_SETTINGS: &str = "SET LOCAL lock_timeout = '10s'; SET LOCAL idle_in_transaction_session_timeout = '60s'; \
     SET LOCAL client_min_messages = warning";

/// Settings by which the driver notices a server that is gone without a word: that does not answer when it is connected
/// to, or is cut off while it works. Without these it would wait for as long as the system goes on trying, which is for
/// hours.
const PATIENCE: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "15"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "30000"),
];

/// A setting that means nothing to Postgres, given at the start of a session: who finds it there speaks with the server
/// itself. A pooler refuses it or leaves it out.
const MARK: &str = "releasepage.direct";

/// A pooler refused the mark before: no connection of this process tries it again.
static IS_POOLED: AtomicBool = AtomicBool::new(false);

/// An open connection, and what it must be told and believed.
pub(crate) struct PostgresSession {
    pub(crate) connection: PgConnection,
    /// The statements that follow `BEGIN`.
    pub(crate) preamble: String,
    /// Messages are in a language that is not ours, and the role may not change that.
    pub(crate) is_foreign: bool,
}

/// Opens a connection. `timeout` is how long the server may work on one statement.
pub(crate) fn postgres_open(url: &str, timeout: Option<Duration>) -> ConnectionResult<PostgresSession> {
    let mut connection = establish(&patient_url(url))?;
    let speaks_english = language_set(&mut connection);
    let mut preamble = TRANSACTION_SETTINGS.to_owned();
    if let Some(timeout) = timeout {
        // Writing to a string does not fail.
        let _ = write!(preamble, "; SET LOCAL statement_timeout = {}", timeout.as_millis());
    }
    if speaks_english == Language::Set {
        preamble.push_str("; SET LOCAL lc_messages = 'C'");
    }
    Ok(PostgresSession { connection, preamble, is_foreign: speaks_english == Language::Foreign })
}

/// Connects, and finds out whether to the server itself: if not, no statement is prepared by name. Another process
/// behind the pooler may have given the name to another statement.
fn establish(url: &str) -> ConnectionResult<PgConnection> {
    if !IS_POOLED.load(Ordering::Relaxed) {
        match PgConnection::establish(&marked_url(url)) {
            Ok(mut connection) => {
                connection.set_prepared_statement_cache_size(CacheSize::Disabled);
                let mark = sql::<Nullable<Text>>("SELECT current_setting('releasepage.direct', true)");
                if mark.get_result::<Option<String>>(&mut connection).ok().flatten().as_deref() == Some("1") {
                    connection.set_prepared_statement_cache_size(CacheSize::Unbounded);
                }
                return Ok(connection);
            }
            // PgBouncer speaks English only.
            Err(ConnectionError::BadConnection(text)) if text.contains("unsupported startup parameter") => {
                tracing::info!("the database is behind a pooler: no statement is prepared by name");
                IS_POOLED.store(true, Ordering::Relaxed);
            }
            Err(error) => return Err(error),
        }
    }
    let mut connection = PgConnection::establish(url)?;
    connection.set_prepared_statement_cache_size(CacheSize::Disabled);
    Ok(connection)
}

/// The address for the driver: as it was set, and with [`PATIENCE`] where it does not say otherwise.
fn patient_url(set: &str) -> String {
    let query = set.split_once('?').map_or("", |(_, query)| query);
    let names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let mut url = set.to_owned();
    for (name, value) in PATIENCE.iter().filter(|(name, _)| !names.contains(name)) {
        parameter_add(&mut url, name, value);
    }
    url
}

/// The address with [`MARK`], beside the options that it has.
fn marked_url(url: &str) -> String {
    let mark = format!("-c%20{MARK}%3D1");
    let mut marked = url.to_owned();
    match url.find("?options=").or_else(|| url.find("&options=")) {
        Some(start) => {
            let value = start + "?options=".len();
            let end = url[value..].find('&').map_or(url.len(), |length| value + length);
            marked.insert_str(end, &format!("%20{mark}"));
        }
        None => parameter_add(&mut marked, "options", &mark),
    }
    marked
}

fn parameter_add(url: &mut String, name: &str, value: &str) {
    if !url.ends_with(['?', '&']) {
        url.push(if url.contains('?') { '&' } else { '?' });
    }
    url.push_str(name);
    url.push('=');
    url.push_str(value);
}

/// The language that Postgres tells its errors in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    /// English, if each transaction asks for it.
    Set,
    /// English by itself.
    English,
    /// Another one: some servers let only superusers choose.
    Foreign,
}

/// Finds out how to have errors in English, by which a deadlock and a timeout are known: the driver hands on their text
/// but not their code.
fn language_set(connection: &mut PgConnection) -> Language {
    static WARNED: Once = Once::new();
    if connection.batch_execute("BEGIN; SET LOCAL lc_messages = 'C'; COMMIT").is_ok() {
        return Language::Set;
    }
    // A connection that is lost shows at its next use.
    let _ = connection.batch_execute("ROLLBACK");
    let language = diesel::select(sql::<Text>("current_setting('lc_messages')")).get_result::<String>(connection);
    let language = language.unwrap_or_default();
    if is_english(&language) {
        return Language::English;
    }
    WARNED.call_once(|| {
        tracing::warn!(
            language,
            "Postgres tells its errors in another language: what it does not name by a code that is known is answered \
             with 503, a fault of the program too; set lc_messages to C for this database or its user"
        );
    });
    Language::Foreign
}

/// Tells whether messages of a locale are in English: of `C`, `POSIX`, or none, and `en_US.UTF-8`.
fn is_english(locale: &str) -> bool {
    let language = locale.split(['.', '_', '@', '-']).next().unwrap_or_default();
    ["", "C", "POSIX", "en", "English"].contains(&language)
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
            assert_eq!(patient_url(set), url);
        }
    }

    #[test]
    fn the_mark_stands_beside_other_options() {
        for (url, marked) in [
            ("postgres://host/db", "postgres://host/db?options=-c%20releasepage.direct%3D1"),
            (
                "postgres://host/db?options=-c%20search_path%3Da&sslmode=require",
                "postgres://host/db?options=-c%20search_path%3Da%20-c%20releasepage.direct%3D1&sslmode=require",
            ),
            (
                "postgres://host/db?sslmode=require&options=-cgeqo%3Doff",
                "postgres://host/db?sslmode=require&options=-cgeqo%3Doff%20-c%20releasepage.direct%3D1",
            ),
        ] {
            assert_eq!(marked_url(url), marked);
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
