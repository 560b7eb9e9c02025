//! Answers that are replayed.

use std::sync::Arc;

use chrono::TimeDelta;
use releasepage_domain::{
    release::{ReleaseArrival, ReleaseInput},
    time::UtcTime,
};
use releasepage_storage::{
    StoreError,
    releases::{
        edits::release_arrive,
        idempotency::{Idempotency, Replay},
        row::Release,
    },
};

use crate::support::{Database, both, context, now, release_ids, release_input};

fn idempotency(key: &str, fingerprint: &str) -> Idempotency {
    let answer = |release: &Release| format!("made {}", release.id);
    Idempotency { key: key.into(), fingerprint: fingerprint.into(), answer: Arc::new(answer) }
}

async fn arrive(
    database: &Database,
    repository_id: i64,
    tag: &str,
    idempotency: Idempotency,
    at: UtcTime,
) -> Result<Replay<Release>, StoreError> {
    let input = ReleaseInput { published_at: now(), ..release_input(tag) };
    let hand = ReleaseArrival::ByHand;
    release_arrive(&database.store, repository_id, input, hand, Some(idempotency), release_ids(), context(at)).await
}

fn fresh(replay: Replay<Release>) -> Release {
    match replay {
        Replay::Fresh(release) => release,
        other => panic!("not done now: {other:?}"),
    }
}

both! {
    async fn a_repeated_key_gets_the_answer_of_then(database: &Database) {
        let repository_id = database.site().await.repository_id;
        let made = fresh(arrive(database, repository_id, "v1", idempotency("k", "a"), now()).await.unwrap());
        let day = now() + TimeDelta::hours(24);
        for at in [now(), day] {
            let again = arrive(database, repository_id, "v1", idempotency("k", "a"), at).await.unwrap();
            assert_eq!(again, Replay::Before(format!("made {}", made.id)));
        }
        assert_eq!(database.count("releases").await, 1);
    }

    async fn a_key_belongs_to_one_request(database: &Database) {
        let site = database.site().await;
        fresh(arrive(database, site.repository_id, "v1", idempotency("k", "a"), now()).await.unwrap());
        let other = arrive(database, site.repository_id, "v2", idempotency("k", "b"), now()).await.unwrap();
        assert_eq!(other, Replay::Other);
        assert_eq!(database.count("releases").await, 1);
        // Another key, or another repository's, is another request.
        fresh(arrive(database, site.repository_id, "v2", idempotency("K", "b"), now()).await.unwrap());
        let second = database.repository(site.organization_id, "acme/web").await.id;
        fresh(arrive(database, second, "v1", idempotency("k", "b"), now()).await.unwrap());
    }

    async fn a_key_is_free_again_after_a_day(database: &Database) {
        let repository_id = database.site().await.repository_id;
        fresh(arrive(database, repository_id, "v1", idempotency("k", "a"), now()).await.unwrap());
        let later = now() + TimeDelta::hours(24) + TimeDelta::microseconds(1);
        let made = fresh(arrive(database, repository_id, "v2", idempotency("k", "b"), later).await.unwrap());
        let again = arrive(database, repository_id, "v2", idempotency("k", "b"), later).await.unwrap();
        assert_eq!(again, Replay::Before(format!("made {}", made.id)));
    }

    async fn a_failed_request_leaves_neither_release_nor_key(database: &Database) {
        let repository_id = database.site().await.repository_id;
        fresh(arrive(database, repository_id, "v1", idempotency("first", "a"), now()).await.unwrap());
        let refused = arrive(database, repository_id, "v1", idempotency("second", "a"), now()).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))));
        assert_eq!(database.texts("SELECT idempotency_key AS text FROM idempotency_keys").await, ["first"]);
        fresh(arrive(database, repository_id, "v2", idempotency("second", "b"), now()).await.unwrap());

        // The other way round: a release whose answer cannot be kept is not made.
        database.execute("DROP TABLE idempotency_keys").await;
        let broken = arrive(database, repository_id, "v3", idempotency("third", "c"), now()).await;
        assert!(matches!(broken, Err(StoreError::Database(_))));
        assert_eq!(database.count("releases WHERE tag = 'v3'").await, 0);
    }

    async fn copies_with_one_key_at_once_do_one_thing(database: &Database) {
        let repository_id = database.site().await.repository_id;
        let copies: Vec<_> = (0..20)
            .map(|_| {
                let (store, ids, context) = (database.store.clone(), release_ids(), context(now()));
                tokio::spawn(async move {
                    let (input, hand) = (release_input("v1"), ReleaseArrival::ByHand);
                    release_arrive(&store, repository_id, input, hand, Some(idempotency("k", "a")), ids, context).await
                })
            })
            .collect();
        let (mut made, mut replayed) = (Vec::new(), Vec::new());
        for copy in copies {
            match copy.await.unwrap().unwrap() {
                Replay::Fresh(release) => made.push(format!("made {}", release.id)),
                Replay::Before(answer) => replayed.push(answer),
                Replay::Other => panic!("the same fields"),
            }
        }
        assert_eq!((made.len(), replayed.len()), (1, 19));
        assert!(replayed.iter().all(|answer| *answer == made[0]));
    }
}
