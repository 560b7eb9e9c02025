//! Deleting pages: nothing of them stays, and nothing of others goes.

use releasepage_domain::environment::Environment;
use releasepage_storage::{
    StoreError,
    announcements::{
        mailbox::{MailboxNew, mailbox_put},
        spreading::announcement_spread,
    },
    database::change::Change,
    pages::{
        deletion::page_delete,
        edits::{PageChange, page_get, page_update},
        keys::{ApiAccessChange, PageKeys, api_access_set},
    },
    repositories::edits::repository_get,
};

use crate::{
    statements::statements_of,
    support::{Database, both, is_not_found, now, release_input},
};

/// The tables that have rows of pages, and how those of one are found.
const TABLES: [(&str, &str); 11] = [
    ("pages", "id = '{page}'"),
    ("page_keys", "page_id = '{page}'"),
    ("components", "page_id = '{page}'"),
    ("component_releases", "component_id IN (SELECT id FROM components WHERE page_id = '{page}')"),
    ("subscribers", "page_id = '{page}'"),
    ("subscriber_components", "subscriber_id IN (SELECT id FROM subscribers WHERE page_id = '{page}')"),
    ("subscription_requests", "page_id = '{page}'"),
    ("announcements", "page_id = '{page}'"),
    ("deliveries", "announcement_id IN (SELECT id FROM announcements WHERE page_id = '{page}')"),
    ("mailbox", "page_id = '{page}'"),
    ("jobs", "turn = '{page}'"),
];

/// Many rows more like those that a page has.
const COPIES: [&str; 5] = [
    "INSERT INTO jobs (lane, turn, payload, state, run_at, attempts, fence, created_at) \
     SELECT lane, turn, payload, state, run_at, attempts, fence, created_at FROM jobs, numbers WHERE jobs.id = 1",
    "INSERT INTO subscribers (page_id, environment, address, address_folded, state, preferences, wants_major, \
     wants_minor, wants_patch, wants_prerelease, all_components, link_generation, created_at) \
     SELECT page_id, environment, n || address, n || address_folded, state, preferences, wants_major, wants_minor, \
     wants_patch, wants_prerelease, all_components, link_generation, created_at FROM subscribers, numbers",
    "INSERT INTO subscription_requests (page_id, environment, op, address, address_folded, preferences, state, \
     created_at) SELECT page_id, environment, op, address, address_folded, preferences, state, created_at \
     FROM subscription_requests, numbers",
    "INSERT INTO mailbox (page_id, environment, message_id, recipient, subject, text_body, html_body, source, \
     created_at) SELECT page_id, environment, n || message_id, recipient, subject, text_body, html_body, source, \
     created_at FROM mailbox, numbers",
    "INSERT INTO deliveries (announcement_id, subscriber_id, state, attempts, next_attempt_at, created_at) \
     SELECT announcements.id, n, 'queued', 0, created_at, created_at FROM announcements, numbers",
];

/// A page that shows `acme/api`, with keys and a subscriber who follows it, named by its title.
async fn page(database: &Database, organization_id: i64, title: &str) -> String {
    let page = database.page(organization_id, title).await.id;
    database.component(organization_id, &page, "acme/api", None).await;
    let keys = PageKeys { live: format!("live.{title}"), test: format!("test.{title}") };
    let on = ApiAccessChange { enabled: true, rate_limit: None, counted_by: None };
    api_access_set(&database.store, organization_id, page.clone(), on, keys, now()).await.unwrap();
    database.subscriber(&page, &format!("{title}@example.com"), &["minor", "major"], Some(&["acme/api"])).await;
    let message = MailboxNew {
        page_id: page.clone(),
        environment: Environment::Live,
        message_id: format!("<{title}@example.com>"),
        recipient: format!("{title}@example.com"),
        subject: "Subject".into(),
        text: "Text".into(),
        html: "<p>Text</p>".into(),
        source: "Subject: Subject".into(),
    };
    mailbox_put(&database.store, message, now()).await.unwrap();
    page
}

/// How many rows each table has of a page.
async fn rows(database: &Database, page: &str) -> Vec<u32> {
    let mut rows = Vec::new();
    for (table, condition) in TABLES {
        rows.push(database.count(&format!("{table} WHERE {}", condition.replace("{page}", page))).await);
    }
    rows
}

async fn unpublish(database: &Database, organization_id: i64, page: &str) {
    let hidden = PageChange { published: Change::Set(false), ..PageChange::default() };
    page_update(&database.store, organization_id, page.into(), hidden, now()).await.unwrap();
}

both! {
    async fn nothing_of_a_deleted_page_stays(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let repository = database.repository(mine, "acme/api").await;
        let gone = page(database, mine, "gone").await;
        let kept = page(database, mine, "kept").await;
        database.by_hand(repository.id, release_input("v1.0.0")).await.unwrap();
        for announcement in [1, 2] {
            while announcement_spread(&database.store, announcement, now()).await.unwrap() {}
        }
        let before = rows(database, &gone).await;
        assert!(before.iter().all(|&rows| rows > 0), "{before:?}");
        let others = rows(database, &kept).await;

        unpublish(database, mine, &gone).await;
        page_delete(&database.store, mine, gone.clone()).await.unwrap();
        assert_eq!(rows(database, &gone).await, [0; TABLES.len()]);
        assert_eq!(database.count("deliveries WHERE announcement_id NOT IN (SELECT id FROM announcements)").await, 0);
        assert_eq!(rows(database, &kept).await, others);
        assert!(is_not_found(&page_get(&database.store, mine, gone.clone()).await));
        assert!(is_not_found(&page_delete(&database.store, mine, gone).await));
        assert!(repository_get(&database.store, mine, repository.id).await.is_ok());
        assert_eq!(database.count("releases").await, 1);
    }

    async fn no_statement_removes_more_than_a_batch(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let repository = database.repository(mine, "acme/api").await;
        let gone = page(database, mine, "gone").await;
        database.by_hand(repository.id, release_input("v1.0.0")).await.unwrap();
        for copy in COPIES {
            let numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2500)";
            let (head, rows) = copy.split_once(" SELECT ").unwrap();
            database.execute(format!("{head} {numbers} SELECT {rows}")).await;
        }
        unpublish(database, mine, &gone).await;
        let (deleted, statements) = statements_of(page_delete(&database.store, mine, gone.clone())).await;
        deleted.unwrap();
        assert_eq!(rows(database, &gone).await, [0; TABLES.len()]);
        for table in ["jobs", "deliveries", "mailbox", "subscription_requests", "subscribers"] {
            let deletes = |statement: &&String| {
                statement.replace(['"', '`'], "").starts_with(&format!("DELETE FROM {table} "))
            };
            assert!(statements.iter().filter(deletes).count() >= 3, "{table}");
        }
    }

    async fn a_page_that_readers_see_is_not_deleted(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        database.repository(mine, "acme/api").await;
        let seen = page(database, mine, "seen").await;
        let before = rows(database, &seen).await;
        let refused = page_delete(&database.store, mine, seen.clone()).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        assert_eq!(rows(database, &seen).await, before);
    }

    async fn a_page_of_somebody_else_is_not_deleted(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let other = database.owner("b@example.com").await.organization_id;
        let page = database.page(mine, "Acme").await.id;
        unpublish(database, mine, &page).await;
        assert!(is_not_found(&page_delete(&database.store, other, page.clone()).await));
        assert!(page_get(&database.store, mine, page).await.is_ok());
    }
}
