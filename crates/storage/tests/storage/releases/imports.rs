//! Imports of a history: told to nobody, done twice as good as once, and never against what others decided.

use chrono::TimeDelta;
use releasepage_domain::{
    bump::Bump,
    release::{Platforms, ReleaseInput, ReleaseState},
    release_import::{ImportKept, ImportTime, ReleaseImport},
};
use releasepage_storage::releases::{
    edits::{ReleasesFilter, release_edit, release_publish_due, release_withdraw, releases_list},
    imports::{IMPORT_BATCH, ImportResult, release_import, release_import_plan},
    row::{Release, ReleaseOwner},
};

use crate::{
    releases::edits::announcements,
    support::{Database, both, context, now, release_ids, release_input},
};

/// A release of a changelog, so many days before the present.
fn told(tag: &str, days: i64) -> ReleaseImport {
    let published_at = now() - TimeDelta::days(days);
    let input = ReleaseInput { notes: Some(format!("- {tag}")), published_at, ..release_input(tag) };
    ReleaseImport { input, time: ImportTime::Exact }
}

fn with(told: ReleaseImport, change: impl FnOnce(&mut ReleaseInput)) -> ReleaseImport {
    let mut told = told;
    change(&mut told.input);
    told
}

async fn import(database: &Database, repository_id: i64, batch: &[ReleaseImport]) -> Vec<ImportResult> {
    let plan = release_import_plan(&database.store, repository_id, batch.to_vec(), now()).await.unwrap();
    let done = release_import(&database.store, repository_id, batch.to_vec(), release_ids(), context(now()));
    let done = done.await.unwrap();
    assert_eq!(plan, done, "what was foreseen");
    done
}

async fn releases(database: &Database, repository_id: i64) -> Vec<Release> {
    releases_list(&database.store, repository_id, ReleasesFilter::default(), 10_000).await.unwrap()
}

both! {
    async fn a_history_is_shown_with_its_bumps_and_told_to_nobody(database: &Database) {
        let site = database.site().await;
        database.subscriber(&site.page_id, "reader@example.com", &["major", "minor", "patch"], None).await;
        let generation = database.generation(&site.page_id).await;
        let batch = [told("v1.0.0", 30), told("v1.1.0", 20), told("v1.1.1", 0)];
        assert_eq!(import(database, site.repository_id, &batch).await, [const { ImportResult::Added }; 3]);
        let shown: Vec<_> = database.shown(&site.page_id).await.into_iter().map(|(_, tag, bump)| (tag, bump)).collect();
        let expected = [("v1.0.0", Bump::Major), ("v1.1.0", Bump::Minor), ("v1.1.1", Bump::Patch)];
        assert_eq!(shown, expected.map(|(tag, bump)| (tag.to_owned(), bump)));
        assert!(database.generation(&site.page_id).await > generation);
        assert_eq!(announcements(database).await, [""; 0]);
        assert!(database.count("release_tokens").await > 0, "it is found");

        let generation = database.generation(&site.page_id).await;
        assert_eq!(import(database, site.repository_id, &batch).await, [const { ImportResult::Same }; 3]);
        assert_eq!((releases(database, site.repository_id).await.len(), database.count("jobs").await), (3, 1));
        assert_eq!(database.generation(&site.page_id).await, generation, "nothing changed");
    }

    async fn an_edit_or_a_return_of_what_was_imported_is_no_news(database: &Database) {
        let site = database.site().await;
        import(database, site.repository_id, &[told("v1.0.0", 0)]).await;
        let changed = with(told("v1.0.0", 0), |input| input.notes = Some("- mended".into()));
        assert_eq!(import(database, site.repository_id, &[changed]).await, [ImportResult::Changed]);
        let release = releases(database, site.repository_id).await.remove(0);
        assert_eq!((release.input.notes.as_deref(), release.revision), (Some("- mended"), 2));
        let owner = ReleaseOwner::Repository(site.repository_id);
        let edit = |before: &Release| Ok(ReleaseInput { title: "One".into(), notify: Some(true), ..before.input.clone() });
        release_edit(&database.store, owner, release.id.clone(), None, edit, context(now())).await.unwrap();
        release_withdraw(&database.store, owner, release.id, context(now())).await.unwrap();
        database.arrive(site.repository_id, ReleaseInput { notify: Some(true), ..release_input("v1.0.0") }).await;
        assert_eq!(releases(database, site.repository_id).await[0].state, ReleaseState::Published);
        assert_eq!(announcements(database).await, [""; 0]);
    }

    async fn what_others_decided_is_kept(database: &Database) {
        let site = database.site().await;
        let (repository_id, owner) = (site.repository_id, ReleaseOwner::Repository(site.repository_id));
        let gone = database.by_hand(repository_id, release_input("v1.0.0")).await.unwrap();
        release_withdraw(&database.store, owner, gone.id, context(now())).await.unwrap();
        database.by_hand(repository_id, ReleaseInput { draft: true, ..release_input("v2.0.0") }).await.unwrap();
        let of_forge = database.by_hand(repository_id, release_input("v3.0.0")).await.unwrap();
        database
            .execute(format!(
                "INSERT INTO source_releases (repository_id, source_id, release_id, stage, stage_rank) \
                 VALUES ({repository_id}, '7', '{}', 'release', 2)",
                of_forge.id
            ))
            .await;
        let before = releases(database, repository_id).await;
        let results = import(database, repository_id, &[told("1.0.0", 9), told("v2.0.0", 8), told("v3.0.0", 7)]).await;
        let kept = [ImportKept::Withdrawn, ImportKept::Draft, ImportKept::Forge].map(ImportResult::Kept);
        assert_eq!(results, kept);
        assert_eq!(releases(database, repository_id).await, before);
    }

    async fn one_that_cannot_be_stored_does_not_hinder_the_others(database: &Database) {
        let site = database.site().await;
        let platforms = |name: &str| Platforms::parse("platforms", vec![name.into()]).unwrap();
        let batch = [
            told("v1.0.0", 3),
            with(told("v1.1.0", 2), |input| input.notes = Some("a\0b".into())),
            told("1.0.0", 1),
            with(told("v1.0.0", 1), |input| input.platforms = platforms("iOS")),
        ];
        let results = import(database, site.repository_id, &batch).await;
        let fields: Vec<_> = results
            .iter()
            .map(|result| match result {
                ImportResult::Refused(fault) => Some(fault.field.as_str()),
                ImportResult::Added => None,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(fields, [None, Some("notes"), Some("tag"), None]);
        assert_eq!(releases(database, site.repository_id).await.len(), 2);
    }

    async fn what_is_still_to_come_is_published_when_its_time_comes(database: &Database) {
        let site = database.site().await;
        database.subscriber(&site.page_id, "reader@example.com", &["major"], None).await;
        import(database, site.repository_id, &[told("v2.0.0", -2)]).await;
        let release = releases(database, site.repository_id).await.remove(0);
        assert_eq!((release.state, database.shown(&site.page_id).await.len()), (ReleaseState::Scheduled, 0));
        assert_eq!(database.jobs("release_publish").await.len(), 1);
        let then = now() + TimeDelta::days(2);
        release_publish_due(&database.store, release.id, context(then)).await.unwrap();
        assert_eq!(announcements(database).await, ["waiting"], "it is news");
    }

    async fn batches_come_to_the_same_as_one_by_one(database: &Database) {
        let site = database.site().await;
        let other = database.repository(site.organization_id, "acme/other").await.id;
        database.component(site.organization_id, &site.page_id, "acme/other", None).await;
        let history: Vec<_> =
            (0..250).map(|number| told(&format!("v{}.{}.{}", number / 50, number / 5 % 10, number % 5), 300 - number)).collect();
        for batch in history.chunks(IMPORT_BATCH) {
            import(database, site.repository_id, batch).await;
        }
        for told in history {
            let input = ReleaseInput { notify: Some(false), ..told.input };
            database.arrive(other, input).await;
        }
        let shown = |repo: &'static str| async move {
            let sql = format!(
                "SELECT version || ' ' || version_key || ' ' || bump AS text FROM component_releases \
                 INNER JOIN components ON components.id = component_id WHERE repo = '{repo}' ORDER BY version"
            );
            database.texts(sql).await
        };
        let (batched, single) = (shown("acme/api").await, shown("acme/other").await);
        assert_eq!(batched.len(), 250);
        assert_eq!(batched, single);
    }
}
