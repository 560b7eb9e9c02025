//! Deliveries of webhooks: each is processed once, and belongs to the repository that it is of.

use chrono::TimeDelta;
use releasepage_domain::{
    hook_delivery::HookResult,
    release::ReleaseState,
    repository::{RepositoryName, RepositoryOrigin},
    source_event::{SourceEvent, SourceEventKind::*, SourceRepository},
};
use releasepage_storage::{
    database::change::Change,
    jobs::retention::{Retention, prune},
    repositories::edits::{RepositoryChange, repository_update},
    sources::{
        hook_deliveries::{HookDelivery, HookReceipt, hook_delivery_fail, hook_receive},
        hooks::{HookNote, HookRepositoryNew, hook_access, hook_note, hook_repository_create},
        settings::SourceNew,
    },
};

use crate::{
    releases::edits::announcements,
    sources::releases::{Forge, delivery_of, event},
    support::{Database, at, both, now},
};

both! {
    async fn a_delivery_is_processed_once(database: &Database) {
        let forge = Forge::of(database).await;
        assert_eq!(forge.receive("one", event(Published)).await, HookReceipt::Queued);
        assert_eq!(forge.receive("one", event(Published)).await, HookReceipt::Repeated, "it waits");
        assert_eq!(forge.repository().await.hook.unwrap().last_result.as_deref(), Some("accepted"));
        assert_eq!(forge.work(database).await, 1);
        assert_eq!(forge.receive("one", event(Deleted)).await, HookReceipt::Repeated);
        assert_eq!(forge.work(database).await, 1);
        let hook = forge.repository().await.hook.unwrap();
        assert_eq!((hook.last_delivery.as_deref(), hook.last_result.as_deref()), (Some("one"), Some("processed")));
        assert!(hook.last_message.unwrap().contains("(v1.0.0) is published"));
        assert_eq!(database.count("hook_deliveries WHERE event IS NOT NULL").await, 0, "the event is forgotten");

        // It is remembered for 30 days.
        for (days, left) in [(29, 1), (31, 0)] {
            prune(&forge.store, Retention::default(), now() + TimeDelta::days(days)).await.unwrap();
            assert_eq!(database.count("hook_deliveries").await, left, "{days}");
        }
    }

    async fn the_same_content_is_the_same_delivery(database: &Database) {
        let forge = Forge::of(database).await;
        let receive = async |id: &str, digest: &str| {
            let delivery = HookDelivery { digest: Some(digest.into()), ..delivery_of(id, event(Published), 7, "acme/api") };
            hook_receive(&forge.store, &forge.access, delivery, now()).await.unwrap()
        };
        assert_eq!(receive("one", "content").await, HookReceipt::Queued);
        assert_eq!(receive("two", "content").await, HookReceipt::Repeated, "another id");
        assert_eq!(receive("two", "more content").await, HookReceipt::Queued);
        forge.work(database).await;
        assert_eq!(receive("three", "content").await, HookReceipt::Repeated, "it was processed");
        assert_eq!(database.count("hook_deliveries").await, 2);
        // One that failed is processed when its content comes again, whatever its id.
        database.execute("UPDATE hook_deliveries SET standing = 'failed' WHERE delivery = 'one'").await;
        assert_eq!(receive("four", "content").await, HookReceipt::Queued);
        assert_eq!(database.count("hook_deliveries WHERE delivery = 'four'").await, 1);
        forge.work(database).await;
        let hook = forge.repository().await.hook.unwrap();
        assert_eq!((hook.last_delivery.as_deref(), hook.last_result.as_deref()), (Some("four"), Some("processed")));
        // The content of one repository says nothing of another's.
        let new = HookRepositoryNew {
            name: RepositoryName::parse("name", "acme/web").unwrap(),
            origin: RepositoryOrigin::Github,
            source: SourceNew::default(),
        };
        let made = hook_repository_create(&forge.store, forge.organization_id, new, ToOwned::to_owned, now());
        let access = hook_access(&forge.store, made.await.unwrap().id, RepositoryOrigin::Github).await.unwrap().unwrap();
        let same = HookDelivery { digest: Some("content".into()), ..delivery_of("one", event(Published), 8, "acme/web") };
        assert_eq!(hook_receive(&forge.store, &access, same, now()).await.unwrap(), HookReceipt::Queued);
    }

    async fn a_name_that_is_free_again_is_a_new_life(database: &Database) {
        let forge = Forge::of(database).await;
        let told = |second: u32, kind, title: &str| {
            let made_at = Some(at(&format!("2026-01-01T12:00:{second:02}Z")));
            let mut event = event(kind);
            if let Some(text) = &mut event.shown {
                text.title = title.into();
            }
            SourceEvent { release_id: "v1.0.0".into(), made_at, ..event }
        };
        let title = async || {
            let releases = forge.releases().await;
            assert_eq!(releases.len(), 1);
            (releases[0].state == ReleaseState::Published).then(|| releases[0].input.title.clone())
        };
        forge.tell(database, &[told(1, Published, "First"), told(1, Deleted, "")]).await;
        assert_eq!(title().await, None);
        for (delivery, event, expected) in [
            ("late", told(1, Amended, "Late"), None),
            ("anew", told(5, Published, "Anew"), Some("Anew")),
            ("late deletion", told(1, Deleted, ""), Some("Anew")),
            ("later still", told(1, Amended, "Later still"), Some("Anew")),
            ("amended", told(5, Amended, "Amended"), Some("Amended")),
            ("gone", told(5, Deleted, ""), None),
        ] {
            assert_eq!(forge.receive(delivery, event).await, HookReceipt::Queued);
            forge.work(database).await;
            assert_eq!(title().await.as_deref(), expected, "{delivery}");
        }
        // It came back in silence, as what was deleted does.
        assert_eq!(announcements(database).await, ["cancelled"]);
    }

    async fn a_repository_without_a_number_is_bound_by_its_name(database: &Database) {
        let forge = Forge::of(database).await;
        let receive = async |delivery: &str, id: Option<i64>, name: &str| {
            let source = Some(SourceRepository { id, name: name.into() });
            let delivery = HookDelivery { source, ..delivery_of(delivery, event(Published), 7, name) };
            hook_receive(&forge.store, &forge.access, delivery, now()).await.unwrap()
        };
        assert_eq!(receive("a", None, "acme/api").await, HookReceipt::Queued);
        assert_eq!(receive("b", None, "Acme/API").await, HookReceipt::Queued);
        assert!(matches!(receive("c", None, "acme/web").await, HookReceipt::Refused { .. }));
        assert!(matches!(receive("d", Some(7), "acme/web").await, HookReceipt::Refused { .. }));
        let hook = forge.repository().await.hook.unwrap();
        assert_eq!((hook.source_id, hook.source_name.as_deref()), (None, Some("Acme/API")));
        // From the first number on, the number counts, and a terse delivery still goes by its name.
        assert_eq!(receive("e", Some(7), "acme/api").await, HookReceipt::Queued);
        assert!(matches!(receive("f", Some(8), "acme/api").await, HookReceipt::Refused { .. }));
        assert_eq!(receive("g", Some(7), "acme/server").await, HookReceipt::Queued);
        assert_eq!(receive("h", None, "acme/server").await, HookReceipt::Queued);
        assert_eq!(forge.repository().await.hook.unwrap().source_id, Some(7));
        assert!(matches!(receive("i", None, "acme/web").await, HookReceipt::Refused { .. }));
        // One that names no repository is of this one.
        let nameless = HookDelivery { source: None, ..delivery_of("j", event(Edited), 7, "") };
        assert_eq!(hook_receive(&forge.store, &forge.access, nameless, now()).await.unwrap(), HookReceipt::Queued);
    }

    async fn a_first_delivery_of_a_repository_with_another_name_binds_nothing(database: &Database) {
        let forge = Forge::of(database).await;
        let receive = async |delivery: &str, id, name: &str| {
            forge.receive_of(delivery, event(Published), id, name, now()).await.unwrap()
        };
        let HookReceipt::Refused { message } = receive("a", 8, "acme/web").await else { panic!("not refused") };
        assert!(message.contains("acme/web") && message.contains("acme/api"), "{message}");
        let repository = forge.repository().await;
        let hook = repository.hook.unwrap();
        assert_eq!((repository.name.as_str(), hook.source_id, hook.source_name), ("acme/api", None, None));
        assert_eq!((hook.last_result.as_deref(), hook.last_message), (Some("refused"), Some(message)));
        assert_eq!(database.count("hook_deliveries").await, 0);
        assert_eq!(receive("b", 7, "Acme/API").await, HookReceipt::Queued);
        let HookReceipt::Refused { message } = receive("c", 8, "acme/web").await else { panic!("not refused") };
        assert!(message.contains("acme/web (number 8)") && message.contains("Acme/API (number 7)"), "{message}");
        assert_eq!(forge.repository().await.hook.unwrap().source_id, Some(7));
    }

    async fn a_ping_of_another_repository_is_refused_and_binds_nothing(database: &Database) {
        let forge = Forge::of(database).await;
        let ping = async |id, name: &str| {
            let note = HookNote {
                delivery: "ping".into(),
                event: "ping".into(),
                result: HookResult::Processed,
                message: "it reaches us".into(),
            };
            let source = Some(SourceRepository { id: Some(id), name: name.into() });
            let refusal = hook_note(&forge.store, forge.access.repository_id, note, source, now()).await.unwrap();
            let hook = forge.repository().await.hook.unwrap();
            let expected = if refusal.is_some() { "refused" } else { "processed" };
            assert_eq!(hook.last_result.as_deref(), Some(expected));
            (refusal, hook.source_id)
        };
        let (refusal, bound) = ping(8, "acme/web").await;
        let refusal = refusal.expect("a refusal");
        assert!(refusal.contains("acme/web") && refusal.contains("acme/api"), "{refusal}");
        assert_eq!(bound, None);
        assert_eq!(ping(7, "acme/api").await, (None, None));
        forge.receive_of("a", event(Published), 7, "acme/api", now()).await.unwrap();
        let (refusal, bound) = ping(8, "acme/web").await;
        assert!(refusal.is_some_and(|refusal| refusal.contains("acme/api (number 7)")));
        assert_eq!(bound, Some(7));
        assert_eq!(ping(7, "acme/renamed").await, (None, Some(7)));
    }

    async fn a_failed_delivery_can_be_delivered_again(database: &Database) {
        let forge = Forge::of(database).await;
        assert_eq!(forge.receive("one", event(Published)).await, HookReceipt::Queued);
        let id = database.texts("SELECT CAST(id AS TEXT) AS text FROM hook_deliveries").await[0].parse().unwrap();
        hook_delivery_fail(&forge.store, id, "it cannot be done".into()).await.unwrap();
        let hook = forge.repository().await.hook.unwrap();
        let told = (hook.last_result.as_deref(), hook.last_message.as_deref());
        assert_eq!(told, (Some("failed"), Some("it cannot be done")));
        assert_eq!(forge.receive("one", event(Published)).await, HookReceipt::Queued);
        assert_eq!(forge.work(database).await, 2);
        assert_eq!(forge.releases().await.len(), 1);
        hook_delivery_fail(&forge.store, id, "too late".into()).await.unwrap();
        assert_eq!(forge.repository().await.hook.unwrap().last_result.as_deref(), Some("processed"));
        // A job that was lost does not keep its delivery from being processed.
        let at = |hours| now() + TimeDelta::hours(hours);
        assert_eq!(forge.receive("two", event(Edited)).await, HookReceipt::Queued);
        for (hours, receipt) in [(1, HookReceipt::Repeated), (4, HookReceipt::Queued)] {
            let again = forge.receive_of("two", event(Edited), 7, "acme/api", at(hours)).await.unwrap();
            assert_eq!(again, receipt, "{hours}");
        }
    }

    async fn copies_at_once_are_one(database: &Database) {
        let forge = std::sync::Arc::new(Forge::of(database).await);
        let copies: Vec<_> = (0..20)
            .map(|_| {
                let forge = std::sync::Arc::clone(&forge);
                tokio::spawn(async move { forge.receive("one", event(Published)).await })
            })
            .collect();
        let mut queued = 0;
        for copy in copies {
            queued += usize::from(copy.await.unwrap() == HookReceipt::Queued);
        }
        assert_eq!((queued, database.jobs("source_event").await.len()), (1, 1));
    }

    async fn a_rename_is_followed_and_another_repository_refused(database: &Database) {
        let forge = Forge::of(database).await;
        let receive = async |delivery: &str, id, name: &str| {
            forge.receive_of(delivery, event(Published), id, name, now()).await.unwrap()
        };
        assert_eq!(receive("a", 7, "acme/api").await, HookReceipt::Queued);
        assert_eq!(forge.repository().await.hook.unwrap().source_id, Some(7));
        assert_eq!(receive("b", 7, "acme/server").await, HookReceipt::Queued);
        assert_eq!((forge.repository().await.name, forge.repository().await.revision), ("acme/server".into(), 2));
        assert!(matches!(receive("c", 8, "acme/server").await, HookReceipt::Refused { .. }));
        let hook = forge.repository().await.hook.unwrap();
        assert_eq!((hook.last_result.as_deref(), hook.source_id), (Some("refused"), Some(7)));
        assert_eq!(database.count("hook_deliveries").await, 2);
        // A name that is taken, or cannot be used here, or one that its team chose, is not followed.
        database.repository(forge.organization_id, "acme/taken").await;
        for (delivery, name) in [("d", "acme/taken"), ("e", "no name"), ("f", "acme/\u{0}")] {
            assert_eq!(receive(delivery, 7, name).await, HookReceipt::Queued);
            assert_eq!(forge.repository().await.name, "acme/server", "{name}");
        }
        // The number is let go, and the next delivery's counts.
        let change = RepositoryChange { source_id: Change::Set(None), ..RepositoryChange::default() };
        repository_update(&forge.store, forge.organization_id, forge.access.repository_id, change, now()).await.unwrap();
        assert_eq!(receive("g", 8, "acme/elsewhere").await, HookReceipt::Queued);
        let repository = forge.repository().await;
        assert_eq!((repository.name.as_str(), repository.hook.unwrap().source_id), ("acme/server", Some(8)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_processed_at_this_moment_does_not_fail() {
    let Some(database) = Database::postgres() else { return };
    let forge = Forge::of(&database).await;
    assert_eq!(forge.receive("one", event(Published)).await, HookReceipt::Queued);
    let processed = "UPDATE hook_deliveries SET event = NULL, standing = 'done'; \
                     UPDATE repository_hooks SET last_result = 'processed'";
    let store = forge.store.clone();
    database.during(processed, async move { hook_delivery_fail(&store, 1, "too late".into()).await.unwrap() }).await;
    assert_eq!(database.count("hook_deliveries WHERE standing = 'done'").await, 1);
    assert_eq!(forge.repository().await.hook.unwrap().last_result.as_deref(), Some("processed"));
}
