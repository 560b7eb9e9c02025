//! Addresses that are doubted, suppressed and brought back, and what is sent again to those who did not get it.

use std::{
    sync::{Mutex, mpsc},
    time::Duration,
};

use chrono::TimeDelta;
use releasepage_domain::{
    job::JobPayload,
    reply::ReplyMeaning,
    subscriber::{SubscriberAddress, SubscriberState},
};
use releasepage_storage::{
    Scope, StoreError,
    announcements::{
        deliveries::{DeliveryResult, Refusal, delivery_record},
        retry::{RetryOf, announcement_retry, announcements_failed, announcements_refused, sender_refusals},
        spreading::announcement_spread,
    },
    database::cursor::IdCursor,
    jobs::{claims::job_claim, list::JobsOf, row::JobTicket},
    subscribers::{
        addresses::{address_doubt, address_suppress},
        changes::{subscriber_get, subscriber_unsubscribe},
        suppressions::{SuppressionName, SuppressionsOf, suppression_lift, suppression_list},
    },
};

use crate::support::{Database, Site, both, is_not_found, now, release_input};

fn address(text: &str) -> SubscriberAddress {
    SubscriberAddress::parse("", text).unwrap()
}

fn key(address: &str) -> String {
    format!("key of {address}")
}

async fn suppress(database: &Database, of: &str) {
    let of = address(of);
    address_suppress(&database.store, of.clone(), key(&of.folded()), "550 gone".into(), now()).await.unwrap();
}

async fn state(database: &Database, reader: i64) -> SubscriberState {
    subscriber_get(&database.store, reader).await.unwrap().state
}

/// The suppressed addresses, with what was said.
async fn listed(database: &Database, of: SuppressionsOf) -> Vec<String> {
    let part = suppression_list(&database.store, of, None, key, IdCursor::default(), 10).await.unwrap();
    part.rows.iter().map(|entry| format!("{} {}", entry.address, entry.because.as_deref().unwrap_or("-"))).collect()
}

/// A release that was told to these readers, whose messages are 1, 2, 3….
async fn told(database: &Database, addresses: &[&str]) -> Site {
    let site = database.site().await;
    for address in addresses {
        database.subscriber(&site.page_id, address, &["major", "minor"], None).await;
    }
    database.release(site.repository_id, "v1.0.0").await;
    database.arrive(site.repository_id, release_input("v1.1.0")).await;
    while announcement_spread(&database.store, 1, now()).await.unwrap() {}
    site
}

/// Many readers of a page, written at once.
async fn crowd(database: &Database, site: &Site, state: &str, count: u32) {
    let page = &site.page_id;
    database
        .execute(format!(
            "INSERT INTO subscribers (page_id, environment, address, address_folded, state, preferences, wants_major, \
             wants_minor, wants_patch, wants_prerelease, all_components, link_generation, created_at, confirmed_at) \
             WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count}) \
             SELECT '{page}', 'live', 'r' || n || '@example.com', 'r' || n || '@example.com', '{state}', \
             'major,minor', (1 = 1), (1 = 1), (1 = 0), (1 = 0), (1 = 1), 0, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP \
             FROM numbers"
        ))
        .await;
}

async fn record(database: &Database, delivery: i64, result: DeliveryResult) {
    let nobody = JobTicket { id: 0, fence: 0 };
    delivery_record(&database.store, delivery, nobody, result, now()).await.unwrap();
}

fn sent(reached: Option<String>) -> DeliveryResult {
    DeliveryResult::Sent { answer: "250 ok".into(), reached }
}

fn failed(about: ReplyMeaning) -> DeliveryResult {
    DeliveryResult::Failed(Refusal::new(about, "550 no"))
}

async fn states(database: &Database) -> Vec<String> {
    database.texts("SELECT state || ' ' || attempts AS text FROM deliveries ORDER BY id").await
}

both! {
    async fn an_unclear_refusal_counts_the_second_time_days_later(database: &Database) {
        let site = told(database, &["a@example.com"]).await;
        let reader = database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
        let doubt = async |days| {
            let (of, at) = (address("A@example.com"), now() + TimeDelta::days(days));
            address_doubt(&database.store, of, key("a@example.com"), "550 ?".into(), at).await.unwrap()
        };
        assert!(!doubt(0).await && !doubt(1).await);
        assert_eq!(state(database, reader).await, SubscriberState::Confirmed);
        // A message that was taken ends the doubt, and is recorded in the same transaction.
        record(database, 1, sent(Some(key("a@example.com")))).await;
        assert_eq!(states(database).await, ["sent 1"]);
        assert!(!doubt(3).await && !doubt(4).await);
        assert_eq!(state(database, reader).await, SubscriberState::Confirmed);
        assert!(doubt(5).await);
        assert_eq!(state(database, reader).await, SubscriberState::Suppressed);
        assert_eq!(listed(database, SuppressionsOf::Server).await, ["a@example.com 550 ?"]);
    }

    async fn a_lifted_suppression_gives_back_what_each_reader_was(database: &Database) {
        let site = database.site().await;
        let second = database.page(site.organization_id, "Second").await.id;
        let third = database.page(site.organization_id, "Third").await.id;
        let stays = database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
        let left = database.subscriber(&second, "a@example.com", &["major"], None).await;
        let leaves = database.subscriber(&third, "a@example.com", &["major"], None).await;
        let other = database.subscriber(&third, "b@example.com", &["major"], None).await;
        subscriber_unsubscribe(&database.store, left, now()).await.unwrap();
        suppress(database, "a@example.com").await;
        suppress(database, "b@example.com").await;
        subscriber_unsubscribe(&database.store, leaves, now()).await.unwrap();

        let name = SuppressionName::Address(address("A@Example.com"));
        let lifted = suppression_lift(&database.store, SuppressionsOf::Server, name.clone(), key).await.unwrap();
        assert_eq!((lifted.confirmed, lifted.others), (1, 2));
        for (reader, expected) in [
            (stays, SubscriberState::Confirmed),
            (left, SubscriberState::Unsubscribed),
            (leaves, SubscriberState::Unsubscribed),
            (other, SubscriberState::Suppressed),
        ] {
            assert_eq!(state(database, reader).await, expected, "{reader}");
        }
        assert_eq!(database.count("addresses WHERE suppressed_at IS NOT NULL").await, 1);
        assert!(is_not_found(&suppression_lift(&database.store, SuppressionsOf::Server, name, key).await));
        let name = SuppressionName::Reader(other);
        suppression_lift(&database.store, SuppressionsOf::Server, name, key).await.unwrap();
        assert_eq!(state(database, other).await, SubscriberState::Confirmed);
        assert!(listed(database, SuppressionsOf::Server).await.is_empty());
    }

    async fn a_long_list_is_read_whole(database: &Database) {
        let site = database.site().await;
        // More than SQLite binds in one statement.
        crowd(database, &site, "suppressed", 33_000).await;
        suppress(database, "r33000@example.com").await;
        let of = SuppressionsOf::Server;
        let part = suppression_list(&database.store, of, None, key, IdCursor::default(), 100_000).await.unwrap();
        assert_eq!((part.rows.len(), part.next), (33_000, None));
        assert_eq!(part.rows.iter().filter(|reader| reader.because.is_some()).count(), 1);
    }

    async fn an_organization_sees_and_lifts_its_own_suppressions(database: &Database) {
        let site = database.site().await;
        let other = database.owner("eve@example.com").await.organization_id;
        let page = database.page(other, "Other").await.id;
        let own = database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
        let foreign = database.subscriber(&page, "b@example.com", &["major"], None).await;
        suppress(database, "a@example.com").await;
        suppress(database, "b@example.com").await;
        suppress(database, "nobody@example.com").await;
        assert_eq!(listed(database, SuppressionsOf::Organization(other)).await, ["b@example.com 550 gone"]);
        let names = [SuppressionName::Reader(own), SuppressionName::Address(address("a@example.com"))];
        for name in names.into_iter().chain([SuppressionName::Address(address("nobody@example.com"))]) {
            let lifted = suppression_lift(&database.store, SuppressionsOf::Organization(other), name, key).await;
            assert!(is_not_found(&lifted));
        }
        // The first organization runs the server: it may lift what nobody subscribed with.
        let first = SuppressionsOf::Organization(site.organization_id);
        let name = SuppressionName::Address(address("nobody@example.com"));
        suppression_lift(&database.store, first, name, key).await.unwrap();
        assert_eq!(state(database, foreign).await, SubscriberState::Suppressed);
    }

    async fn only_what_failed_for_another_sake_than_its_own_is_sent_again(database: &Database) {
        let names = ["sent", "sender", "later", "message", "address", "unclear", "left"];
        let addresses: Vec<String> = names.iter().map(|name| format!("{name}@example.com")).collect();
        let site = told(database, &addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
        record(database, 1, sent(None)).await;
        record(database, 2, failed(ReplyMeaning::Sender)).await;
        record(database, 3, failed(ReplyMeaning::Later)).await;
        record(database, 4, failed(ReplyMeaning::Message)).await;
        record(database, 5, failed(ReplyMeaning::Address)).await;
        suppress(database, "address@example.com").await;
        record(database, 6, failed(ReplyMeaning::Unclear)).await;
        record(database, 7, failed(ReplyMeaning::Sender)).await;
        subscriber_unsubscribe(&database.store, 7, now()).await.unwrap();
        database.execute("DELETE FROM jobs").await;

        let told: Vec<(i64, i64)> = announcements_failed(&database.store, now()).await.unwrap().iter()
            .map(|announcement| (announcement.id, announcement.failed)).collect();
        assert_eq!(told, [(1, 3)]);
        let other = JobsOf::Organization(site.organization_id + 1);
        assert!(is_not_found(&announcement_retry(&database.store, other, 1, RetryOf::Any, now()).await));
        let own = JobsOf::Organization(site.organization_id);
        assert_eq!(announcement_retry(&database.store, own, 1, RetryOf::Any, now()).await.unwrap(), 3);
        let expected = ["sent 1", "queued 0", "queued 0", "failed 1", "failed 1", "queued 0", "failed 1"];
        assert_eq!(states(database).await, expected);
        let jobs = database.jobs("delivery_send").await;
        assert_eq!(jobs, [JobPayload::DeliverySend { announcement: 1, first: 2, last: 6 }]);
        assert_eq!(announcement_retry(&database.store, own, 1, RetryOf::Any, now()).await.unwrap(), 0);

        // Who was suppressed is told once that is lifted.
        let name = SuppressionName::Address(address("address@example.com"));
        suppression_lift(&database.store, SuppressionsOf::Server, name, key).await.unwrap();
        assert_eq!(announcement_retry(&database.store, own, 1, RetryOf::Any, now()).await.unwrap(), 1);
        assert_eq!(database.jobs("delivery_send").await.len(), 1, "the job that is there sends it");
    }

    async fn what_nobody_names_is_sent_again_only_for_the_senders_sake(database: &Database) {
        let names = ["sender", "unknown", "later", "unclear", "left", "old"];
        let addresses: Vec<String> = names.iter().map(|name| format!("{name}@example.com")).collect();
        told(database, &addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let store = &database.store;
        for (delivery, about) in (1..).zip([
            ReplyMeaning::Sender, ReplyMeaning::Sender, ReplyMeaning::Later, ReplyMeaning::Unclear,
            ReplyMeaning::Sender, ReplyMeaning::Sender,
        ]) {
            record(database, delivery, failed(about)).await;
        }
        database.execute("UPDATE deliveries SET fault = NULL WHERE id = 2").await;
        database.execute("UPDATE deliveries SET created_at = '2026-01-29 12:00:00' WHERE id = 6").await;
        subscriber_unsubscribe(store, 5, now()).await.unwrap();

        assert_eq!(sender_refusals(store, now()).await.unwrap().map(|refused| refused.messages), Some(1));
        assert_eq!(announcements_refused(store, now()).await.unwrap(), [1]);
        let retry = async |of| announcement_retry(store, JobsOf::Server, 1, of, now()).await.unwrap();
        assert_eq!(retry(RetryOf::Sender).await, 1);
        assert_eq!(states(database).await, ["queued 0", "failed 1", "failed 1", "failed 1", "failed 1", "failed 1"]);
        assert!(announcements_refused(store, now()).await.unwrap().is_empty());
        // It waits, and is taken in the end: nothing is left to see to.
        assert_eq!(sender_refusals(store, now()).await.unwrap().map(|refused| refused.messages), Some(1));
        record(database, 1, sent(None)).await;
        assert_eq!(sender_refusals(store, now()).await.unwrap(), None);
        assert_eq!(retry(RetryOf::Any).await, 4, "an announcement that is named takes them all");
    }

    async fn a_worker_that_begins_at_once_ends_no_retry(database: &Database) {
        let site = database.site().await;
        crowd(database, &site, "confirmed", 450).await;
        database.release(site.repository_id, "v1.0.0").await;
        database.arrive(site.repository_id, release_input("v1.1.0")).await;
        while announcement_spread(&database.store, 1, now()).await.unwrap() {}
        // Each batch of those who are left would end in the middle of what a job sends.
        database.execute("UPDATE deliveries SET state = 'failed', fault = 'sender'").await;
        database.execute("UPDATE deliveries SET state = 'sent' WHERE id <= 50").await;
        database.execute("DELETE FROM jobs WHERE payload NOT LIKE '%delivery_send%'").await;
        database.execute("UPDATE jobs SET run_at = '2999-01-01 00:00:00'").await;
        let store = database.store.clone();
        let retry = async move { announcement_retry(&store, JobsOf::Server, 1, RetryOf::Any, now()).await };
        let retry = tokio::spawn(retry);
        while !retry.is_finished() {
            job_claim(&database.store, now(), now() + TimeDelta::hours(1)).await.unwrap();
        }
        assert_eq!(retry.await.unwrap().unwrap(), 400);
    }

    async fn no_message_is_in_the_hands_of_two_jobs(database: &Database) {
        let names: Vec<String> = (1..=5).map(|number| format!("{number}@example.com")).collect();
        told(database, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        for delivery in [1, 2, 4, 5] {
            record(database, delivery, failed(ReplyMeaning::Sender)).await;
        }
        database.execute("DELETE FROM jobs WHERE payload NOT LIKE '%delivery_send%'").await;
        for (from, to) in [(r#""first":1"#, r#""first":3"#), (r#""last":5"#, r#""last":4"#)] {
            database.execute(format!("UPDATE jobs SET payload = REPLACE(payload, '{from}', '{to}')")).await;
        }
        // One that a worker holds may not see what is queued now.
        let at = now() + TimeDelta::minutes(1);
        job_claim(&database.store, at, at).await.unwrap().unwrap();
        let retry = announcement_retry(&database.store, JobsOf::Server, 1, RetryOf::Any, now()).await;
        assert!(matches!(retry, Err(StoreError::Conflict(_))), "{retry:?}");
        assert_eq!(states(database).await[0], "failed 1", "nothing was changed");

        database.execute("UPDATE jobs SET state = 'dead'").await;
        assert_eq!(announcement_retry(&database.store, JobsOf::Server, 1, RetryOf::Any, now()).await.unwrap(), 4);
        let range = |first, last| JobPayload::DeliverySend { announcement: 1, first, last };
        assert_eq!(database.jobs("delivery_send").await, [range(3, 4), range(1, 2), range(5, 5)]);
        assert_eq!(database.count("jobs WHERE state = 'ready'").await, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lifting_waits_for_a_reader_without_holding_their_address() {
    let Some(database) = Database::postgres() else { return };
    let site = database.site().await;
    let reader = database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
    suppress(&database, "a@example.com").await;
    let (holds, held) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let (other, of_reader) =
        (database.store_with(1), [Scope::Subscriber(format!("{} live a@example.com", site.page_id))]);
    let holder = tokio::spawn(async move {
        let wait = other.write(&of_reader, move |_| {
            holds.send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
            Ok(())
        });
        wait.await
    });
    tokio::task::spawn_blocking(move || held.recv().unwrap()).await.unwrap();
    let store = database.store.clone();
    let lift = tokio::spawn(async move {
        suppression_lift(&store, SuppressionsOf::Server, SuppressionName::Reader(reader), key).await
    });
    let waiting = "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while database.count(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
    // Whoever holds the reader takes the address next.
    let of_address = [Scope::Address(key("a@example.com"))];
    let address = database.store.write(&of_address, |_| Ok(()));
    let taken = tokio::time::timeout(Duration::from_secs(5), address).await;
    release.send(()).unwrap();
    holder.await.unwrap().unwrap();
    assert!(taken.is_ok(), "the address is free");
    assert_eq!(lift.await.unwrap().unwrap().confirmed, 1);
}
