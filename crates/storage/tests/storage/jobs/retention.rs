//! What is removed when, and what stays.

use chrono::TimeDelta;
use releasepage_storage::jobs::retention::{Retention, prune};

use crate::support::{Database, both, now, release_input};

/// Writes rows with the time of some days ago. `{n}` becomes a number of its own, `{at}` the time.
async fn rows(database: &Database, template: &str, days: &[i64]) {
    for (number, &days) in days.iter().enumerate() {
        let at = (now() - TimeDelta::days(days)).format("'%Y-%m-%d %H:%M:%S%.6f'").to_string();
        database.execute(template.replace("{n}", &format!("{number}{days}")).replace("{at}", &at)).await;
    }
}

const SUBSCRIBER: &str = "INSERT INTO subscribers (page_id, environment, address, address_folded, state, preferences, \
    wants_major, wants_minor, wants_patch, wants_prerelease, all_components, link_generation, created_at) \
    VALUES ('PAGE', 'live', 'STATE{n}@a.example', 'STATE{n}@a.example', 'STATE', 'major', true, false, false, false, \
    true, 0, {at})";
const REQUEST: &str = "INSERT INTO subscription_requests (page_id, environment, op, address, address_folded, \
    preferences, state, created_at) VALUES ('PAGE', 'live', 'add', 'a@a.example', 'a@a.example', 'major', 'mailed', {at})";
const DELIVERY: &str = "INSERT INTO deliveries (announcement_id, subscriber_id, state, attempts, next_attempt_at, \
    created_at) VALUES (1, {n}, 'sent', 1, {at}, {at})";
const MESSAGE: &str = "INSERT INTO mailbox (page_id, environment, message_id, recipient, subject, text_body, html_body, \
    source, created_at) VALUES ('PAGE', 'live', '{n}', 'r', 's', 't', 'h', 's', {at})";
const MAIL: &str = "INSERT INTO address_mails (address_key, sent_at) VALUES ('k', {at})";
const ANSWER: &str = "INSERT INTO idempotency_keys (repository_id, idempotency_key, fingerprint, answer, created_at) \
    VALUES (REPOSITORY, '{n}', 'f', 'a', {at})";

const HOOK: &str = "INSERT INTO hook_deliveries (repository_id, delivery, event, standing, received_at) \
    VALUES (REPOSITORY, 'STANDING{n}', NULL, 'STANDING', {at})";

both! {
    async fn what_is_past_its_time_is_removed(database: &Database) {
        let site = database.site().await;
        let here = |template: &str| {
            template.replace("PAGE", &site.page_id).replace("REPOSITORY", &site.repository_id.to_string())
        };
        database.arrive(site.repository_id, release_input("v1.0.0")).await;
        for state in ["pending", "confirmed", "unsubscribed", "suppressed"] {
            rows(database, &here(SUBSCRIBER).replace("STATE", state), &[0, 7, 8]).await;
        }
        rows(database, &here(REQUEST), &[0, 7, 8]).await;
        rows(database, &here(DELIVERY), &[0, 400, 401]).await;
        rows(database, &here(MESSAGE), &[0, 7, 8]).await;
        rows(database, &here(MAIL), &[0, 1, 2]).await;
        rows(database, &here(ANSWER), &[0, 1, 2]).await;
        // Those that were not processed stay: their jobs can be tried again.
        for standing in ["done", "queued", "failed"] {
            rows(database, &here(HOOK).replace("STANDING", standing), &[0, 30, 31]).await;
        }
        let expected = [
            ("hook_deliveries", 8),
            ("hook_deliveries WHERE standing = 'done'", 2),
            ("subscribers WHERE state = 'pending'", 2),
            ("subscribers", 11),
            ("subscription_requests", 2),
            ("deliveries", 2),
            ("mailbox", 2),
            ("address_mails", 2),
            ("idempotency_keys", 2),
            ("releases", 1),
            ("jobs", 1),
        ];
        for _ in 0..2 {
            prune(&database.store, Retention::default(), now()).await.unwrap();
            for (table, left) in expected {
                assert_eq!(database.count(table).await, left, "{table}");
            }
        }
    }

    async fn retention_is_a_setting(database: &Database) {
        let site = database.site().await;
        database.arrive(site.repository_id, release_input("v1.0.0")).await;
        rows(database, &REQUEST.replace("PAGE", &site.page_id), &[1, 3]).await;
        rows(database, DELIVERY, &[1, 3]).await;
        rows(database, &MESSAGE.replace("PAGE", &site.page_id), &[1, 3]).await;
        let days = TimeDelta::days;
        let retention = Retention { unconfirmed: days(2), deliveries: days(4), mailbox: days(0) };
        prune(&database.store, retention, now()).await.unwrap();
        let mut left = Vec::new();
        for table in ["subscription_requests", "deliveries", "mailbox"] {
            left.push(database.count(table).await);
        }
        assert_eq!(left, [1, 2, 0]);
    }

    async fn more_than_a_batch_is_removed(database: &Database) {
        let old = (now() - TimeDelta::days(2)).format("('k', '%Y-%m-%d %H:%M:%S%.6f')").to_string();
        let rows = vec![old; 2_500].join(", ");
        database.execute(format!("INSERT INTO address_mails (address_key, sent_at) VALUES {rows}")).await;
        prune(&database.store, Retention::default(), now()).await.unwrap();
        assert_eq!(database.count("address_mails").await, 0);
    }
}
