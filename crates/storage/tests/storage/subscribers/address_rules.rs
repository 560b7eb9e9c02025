//! The work of an upgrade with addresses that earlier rules folded.

use releasepage_domain::subscriber::{SubscriberAddress, SubscriberState};
use releasepage_storage::{
    accounts::users::user_by_email,
    subscribers::{
        address_rules::address_rules_apply,
        suppressions::{SuppressionName, SuppressionsOf, suppression_lift},
    },
};

use crate::{
    subscribers::requests::{address, key},
    support::{Database, both, now},
};

/// Writes a reader as earlier versions did, with the quotation marks that the address does not need.
async fn quote(database: &Database, reader: i64, name: &str) {
    let quoted = format!("\"{name}\"@example.com");
    let set = format!("address = '{quoted}', address_folded = '{quoted}'");
    database.execute(format!("UPDATE subscribers SET {set} WHERE id = {reader}")).await;
}

/// Suppresses an address under the key that it had, and its readers.
async fn suppress(database: &Database, folded: &str) {
    let values = format!("('{}', '2026-01-01 12:00:00', '550 {folded}')", key(folded));
    let insert = format!("INSERT INTO addresses (address_key, suppressed_at, suppressed_because) VALUES {values}");
    database.execute(insert).await;
    let suppress = format!("UPDATE subscribers SET state = 'suppressed' WHERE address_folded = '{folded}'");
    database.execute(suppress).await;
}

async fn apply(database: &Database) -> usize {
    address_rules_apply(&database.store, key, now()).await.unwrap()
}

/// Address and state of each reader.
async fn readers(database: &Database) -> Vec<String> {
    database.texts("SELECT address_folded || ' ' || state AS text FROM subscribers ORDER BY id").await
}

both! {
    async fn a_suppressed_reader_is_found_again(database: &Database) {
        let site = database.site().await;
        let other = database.page(site.organization_id, "Other").await.id;
        let anna = database.subscriber(&site.page_id, "anna@example.com", &["major"], None).await;
        database.subscriber(&other, "anna@example.com", &["major"], None).await;
        database.subscriber(&site.page_id, "\"odd name\"@example.com", &["major"], None).await;
        quote(database, anna, "anna").await;
        suppress(database, "\"anna\"@example.com").await;
        let odd = "\"odd name\"@example.com confirmed";
        let before = ["\"anna\"@example.com suppressed", "anna@example.com confirmed", odd];
        assert_eq!(readers(database).await, before);

        assert_eq!(apply(database).await, 1);
        assert_eq!(readers(database).await, ["anna@example.com suppressed", "anna@example.com suppressed", odd]);
        assert_eq!(apply(database).await, 0, "nothing is left to do");
        let name = SuppressionName::Address(address("anna@example.com"));
        let lifted = suppression_lift(&database.store, SuppressionsOf::Server, name, key).await.unwrap();
        assert_eq!(lifted.confirmed, 2);
        assert_eq!(database.count("addresses WHERE suppressed_at IS NOT NULL").await, 0);
    }

    async fn two_spellings_on_a_page_become_one_reader(database: &Database) {
        let site = database.site().await;
        let (yes, no) = (SubscriberState::Confirmed, SubscriberState::Unsubscribed);
        for (quoted, plain, expected) in [
            ((yes, 1), (yes, 2), yes),
            ((no, 1), (yes, 2), yes),
            ((no, 2), (yes, 1), no),
            ((yes, 2), (no, 1), yes),
            ((yes, 1), (no, 2), no),
            ((yes, 1), (no, 1), no),
        ] {
            database.execute("DELETE FROM subscribers").await;
            for (name, (state, hour)) in [("a", quoted), ("b", plain)] {
                let id = database.subscriber(&site.page_id, &format!("{name}@example.com"), &["major"], None).await;
                let time = format!("'2026-01-01 0{hour}:00:00'");
                let left = if state == no { &time } else { "NULL" };
                let set = format!("state = '{state}', confirmed_at = {time}, unsubscribed_at = {left}");
                database.execute(format!("UPDATE subscribers SET {set} WHERE id = {id}")).await;
                if name == "a" {
                    quote(database, id, "b").await;
                }
            }
            assert_eq!(apply(database).await, 1);
            assert_eq!(readers(database).await, [format!("b@example.com {expected}")], "{quoted:?} {plain:?}");
        }
    }

    async fn a_suppression_of_either_spelling_stays(database: &Database) {
        let site = database.site().await;
        for folded in ["\"b\"@example.com", "b@example.com"] {
            database.execute("DELETE FROM subscribers").await;
            database.execute("DELETE FROM addresses").await;
            let quoted = database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
            quote(database, quoted, "b").await;
            database.subscriber(&site.page_id, "b@example.com", &["major"], None).await;
            suppress(database, folded).await;
            assert_eq!(apply(database).await, 1);
            assert_eq!(readers(database).await, ["b@example.com suppressed"]);
            let known = database.texts("SELECT address_key || ' ' || suppressed_because AS text FROM addresses").await;
            assert_eq!(known, [format!("{} 550 {folded}", key("b@example.com"))]);
        }
    }

    async fn a_user_can_sign_in_with_an_address_that_was_quoted(database: &Database) {
        database.owner("owner@example.com").await;
        let quoted = "\"owner\"@example.com";
        database.execute(format!("UPDATE users SET email = '{quoted}', email_folded = '{quoted}'")).await;
        assert_eq!(apply(database).await, 1);
        let folded = SubscriberAddress::parse("", quoted).unwrap().folded();
        assert!(user_by_email(&database.store, folded).await.unwrap().is_some());
    }
}
