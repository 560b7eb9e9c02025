//! A repository whose forge is asked, and what the forge answers.

use chrono::TimeDelta;
use releasepage_domain::{
    release::ReleaseState,
    repository::{RepositoryName, RepositoryOrigin},
    repository_source::{SourceRefusal, SourceResult},
    source_event::{SourceEvent, SourceEventKind, SourceRepository, SourceText},
    time::UtcTime,
};
use releasepage_storage::{
    Store,
    releases::{
        edits::{ReleasesFilter, releases_list},
        row::Release,
    },
    repositories::{
        edits::{RepositoryChange, repository_get, repository_update},
        row::RepositorySource,
    },
    sources::{
        hook_deliveries::{HookDelivery, hook_receive},
        hooks::{HookRepositoryNew, hook_access, hook_repository_create},
        pages::{SourcePage, SourceProgress, SourceRefused, source_page_store},
        releases::source_event_apply,
        settings::{SourceChange, SourceNew},
        walks::{SourceBegin, SourceFailure, SourceWork, source_backfill_begin, source_poll_begin},
    },
};

use crate::support::{Database, context, now, release_ids};

/// A repository of GitHub on a page, which somebody subscribed to.
pub(super) struct Source {
    pub(super) organization_id: i64,
    pub(super) page_id: String,
    pub(super) id: i64,
    pub(super) store: Store,
}

impl Source {
    pub(super) async fn of(database: &Database) -> Self {
        Self::with(database, SourceNew::default()).await
    }

    pub(super) async fn with(database: &Database, source: SourceNew) -> Self {
        let organization_id = database.owner("owner@example.com").await.organization_id;
        let page_id = database.page(organization_id, "Acme").await.id;
        let name = RepositoryName::parse("name", "acme/api").unwrap();
        let new = HookRepositoryNew { name, origin: RepositoryOrigin::Github, source };
        let store = database.store.clone();
        let made = hook_repository_create(&store, organization_id, new, ToOwned::to_owned, now()).await.unwrap();
        database.component(organization_id, &page_id, "acme/api", None).await;
        database.subscriber(&page_id, "reader@example.com", &["major", "minor", "patch", "prerelease"], None).await;
        Self { organization_id, page_id, id: made.id, store }
    }

    /// One whose history is here.
    pub(super) async fn filled(database: &Database, history: &[SourceEvent]) -> Self {
        let source = Self::of(database).await;
        let work = source.begin(now()).await;
        assert_eq!(source.store_page(&work, page(history), now()).await, SourceProgress::Done);
        source
    }

    pub(super) async fn get(&self) -> RepositorySource {
        repository_get(&self.store, self.organization_id, self.id).await.unwrap().source.unwrap()
    }

    pub(super) async fn begin(&self, now: UtcTime) -> SourceWork {
        walk(source_backfill_begin(&self.store, self.id, now).await.unwrap())
    }

    pub(super) async fn poll(&self, now: UtcTime) -> SourceWork {
        walk(source_poll_begin(&self.store, self.id, now).await.unwrap())
    }

    pub(super) async fn store_page(&self, work: &SourceWork, page: SourcePage, now: UtcTime) -> SourceProgress {
        let next_poll_at = now + TimeDelta::minutes(30);
        source_page_store(&self.store, work, page, release_ids(), context(now), next_poll_at).await.unwrap()
    }

    /// Polls the repository, whose listing has one page.
    pub(super) async fn polled(&self, listed: &[SourceEvent], now: UtcTime) {
        let work = self.poll(now).await;
        let page = SourcePage { asked_at: now, ..page(listed) };
        assert_eq!(self.store_page(&work, page, now).await, SourceProgress::Done);
    }

    /// Delivers an event of the webhook and processes it.
    pub(super) async fn hear(&self, database: &Database, event: SourceEvent, now: UtcTime) {
        let access = hook_access(&self.store, self.id, RepositoryOrigin::Github).await.unwrap().unwrap();
        let delivery = HookDelivery {
            delivery: format!("{now} {:?} {}", event.kind, event.release_id),
            digest: None,
            event_name: "release".into(),
            source: Some(SourceRepository { id: Some(7), name: "acme/api".into() }),
            event,
        };
        hook_receive(&self.store, &access, delivery, now).await.unwrap();
        let ids = database.texts("SELECT CAST(MAX(id) AS TEXT) AS text FROM hook_deliveries").await;
        source_event_apply(&self.store, ids[0].parse().unwrap(), release_ids(), context(now)).await.unwrap();
    }

    pub(super) async fn releases(&self) -> Vec<Release> {
        releases_list(&self.store, self.id, ReleasesFilter::default(), 1_000).await.unwrap()
    }

    /// Tag, title and state of each release, sorted.
    pub(super) async fn shown(&self) -> Vec<(String, String, ReleaseState)> {
        let releases = self.releases().await.into_iter();
        let mut shown: Vec<_> =
            releases.map(|release| (release.input.tag, release.input.title, release.state)).collect();
        shown.sort_by(|one, other| one.0.cmp(&other.0));
        shown
    }

    pub(super) async fn change(&self, change: SourceChange, now: UtcTime) {
        let change = RepositoryChange { source: change, ..RepositoryChange::default() };
        repository_update(&self.store, self.organization_id, self.id, change, now).await.unwrap();
    }
}

pub(super) fn walk(begin: SourceBegin) -> SourceWork {
    match begin {
        SourceBegin::Walk(work) => *work,
        other => panic!("{other:?}"),
    }
}

/// A listed release, whose id is its tag's, last changed so many minutes after it was published.
pub(super) fn listed(tag: &str, title: &str, days: i64, changed: Option<i64>) -> SourceEvent {
    let published_at = now() - TimeDelta::days(days);
    let text = SourceText {
        tag: tag.into(),
        title: title.into(),
        notes: Some("- a".into()),
        author: Some("ada".into()),
        published_at: Some(published_at),
        prerelease: Some(false),
    };
    SourceEvent {
        kind: SourceEventKind::Edited,
        release_id: format!("id of {tag}"),
        made_at: None,
        updated_at: changed.map(|minutes| published_at + TimeDelta::minutes(minutes)),
        shown: Some(text),
    }
}

pub(super) fn page(listed: &[SourceEvent]) -> SourcePage {
    SourcePage {
        releases: listed.to_vec(),
        refused: Vec::new(),
        next: None,
        etag: None,
        asked_at: now(),
        wait_until: None,
    }
}

pub(super) fn failure(result: SourceResult, message: &str, given_up: Option<UtcTime>) -> SourceFailure {
    SourceFailure { result, message: message.into(), wait_until: None, given_up }
}

pub(super) fn later(minutes: i64) -> UtcTime {
    now() + TimeDelta::minutes(minutes)
}

pub(super) const NOBODY: [&str; 0] = [];

/// The tags that were announced.
pub(super) async fn announced(database: &Database) -> Vec<String> {
    let told = "SELECT DISTINCT releases.tag AS text FROM announcements \
                JOIN releases ON releases.id = announcements.release_id ORDER BY text";
    database.texts(told).await
}

/// A release that cannot be used.
pub(super) fn refused(tag: &str, message: &str) -> SourceRefused {
    let refusal = SourceRefusal { release: tag.into(), message: message.into() };
    SourceRefused { release_id: Some(format!("id of {tag}")), refusal }
}
