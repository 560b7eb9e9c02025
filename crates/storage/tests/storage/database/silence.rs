//! A database that says nothing at all: nobody waits for it for as long as a transaction may take.

use std::{net::TcpListener, time::Duration};

use releasepage_storage::{DatabaseUrl, Store, StoreError, StoreSettings, database::readiness::readiness};

use crate::support::{Database, both};

/// Far beyond the patience of the stores here, and far below what their transactions may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn store_of(url: DatabaseUrl) -> Store {
    Store::new(&StoreSettings {
        url,
        connections: 2,
        wait: Duration::from_secs(600),
        timeout: Duration::from_secs(600),
        silence: Duration::from_secs(1),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_hangs_nobody() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://nobody@{}/nothing?connect_timeout=600", silent.local_addr().unwrap());
    let store = store_of(url.parse().unwrap());
    // More than it has connections, and more than questions may be without an answer.
    let readers: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.read(|_| Ok(())).await })
        })
        .collect();
    for reader in readers {
        let answer = tokio::time::timeout(PATIENCE, reader).await.expect("nobody hangs").unwrap();
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    }
    let probed = tokio::time::timeout(PATIENCE, readiness(&store)).await.expect("no probe hangs");
    assert!(matches!(probed, Err(StoreError::Unavailable(_))), "{probed:?}");
}

both! {
    async fn a_database_is_not_silent_because_threads_are_busy(database: &Database) {
        let url = database.url.clone();
        let answer = std::thread::spawn(move || {
            let mut threads = tokio::runtime::Builder::new_multi_thread();
            threads.enable_all().max_blocking_threads(2).build().unwrap().block_on(async {
                // As many as there are, for longer than the patience of the store.
                for _ in 0..2 {
                    tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(3)));
                }
                store_of(url).read(|_| Ok(7)).await
            })
        });
        let answer = tokio::task::spawn_blocking(|| answer.join().unwrap()).await.unwrap();
        assert_eq!(answer.unwrap(), 7);
    }

    async fn a_slow_transaction_is_waited_for(database: &Database) {
        let store = store_of(database.url.clone());
        // Several times as long as the database may say nothing.
        let slow = store.read(|_| {
            std::thread::sleep(Duration::from_secs(3));
            Ok(7)
        });
        assert_eq!(slow.await.unwrap(), 7);
    }
}
