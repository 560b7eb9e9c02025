//! What a repository holds: releases in order, each under an id of its own.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use releasepage_domain::release::{ReleaseArrival, ReleaseInput};
use releasepage_storage::releases::{
    edits::{ReleasesFilter, release_arrive, release_get, release_withdraw, releases_list},
    idempotency::Replay,
    row::{Release, ReleaseOwner},
};

use crate::support::{Database, Site, both, context, now, release_input};

both! {
    async fn a_list_is_cut_without_gap_or_double(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        for number in 0..7 {
            // Several have one time.
            let published_at = now() - TimeDelta::days(i64::from(number / 3));
            let input = ReleaseInput { published_at, ..release_input(&format!("v{number}")) };
            database.arrive(repository_id, ReleaseInput { draft: number == 4, ..input }).await;
        }
        let all = releases_list(&database.store, repository_id, ReleasesFilter::default(), 100).await.unwrap();
        assert_eq!(all.len(), 7);
        let order = |release: &Release| (release.input.published_at, release.id.clone());
        assert!(all.windows(2).all(|pair| order(&pair[0]) > order(&pair[1])));
        let (mut parts, mut after) = (Vec::new(), None);
        loop {
            let filter = ReleasesFilter { after: after.clone(), ..ReleasesFilter::default() };
            let part = releases_list(&database.store, repository_id, filter, 2).await.unwrap();
            let Some(last) = part.last() else { break };
            after = Some(order(last));
            parts.extend(part);
        }
        assert_eq!(parts, all);
    }

    async fn withdrawn_releases_are_left_out_on_request(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        let mut made = Vec::new();
        for number in 0..5 {
            let published_at = now() - TimeDelta::days(number);
            let input = ReleaseInput { published_at, ..release_input(&format!("v{number}")) };
            made.push(database.arrive(repository_id, input).await);
        }
        for release in &made[1..4] {
            let owner = ReleaseOwner::Repository(repository_id);
            release_withdraw(&database.store, owner, release.id.clone(), context(now())).await.unwrap();
        }
        // The limit counts what is left.
        let filter = ReleasesFilter { without_withdrawn: true, ..ReleasesFilter::default() };
        let left = releases_list(&database.store, repository_id, filter, 2).await.unwrap();
        assert_eq!(left, [made[0].clone(), made[4].clone()]);
        let all = releases_list(&database.store, repository_id, ReleasesFilter::default(), 10).await.unwrap();
        assert_eq!(all.len(), 5);
    }

    async fn a_taken_id_is_not_taken_twice(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        let made = database.arrive(repository_id, release_input("v1.0.0")).await;
        let (taken, next) = (made.id.clone(), AtomicU32::new(0));
        let ids = move || match next.fetch_add(1, Ordering::Relaxed) {
            0 => taken.clone(),
            number => format!("free{number:03}"),
        };
        let arrived = release_arrive(
            &database.store,
            repository_id,
            release_input("v2.0.0"),
            ReleaseArrival::ByHand,
            None,
            ids,
            context(now()),
        );
        assert!(matches!(
            arrived.await.unwrap(),
            Replay::Fresh(release) if release.id == "free001"
        ));
        let owner = ReleaseOwner::Repository(repository_id);
        assert_eq!(release_get(&database.store, owner, made.id.clone()).await.unwrap(), made);
    }
}
