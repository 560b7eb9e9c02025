//! Examining a database that may be ill: for `releasepage doctor`.

use chrono::NaiveDateTime;
use diesel::{
    QueryableByName, RunQueryDsl as _, SqliteConnection,
    dsl::{max, sql},
    prelude::*,
    sql_types::{Nullable, Text, Timestamp},
};
use releasepage_domain::time::UtcTime;

use crate::{
    AnyConnection, QueryResult, Store, StoreError,
    database::schema::{access_tokens, announcements, jobs, subscribers},
};

/// Words of SQLite for a file that it cannot read as a database.
const DAMAGE: [&str; 2] = ["malformed", "not a database"];

/// Findings in a database that can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseExamined {
    /// The damage, as SQLite says it; `None` where nothing is, and on Postgres, which watches over itself.
    pub damage: Option<String>,
    /// Says whether SQLite writes ahead (WAL), so that readers and the writer do not wait for each other; true on
    /// Postgres.
    pub writes_ahead: bool,
    /// The database's own clock; `None` on SQLite, which has none.
    pub clock: Option<UtcTime>,
    /// The newest time that is stored: nothing is stored in the future.
    pub newest: Option<UtcTime>,
}

/// The thoroughness with which SQLite looks for damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SqliteCheck {
    /// Every page, and not whether indexes hold what their tables do.
    Quick,
    /// Every page and index.
    Whole,
}

#[derive(QueryableByName)]
struct Mode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Nullable<Timestamp>)]
    told: Option<NaiveDateTime>,
}

/// The first damage that SQLite finds; `None` where nothing is. Fails where it could not look to the end.
pub(crate) fn sqlite_damage(connection: &mut SqliteConnection, check: SqliteCheck) -> QueryResult<Option<String>> {
    let query = match check {
        SqliteCheck::Quick => "PRAGMA quick_check(1)",
        SqliteCheck::Whole => "PRAGMA integrity_check(1)",
    };
    match sql::<Text>(query).get_result::<String>(connection) {
        Ok(verdict) => Ok(Some(verdict).filter(|verdict| verdict != "ok")),
        Err(error) => {
            let text = error.to_string();
            if DAMAGE.iter().any(|damage| text.contains(damage)) { Ok(Some(text)) } else { Err(error.into()) }
        }
    }
}

/// Looks for damage, without the indexes' contents, and at what the database runs with. On SQLite every page is read:
/// the store's timeout must leave a large database the time for that.
pub async fn database_examine(store: &Store) -> Result<DatabaseExamined, StoreError> {
    store
        .read(|connection| {
            let newest = newest(connection)?;
            Ok(match connection {
                AnyConnection::Sqlite(connection) => {
                    let damage = sqlite_damage(connection, SqliteCheck::Quick)?;
                    let Mode { journal_mode } = diesel::sql_query("PRAGMA journal_mode").get_result(connection)?;
                    DatabaseExamined { damage, writes_ahead: journal_mode == "wal", clock: None, newest }
                }
                AnyConnection::Postgres(connection) => {
                    let clock = "SELECT (clock_timestamp() AT TIME ZONE 'UTC')::timestamp AS told";
                    let Told { told } = diesel::sql_query(clock).get_result(connection)?;
                    DatabaseExamined { damage: None, writes_ahead: true, clock: told, newest }
                }
            })
        })
        .await
}

/// The newest of some times at which something was written, each found without reading a table that grows.
fn newest(connection: &mut AnyConnection) -> QueryResult<Option<UtcTime>> {
    let job: Option<UtcTime> =
        jobs::table.order(jobs::id.desc()).select(jobs::created_at).first(connection).optional()?;
    let announcement: Option<UtcTime> = announcements::table
        .order(announcements::id.desc())
        .select(announcements::created_at)
        .first(connection)
        .optional()?;
    let subscriber: Option<UtcTime> = subscribers::table
        .order(subscribers::id.desc())
        .select(subscribers::created_at)
        .first(connection)
        .optional()?;
    let token: Option<UtcTime> = access_tokens::table.select(max(access_tokens::last_used_at)).first(connection)?;
    Ok([job, announcement, subscriber, token].into_iter().flatten().max())
}
