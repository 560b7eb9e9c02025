//! Examining a database that may be ill: for `releasepage doctor`.

use chrono::NaiveDateTime;
use diesel::{
    QueryableByName, RunQueryDsl as _,
    dsl::max,
    prelude::*,
    sql_types::{Nullable, Text, Timestamp},
};
use releasepage_domain::time::UtcTime;

use crate::{
    AnyConnection, QueryResult, Store, StoreError,
    schema::{access_tokens, jobs, releases},
};

/// What was found in a database that can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseExamined {
    /// What is damaged, as SQLite says it; `None` where nothing is, and on Postgres, which watches over itself.
    pub damage: Option<String>,
    /// Whether SQLite writes ahead (WAL), so that readers and the writer do not wait for each other; true on Postgres.
    pub writes_ahead: bool,
    /// The database's own clock; `None` on SQLite, which has none.
    pub clock: Option<UtcTime>,
    /// The newest time that is stored: nothing is stored in the future.
    pub newest: Option<UtcTime>,
}

#[derive(QueryableByName)]
struct Verdict {
    #[diesel(sql_type = Text)]
    quick_check: String,
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

/// Looks for damage, without the indexes' contents, which takes long, and at what the database runs with.
pub async fn database_examine(store: &Store) -> Result<DatabaseExamined, StoreError> {
    store
        .read(|connection| {
            let newest = newest(connection)?;
            Ok(match connection {
                AnyConnection::Sqlite(connection) => {
                    let verdict: Result<Verdict, _> = diesel::sql_query("PRAGMA quick_check(1)").get_result(connection);
                    let verdict = verdict.map_or_else(|error| error.to_string(), |verdict| verdict.quick_check);
                    let Mode { journal_mode } = diesel::sql_query("PRAGMA journal_mode").get_result(connection)?;
                    DatabaseExamined {
                        damage: Some(verdict).filter(|verdict| verdict != "ok"),
                        writes_ahead: journal_mode == "wal",
                        clock: None,
                        newest,
                    }
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

/// The newest of some times at which something was written.
fn newest(connection: &mut AnyConnection) -> QueryResult<Option<UtcTime>> {
    let job: Option<UtcTime> = jobs::table.select(max(jobs::created_at)).first(connection)?;
    let release: Option<UtcTime> = releases::table.select(max(releases::updated_at)).first(connection)?;
    let token: Option<UtcTime> = access_tokens::table.select(max(access_tokens::last_used_at)).first(connection)?;
    Ok([job, release, token].into_iter().flatten().max())
}
