//! The life of a release: what each event makes of it, and who is told.

use chrono::TimeDelta;
use releasepage_domain::{
    fault::Fault,
    job::JobPayload,
    release::{Platforms, ReleaseArrival, ReleaseInput, ReleaseState},
};
use releasepage_storage::{
    StoreError,
    releases::{
        edits::{release_edit, release_get, release_publish_due, release_withdraw},
        row::{Release, ReleaseOwner},
    },
};

use crate::support::{Database, Site, both, context, faults, is_not_found, now, release_input};

/// A release whose time is in an hour.
fn later(tag: &str) -> ReleaseInput {
    ReleaseInput { published_at: now() + TimeDelta::hours(1), ..release_input(tag) }
}

fn draft(tag: &str) -> ReleaseInput {
    ReleaseInput { draft: true, ..release_input(tag) }
}

fn on_platforms(tag: &str, names: &[&str]) -> ReleaseInput {
    let names = names.iter().map(ToString::to_string).collect();
    ReleaseInput { platforms: Platforms::parse("platforms", names).unwrap(), ..release_input(tag) }
}

pub(crate) async fn edit(
    database: &Database,
    release: &Release,
    edit: impl Fn(&mut ReleaseInput) + Send + 'static,
) -> Result<Release, StoreError> {
    let changed = move |before: &Release| {
        let mut input = before.input.clone();
        edit(&mut input);
        Ok(input)
    };
    let owner = ReleaseOwner::Repository(release.repository_id);
    release_edit(&database.store, owner, release.id.clone(), None, changed, context(now())).await
}

pub(crate) async fn withdraw(database: &Database, release: &Release) {
    let owner = ReleaseOwner::Repository(release.repository_id);
    release_withdraw(&database.store, owner, release.id.clone(), context(now())).await.unwrap();
}

async fn get(database: &Database, release: &Release) -> Result<Release, StoreError> {
    release_get(&database.store, ReleaseOwner::Repository(release.repository_id), release.id.clone()).await
}

async fn state(database: &Database, release: &Release) -> ReleaseState {
    get(database, release).await.unwrap().state
}

/// What came of each announcement, and for each a job: `waiting`, `cancelled`.
pub(crate) async fn announcements(database: &Database) -> Vec<String> {
    let states = database.texts("SELECT state AS text FROM announcements ORDER BY id").await;
    assert_eq!(database.jobs("announcement_spread").await.len(), states.len());
    states
}

const NOBODY: [&str; 0] = [];

both! {
    async fn a_release_arrives_and_arrives_again(database: &Database) {
        let site = database.site().await;
        let input = ReleaseInput { title: "One".into(), author: Some("ada".into()), ..release_input("v1.0.0") };
        let first = database.arrive(site.repository_id, input.clone()).await;
        assert_eq!((first.state, first.revision, &first.input), (ReleaseState::Published, 1, &input));
        assert_eq!(announcements(database).await, ["waiting"]);
        let run_at = (now() + TimeDelta::minutes(1)).format("%H:%M:%S").to_string();
        let due = database.texts("SELECT CAST(run_at AS TEXT) AS text FROM jobs").await;
        assert!(due[0].contains(&run_at), "{due:?}");

        // What changes nothing writes nothing.
        let generation = database.generation(&site.page_id).await;
        assert_eq!(database.arrive(site.repository_id, input.clone()).await, first);
        assert_eq!(database.generation(&site.page_id).await, generation);

        let second = ReleaseInput { title: "Two".into(), author: Some("bob".into()), ..input };
        let again = database.arrive(site.repository_id, second).await;
        assert_eq!((&again.id, again.revision, again.input.title.as_str()), (&first.id, 2, "Two"));
        // Who made it stays; who changed it last is known too.
        assert_eq!(again.input.author.as_deref(), Some("ada"));
        assert_eq!(again.updated_by.as_deref(), Some("bob"));
        assert_eq!(announcements(database).await, ["waiting"]);
        assert_eq!(get(database, &first).await.unwrap(), again);
        assert!(database.generation(&site.page_id).await > generation);
    }

    async fn the_platforms_are_part_of_the_identity(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        let all = database.arrive(repository_id, release_input("v1.0.0")).await;
        let both = database.arrive(repository_id, on_platforms("v1.0.0", &["iOS", "Android"])).await;
        assert_ne!(all.id, both.id);
        let same = database.arrive(repository_id, on_platforms("v1.0.0", &["Android", "iOS"])).await;
        assert_eq!(same.id, both.id);
        assert_eq!(same.input.platforms.names(), ["Android", "iOS"]);
        assert_eq!(database.count("releases").await, 2);
    }

    async fn the_same_by_hand_is_a_conflict(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        for (number, input) in [release_input("v1"), later("v2"), draft("v3")].into_iter().enumerate() {
            let made = database.by_hand(repository_id, input.clone()).await.unwrap();
            let again = database.by_hand(repository_id, ReleaseInput { title: "Mine".into(), ..input }).await;
            assert!(matches!(again, Err(StoreError::Conflict(_))), "{number}");
            assert_eq!(get(database, &made).await.unwrap(), made);
        }
    }

    async fn a_draft_waits_for_its_team(database: &Database) {
        let site = database.site().await;
        let generation = database.generation(&site.page_id).await;
        let made = database.by_hand(site.repository_id, draft("v1.0.0")).await.unwrap();
        assert_eq!((made.state, made.input.draft), (ReleaseState::Draft, true));
        let edited = edit(database, &made, |input| input.title = "New".into()).await.unwrap();
        assert_eq!((edited.state, edited.revision), (ReleaseState::Draft, 2));
        release_publish_due(&database.store, made.id.clone(), context(now())).await.unwrap();
        let again = database.arrive(site.repository_id, draft("v1.0.0")).await;
        assert_eq!((&again.id, again.state), (&made.id, ReleaseState::Draft));
        assert_eq!(announcements(database).await, NOBODY);
        assert_eq!(database.shown(&site.page_id).await, []);
        assert_eq!(database.generation(&site.page_id).await, generation);

        let published = edit(database, &made, |input| input.draft = false).await.unwrap();
        assert_eq!((published.state, published.input.draft), (ReleaseState::Published, false));
        assert_eq!(announcements(database).await, ["waiting"]);
        assert!(database.generation(&site.page_id).await > generation);
    }

    async fn a_draft_taken_back_is_gone(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        let made = database.by_hand(repository_id, draft("v1.0.0")).await.unwrap();
        withdraw(database, &made).await;
        assert!(is_not_found(&get(database, &made).await));
        assert_eq!(database.count("release_tokens").await, 0);
        // Nobody ever saw it: what comes under its version is news.
        let fresh = database.by_hand(repository_id, release_input("v1.0.0")).await.unwrap();
        assert_ne!(fresh.id, made.id);
        assert_eq!(announcements(database).await, ["waiting"]);
    }

    async fn a_draft_can_be_scheduled(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        let made = database.by_hand(repository_id, draft("v1.0.0")).await.unwrap();
        let time = now() + TimeDelta::hours(1);
        let scheduled = edit(database, &made, move |input| (input.draft, input.published_at) = (false, time)).await;
        assert_eq!(scheduled.unwrap().state, ReleaseState::Scheduled);
        assert_eq!(database.jobs("release_publish").await, [JobPayload::ReleasePublish { release: made.id }]);
    }

    async fn a_scheduled_release_is_published_when_its_time_comes(database: &Database) {
        let site = database.site().await;
        let made = database.arrive(site.repository_id, later("v1.0.0")).await;
        assert_eq!(made.state, ReleaseState::Scheduled);
        assert_eq!(database.arrive(site.repository_id, later("v1.0.0")).await, made);
        assert_eq!(database.jobs("release_publish").await.len(), 1);

        // A new time counts, and the job of the old one finds nothing to do.
        let time = now() + TimeDelta::hours(2);
        let edited = edit(database, &made, move |input| input.published_at = time).await.unwrap();
        assert_eq!((edited.state, database.jobs("release_publish").await.len()), (ReleaseState::Scheduled, 2));
        let due = |hours| release_publish_due(&database.store, made.id.clone(), context(now() + TimeDelta::hours(hours)));
        due(1).await.unwrap();
        assert_eq!(state(database, &made).await, ReleaseState::Scheduled);
        assert_eq!((announcements(database).await, database.shown(&site.page_id).await.len()), (vec![], 0));
        due(2).await.unwrap();
        assert_eq!(state(database, &made).await, ReleaseState::Published);
        due(3).await.unwrap();
        assert_eq!(announcements(database).await, ["waiting"]);
        assert_eq!(database.shown(&site.page_id).await.len(), 1);
    }

    async fn a_scheduled_release_is_published_by_bringing_its_time_forward(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        let by_edit = database.arrive(repository_id, later("v1.0.0")).await;
        let edited = edit(database, &by_edit, |input| input.published_at = now()).await.unwrap();
        assert_eq!(edited.state, ReleaseState::Published);
        database.arrive(repository_id, later("v2.0.0")).await;
        assert_eq!(database.arrive(repository_id, release_input("v2.0.0")).await.state, ReleaseState::Published);
        assert_eq!(announcements(database).await, ["waiting", "waiting"]);
    }

    async fn a_scheduled_release_can_be_withdrawn(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        let made = database.arrive(repository_id, later("v1.0.0")).await;
        withdraw(database, &made).await;
        let due = context(now() + TimeDelta::hours(1));
        release_publish_due(&database.store, made.id.clone(), due).await.unwrap();
        assert_eq!(state(database, &made).await, ReleaseState::Withdrawn);
        assert_eq!(announcements(database).await, NOBODY);
        release_publish_due(&database.store, "nothing".into(), due).await.unwrap();
    }

    async fn a_withdrawn_release_comes_back_with_its_id_and_nobody_is_told(database: &Database) {
        let site = database.site().await;
        let made = database.arrive(site.repository_id, release_input("v1.0.0")).await;
        withdraw(database, &made).await;
        assert_eq!(announcements(database).await, ["cancelled"]);
        assert_eq!(database.shown(&site.page_id).await, []);
        let withdrawn = get(database, &made).await.unwrap();
        assert_eq!((withdrawn.state, withdrawn.revision), (ReleaseState::Withdrawn, 2));
        withdraw(database, &made).await;
        assert_eq!(get(database, &made).await.unwrap(), withdrawn);
        let edited = edit(database, &made, |input| input.title = "Still gone".into()).await.unwrap();
        assert_eq!(edited.state, ReleaseState::Withdrawn);

        for arrival in [ReleaseArrival::ByHand, ReleaseArrival::Repeatable] {
            let back = database.arrive_at(site.repository_id, release_input("v1.0.0"), arrival, now()).await.unwrap();
            assert_eq!((&back.id, back.state), (&made.id, ReleaseState::Published), "{arrival:?}");
            assert_eq!(database.shown(&site.page_id).await.len(), 1);
            withdraw(database, &made).await;
        }
        // Not even when it is scheduled anew and its time comes.
        database.by_hand(site.repository_id, later("v1.0.0")).await.unwrap();
        let due = context(now() + TimeDelta::hours(1));
        release_publish_due(&database.store, made.id.clone(), due).await.unwrap();
        assert_eq!(state(database, &made).await, ReleaseState::Published);
        assert_eq!(announcements(database).await, ["cancelled"]);
    }

    async fn a_release_withdrawn_before_its_time_comes_back_in_silence(database: &Database) {
        let site = database.site().await;
        let made = database.arrive(site.repository_id, later("v1.0.0")).await;
        withdraw(database, &made).await;
        let back = database.arrive(site.repository_id, later("v1.0.0")).await;
        assert_eq!((&back.id, back.state), (&made.id, ReleaseState::Scheduled));
        edit(database, &made, |input| input.title = "Still later".into()).await.unwrap();
        release_publish_due(&database.store, made.id.clone(), context(now() + TimeDelta::hours(1))).await.unwrap();
        assert_eq!(state(database, &made).await, ReleaseState::Published);
        assert_eq!(database.shown(&site.page_id).await.len(), 1);
        assert_eq!(announcements(database).await, NOBODY);
    }

    async fn a_published_release_is_edited_in_silence(database: &Database) {
        let site = database.site().await;
        let made = database.arrive(site.repository_id, release_input("v1.0.0")).await;
        let time = now() + TimeDelta::days(1);
        for (number, title) in ["Two", "Three"].into_iter().enumerate() {
            let edited = edit(database, &made, move |input| {
                input.title = title.into();
                input.published_at = time;
                input.draft = true;
            });
            let edited = edited.await.unwrap();
            assert_eq!((edited.state, edited.input.draft), (ReleaseState::Published, false));
            assert_eq!(edited.revision, i64::try_from(number).unwrap() + 2);
        }
        assert_eq!(announcements(database).await, ["waiting"]);
    }

    async fn history_is_told_only_on_request(database: &Database) {
        let site = database.site().await;
        let aged = |tag: &str, days, notify| ReleaseInput {
            published_at: now() - TimeDelta::days(days),
            notify,
            ..release_input(tag)
        };
        for (input, told) in [
            (aged("v1.0.0", 8, None), 0),
            (aged("v1.1.0", 800, Some(true)), 1),
            (aged("v1.2.0", 7, None), 2),
            (aged("v1.3.0", 0, Some(false)), 2),
        ] {
            database.arrive(site.repository_id, input).await;
            assert_eq!(announcements(database).await.len(), told);
        }
        assert_eq!(database.shown(&site.page_id).await.len(), 4);
    }

    async fn each_page_that_shows_a_release_is_told_once(database: &Database) {
        let site = database.site().await;
        let second = database.page(site.organization_id, "Second").await.id;
        database.component(site.organization_id, &second, "acme/api", None).await;
        let web = database.component(site.organization_id, &second, "acme/api", Some("web-")).await;
        database.arrive(site.repository_id, release_input("web-v1.0.0")).await;
        let told = "SELECT page_id || ' ' || component_id AS text FROM announcements ORDER BY id";
        let expected = [format!("{} {}", site.page_id, site.component_id), format!("{second} {web}")];
        assert_eq!(database.texts(told).await, expected);
    }

    async fn an_edit_onto_another_one_is_a_conflict(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        let one = database.arrive(repository_id, release_input("v1.0.0")).await;
        let ios = database.arrive(repository_id, on_platforms("v1.0.0", &["iOS"])).await;
        let gone = database.arrive(repository_id, release_input("v2.0.0")).await;
        withdraw(database, &gone).await;
        let onto_ios = edit(database, &one, |input| input.platforms = on_platforms("", &["iOS"]).platforms).await;
        let onto_gone = edit(database, &ios, |input| *input = release_input("v2.0.0")).await;
        for refused in [onto_ios, onto_gone] {
            assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        }
        assert_eq!(get(database, &one).await.unwrap(), one);
        let moved = edit(database, &one, |input| input.tag = "v3.0.0".into()).await.unwrap();
        assert_eq!((moved.id, moved.input.tag.as_str()), (one.id, "v3.0.0"));
    }

    async fn an_edit_of_an_old_revision_is_a_conflict(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        let made = database.arrive(repository_id, release_input("v1.0.0")).await;
        let titled = |revision: i64, title: &'static str| {
            let change = move |before: &Release| Ok(ReleaseInput { title: title.into(), ..before.input.clone() });
            let owner = ReleaseOwner::Repository(repository_id);
            release_edit(&database.store, owner, made.id.clone(), Some(revision), change, context(now()))
        };
        assert_eq!(titled(1, "Two").await.unwrap().revision, 2);
        assert!(matches!(titled(1, "Three").await, Err(StoreError::Conflict(_))));
        // An edit that leaves everything as it is, is none.
        assert_eq!(titled(2, "Two").await.unwrap().revision, 2);
        assert_eq!(titled(2, "Three").await.unwrap().revision, 3);
    }

    async fn an_edit_can_be_refused(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        let made = database.arrive(repository_id, release_input("v1.0.0")).await;
        let refuse = |_: &Release| Err(Fault::invalid("title", "no"));
        let owner = ReleaseOwner::Repository(repository_id);
        let refused = release_edit(&database.store, owner, made.id.clone(), None, refuse, context(now())).await;
        assert_eq!(faults(refused)[0].0, "title");
        assert_eq!(get(database, &made).await.unwrap(), made);
    }

    async fn releases_of_somebody_else_are_not_found(database: &Database) {
        let site = database.site().await;
        let other = database.owner("other@example.com").await.organization_id;
        let second = database.repository(site.organization_id, "acme/web").await.id;
        let made = database.arrive(site.repository_id, release_input("v1.0.0")).await;
        let store = &database.store;
        for owner in [ReleaseOwner::Organization(other), ReleaseOwner::Repository(second)] {
            assert!(is_not_found(&release_get(store, owner, made.id.clone()).await));
            assert!(is_not_found(&release_withdraw(store, owner, made.id.clone(), context(now())).await));
            let unchanged = |before: &Release| Ok(before.input.clone());
            assert!(is_not_found(
                &release_edit(store, owner, made.id.clone(), None, unchanged, context(now())).await
            ));
        }
        let mine = ReleaseOwner::Organization(site.organization_id);
        assert_eq!(release_get(store, mine, made.id.clone()).await.unwrap(), made);
        assert!(is_not_found(&release_get(store, mine, "nothing".into()).await));
    }
}
