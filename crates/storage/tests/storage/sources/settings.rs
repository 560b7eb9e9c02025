//! Where releases are fetched from: due, failed, edited, gone.

use chrono::TimeDelta;
use releasepage_domain::{
    repository::{RepositoryName, RepositoryOrigin},
    repository_source::{BackfillState, SourceResult, SourceWalk},
};
use releasepage_storage::{
    StoreError,
    database::change::Change,
    repositories::{
        deletion::repository_delete,
        edits::{RepositoryChange, repository_update},
    },
    sources::{
        hooks::{HookRepositoryNew, hook_repository_create},
        pages::{SourcePage, SourceProgress, source_page_store},
        settings::{SourceChange, SourceNew, source_backfill, source_polls},
        tokens::{TokenSealing, source_token_place},
        walks::{SourceBegin, SourceFailure, source_backfill_begin, source_poll_begin, source_walk_fail},
    },
};

use crate::support::{Database, both, context, now, release_ids};

use super::forge::{Source, failure, later, listed, page, refused, walk};

both! {
    async fn a_failed_backfill_goes_on_when_it_would_be_polled(database: &Database) {
        let source = Source::of(database).await;
        let work = source.begin(now()).await;
        let first = SourcePage {
            next: Some("page=2".into()),
            refused: vec![refused("v1.2.0", "no tag")],
            ..page(&[listed("v1.1.0", "", 0, None)])
        };
        let SourceProgress::Next(work) = source.store_page(&work, first, now()).await else { panic!("it goes on") };
        let gone = failure(SourceResult::Failed, "it is down", None);
        source_walk_fail(&source.store, &work, gone, now()).await.unwrap();
        assert_eq!(source.get().await.backfill, BackfillState::Running, "its job tries again");
        let gone = failure(SourceResult::Failed, "it is down", Some(later(30)));
        source_walk_fail(&source.store, &work, gone, now()).await.unwrap();
        let told = source.get().await;
        assert_eq!((told.backfill, told.last_message.as_deref()), (BackfillState::Failed, Some("it is down")));
        assert_eq!(source_backfill_begin(&source.store, source.id, now()).await.unwrap(), SourceBegin::Nothing);
        database.execute("DELETE FROM jobs").await;

        let interval = TimeDelta::minutes(30);
        assert_eq!(source_polls(&source.store, interval, later(29)).await.unwrap(), 0);
        assert_eq!(source_polls(&source.store, interval, later(30)).await.unwrap(), 1);
        assert_eq!(source_polls(&source.store, interval, later(30)).await.unwrap(), 0);
        assert_eq!(database.jobs("source_backfill").await.len(), 1);
        assert_eq!(source.begin(later(30)).await, *work, "it goes on where it was");
        // Where the forge refuses, it begins anew.
        let refused = failure(SourceResult::Refused, "the token is wrong", Some(later(60)));
        source_walk_fail(&source.store, &work, refused, later(30)).await.unwrap();
        source_polls(&source.store, interval, later(70)).await.unwrap();
        assert_eq!(source.begin(later(70)).await.next_page, None);
        let told = source.get().await;
        assert_eq!((told.fetched, told.added, told.refused, &*told.refusals), (0, 0, 0, "[]"));
    }

    async fn a_forge_that_wants_to_be_left_alone_is(database: &Database) {
        let source = Source::of(database).await;
        let work = source.begin(now()).await;
        let limited = SourceFailure {
            wait_until: Some(later(10)),
            ..failure(SourceResult::Limited, "no more requests", None)
        };
        source_walk_fail(&source.store, &work, limited, now()).await.unwrap();
        let begin = source_backfill_begin(&source.store, source.id, later(9)).await.unwrap();
        assert_eq!(begin, SourceBegin::Wait(later(10)));
        let work = source.begin(later(10)).await;
        let last = SourcePage { wait_until: Some(later(20)), ..page(&[]) };
        source.store_page(&work, last, later(10)).await;
        let begin = source_poll_begin(&source.store, source.id, later(19)).await.unwrap();
        assert_eq!(begin, SourceBegin::Wait(later(20)));
        assert_eq!(source.get().await.wait_until, Some(later(20)));
        assert_eq!(source.poll(later(20)).await.walk, SourceWalk::Poll);
    }

    async fn those_that_are_due_are_polled_once(database: &Database) {
        let source = Source::filled(database, &[]).await;
        let interval = TimeDelta::minutes(30);
        for (minutes, due) in [(29, 0), (30, 1), (31, 0), (70, 1)] {
            assert_eq!(source_polls(&source.store, interval, later(minutes)).await.unwrap(), due, "{minutes}");
        }
        assert_eq!(database.jobs("source_poll").await.len(), 1, "the first one still waits");
        source.change(SourceChange { polls: Change::Set(false), ..SourceChange::default() }, now()).await;
        database.execute("DELETE FROM jobs").await;
        assert_eq!(source_polls(&source.store, interval, later(999)).await.unwrap(), 0);
        assert_eq!(source_poll_begin(&source.store, source.id, later(999)).await.unwrap(), SourceBegin::Nothing);
    }

    async fn an_edit_of_the_source(database: &Database) {
        let token = TokenSealing::new(|place| format!("sealed for {place}"));
        let source = Source::with(database, SourceNew { token: Some(token), ..SourceNew::default() }).await;
        let work = source.begin(now()).await;
        let token = source.get().await.token.unwrap();
        assert_eq!(token.as_str(), format!("sealed for {}", source_token_place(source.id, None)));
        assert!(!format!("{work:?}").contains("sealed for"));
        source.store_page(&work, page(&[listed("v1.0.0", "", 30, None)]), now()).await;

        // With another token, what failed is tried at once.
        let late = later(30);
        source.change(SourceChange { token: Change::Set(None), ..SourceChange::default() }, late).await;
        let told = source.get().await;
        assert_eq!((told.token, told.next_poll_at, told.backfill), (None, Some(late), BackfillState::Done));

        // Elsewhere there is another history; a walk that is under way is overtaken.
        let work = source.poll(late).await;
        let name = RepositoryName::parse("name", "other/api").unwrap();
        source.change(SourceChange { name: Change::Set(Some(name)), ..SourceChange::default() }, late).await;
        assert_eq!(source.store_page(&work, page(&[listed("v9", "", 0, None)]), late).await, SourceProgress::Overtaken);
        let work = source.begin(late).await;
        assert_eq!((work.name.as_str(), work.walk), ("other/api", SourceWalk::Backfill));
        source.store_page(&work, page(&[]), late).await;

        // The name here is a matter of taste, once the repository was found.
        source.change(SourceChange { name: Change::Set(None), ..SourceChange::default() }, late).await;
        let work = source.begin(late).await;
        source.store_page(&work, page(&[]), late).await;
        let renamed = RepositoryChange {
            name: Change::Set(RepositoryName::parse("name", "acme/public-api").unwrap()),
            ..RepositoryChange::default()
        };
        repository_update(&source.store, source.organization_id, source.id, renamed, late).await.unwrap();
        assert_eq!(source.poll(later(99)).await.name, "acme/api");
    }

    async fn a_backfill_is_run_again_on_request(database: &Database) {
        let source = Source::of(database).await;
        let again = async |id| source_backfill(&source.store, source.organization_id, id, now()).await;
        assert_eq!(again(source.id).await.unwrap().source.unwrap().backfill, BackfillState::Waiting);
        assert_eq!(database.jobs("source_backfill").await.len(), 1, "it waits already");
        let work = source.begin(now()).await;
        source.store_page(&work, page(&[listed("v1.0.0", "", 30, None)]), now()).await;
        database.execute("DELETE FROM jobs").await;
        let told = again(source.id).await.unwrap().source.unwrap();
        assert_eq!((told.backfill, told.fetched), (BackfillState::Waiting, 0));
        assert_eq!(database.jobs("source_backfill").await.len(), 1);
        let other = database.repository(source.organization_id, "acme/pipeline").await;
        assert!(other.source.is_none());
        assert!(matches!(again(other.id).await, Err(StoreError::Conflict(_))));
        assert!(matches!(again(1).await, Err(StoreError::NotFound)));
    }

    async fn a_deleted_repository_takes_its_source_along(database: &Database) {
        let owner = database.owner("owner@example.com").await.organization_id;
        let name = RepositoryName::parse("name", "acme/gone").unwrap();
        let new = HookRepositoryNew { name, origin: RepositoryOrigin::Gitea, source: SourceNew::default() };
        let store = &database.store;
        let id = hook_repository_create(store, owner, new, ToOwned::to_owned, now()).await.unwrap().id;
        let work = walk(source_backfill_begin(store, id, now()).await.unwrap());
        repository_delete(store, owner, id).await.unwrap();
        let stored = source_page_store(store, &work, page(&[listed("v1", "", 0, None)]), release_ids(), context(now()), now());
        assert_eq!(stored.await.unwrap(), SourceProgress::Overtaken);
        assert_eq!(source_backfill_begin(store, id, now()).await.unwrap(), SourceBegin::Nothing);
        assert_eq!(database.count("repository_sources").await + database.count("releases").await, 0);
    }
}
