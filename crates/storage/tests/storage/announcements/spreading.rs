//! Fan-out: who is told of a release, in batches that are written once.

use releasepage_domain::{job::JobPayload, release::ReleaseInput};
use releasepage_storage::{
    announcements::spreading::{BATCH, announcement_spread},
    pages::components::component_delete,
    releases::{edits::release_withdraw, row::ReleaseOwner},
    subscribers::changes::subscriber_unsubscribe,
};

use crate::support::{Database, Site, both, context, now, release_input};

/// Publishes a release and gives the number of its newest announcement.
async fn announce(database: &Database, site: &Site, input: ReleaseInput) -> i64 {
    database.arrive(site.repository_id, input).await;
    newest(database).await
}

async fn newest(database: &Database) -> i64 {
    let newest = "SELECT CAST(MAX(id) AS TEXT) AS text FROM announcements";
    database.texts(newest).await[0].parse().unwrap()
}

/// Writes all batches; how many there were.
async fn spread(database: &Database, announcement: i64) -> u32 {
    let mut batches = 0;
    while announcement_spread(&database.store, announcement, now()).await.unwrap() {
        batches += 1;
    }
    batches
}

/// Confirmed subscribers who follow everything and want minor releases only.
async fn crowd(database: &Database, page_id: &str, count: i64) {
    let rows: Vec<_> = (0..count)
        .map(|number| {
            format!(
                "('{page_id}', 'live', 'r{number}@example.com', 'r{number}@example.com', 'confirmed', 'minor', \
                 false, true, false, false, true, 0, CURRENT_TIMESTAMP)"
            )
        })
        .collect();
    database
        .execute(format!(
            "INSERT INTO subscribers (page_id, environment, address, address_folded, state, preferences, wants_major, \
             wants_minor, wants_patch, wants_prerelease, all_components, link_generation, created_at) VALUES {}",
            rows.join(", ")
        ))
        .await;
}

/// The addresses that have a delivery of an announcement, in order.
async fn audience(database: &Database, announcement: i64) -> Vec<String> {
    let told = format!(
        "SELECT s.address AS text FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id \
         WHERE d.announcement_id = {announcement} ORDER BY s.id"
    );
    database.texts(told).await
}

/// State, bump and audience of an announcement.
async fn announcement(database: &Database, id: i64) -> String {
    let row = format!(
        "SELECT state || ' ' || COALESCE(bump, '-') || ' ' || audience AS text FROM announcements WHERE id = {id}"
    );
    database.texts(row).await.remove(0)
}

both! {
    async fn who_is_told_depends_on_bump_and_component(database: &Database) {
        let site = database.site().await;
        let page = &*site.page_id;
        database.component(site.organization_id, page, "acme/api", Some("web-")).await;
        database.release(site.repository_id, "v1.0.0").await;
        database.release(site.repository_id, "web-v1.0.0").await;
        for (address, preferences, components) in [
            ("all@a.example", &["major", "minor", "patch", "prerelease"][..], None),
            ("major@a.example", &["major"], None),
            ("patch@a.example", &["patch"], None),
            ("api@a.example", &["minor", "patch"], Some(&["acme/api"][..])),
            ("web@a.example", &["minor", "patch"], Some(&["ACME/api/web"])),
            ("both@a.example", &["minor"], Some(&["acme/api", "acme/api/web"])),
        ] {
            database.subscriber(page, address, preferences, components).await;
        }
        let left = database.subscriber(page, "left@a.example", &["major", "minor"], None).await;
        subscriber_unsubscribe(&database.store, left, now()).await.unwrap();
        let refused = database.subscriber(page, "refused@a.example", &["major", "minor"], None).await;
        database.execute(format!("UPDATE subscribers SET state = 'suppressed' WHERE id = {refused}")).await;
        let second = database.page(site.organization_id, "Second").await.id;
        database.subscriber(&second, "second@a.example", &["major", "minor"], None).await;

        for (tag, bump, told) in [
            ("v1.0.1", "patch", &["all", "patch", "api"][..]),
            ("v1.1.0", "minor", &["all", "api", "both"]),
            ("v2.0.0", "major", &["all", "major"]),
            ("v3.0.0-rc.1", "prerelease", &["all"]),
            ("web-v1.1.0", "minor", &["all", "web", "both"]),
        ] {
            let id = announce(database, &site, release_input(tag)).await;
            assert_eq!(spread(database, id).await, 1, "{tag}");
            let expected: Vec<_> = told.iter().map(|name| format!("{name}@a.example")).collect();
            assert_eq!(audience(database, id).await, expected, "{tag}");
            assert_eq!(announcement(database, id).await, format!("spread {bump} {}", told.len()));
        }
    }

    async fn a_crowd_is_told_in_batches(database: &Database) {
        let site = database.site().await;
        database.release(site.repository_id, "v1.0.0").await;
        crowd(database, &site.page_id, 2 * BATCH + 50).await;
        let id = announce(database, &site, release_input("v1.1.0")).await;
        for written in [BATCH, 2 * BATCH, 2 * BATCH + 50] {
            assert!(announcement_spread(&database.store, id, now()).await.unwrap());
            assert_eq!(announcement(database, id).await, format!("spreading minor {written}"));
        }
        assert!(!announcement_spread(&database.store, id, now()).await.unwrap());
        assert_eq!(announcement(database, id).await, format!("spread minor {}", 2 * BATCH + 50));
        assert!(!announcement_spread(&database.store, id, now()).await.unwrap());

        // Each batch has a job; together they hold every delivery once.
        let mut next = 1;
        let mut sizes = Vec::new();
        for job in database.jobs("delivery_send").await {
            let JobPayload::DeliverySend { announcement, first, last } = job else { panic!("{job:?}") };
            assert_eq!((announcement, first), (id, next));
            sizes.push(last - first + 1);
            next = last + 1;
        }
        assert_eq!(sizes, [BATCH, BATCH, 50]);
    }

    async fn several_workers_at_once_write_each_delivery_once(database: &Database) {
        let site = database.site().await;
        database.release(site.repository_id, "v1.0.0").await;
        crowd(database, &site.page_id, 2 * BATCH + 50).await;
        let id = announce(database, &site, release_input("v1.1.0")).await;
        let workers: Vec<_> = (0..6)
            .map(|_| {
                let store = database.store.clone();
                tokio::spawn(async move { while announcement_spread(&store, id, now()).await.unwrap() {} })
            })
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
        assert_eq!(announcement(database, id).await, format!("spread minor {}", 2 * BATCH + 50));
        let told = database.count("(SELECT DISTINCT subscriber_id FROM deliveries) AS told").await;
        assert_eq!(i64::from(told), 2 * BATCH + 50);
        assert_eq!(database.jobs("delivery_send").await.len(), 3);
    }

    async fn whoever_comes_or_goes_between_two_batches_is_noticed(database: &Database) {
        let site = database.site().await;
        database.release(site.repository_id, "v1.0.0").await;
        crowd(database, &site.page_id, BATCH + 1).await;
        let id = announce(database, &site, release_input("v1.1.0")).await;
        assert!(announcement_spread(&database.store, id, now()).await.unwrap());
        let last = format!("SELECT CAST(id AS TEXT) AS text FROM subscribers WHERE address = 'r{BATCH}@example.com'");
        let last = database.texts(last).await[0].parse().unwrap();
        subscriber_unsubscribe(&database.store, last, now()).await.unwrap();
        database.subscriber(&site.page_id, "new@example.com", &["minor"], None).await;
        assert_eq!(spread(database, id).await, 1);
        assert_eq!(audience(database, id).await.last().unwrap(), "new@example.com");
        assert_eq!(announcement(database, id).await, format!("spread minor {}", BATCH + 1));
    }

    async fn nobody_is_told_of_what_was_taken_back_in_time(database: &Database) {
        let site = database.site().await;
        database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
        let made = database.arrive(site.repository_id, release_input("v1.0.0")).await;
        let id = newest(database).await;
        let owner = ReleaseOwner::Repository(site.repository_id);
        release_withdraw(&database.store, owner, made.id, context(now())).await.unwrap();
        assert_eq!(spread(database, id).await, 0);
        // It comes back: nobody is mailed, for it was cancelled.
        database.arrive(site.repository_id, release_input("v1.0.0")).await;
        assert_eq!(spread(database, id).await, 0);
        assert_eq!(announcement(database, id).await, "cancelled - 0");
        assert_eq!(audience(database, id).await, [""; 0]);
    }

    async fn a_withdrawal_cancels_what_is_queued_and_keeps_what_was_sent(database: &Database) {
        let site = database.site().await;
        for address in ["a@example.com", "b@example.com"] {
            database.subscriber(&site.page_id, address, &["major"], None).await;
        }
        let made = database.arrive(site.repository_id, release_input("v1.0.0")).await;
        spread(database, newest(database).await).await;
        database.execute("UPDATE deliveries SET state = 'sent' WHERE id = 1").await;
        let owner = ReleaseOwner::Repository(site.repository_id);
        release_withdraw(&database.store, owner, made.id, context(now())).await.unwrap();
        let states = database.texts("SELECT state || ' ' || COALESCE(result, '-') AS text FROM deliveries ORDER BY id");
        assert_eq!(states.await, ["sent -", "cancelled the release was taken back"]);
    }

    async fn a_promotion_cancels_what_is_queued_of_the_prerelease(database: &Database) {
        let site = database.site().await;
        database.subscriber(&site.page_id, "a@example.com", &["major", "prerelease"], None).await;
        let input = ReleaseInput { prerelease: Some(true), ..release_input("v1.0.0") };
        let early = announce(database, &site, input).await;
        spread(database, early).await;
        let release = announce(database, &site, release_input("v1.0.0")).await;
        spread(database, release).await;
        assert_eq!(announcement(database, early).await, "spread prerelease 1");
        assert_eq!(announcement(database, release).await, "spread major 1");
        let states = database.texts("SELECT state AS text FROM deliveries ORDER BY id").await;
        assert_eq!(states, ["cancelled", "queued"]);
    }

    async fn what_was_told_keeps_its_bump(database: &Database) {
        let site = database.site().await;
        for tag in ["v1.1.0", "v1.1.3"] {
            let id = announce(database, &site, release_input(tag)).await;
            spread(database, id).await;
        }
        let bumps = "SELECT r.tag || ' ' || c.bump AS text FROM component_releases c \
                     JOIN releases r ON r.id = c.release_id WHERE c.visible ORDER BY r.tag";
        assert_eq!(database.texts(bumps).await, ["v1.1.0 minor", "v1.1.3 patch"]);
        let first = database.texts("SELECT id AS text FROM releases WHERE tag = 'v1.1.0'").await.remove(0);
        let owner = ReleaseOwner::Repository(site.repository_id);
        release_withdraw(&database.store, owner, first, context(now())).await.unwrap();
        // By now, 1.1.3 would be major, and so would 1.1.0 when it comes back.
        database.release(site.repository_id, "v0.9.0").await;
        assert_eq!(database.texts(bumps).await, ["v0.9.0 minor", "v1.1.3 patch"]);
        database.arrive(site.repository_id, release_input("v1.1.0")).await;
        assert_eq!(database.texts(bumps).await, ["v0.9.0 minor", "v1.1.0 minor", "v1.1.3 patch"]);
    }

    async fn nobody_is_told_of_a_page_or_component_that_is_gone(database: &Database) {
        let site = database.site().await;
        database.subscriber(&site.page_id, "a@example.com", &["major", "minor"], None).await;
        let hidden = announce(database, &site, release_input("v1.0.0")).await;
        database.execute("UPDATE pages SET published = false").await;
        assert_eq!(spread(database, hidden).await, 0);
        database.execute("UPDATE pages SET published = true").await;
        let gone = announce(database, &site, release_input("v1.1.0")).await;
        component_delete(&database.store, site.organization_id, site.page_id.clone(), site.component_id).await.unwrap();
        assert_eq!(spread(database, gone).await, 0);
        assert_eq!(spread(database, gone + 1).await, 0);
        for id in [hidden, gone] {
            assert_eq!(announcement(database, id).await, "cancelled - 0");
        }
    }

    async fn without_an_audience_there_is_nothing_to_send(database: &Database) {
        let site = database.site().await;
        let id = announce(database, &site, release_input("v1.0.0")).await;
        assert_eq!(spread(database, id).await, 0);
        assert_eq!(announcement(database, id).await, "spread - 0");
        assert_eq!(database.jobs("delivery_send").await, []);
    }

    async fn a_withdrawal_and_a_fan_out_at_once_leave_nothing_queued(database: &Database) {
        let site = database.site().await;
        crowd(database, &site.page_id, 20).await;
        for number in 0..8 {
            let made = database.arrive(site.repository_id, release_input(&format!("v1.{}.0", number + 1))).await;
            let (id, store) = (newest(database).await, database.store.clone());
            let spreading = tokio::spawn(async move { while announcement_spread(&store, id, now()).await.unwrap() {} });
            let owner = ReleaseOwner::Repository(site.repository_id);
            release_withdraw(&database.store, owner, made.id, context(now())).await.unwrap();
            spreading.await.unwrap();
            assert_eq!(database.count("deliveries WHERE state = 'queued'").await, 0);
            let told = announcement(database, id).await;
            assert!(!told.starts_with("spreading"), "{told}");
        }
    }
}
