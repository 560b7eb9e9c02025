//! Bringing a database to this binary's schema.

use std::{
    collections::BTreeSet,
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt as _,
    thread,
    time::{Duration, Instant},
};

use diesel::{
    Connection as _, PgConnection, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    migration::{MigrationSource, MigrationVersion},
    query_dsl::methods::SelectDsl,
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::{
    AnyConnection, DatabaseUrl, QueryResult, StoreError,
    database::backend::{Access, Session},
};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// The advisory lock that keeps two migrators apart on Postgres.
const MIGRATION_LOCK: i64 = 0x7265_6c65_6173_6570;

/// The time that a migrator waits for another one, and for a moment in which nobody holds what it needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The time that it waits on Postgres for a table that is in use, before it lets everybody through and begins again:
/// whoever wants the table meanwhile waits behind it.
const TABLE_WAIT: Duration = Duration::from_secs(1);

/// The time that it lets everybody through.
const PAUSE: Duration = Duration::from_millis(250);

/// The migrations that are noted as applied; none in a database that has no list of them.
macro_rules! noted {
    ($connection:expr, $is_listed:expr) => {{
        let Listed { listed } = diesel::sql_query($is_listed).get_result($connection)?;
        let all = __diesel_schema_migrations::table.select(__diesel_schema_migrations::version);
        if listed { all.load::<String>($connection)? } else { Vec::new() }
    }};
}

const LISTED_SQLITE: &str =
    "SELECT count(*) > 0 AS listed FROM sqlite_master WHERE name = '__diesel_schema_migrations'";

const LISTED_POSTGRES: &str = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS listed";

/// The relation of a database's schema to this binary's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// The same.
    Current,
    /// The database lacks this many migrations.
    Behind(usize),
    /// The database has a migration that this binary does not know.
    Ahead(String),
}

/// The reason why a database could not be brought to this binary's schema.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database cannot be opened.
    #[error("the database cannot be opened: {0}")]
    Open(#[from] diesel::ConnectionError),
    /// A newer binary has been here.
    #[error(
        "the database has the migration {0}, which this binary does not know: use the binary that made it, or a newer one"
    )]
    Ahead(String),
    /// SQLite's library is one that can lose data; only a build without the bundled one comes to this.
    #[error("the SQLite library {0} can corrupt a database in WAL mode: build with the bundled one, 3.51.3 or newer")]
    Library(String),
    /// Others kept what the migrations need for as long as the migrator waits; the database is as it was before.
    #[error("the database is in use by others, who did not let the migrations through within a minute: {0}")]
    Busy(String),
    /// A migration failed; the database is as it was before.
    #[error("the database could not be migrated: {0}")]
    Failed(String),
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Makes the file of a SQLite database where there is none, readable by its owner alone; SQLite gives the files beside
/// it the same mode.
pub fn database_make(url: &DatabaseUrl) -> io::Result<()> {
    let DatabaseUrl::Sqlite(path) = url else { return Ok(()) };
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

/// Looks at the schema and changes nothing.
pub fn schema_state(url: &DatabaseUrl) -> Result<SchemaState, MigrateError> {
    match Session::open(url, Access::Write, None)?.connection {
        AnyConnection::Sqlite(mut connection) => {
            library_check(&mut connection)?;
            state_of(noted!(&mut connection, LISTED_SQLITE))
        }
        AnyConnection::Postgres(mut connection) => state_of(noted!(&mut connection, LISTED_POSTGRES)),
    }
}

/// Tells whether no migration was ever applied: nobody has used the database yet.
pub fn schema_is_new(url: &DatabaseUrl) -> Result<bool, MigrateError> {
    let known = known_versions::<Sqlite>(&SQLITE)?;
    Ok(schema_state(url)? == SchemaState::Behind(known.len()))
}

diesel::table! {
    /// The table in which applied migrations are noted.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

#[derive(diesel::QueryableByName)]
struct Listed {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    listed: bool,
}

fn state_of(noted: Vec<String>) -> Result<SchemaState, MigrateError> {
    let known = known_versions::<Sqlite>(&SQLITE)?;
    Ok(compare(&known, &noted.into_iter().map(MigrationVersion::from).collect()))
}

/// The migrations that were applied, on a connection of a server that is running.
pub(crate) fn schema_applied(connection: &mut AnyConnection) -> QueryResult<Vec<String>> {
    Ok(__diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(connection)?)
}

/// Compares the schema that these migrations made with this binary's.
pub(crate) fn schema_compare(applied: Vec<String>) -> Result<SchemaState, StoreError> {
    Ok(state_of(applied)?)
}

/// Applies what is missing, in one transaction, alone; of a new SQLite database, each migration in one of its own.
/// Returns how many were applied.
///
/// Servers may work on the database meanwhile. Until the transaction ends, on SQLite whatever writes waits; on Postgres
/// what writes to a table that gets an index, and whatever touches one that gets a column. That is for minutes where an
/// index is made of millions of rows. Another migrator is waited for, and one that was killed leaves nothing behind.
pub fn migrate(url: &DatabaseUrl) -> Result<usize, MigrateError> {
    database_make(url).map_err(|error| MigrateError::Failed(error.to_string()))?;
    let session = Session::open(url, Access::Write, None)?;
    match session.connection {
        AnyConnection::Sqlite(mut connection) => {
            library_check(&mut connection)?;
            // Nothing is written where nothing is to be done: a database may refuse writes for a while.
            if state_of(noted!(&mut connection, LISTED_SQLITE))? == SchemaState::Current {
                return Ok(0);
            }
            connection.batch_execute(&format!("PRAGMA busy_timeout = {}", PATIENCE.as_millis()))?;
            let mut applied = schema_begin(&mut connection)?;
            applied +=
                connection.immediate_transaction(|connection: &mut SqliteConnection| apply(connection, SQLITE))?;
            Ok(applied)
        }
        AnyConnection::Postgres(mut connection) => {
            if state_of(noted!(&mut connection, LISTED_POSTGRES))? == SchemaState::Current {
                return Ok(0);
            }
            let deadline = Instant::now() + PATIENCE;
            loop {
                let begun = Instant::now();
                match migrate_postgres(&mut connection) {
                    Err(MigrateError::Busy(_)) if Instant::now() < deadline => thread::sleep(PAUSE),
                    // In a language that cannot be read, whoever waited for a table was probably in somebody's way.
                    Err(MigrateError::Failed(_))
                        if session.is_foreign && begun.elapsed() >= TABLE_WAIT && Instant::now() < deadline =>
                    {
                        thread::sleep(PAUSE);
                    }
                    ended => return ended,
                }
            }
        }
    }
}

/// Makes the schema of a SQLite database that has none, one migration after the other. All in one transaction, the
/// write-ahead log would hold every page of it a second time, which a small disk has no room for. Nobody can work on
/// such a database yet, and a migrator that is killed leaves it to the next one.
fn schema_begin(connection: &mut SqliteConnection) -> Result<usize, MigrateError> {
    let Count { count: tables } =
        diesel::sql_query("SELECT count(*) AS count FROM sqlite_master").get_result(connection)?;
    let mut applied = 0;
    while tables == 0 && connection.immediate_transaction(apply_next)? {
        applied += 1;
        connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)")?;
    }
    Ok(applied)
}

/// Applies the next of the migrations that are missing on SQLite. Answers whether there was one.
fn apply_next(connection: &mut SqliteConnection) -> Result<bool, MigrateError> {
    if state(connection, &SQLITE)? == SchemaState::Current {
        return Ok(false);
    }
    connection.run_next_migration(SQLITE).map(|_| true).map_err(failed)
}

/// One attempt on Postgres.
fn migrate_postgres(connection: &mut PgConnection) -> Result<usize, MigrateError> {
    connection.transaction(|connection| {
        connection.batch_execute(&format!(
            "SET LOCAL client_min_messages = warning; SET LOCAL lock_timeout = {}",
            PATIENCE.as_millis()
        ))?;
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(MIGRATION_LOCK)
            .execute(connection)?;
        connection.batch_execute(&format!("SET LOCAL lock_timeout = {}", TABLE_WAIT.as_millis()))?;
        apply(connection, POSTGRES)
    })
}

/// The first version in which two connections cannot reset a write-ahead log under each other.
const SQLITE_OLDEST: [u32; 3] = [3, 51, 3];

#[derive(diesel::QueryableByName)]
struct Library {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

fn library_check(connection: &mut SqliteConnection) -> Result<(), MigrateError> {
    let Library { version } = diesel::sql_query("SELECT sqlite_version() AS version").get_result(connection)?;
    let numbers: Vec<u32> = version.split('.').filter_map(|number| number.parse().ok()).collect();
    if numbers.as_slice() >= SQLITE_OLDEST.as_slice() { Ok(()) } else { Err(MigrateError::Library(version)) }
}

impl From<diesel::result::Error> for MigrateError {
    fn from(error: diesel::result::Error) -> Self {
        Self::of_text(error.to_string())
    }
}

impl MigrateError {
    /// Sorts a failure by what the database says, since neither driver nor migrations hand on a code.
    fn of_text(text: String) -> Self {
        let busy = ["lock timeout", "deadlock detected", "database is locked"];
        if busy.iter().any(|busy| text.contains(busy)) { Self::Busy(text) } else { Self::Failed(text) }
    }
}

fn state<C, DB>(connection: &mut C, source: &EmbeddedMigrations) -> Result<SchemaState, MigrateError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known = known_versions::<DB>(source)?;
    let applied = connection.applied_migrations().map_err(failed)?.into_iter().collect();
    Ok(compare(&known, &applied))
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> MigrateError {
    MigrateError::of_text(error.to_string())
}

fn known_versions<DB>(source: &EmbeddedMigrations) -> Result<BTreeSet<MigrationVersion<'static>>, MigrateError>
where
    DB: diesel::backend::Backend,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let migrations = MigrationSource::<DB>::migrations(source).map_err(failed)?;
    Ok(migrations.iter().map(|migration| migration.name().version().as_owned()).collect())
}

fn compare(known: &BTreeSet<MigrationVersion<'static>>, applied: &BTreeSet<MigrationVersion<'static>>) -> SchemaState {
    if let Some(unknown) = applied.difference(known).next() {
        return SchemaState::Ahead(unknown.to_string());
    }
    match known.difference(applied).count() {
        0 => SchemaState::Current,
        missing => SchemaState::Behind(missing),
    }
}

fn apply<C, DB>(connection: &mut C, source: EmbeddedMigrations) -> Result<usize, MigrateError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    if let SchemaState::Ahead(version) = state(connection, &source)? {
        return Err(MigrateError::Ahead(version));
    }
    connection.run_pending_migrations(source).map(|applied| applied.len()).map_err(failed)
}
