//! Bringing a database to the schema, again and again.

use std::thread;

use diesel::connection::SimpleConnection as _;
use releasepage_storage::{
    MigrateError, SchemaState,
    database::readiness::{Readiness, readiness},
    migrate, schema_state,
};

use crate::support::Database;

/// The databases before any migration.
fn empty() -> impl Iterator<Item = Database> {
    [Some(Database::sqlite_empty()), Database::postgres_empty()].into_iter().flatten()
}

#[test]
fn only_the_first_run_changes_something() {
    for database in empty() {
        let SchemaState::Behind(missing) = schema_state(&database.url).unwrap() else { panic!("is not behind") };
        assert_eq!(migrate(&database.url).unwrap(), missing);
        assert_eq!(schema_state(&database.url).unwrap(), SchemaState::Current);
        assert_eq!(migrate(&database.url).unwrap(), 0);
    }
}

#[test]
fn servers_that_start_together_migrate_once() {
    for database in empty() {
        let SchemaState::Behind(missing) = schema_state(&database.url).unwrap() else { panic!("is not behind") };
        let runs: Vec<usize> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| migrate(&database.url).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(runs.iter().sum::<usize>(), missing);
        // On a new SQLite database, where each migration is a transaction of its own, they may share the work.
        if database.url.name() == "postgres" {
            assert_eq!(runs.iter().filter(|&&run| run > 0).count(), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_database_is_refused() {
    for database in empty() {
        migrate(&database.url).unwrap();
        assert_eq!(readiness(&database.store).await.unwrap(), Readiness::Ready);
        let newer =
            "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('99991231000000', CURRENT_TIMESTAMP)";
        database.store.write(&[], move |connection| Ok(connection.batch_execute(newer)?)).await.unwrap();
        let ahead = SchemaState::Ahead("99991231000000".into());
        assert_eq!(schema_state(&database.url).unwrap(), ahead);
        assert_eq!(readiness(&database.store).await.unwrap(), Readiness::Ready, "it serves until it is replaced");
        assert!(matches!(migrate(&database.url), Err(MigrateError::Ahead(version)) if version == "99991231000000"));
    }
}
