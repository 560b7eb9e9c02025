//! Messages: what is due, what is looked at before sending, and how a try is recorded.

use chrono::TimeDelta;
use releasepage_domain::{
    bump::Bump,
    job::JobPayload,
    release::ReleaseInput,
    reply::ReplyMeaning,
    subscriber::{Following, Preferences, SubscriberAddress},
};
use releasepage_storage::{
    announcements::{
        deliveries::{
            AnnouncementContent, DeliveryRange, DeliveryResult, DeliveryTurn, Refusal, announcement_content,
            deliveries_due, deliveries_put_off, delivery_look, delivery_record,
        },
        spreading::announcement_spread,
    },
    jobs::{
        claims::{ClaimedJob, JobOutcome, job_claim, job_finish},
        row::JobTicket,
    },
    pages::components::component_delete,
    releases::{edits::release_withdraw, row::ReleaseOwner},
    subscribers::{
        addresses::address_suppress,
        changes::{subscriber_change, subscriber_unsubscribe},
    },
};

use crate::support::{Database, Site, both, context, now, release_input};

/// A minor release, announced to `readers`, whose deliveries are 1, 2, 3….
struct Told {
    site: Site,
    release_id: String,
    readers: Vec<i64>,
    content: AnnouncementContent,
}

const ANNOUNCEMENT: i64 = 1;

fn range(first: i64, last: i64) -> DeliveryRange {
    DeliveryRange { announcement: ANNOUNCEMENT, first, last }
}

async fn told(database: &Database, addresses: &[&str]) -> Told {
    let site = database.site().await;
    database.release(site.repository_id, "v1.0.0").await;
    let mut readers = Vec::new();
    for address in addresses {
        readers.push(database.subscriber(&site.page_id, address, &["major", "minor"], None).await);
    }
    let input = ReleaseInput { title: "Faster".into(), notes: Some("*Much*".into()), ..release_input("v1.1.0") };
    let release_id = database.arrive(site.repository_id, input).await.id;
    while announcement_spread(&database.store, ANNOUNCEMENT, now()).await.unwrap() {}
    let content = announcement_content(&database.store, ANNOUNCEMENT).await.unwrap().unwrap();
    Told { site, release_id, readers, content }
}

/// The turn of a message: `send` to whom, `drop` and why, `over`.
async fn look(database: &Database, told: &Told, delivery: i64) -> String {
    let key = |address: &str| format!("key of {address}");
    let ticket = database.ticket_held().await;
    match delivery_look(&database.store, delivery, ticket, told.content.clone(), key, now()).await.unwrap() {
        DeliveryTurn::Send { subscriber, .. } => format!("send {}", subscriber.address.as_str()),
        DeliveryTurn::Drop(reason) => format!("drop: {reason}"),
        DeliveryTurn::Over => "over".into(),
        DeliveryTurn::Lost => "lost".into(),
    }
}

/// A message that was taken.
fn sent(answer: &str) -> DeliveryResult {
    DeliveryResult::Sent { answer: answer.into(), reached: None }
}

/// A refusal that may pass.
fn refusal(text: &str) -> Refusal {
    Refusal::new(ReplyMeaning::Later, text)
}

async fn record(database: &Database, delivery: i64, result: DeliveryResult) {
    let nobody = JobTicket { id: 0, fence: 0 };
    delivery_record(&database.store, delivery, nobody, result, now()).await.unwrap();
}

/// State, attempts and result of each message.
async fn rows(database: &Database) -> Vec<String> {
    let rows = "SELECT state || ' ' || attempts || ' ' || COALESCE(result, '-') || \
                CASE WHEN finished_at IS NULL THEN '' ELSE ' (over)' END AS text FROM deliveries ORDER BY id";
    database.texts(rows).await
}

both! {
    async fn an_announcement_says_what_happened(database: &Database) {
        let told = told(database, &["a@example.com"]).await;
        let content = told.content;
        assert_eq!((content.id, &content.page.id), (ANNOUNCEMENT, &told.site.page_id));
        assert!(content.group.is_none() && content.releases.len() == 1);
        let release = &content.releases[0];
        assert_eq!((release.component.repo.as_str(), release.component.name.as_str()), ("acme/api", "api"));
        assert_eq!((release.version.as_str(), release.bump), ("v1.1.0", Bump::Minor));
        assert_eq!((release.title.as_str(), release.notes.as_deref()), ("Faster", Some("*Much*")));
        assert_eq!((&release.id, content.created_at), (&told.release_id, now()));
        assert!(announcement_content(&database.store, 7).await.unwrap().is_none());
        let Site { organization_id, page_id, component_id, .. } = told.site;
        component_delete(&database.store, organization_id, page_id, component_id).await.unwrap();
        assert!(announcement_content(&database.store, ANNOUNCEMENT).await.unwrap().is_none());
    }

    async fn what_is_due_and_when_the_next_one_is(database: &Database) {
        told(database, &["a@example.com", "b@example.com", "c@example.com", "d@example.com"]).await;
        let (soon, late) = (now() + TimeDelta::minutes(1), now() + TimeDelta::hours(4));
        record(database, 1, DeliveryResult::Deferred(late, refusal("451 later"))).await;
        record(database, 2, DeliveryResult::Deferred(soon, refusal("451 later"))).await;
        record(database, 3, sent("250 ok")).await;
        let due = async |first, last, at| {
            let (due, next) = deliveries_due(&database.store, range(first, last), at).await.unwrap();
            (due.iter().map(|delivery| (delivery.id, delivery.attempts)).collect::<Vec<_>>(), next)
        };
        assert_eq!(due(1, 4, now()).await, (vec![(4, 0)], Some(soon)));
        assert_eq!(due(1, 4, soon).await, (vec![(2, 1), (4, 0)], Some(late)));
        assert_eq!(due(1, 4, late).await, (vec![(1, 1), (2, 1), (4, 0)], None));
        assert_eq!(due(3, 3, late).await, (vec![], None));
        let other = DeliveryRange { announcement: 7, ..range(1, 4) };
        assert_eq!(deliveries_due(&database.store, other, late).await.unwrap(), (vec![], None));
    }

    async fn only_what_is_still_wanted_is_sent(database: &Database) {
        let addresses = ["a@example.com", "left@example.com", "less@example.com", "bounced@example.com", "lost@example.com"];
        let told = told(database, &addresses).await;
        let store = &database.store;
        assert_eq!(look(database, &told, 1).await, "send a@example.com");
        subscriber_unsubscribe(store, told.readers[1], now()).await.unwrap();
        assert_eq!(look(database, &told, 2).await, "over");
        let major = Preferences::parse("", &["major"]).unwrap();
        subscriber_change(store, told.readers[2], major, Following::All, now()).await.unwrap();
        assert_eq!(look(database, &told, 3).await, "drop: the subscriber's preferences changed");
        let bounced = SubscriberAddress::parse("", "Bounced@example.com").unwrap();
        let key = "key of bounced@example.com".into();
        address_suppress(store, bounced, key, "550 no such user".into(), now()).await.unwrap();
        assert_eq!(look(database, &told, 4).await, "drop: the subscriber left");
        database.execute(format!("UPDATE subscribers SET state = 'confirmed' WHERE id = {}", told.readers[3])).await;
        assert_eq!(look(database, &told, 4).await, "drop: the address is suppressed");
        database.execute(format!("DELETE FROM subscribers WHERE id = {}", told.readers[4])).await;
        assert_eq!(look(database, &told, 5).await, "drop: the subscriber was erased");
        assert_eq!(look(database, &told, 7).await, "over");

        database.execute("UPDATE pages SET published = false").await;
        assert_eq!(look(database, &told, 1).await, "drop: the page is not published");
        database.execute("UPDATE releases SET state = 'withdrawn'").await;
        assert_eq!(look(database, &told, 1).await, "drop: the release was taken back");
    }

    async fn a_try_is_recorded_once(database: &Database) {
        told(database, &["a@example.com", "b@example.com", "c@example.com", "d@example.com"]).await;
        record(database, 1, sent("250 one")).await;
        record(database, 2, DeliveryResult::Failed(refusal("550 no"))).await;
        record(database, 3, DeliveryResult::Cancelled("gone".into())).await;
        let later = now() + TimeDelta::minutes(1);
        record(database, 4, DeliveryResult::Deferred(later, refusal("451 later"))).await;
        let recorded = ["sent 1 250 one (over)", "failed 1 550 no (over)", "cancelled 0 gone (over)", "queued 1 451 later"];
        assert_eq!(rows(database).await, recorded);

        // A worker whose lease was lost comes late: what is over stays as it is.
        for delivery in 1..=3 {
            record(database, delivery, DeliveryResult::Deferred(later, refusal("451 late"))).await;
            record(database, delivery, DeliveryResult::Failed(refusal("550 late"))).await;
            record(database, delivery, DeliveryResult::Cancelled("late".into())).await;
        }
        record(database, 1, sent("250 late")).await;
        assert_eq!(rows(database).await, recorded);
    }

    async fn what_was_sent_while_it_was_cancelled_was_sent(database: &Database) {
        let told = told(database, &["a@example.com"]).await;
        assert_eq!(look(database, &told, 1).await, "send a@example.com");
        subscriber_unsubscribe(&database.store, told.readers[0], now()).await.unwrap();
        assert_eq!(rows(database).await, ["cancelled 0 the subscriber left (over)"]);
        record(database, 1, sent("250 ok")).await;
        assert_eq!(rows(database).await, ["sent 1 250 ok (over)"]);
    }

    async fn a_worker_that_lost_its_job_sends_nothing(database: &Database) {
        let told = told(database, &["a@example.com"]).await;
        database.execute("DELETE FROM jobs WHERE payload NOT LIKE '%delivery_send%'").await;
        let lease_end = now() + TimeDelta::seconds(45);
        let job = job_claim(&database.store, now(), lease_end).await.unwrap().unwrap();
        let is_lost = async |ticket, at| {
            let look = delivery_look(&database.store, 1, ticket, told.content.clone(), str::to_owned, at).await;
            matches!(look.unwrap(), DeliveryTurn::Lost)
        };
        assert!(!is_lost(job.ticket, now()).await);
        // It was asleep past its lease, and nobody has taken the job yet.
        assert!(is_lost(job.ticket, lease_end).await);
        // Somebody has.
        let later = lease_end + TimeDelta::seconds(1);
        let other = job_claim(&database.store, later, later + TimeDelta::seconds(45)).await.unwrap().unwrap();
        assert_eq!(other.ticket.id, job.ticket.id);
        assert!(is_lost(job.ticket, later).await && !is_lost(other.ticket, later).await);
    }

    async fn what_was_never_tried_counts_no_try(database: &Database) {
        told(database, &["a@example.com", "b@example.com"]).await;
        let later = now() + TimeDelta::minutes(1);
        record(database, 1, DeliveryResult::Deferred(now(), Refusal::new(ReplyMeaning::Later, "451 later"))).await;
        deliveries_put_off(&database.store, range(1, 2), later, now()).await.unwrap();
        assert_eq!(rows(database).await, ["queued 1 451 later", "queued 0 -"]);
        let (due, next) = deliveries_due(&database.store, range(1, 2), now()).await.unwrap();
        assert_eq!((due.len(), next), (0, Some(later)));
    }

    async fn whoever_leaves_is_out_of_every_queue(database: &Database) {
        let told = told(database, &["a@example.com", "b@example.com"]).await;
        database.arrive(told.site.repository_id, release_input("v1.2.0")).await;
        while announcement_spread(&database.store, 2, now()).await.unwrap() {}
        subscriber_unsubscribe(&database.store, told.readers[0], now()).await.unwrap();
        let states = database.texts("SELECT state AS text FROM deliveries ORDER BY announcement_id, subscriber_id").await;
        assert_eq!(states, ["cancelled", "queued", "cancelled", "queued"]);
    }

    async fn progress_begins_the_count_of_attempts_anew(database: &Database) {
        told(database, &["a@example.com", "b@example.com"]).await;
        database.execute("DELETE FROM jobs WHERE payload NOT LIKE '%delivery_send%'").await;
        let claim = async |minutes| -> ClaimedJob {
            let at = now() + TimeDelta::minutes(minutes);
            job_claim(&database.store, at, at + TimeDelta::seconds(45)).await.unwrap().unwrap()
        };
        let retry = async |job: &ClaimedJob| {
            let retry = JobOutcome::Retry(now(), "unreachable".into());
            assert!(job_finish(&database.store, job.ticket, retry).await.unwrap());
        };
        let first = claim(0).await;
        assert_eq!(first.payload, JobPayload::DeliverySend { announcement: ANNOUNCEMENT, first: 1, last: 2 });
        retry(&first).await;
        let second = claim(1).await;
        assert_eq!(second.attempt, 2);
        let taken = || sent("250 ok");
        delivery_record(&database.store, 1, second.ticket, taken(), now()).await.unwrap();
        retry(&second).await;
        let third = claim(2).await;
        assert_eq!(third.attempt, 1);
        // One whose lease was lost counts for nobody else's attempts; what it sent is sent.
        retry(&third).await;
        let fourth = claim(3).await;
        delivery_record(&database.store, 2, third.ticket, taken(), now()).await.unwrap();
        retry(&fourth).await;
        assert_eq!(claim(4).await.attempt, 3);
        assert_eq!(rows(database).await, ["sent 1 250 ok (over)", "sent 1 250 ok (over)"]);
    }

    async fn a_withdrawn_release_is_not_sent(database: &Database) {
        let told = told(database, &["a@example.com"]).await;
        let owner = ReleaseOwner::Repository(told.site.repository_id);
        release_withdraw(&database.store, owner, told.release_id.clone(), context(now())).await.unwrap();
        assert_eq!(look(database, &told, 1).await, "over");
        assert_eq!(rows(database).await, ["cancelled 0 the release was taken back (over)"]);
    }
}
