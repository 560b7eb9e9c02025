//! What a probe is told of a database, and what a request meets there: a refusal to write is trouble, and passes.

use std::sync::mpsc;

use diesel::connection::SimpleConnection;
use releasepage_storage::{
    Store, StoreError,
    database::readiness::{Readiness, readiness},
};

use crate::support::{Database, both};

const SCHEDULE: &str = "INSERT INTO schedules (name, next_run_at) VALUES ('a', CURRENT_TIMESTAMP)";

async fn schedule_write(store: &Store) -> Result<(), StoreError> {
    store.write(&[], |connection| Ok(connection.batch_execute(SCHEDULE)?)).await
}

both! {
    async fn a_database_that_takes_writes_is_ready(database: &Database) {
        assert_eq!(readiness(&database.store).await.unwrap(), Readiness::Ready);
    }

    async fn a_database_that_lacks_a_migration_is_behind(database: &Database) {
        database.execute("DELETE FROM __diesel_schema_migrations WHERE version > '2025'").await;
        assert_eq!(readiness(&database.store).await.unwrap(), Readiness::Behind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_that_only_reads_refuses_writes_until_it_does_not() {
    let Some(database) = Database::postgres() else { return };
    let set = |value: &str| {
        format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {value}', \
             current_database()); END $$"
        )
    };
    database.execute(&set("on")).await;
    let store = database.store_with(2);
    assert_eq!(readiness(&store).await.unwrap(), Readiness::ReadOnly);
    assert!(matches!(schedule_write(&store).await, Err(StoreError::Unavailable(_))));
    // In the session that was open before, as an administrator does it.
    database.execute(&set("off")).await;
    assert_eq!(readiness(&store).await.unwrap(), Readiness::Ready);
    schedule_write(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_whose_role_may_only_read_refuses_writes() {
    let Some(database) = Database::postgres() else { return };
    // A role of every Postgres. It may read all tables and write to none.
    let store = database.store_as("pg_read_all_data");
    assert_eq!(readiness(&store).await.unwrap(), Readiness::NotPermitted);
    assert!(matches!(schedule_write(&store).await, Err(StoreError::Unavailable(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_that_another_process_holds_locked_is_not_ready() {
    let database = Database::sqlite();
    let other = database.store_with(1);
    for (holder, expected) in [(other, Readiness::Locked), (database.store.clone(), Readiness::Ready)] {
        let (began, begins) = mpsc::channel();
        let (released, releases) = mpsc::channel::<()>();
        let held = tokio::spawn(async move {
            holder
                .write(&[], move |_| {
                    began.send(()).unwrap();
                    releases.recv().unwrap();
                    Ok(())
                })
                .await
        });
        tokio::task::spawn_blocking(move || begins.recv().unwrap()).await.unwrap();
        assert_eq!(readiness(&database.store).await.unwrap(), expected);
        released.send(()).unwrap();
        held.await.unwrap().unwrap();
        assert_eq!(readiness(&database.store).await.unwrap(), Readiness::Ready);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_file_that_is_gone_is_not_made_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gone.db");
    let store = Database::store_at(&path.to_string_lossy());
    assert!(matches!(schedule_write(&store).await, Err(StoreError::Unavailable(_))));
    assert!(readiness(&store).await.is_err());
    assert!(!path.exists());
}
