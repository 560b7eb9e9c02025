//! Reading and writing: what a transaction sees, when it runs again, and what its failure leaves behind.

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicU32, Ordering},
    mpsc,
};

use diesel::{
    connection::SimpleConnection as _,
    prelude::*,
    sql_types::{BigInt, Text},
};
use releasepage_domain::repository::{RepositoryName, RepositoryOrigin};
use releasepage_storage::{
    AnyConnection, QueryResult, Scope, StoreError,
    accounts::users::user_by_email,
    database::cursor::IdCursor,
    repositories::edits::{repository_create, repository_list},
};

use crate::support::{Database, both, now, store_impatient};

const SCHEDULE_A: &str = "INSERT INTO schedules (name, next_run_at) VALUES ('a', CURRENT_TIMESTAMP)";
const SCHEDULE_B: &str = "INSERT INTO schedules (name, next_run_at) VALUES ('b', CURRENT_TIMESTAMP)";
const TOUCH_A: &str = "UPDATE schedules SET next_run_at = CURRENT_TIMESTAMP WHERE name = 'a'";
const TOUCH_B: &str = "UPDATE schedules SET next_run_at = CURRENT_TIMESTAMP WHERE name = 'b'";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn schedules_count(connection: &mut AnyConnection) -> QueryResult<i64> {
    let query = diesel::sql_query("SELECT COUNT(*) AS count FROM schedules");
    let count: Count = match connection {
        AnyConnection::Sqlite(connection) => query.get_result(connection)?,
        AnyConnection::Postgres(connection) => query.get_result(connection)?,
    };
    Ok(count.count)
}

both! {
    async fn reading_never_writes(database: &Database) {
        let written = database.store.read(|connection| Ok(connection.batch_execute(SCHEDULE_A)?)).await;
        assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
        assert_eq!(database.store.read(schedules_count).await.unwrap(), 0);
        // Whoever writes is not in its way where connections are shared.
        database.store.write(&[], |connection| Ok(connection.batch_execute(SCHEDULE_A)?)).await.unwrap();
    }

    async fn a_reader_sees_one_state(database: &Database) {
        let (began, begins) = mpsc::channel();
        let (wrote, writes) = mpsc::channel();
        let store = database.store.clone();
        let reader = tokio::spawn(async move {
            store
                .read(move |connection| {
                    let before = schedules_count(connection)?;
                    began.send(()).unwrap();
                    writes.recv().unwrap();
                    Ok((before, schedules_count(connection)?))
                })
                .await
        });
        tokio::task::spawn_blocking(move || begins.recv().unwrap()).await.unwrap();
        database.store.write(&[], |connection| Ok(connection.batch_execute(SCHEDULE_A)?)).await.unwrap();
        wrote.send(()).unwrap();
        assert_eq!(reader.await.unwrap().unwrap(), (0, 0));
        assert_eq!(database.store.read(schedules_count).await.unwrap(), 1);
    }

    async fn whoever_finds_every_connection_busy_is_told(database: &Database) {
        let store = database.store_impatient();
        // However long it takes to open its connection: from here on it is there.
        while store.read(schedules_count).await.is_err() {}
        let (began, begins) = mpsc::channel();
        let (released, releases) = mpsc::channel::<()>();
        let holder = store.clone();
        let held = tokio::spawn(async move {
            holder
                .read(move |_| {
                    began.send(()).unwrap();
                    releases.recv().unwrap();
                    Ok(())
                })
                .await
        });
        tokio::task::spawn_blocking(move || begins.recv().unwrap()).await.unwrap();
        assert!(matches!(store.read(schedules_count).await, Err(StoreError::Unavailable(_))));
        released.send(()).unwrap();
        held.await.unwrap().unwrap();
        assert_eq!(store.read(schedules_count).await.unwrap(), 0);
    }

    async fn a_failure_takes_everything_back(database: &Database) {
        let failed: Result<(), StoreError> = database
            .store
            .write(&[], |connection| {
                connection.batch_execute(SCHEDULE_A)?;
                Err(StoreError::Conflict("no").into())
            })
            .await;
        assert!(matches!(failed, Err(StoreError::Conflict("no"))));
        assert_eq!(database.store.read(schedules_count).await.unwrap(), 0);
    }

    async fn a_panic_does_not_poison_the_pool(database: &Database) {
        let store = database.store_with(1);
        for _ in 0..3 {
            let panicked: Result<(), StoreError> = store
                .write(&[], |connection| {
                    connection.batch_execute(SCHEDULE_A)?;
                    panic!("on purpose")
                })
                .await;
            assert!(matches!(panicked, Err(StoreError::Database(_))), "{panicked:?}");
        }
        store.write(&[], |connection| Ok(connection.batch_execute(SCHEDULE_B)?)).await.unwrap();
        assert_eq!(store.read(schedules_count).await.unwrap(), 1);
    }

    async fn a_closure_runs_again_when_the_database_asks(database: &Database) {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let outcome = database
            .store
            .write(&[], move |connection| {
                connection.batch_execute(SCHEDULE_A)?;
                if counted.fetch_add(1, Ordering::Relaxed) < 2 {
                    return Err(diesel::result::Error::DatabaseError(
                        diesel::result::DatabaseErrorKind::SerializationFailure,
                        Box::new(String::from("could not serialize access")),
                    )
                    .into());
                }
                schedules_count(connection)
            })
            .await;
        assert_eq!(outcome.unwrap(), 1);
        assert_eq!(runs.load(Ordering::Relaxed), 3);
    }

    async fn fifty_writers_wait_for_each_other(database: &Database) {
        let organization_id = database.owner("owner@example.com").await.organization_id;
        // Two pools, as two processes have them.
        let stores = [database.store_with(4), database.store_with(4)];
        let writers: Vec<_> = (0..50)
            .map(|number| {
                let store = stores[number % 2].clone();
                tokio::spawn(async move {
                    let name = RepositoryName::parse("name", &format!("acme/app-{number}")).unwrap();
                    repository_create(&store, organization_id, name, RepositoryOrigin::Api, now()).await
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        let all = repository_list(&database.store, organization_id, None, IdCursor::default(), 100).await.unwrap();
        assert_eq!(all.rows.len(), 50);
    }

    async fn writers_of_one_scope_decide_one_after_the_other(database: &Database) {
        let writers: Vec<_> = (0..20)
            .map(|_| {
                let store = database.store.clone();
                tokio::spawn(async move {
                    store
                        .write(&[Scope::Server], |connection| {
                            if schedules_count(connection)? == 0 {
                                connection.batch_execute(SCHEDULE_A)?;
                                return Ok(true);
                            }
                            Ok(false)
                        })
                        .await
                })
            })
            .collect();
        let mut first = 0;
        for writer in writers {
            first += u32::from(writer.await.unwrap().unwrap());
        }
        assert_eq!(first, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_reached_is_not_an_empty_one() {
    for url in ["sqlite:///nowhere/at/all/releasepage.db", "postgres://nobody@127.0.0.1:1/nothing"] {
        let found = user_by_email(&store_impatient(&url.parse().unwrap()), "a@example.com".into()).await;
        assert!(matches!(found, Err(StoreError::Unavailable(_))), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_tables_is_not_an_empty_one() {
    for database in [Some(Database::sqlite_empty()), Database::postgres_empty()].into_iter().flatten() {
        let found = user_by_email(&database.store, "a@example.com".into()).await;
        assert!(matches!(found, Err(StoreError::Database(_))), "{:?}", database.url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_on_postgres_ends_well() {
    let Some(database) = Database::postgres() else { return };
    database
        .store
        .write(&[], |connection| {
            connection.batch_execute(SCHEDULE_A)?;
            Ok(connection.batch_execute(SCHEDULE_B)?)
        })
        .await
        .unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let both_hold_one = Arc::new(Barrier::new(2));
    let writers: Vec<_> = [[TOUCH_A, TOUCH_B], [TOUCH_B, TOUCH_A]]
        .into_iter()
        .map(|[first, second]| {
            let (store, runs, barrier) = (database.store.clone(), Arc::clone(&runs), Arc::clone(&both_hold_one));
            tokio::spawn(async move {
                store
                    .write(&[], move |connection| {
                        connection.batch_execute(first)?;
                        if runs.fetch_add(1, Ordering::Relaxed) < 2 {
                            barrier.wait();
                        }
                        Ok(connection.batch_execute(second)?)
                    })
                    .await
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    // The one that Postgres chose ran again, perhaps into the other's way once more.
    assert!(runs.load(Ordering::Relaxed) >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_postgres_ends_is_replaced() {
    let Some(database) = Database::postgres() else { return };
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    database
        .store
        .write(&[], move |connection| {
            connection.batch_execute(SCHEDULE_A)?;
            if counted.fetch_add(1, Ordering::Relaxed) == 0 {
                connection.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())")?;
            }
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!(database.store.read(schedules_count).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_tells_its_errors_in_the_words_that_are_looked_for() {
    let Some(database) = Database::postgres() else { return };
    let speak =
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lc_messages = %L', current_database(), 'C.UTF-8'); END $$";
    database.execute(speak).await;
    let fresh = database.store_with(1);
    let language = fresh.read(|connection| match connection {
        AnyConnection::Postgres(connection) => {
            Ok(diesel::select(diesel::dsl::sql::<Text>("current_setting('lc_messages')")).get_result(connection)?)
        }
        AnyConnection::Sqlite(_) => unreachable!("the database is Postgres"),
    });
    let language: String = language.await.unwrap();
    assert_eq!(language, "C");
}

both! {
    async fn what_belongs_to_nothing_is_a_conflict(database: &Database) {
        let site = database.site().await;
        let orphan = "INSERT INTO page_slugs (slug, page_id, replaced_at) VALUES ('a', 'nowhere', CURRENT_TIMESTAMP)";
        let used = format!("DELETE FROM pages WHERE id = '{}'", site.page_id);
        for sql in [orphan.to_owned(), used] {
            let statement = sql.clone();
            let refused = database.store.write(&[], move |connection| Ok(connection.batch_execute(&statement)?)).await;
            assert!(matches!(refused, Err(StoreError::Conflict(_))), "{sql}: {refused:?}");
        }
    }
}
