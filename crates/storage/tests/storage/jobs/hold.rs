//! Holding the queue, and giving up the mail in it.

use chrono::Duration;
use releasepage_domain::{
    environment::Environment,
    release::ReleaseInput,
    subscriber::{Preferences, SubscriberAddress},
    subscription::{RequestState, SubscriptionOp},
};
use releasepage_storage::{
    StoreError,
    announcements::spreading::announcement_spread,
    jobs::{
        claims::job_claim,
        hold::{QueuedMail, job_hold_end, job_hold_get, job_hold_set, mail_give_up, mail_queued},
        row::JobHold,
    },
    subscribers::requests::{RequestNew, request_get, request_note},
};

use crate::support::{Database, both, now, release_input};

/// Whether a worker gets anything, a year from now.
async fn is_worked(database: &Database) -> bool {
    let later = now() + Duration::days(365);
    job_claim(&database.store, later, later + Duration::seconds(45)).await.unwrap().is_some()
}

/// Notes that somebody wants to subscribe. Answers the request.
async fn request(database: &Database, page_id: &str) -> i64 {
    let new = RequestNew {
        page_id: page_id.into(),
        environment: Environment::Live,
        op: SubscriptionOp::Add,
        address: SubscriberAddress::parse("address", "late@example.com").unwrap(),
        preferences: Preferences::default(),
        components: None,
    };
    request_note(&database.store, new, now()).await.unwrap()
}

both! {
    async fn a_held_queue_gives_nobody_a_job_until_it_goes_on(database: &Database) {
        let site = database.site().await;
        request(database, &site.page_id).await;
        assert_eq!(job_hold_get(&database.store).await.unwrap(), None);
        assert!(job_hold_set(&database.store, "the mail server moves".into(), now()).await.unwrap());
        // Whoever holds it again changes nothing.
        assert!(!job_hold_set(&database.store, "again".into(), now() + Duration::days(1)).await.unwrap());
        let hold = JobHold { because: "the mail server moves".into(), held_at: now() };
        assert_eq!(job_hold_get(&database.store).await.unwrap(), Some(hold));
        // What comes meanwhile is written, and waits too.
        request(database, &site.page_id).await;
        assert!(!is_worked(database).await);
        assert!(job_hold_end(&database.store).await.unwrap());
        assert!(!job_hold_end(&database.store).await.unwrap());
        assert!(is_worked(database).await);
        assert!(is_worked(database).await);
    }

    async fn mail_that_waits_is_given_up_and_what_comes_later_is_not(database: &Database) {
        let site = database.site().await;
        database.subscriber(&site.page_id, "reader@example.com", &["major", "minor", "patch"], None).await;
        for tag in ["v1.0.0", "v2.0.0"] {
            database.by_hand(site.repository_id, ReleaseInput { notify: Some(true), ..release_input(tag) }).await.unwrap();
        }
        // Of one announcement the messages are written, of the other not yet.
        while announcement_spread(&database.store, 1, now()).await.unwrap() {}
        let noted = request(database, &site.page_id).await;
        let waiting = QueuedMail { deliveries: 1, announcements: 1, requests: 1 };
        assert_eq!(mail_queued(&database.store).await.unwrap(), waiting);

        // Not while workers would send it.
        let refused = mail_give_up(&database.store, now()).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        assert_eq!(mail_queued(&database.store).await.unwrap(), waiting);

        job_hold_set(&database.store, "restored".into(), now()).await.unwrap();
        assert_eq!(mail_give_up(&database.store, now()).await.unwrap(), waiting);
        assert!(mail_queued(&database.store).await.unwrap().is_empty());
        assert_eq!(job_hold_get(&database.store).await.unwrap(), None);
        assert_eq!(request_get(&database.store, noted).await.unwrap().state, RequestState::Ignored);
        let told = "SELECT state || ': ' || result AS text FROM deliveries";
        assert_eq!(database.texts(told).await, ["cancelled: queued mail was given up"]);
        assert!(!announcement_spread(&database.store, 2, now()).await.unwrap(), "it tells nobody any more");

        database.by_hand(site.repository_id, ReleaseInput { notify: Some(true), ..release_input("v3.0.0") }).await.unwrap();
        assert!(announcement_spread(&database.store, 3, now()).await.unwrap());
        assert_eq!(mail_queued(&database.store).await.unwrap(), QueuedMail { deliveries: 1, announcements: 1, requests: 0 });
    }

    async fn more_than_a_batch_is_given_up(database: &Database) {
        let site = database.site().await;
        database.by_hand(site.repository_id, ReleaseInput { notify: Some(true), ..release_input("v1.0.0") }).await.unwrap();
        let at = now().format("%Y-%m-%d %H:%M:%S%.6f");
        let messages: Vec<_> = (0..2_500).map(|id| format!("(1, {id}, 'queued', 0, '{at}', '{at}')")).collect();
        let columns = "announcement_id, subscriber_id, state, attempts, next_attempt_at, created_at";
        database.execute(format!("INSERT INTO deliveries ({columns}) VALUES {}", messages.join(", "))).await;
        database.execute("UPDATE deliveries SET state = 'sent' WHERE subscriber_id < 100").await;
        job_hold_set(&database.store, "restored".into(), now()).await.unwrap();
        let waiting = QueuedMail { deliveries: 2_400, announcements: 1, requests: 0 };
        assert_eq!(mail_queued(&database.store).await.unwrap(), waiting);
        assert_eq!(mail_give_up(&database.store, now()).await.unwrap(), waiting);
        assert_eq!(database.count("deliveries WHERE state = 'sent'").await, 100);
        assert_eq!(database.count("deliveries WHERE state = 'cancelled'").await, 2_400);
    }

    async fn a_scheduled_release_whose_time_came_meanwhile_is_quiet(database: &Database) {
        let site = database.site().await;
        for (tag, hours) in [("v1.0.0", 1), ("v2.0.0", 48)] {
            let published_at = now() + Duration::hours(hours);
            database.by_hand(site.repository_id, ReleaseInput { published_at, ..release_input(tag) }).await.unwrap();
        }
        job_hold_set(&database.store, "restored".into(), now()).await.unwrap();
        mail_give_up(&database.store, now() + Duration::hours(24)).await.unwrap();
        let quiet = "SELECT tag AS text FROM releases WHERE quiet ORDER BY tag";
        assert_eq!(database.texts(quiet).await, ["v1.0.0"]);
    }
}

/// What a spread writes for the reader of the first announcement.
const SPREAD: &str = "UPDATE announcements SET state = 'spreading', spread_to = 1, audience = 1; \
    INSERT INTO deliveries (announcement_id, subscriber_id, state, attempts, next_attempt_at, created_at) \
    SELECT 1, id, 'queued', 0, created_at, created_at FROM subscribers";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_spread_at_this_moment_is_given_up_too() {
    let Some(database) = Database::postgres() else { return };
    let site = database.site().await;
    database.subscriber(&site.page_id, "reader@example.com", &["major", "minor", "patch"], None).await;
    database.by_hand(site.repository_id, ReleaseInput { notify: Some(true), ..release_input("v1.0.0") }).await.unwrap();
    job_hold_set(&database.store, "restored".into(), now()).await.unwrap();
    let store = database.store.clone();
    let given_up = database.during(SPREAD, async move { mail_give_up(&store, now()).await.unwrap() }).await;
    assert_eq!(given_up, QueuedMail { deliveries: 1, announcements: 1, requests: 0 });
    assert!(mail_queued(&database.store).await.unwrap().is_empty());
    assert!(!announcement_spread(&database.store, 1, now()).await.unwrap(), "it tells nobody any more");
    assert_eq!(database.texts("SELECT state AS text FROM announcements").await, ["cancelled"]);
}
