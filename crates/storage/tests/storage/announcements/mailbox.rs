//! The captured mailbox.

use chrono::TimeDelta;
use releasepage_domain::environment::Environment;
use releasepage_storage::announcements::mailbox::{MailboxNew, mailbox_get, mailbox_list, mailbox_put};

use crate::support::{Database, both, is_not_found, now};

fn message(page_id: &str, number: i64) -> MailboxNew {
    MailboxNew {
        page_id: page_id.into(),
        environment: Environment::Test,
        message_id: format!("<{number}@example.com>"),
        recipient: format!("r{number}@example.com"),
        subject: format!("Subject {number}"),
        text: "text".into(),
        html: "<p>html".into(),
        source: "source".into(),
    }
}

both! {
    async fn a_message_is_captured_once(database: &Database) {
        let site = database.site().await;
        for _ in 0..2 {
            mailbox_put(&database.store, message(&site.page_id, 1), now()).await.unwrap();
        }
        let list = mailbox_list(&database.store, site.organization_id, None, 10).await.unwrap();
        assert_eq!(list.len(), 1);
        let found = mailbox_get(&database.store, site.organization_id, list[0].id).await.unwrap();
        assert_eq!((found.text.as_str(), found.html.as_str(), found.source.as_str()), ("text", "<p>html", "source"));
        let entry = found.entry;
        assert_eq!((entry.page_title.as_str(), entry.environment), ("Acme", Environment::Test));
        assert_eq!((entry.recipient.as_str(), entry.subject.as_str()), ("r1@example.com", "Subject 1"));
        assert_eq!(entry.created_at, now());
    }

    async fn messages_are_listed_newest_first(database: &Database) {
        let site = database.site().await;
        for number in 1..=5 {
            mailbox_put(&database.store, message(&site.page_id, number), now() - TimeDelta::days(number)).await.unwrap();
        }
        let (mut subjects, mut before) = (Vec::new(), None);
        loop {
            let part = mailbox_list(&database.store, site.organization_id, before, 2).await.unwrap();
            let Some(last) = part.last() else { break };
            before = Some(last.id);
            subjects.extend(part.into_iter().map(|entry| entry.subject));
        }
        assert_eq!(subjects, ["Subject 5", "Subject 4", "Subject 3", "Subject 2", "Subject 1"]);
    }

    async fn messages_of_somebody_else_are_not_found(database: &Database) {
        let site = database.site().await;
        let other = database.owner("other@example.com").await.organization_id;
        mailbox_put(&database.store, message(&site.page_id, 1), now()).await.unwrap();
        assert_eq!(mailbox_list(&database.store, other, None, 10).await.unwrap().len(), 0);
        let id = mailbox_list(&database.store, site.organization_id, None, 10).await.unwrap()[0].id;
        assert!(is_not_found(&mailbox_get(&database.store, other, id).await));
    }
}
