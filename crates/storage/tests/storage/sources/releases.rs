//! What forges tell of their releases: which events count, who is told, and what is remembered.

use releasepage_domain::{
    release::{ReleaseArrival, ReleaseInput, ReleaseState},
    repository::{RepositoryName, RepositoryOrigin},
    source_event::{SourceEvent, SourceEventKind, SourceEventKind::*, SourceRepository, SourceText},
    time::UtcTime,
};
use releasepage_storage::{
    Store, StoreError,
    releases::{
        edits::{ReleasesFilter, release_withdraw, releases_list},
        row::{Release, ReleaseOwner},
    },
    repositories::{deletion::repository_delete, edits::repository_get, row::Repository},
    sources::{
        hook_deliveries::{HookDelivery, HookReceipt, hook_receive},
        hooks::{HookAccess, HookRepositoryNew, hook_access, hook_repository_create, hook_secret_rotate},
        releases::source_event_apply,
        settings::SourceNew,
    },
};

use crate::{
    releases::edits::announcements,
    support::{Database, at, both, context, is_not_found, now, release_ids, release_input},
};

/// A repository of GitHub on a page.
pub(crate) struct Forge {
    pub(crate) organization_id: i64,
    page_id: String,
    pub(crate) access: HookAccess,
    pub(crate) store: Store,
}

impl Forge {
    pub(crate) async fn of(database: &Database) -> Self {
        let organization_id = database.owner("owner@example.com").await.organization_id;
        let page_id = database.page(organization_id, "Acme").await.id;
        let name = RepositoryName::parse("name", "acme/api").unwrap();
        let new = HookRepositoryNew { name, origin: RepositoryOrigin::Github, source: SourceNew::default() };
        let store = database.store.clone();
        let made = hook_repository_create(&store, organization_id, new, |row| format!("sealed for {row}"), now());
        let id = made.await.unwrap().id;
        database.component(organization_id, &page_id, "acme/api", None).await;
        let access = hook_access(&store, id, RepositoryOrigin::Github).await.unwrap().unwrap();
        Self { organization_id, page_id, access, store }
    }

    pub(crate) async fn repository(&self) -> Repository {
        repository_get(&self.store, self.organization_id, self.access.repository_id).await.unwrap()
    }

    pub(crate) async fn receive(&self, delivery: &str, event: SourceEvent) -> HookReceipt {
        self.receive_of(delivery, event, 7, "acme/api", now()).await.unwrap()
    }

    pub(crate) async fn receive_of(
        &self,
        delivery: &str,
        event: SourceEvent,
        id: i64,
        name: &str,
        now: UtcTime,
    ) -> Result<HookReceipt, StoreError> {
        hook_receive(&self.store, &self.access, delivery_of(delivery, event, id, name), now).await
    }

    /// Does every job that waits, and hands back how many there were.
    pub(crate) async fn work(&self, database: &Database) -> usize {
        let ids = database.texts("SELECT CAST(id AS TEXT) AS text FROM hook_deliveries ORDER BY id").await;
        for id in &ids {
            source_event_apply(&self.store, id.parse().unwrap(), release_ids(), context(now())).await.unwrap();
        }
        database.jobs("source_event").await.len()
    }

    /// Delivers events and processes each.
    pub(crate) async fn tell(&self, database: &Database, events: &[SourceEvent]) {
        for (number, event) in events.iter().enumerate() {
            let delivery = format!("{number} {:?} {}", event.kind, event.release_id);
            assert_eq!(self.receive(&delivery, event.clone()).await, HookReceipt::Queued);
            self.work(database).await;
        }
    }

    pub(crate) async fn releases(&self) -> Vec<Release> {
        releases_list(&self.store, self.access.repository_id, ReleasesFilter::default(), 100).await.unwrap()
    }
}

/// A delivery of the forge's repository of this number and name, whose id is signed.
pub(crate) fn delivery_of(delivery: &str, event: SourceEvent, id: i64, name: &str) -> HookDelivery {
    let source = Some(SourceRepository { id: Some(id), name: name.into() });
    HookDelivery { delivery: delivery.into(), digest: None, event_name: "release".into(), source, event }
}

/// An event of a release that was published this moment, with the tag `v1.0.0`, the source id `1` and no time.
pub(crate) fn event(kind: SourceEventKind) -> SourceEvent {
    let text = SourceText {
        tag: "v1.0.0".into(),
        title: format!("{kind:?}"),
        notes: Some("- a".into()),
        author: Some("ada".into()),
        published_at: Some(now()),
        prerelease: Some(false),
    };
    let is_shown = !matches!(kind, Unpublished | Deleted);
    SourceEvent { kind, release_id: "1".into(), made_at: None, updated_at: None, shown: is_shown.then_some(text) }
}

fn with(kind: SourceEventKind, change: impl FnOnce(&mut SourceText)) -> SourceEvent {
    let mut event = event(kind);
    change(event.shown.as_mut().unwrap());
    event
}

fn of_id(id: &str, event: SourceEvent) -> SourceEvent {
    SourceEvent { release_id: id.into(), ..event }
}

both! {
    async fn a_published_release_is_shown_and_announced_once(database: &Database) {
        let forge = Forge::of(database).await;
        let events = [event(Created), event(Published), event(Published)];
        forge.tell(database, &events).await;
        let releases = forge.releases().await;
        assert_eq!((releases.len(), releases[0].state), (1, ReleaseState::Published));
        assert_eq!((releases[0].input.title.as_str(), releases[0].input.author.as_deref()), ("Published", Some("ada")));
        assert_eq!(announcements(database).await, ["waiting"]);
        assert_eq!(database.shown(&forge.page_id).await.len(), 1);
    }

    async fn every_order_comes_to_the_same(database: &Database) {
        let forge = Forge::of(database).await;
        let kinds = [Created, Published, Edited, Deleted];
        let mut number = 0;
        for first in 0..4 {
            for second in (0..4).filter(|second| *second != first) {
                for third in (0..4).filter(|third| ![first, second].contains(third)) {
                    let order = [first, second, third, 6 - first - second - third];
                    for length in [4, 3] {
                        number += 1;
                        let (id, tag) = (number.to_string(), format!("v{number}.0.0"));
                        let events: Vec<_> = order[..]
                            .iter()
                            .filter(|index| length == 4 || **index != 3)
                            .map(|index| {
                                let mut event = of_id(&id, event(kinds[*index]));
                                if let Some(text) = &mut event.shown {
                                    text.tag = tag.clone();
                                }
                                event
                            })
                            .collect();
                        forge.tell(database, &events).await;
                        let shown = forge.releases().await.into_iter().find(|release| release.input.tag == tag);
                        let shown = shown.filter(|release| release.state == ReleaseState::Published);
                        let title = shown.map(|release| release.input.title);
                        assert_eq!(title.as_deref(), (length == 3).then_some("Edited"), "{order:?}");
                    }
                }
            }
        }
    }

    async fn a_draft_is_nobodys_business(database: &Database) {
        let forge = Forge::of(database).await;
        let draft = SourceEvent { shown: None, ..event(Created) };
        forge.tell(database, &[draft.clone(), SourceEvent { shown: None, ..event(Edited) }]).await;
        assert!(forge.releases().await.is_empty());
        forge.tell(database, &[of_id("1", event(Published))]).await;
        assert_eq!(announcements(database).await, ["waiting"]);
        assert_eq!(forge.receive("late", draft).await, HookReceipt::Queued);
        forge.work(database).await;
        assert_eq!(forge.releases().await[0].state, ReleaseState::Published);
    }

    async fn what_is_unpublished_is_withdrawn_until_it_is_published_again(database: &Database) {
        let forge = Forge::of(database).await;
        forge.tell(database, &[event(Published), event(Unpublished)]).await;
        assert_eq!(forge.releases().await[0].state, ReleaseState::Withdrawn);
        assert_eq!(announcements(database).await, ["cancelled"]);
        let again = with(Published, |text| text.title = "Again".into());
        assert_eq!(forge.receive("again", again).await, HookReceipt::Queued);
        forge.work(database).await;
        let releases = forge.releases().await;
        assert_eq!((releases.len(), releases[0].state), (1, ReleaseState::Published));
        assert_eq!(releases[0].input.title, "Again");
        assert_eq!(announcements(database).await, ["cancelled"], "it comes back in silence");
    }

    async fn a_changed_tag_is_the_same_release(database: &Database) {
        let forge = Forge::of(database).await;
        forge.tell(database, &[event(Published), with(Edited, |text| text.tag = "v1.0.1".into())]).await;
        let releases = forge.releases().await;
        assert_eq!((releases.len(), releases[0].input.tag.as_str()), (1, "v1.0.1"));
        assert_eq!(announcements(database).await, ["waiting"]);
    }

    async fn a_tag_taken_over_from_another_release(database: &Database) {
        let forge = Forge::of(database).await;
        let second = of_id("2", with(Published, |text| text.tag = "v2.0.0".into()));
        forge.tell(database, &[event(Published), second]).await;
        let gone = of_id("2", event(Deleted));
        forge.tell(database, &[gone, with(Edited, |text| text.tag = "v2.0.0".into())]).await;
        let releases = forge.releases().await;
        let published: Vec<_> =
            releases.iter().filter(|release| release.state == ReleaseState::Published).collect();
        assert_eq!((releases.len(), published.len(), published[0].input.tag.as_str()), (2, 1, "v2.0.0"));
        assert_eq!(published[0].input.title, "Edited");
    }

    async fn made_anew_with_the_same_tag_it_comes_back_in_silence(database: &Database) {
        let forge = Forge::of(database).await;
        // Whether the deletion comes before what follows it, or after.
        for (old, new, tag, order) in [("1", "2", "v1.0.0", [0, 1]), ("3", "4", "v3.0.0", [1, 0])] {
            let told_of = |id: &str, kind, title: &str| {
                let change = |text: &mut SourceText| (text.tag, text.title) = (tag.into(), title.into());
                of_id(id, with(kind, change))
            };
            forge.tell(database, &[told_of(old, Published, "First")]).await;
            let told = announcements(database).await.len();
            let events = [of_id(old, event(Deleted)), told_of(new, Published, "Anew")];
            for index in order {
                let delivery = format!("{tag} {index}");
                assert_eq!(forge.receive(&delivery, events[index].clone()).await, HookReceipt::Queued);
                forge.work(database).await;
            }
            // What is remembered of the deleted id stays: nothing under it comes back.
            assert_eq!(forge.receive(tag, told_of(old, Edited, "Late")).await, HookReceipt::Queued);
            forge.work(database).await;
            let releases = forge.releases().await;
            let of_tag: Vec<_> = releases.iter().filter(|release| release.input.tag == tag).collect();
            assert_eq!((of_tag.len(), of_tag[0].state), (1, ReleaseState::Published), "{order:?}");
            assert_eq!((of_tag[0].input.title.as_str(), announcements(database).await.len()), ("Anew", told));
        }
    }

    async fn a_prerelease_made_a_release_is_told_anew(database: &Database) {
        let forge = Forge::of(database).await;
        let prerelease = with(Published, |text| text.prerelease = Some(true));
        forge.tell(database, &[prerelease, event(Published)]).await;
        assert_eq!(announcements(database).await, ["cancelled", "waiting"]);
        assert!(!forge.releases().await[0].input.is_prerelease());
    }

    async fn what_was_withdrawn_here_is_not_brought_back_by_an_edit(database: &Database) {
        let forge = Forge::of(database).await;
        forge.tell(database, &[event(Published)]).await;
        let release = forge.releases().await.remove(0);
        let owner = ReleaseOwner::Repository(release.repository_id);
        release_withdraw(&forge.store, owner, release.id, context(now())).await.unwrap();
        assert_eq!(forge.receive("edit", event(Edited)).await, HookReceipt::Queued);
        forge.work(database).await;
        assert_eq!(forge.releases().await[0].state, ReleaseState::Withdrawn);
    }

    async fn a_release_made_by_hand_is_taken_over_with_its_settings(database: &Database) {
        let forge = Forge::of(database).await;
        let by_hand = ReleaseInput { notify: Some(false), draft: true, ..release_input("v1.0.0") };
        let made = database.arrive_at(forge.access.repository_id, by_hand, ReleaseArrival::ByHand, now()).await.unwrap();
        forge.tell(database, &[event(Published)]).await;
        let releases = forge.releases().await;
        assert_eq!((releases.len(), &releases[0].id, releases[0].state), (1, &made.id, ReleaseState::Published));
        assert_eq!(announcements(database).await, [""; 0]);
    }

    async fn a_secret_is_replaced_and_a_repository_deleted(database: &Database) {
        let forge = Forge::of(database).await;
        let (organization, id) = (forge.organization_id, forge.access.repository_id);
        assert_eq!(forge.access.secret, format!("sealed for repository_hooks {id}"));
        hook_secret_rotate(&forge.store, organization, id, |_| "new".into()).await.unwrap();
        let access = hook_access(&forge.store, id, RepositoryOrigin::Github).await.unwrap().unwrap();
        assert_eq!(access.secret, "new");
        assert_eq!(hook_access(&forge.store, id, RepositoryOrigin::Api).await.unwrap(), None);
        let plain = database.repository(organization, "acme/plain").await.id;
        let rotated = hook_secret_rotate(&forge.store, organization, plain, |_| "new".into()).await;
        assert!(matches!(rotated, Err(StoreError::Conflict(_))));

        forge.tell(database, &[with(Published, |text| text.published_at = Some(at("2020-01-01T00:00:00Z")))]).await;
        let shown = repository_delete(&forge.store, organization, id).await;
        assert!(matches!(shown, Err(StoreError::Conflict(_))), "a page shows it");
        database.execute("DELETE FROM component_releases; DELETE FROM components").await;
        assert!(is_not_found(&repository_delete(&forge.store, organization + 1, id).await));
        // More than go at once.
        let numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 500)";
        for copies in [
            format!(
                "INSERT INTO hook_deliveries (repository_id, delivery, standing, received_at) {numbers} \
                 SELECT repository_id, delivery || n, standing, received_at FROM hook_deliveries, numbers"
            ),
            format!(
                "INSERT INTO source_releases (repository_id, source_id, stage, stage_rank) {numbers} \
                 SELECT repository_id, source_id || n, stage, stage_rank FROM source_releases, numbers"
            ),
        ] {
            database.execute(copies).await;
        }
        repository_delete(&forge.store, organization, id).await.unwrap();
        assert!(is_not_found(&repository_get(&forge.store, organization, id).await));
        for table in ["releases", "release_tokens", "source_releases", "hook_deliveries", "repository_hooks"] {
            assert_eq!(database.count(table).await, 0, "{table}");
        }
        assert!(is_not_found(&forge.receive_of("late", event(Published), 7, "acme/api", now()).await));
    }

    async fn a_repository_that_subscribers_were_told_of_stays(database: &Database) {
        let forge = Forge::of(database).await;
        forge.tell(database, &[event(Published)]).await;
        database.execute("DELETE FROM component_releases; DELETE FROM components").await;
        let deleted = repository_delete(&forge.store, forge.organization_id, forge.access.repository_id).await;
        assert!(matches!(deleted, Err(StoreError::Conflict(_))));
        assert_eq!(forge.releases().await.len(), 1);
    }
}
