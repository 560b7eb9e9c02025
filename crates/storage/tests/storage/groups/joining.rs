//! Groups that make themselves: who joins, when they close, which version they get, and what stays.

use chrono::TimeDelta;
use releasepage_domain::{
    group::{GroupState, Grouping},
    job::JobPayload,
    release::{Platforms, ReleaseInput},
    release_import::{ImportTime, ReleaseImport},
};
use releasepage_storage::{
    database::change::Change,
    groups::closing::group_jobs_restore,
    jobs::claims::{JobOutcome, job_claim, job_finish},
    pages::{components::component_delete, edits::PageChange},
    releases::{edits::release_edit, imports::release_import, row::ReleaseOwner},
};

use crate::{
    groups::site::{GroupSite, minute},
    support::{Database, both, context, now, release_ids, release_input},
};

both! {
    async fn without_a_window_each_release_is_a_group(database: &Database) {
        let site = GroupSite::auto(database, 0).await;
        let generation = database.generation(&site.page_id).await;
        for (repository, tag) in
            [(site.api, "v1.0.0"), (site.web, "v3.0.0"), (site.web, "v3.0.1"), (site.api, "v1.1.0"), (site.api, "v2.0.0")]
        {
            site.publish(database, repository, tag, 0).await;
        }
        let groups = [
            "closed v0.1.0: api v1.0.0",
            "closed v0.2.0: web v3.0.0",
            "closed v0.2.1: web v3.0.1",
            "closed v0.3.0: api v1.1.0",
            "closed v0.4.0: api v2.0.0",
        ];
        assert_eq!(site.groups(database).await, groups);
        assert_eq!(site.announcements(database).await.len(), 5, "one for each, the first too");
        assert_eq!(database.count("jobs WHERE payload LIKE '%group_close%'").await, 0);
        assert!(database.generation(&site.page_id).await > generation);
    }

    async fn from_one_on_a_major_raises_the_major(database: &Database) {
        let site = GroupSite::off(database).await;
        let initial = "1.0.0".parse().unwrap();
        let change = PageChange { group_initial_version: Change::Set(initial), ..PageChange::default() };
        site.update(database, PageChange { grouping: Change::Set(Grouping::Auto), ..change }, 0).await;
        for tag in ["v1.0.0", "v1.0.1", "v2.0.0"] {
            site.publish(database, site.api, tag, 0).await;
        }
        let versions: Vec<_> = site.list(database).await.into_iter().filter_map(|group| group.version).collect();
        assert_eq!(versions, ["1.0.0", "1.0.1", "2.0.0"]);
    }

    async fn releases_within_the_window_are_one_group(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        site.publish(database, site.api, "v1.0.0", 0).await;
        site.publish(database, site.web, "v3.0.0", 30).await;
        site.publish(database, site.api, "v1.0.1", 50).await;
        assert_eq!(site.groups(database).await, ["open -: api v1.0.0, web v3.0.0, api v1.0.1"]);
        assert!(site.announcements(database).await.is_empty());
        let group = site.list(database).await.remove(0);
        assert_eq!(group.closes_at, Some(minute(110)));
        assert_eq!(database.jobs("group_close").await.len(), 1, "which is put off as releases join");
        assert_eq!(site.close(database, group.id, 60).await, Some(110));
        assert_eq!(site.close(database, group.id, 109).await, Some(110));
        assert_eq!(site.close(database, group.id, 110).await, None);
        assert_eq!(site.close(database, group.id, 111).await, None, "it is closed");
        assert_eq!(site.groups(database).await, ["closed v0.1.0: api v1.0.0, web v3.0.0, api v1.0.1"]);
        assert_eq!(site.announcements(database).await, ["waiting v0.1.0 v3.0.0"]);
        let closed = site.list(database).await.remove(0);
        assert_eq!((closed.closed_at, closed.published_at), (Some(minute(110)), Some(minute(50))));
        site.publish(database, site.web, "v3.1.0", 111).await;
        assert_eq!(site.groups(database).await[1], "open -: web v3.1.0");
        assert_eq!(site.close(database, 4_711, 0).await, None, "a group that is gone");
    }

    async fn a_group_whose_job_failed_for_good_closes_all_the_same(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        site.publish(database, site.api, "v1.0.0", 0).await;
        assert_eq!(group_jobs_restore(&database.store, minute(70)).await.unwrap(), 0, "its job waits");
        let claim = || job_claim(&database.store, minute(70), minute(80));
        let job = claim().await.unwrap().unwrap();
        assert_eq!(job.payload, JobPayload::GroupClose { group: 1 });
        assert_eq!(group_jobs_restore(&database.store, minute(70)).await.unwrap(), 0, "its job runs");
        assert!(job_finish(&database.store, job.ticket, JobOutcome::Dead("broken".into())).await.unwrap());
        site.publish(database, site.web, "v3.0.0", 5).await;
        assert_eq!(claim().await.unwrap(), None, "who joins later relies on the job that is there");
        assert_eq!(group_jobs_restore(&database.store, minute(70)).await.unwrap(), 1);
        assert_eq!(group_jobs_restore(&database.store, minute(70)).await.unwrap(), 0);
        assert_eq!(database.jobs("group_close").await.len(), 1, "in the place of the dead letter");
        assert_eq!(claim().await.unwrap().unwrap().payload, job.payload);
        assert_eq!(site.close(database, 1, 70).await, None);
        assert_eq!(site.groups(database).await, ["closed v0.1.0: api v1.0.0, web v3.0.0"]);
        assert_eq!(group_jobs_restore(&database.store, minute(70)).await.unwrap(), 0, "it is closed");
    }

    async fn a_window_that_was_made_shorter_closes_earlier(database: &Database) {
        let site = GroupSite::auto(database, 600).await;
        site.publish(database, site.api, "v1.0.0", 0).await;
        let shorter = PageChange { group_window_minutes: Change::Set(10), ..PageChange::default() };
        site.update(database, shorter, 1).await;
        let group = site.list(database).await.remove(0);
        assert_eq!(group.closes_at, Some(minute(600)), "from the next release on");
        site.publish(database, site.web, "v3.0.0", 2).await;
        assert_eq!(database.jobs("group_close").await.len(), 2);
        assert_eq!(site.close(database, group.id, 12).await, None);
        assert_eq!(site.groups(database).await, ["closed v0.1.0: api v1.0.0, web v3.0.0"]);
        let none = PageChange { group_window_minutes: Change::Set(600), ..PageChange::default() };
        site.update(database, none, 13).await;
        site.publish(database, site.api, "v1.1.0", 14).await;
        let none = PageChange { group_window_minutes: Change::Set(0), ..PageChange::default() };
        site.update(database, none, 15).await;
        site.publish(database, site.web, "v3.1.0", 16).await;
        assert_eq!(site.groups(database).await[1], "closed v0.2.0: api v1.1.0, web v3.1.0");
    }

    async fn the_order_within_a_window_does_not_matter(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        let mut tags = [(site.api, "v1.0.1"), (site.web, "v3.1.0"), (site.api, "v1.1.0")];
        database.release(site.api, "v1.0.0").await;
        database.release(site.web, "v3.0.0").await;
        site.close(database, 1, 60).await;
        for (at, expected) in [(1_000, "v0.2.0"), (2_000, "v0.3.0"), (3_000, "v0.4.0")] {
            tags.rotate_left(1);
            for (repository, tag) in tags {
                // Platforms make them releases of their own in every round.
                let platforms = Platforms::parse("platforms", vec![format!("at {at}")]).unwrap();
                let input = ReleaseInput { platforms, published_at: minute(at), ..release_input(tag) };
                site.arrive(database, repository, input, at).await;
            }
            let group = site.list(database).await.pop().unwrap();
            assert_eq!(site.close(database, group.id, at + 60).await, None);
            assert_eq!(site.list(database).await.pop().unwrap().version.as_deref(), Some(expected));
        }
    }

    async fn what_is_taken_back_leaves_and_returns(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        let api = site.publish(database, site.api, "v1.0.0", 0).await;
        let web = site.publish(database, site.web, "v3.0.0", 0).await;
        site.withdraw(database, &web, 1).await;
        assert_eq!(site.groups(database).await, ["open -: api v1.0.0, [v3.0.0]"]);
        site.arrive(database, site.web, web.input.clone(), 2).await;
        site.close(database, 1, 120).await;
        assert_eq!(site.groups(database).await, ["closed v0.1.0: api v1.0.0, web v3.0.0"]);
        site.withdraw(database, &web, 130).await;
        site.withdraw(database, &api, 130).await;
        assert_eq!(site.groups(database).await, ["closed v0.1.0: [v1.0.0], [v3.0.0]"]);
        assert_eq!(site.announcements(database).await, ["cancelled v0.1.0 v3.0.0"]);
        site.arrive(database, site.web, web.input.clone(), 140).await;
        assert_eq!(site.groups(database).await, ["closed v0.1.0: [v1.0.0], web v3.0.0"], "its group, and no other");
        assert_eq!(site.announcements(database).await, ["cancelled v0.1.0 v3.0.0"], "nobody is mailed");
        site.publish(database, site.api, "v1.0.1", 150).await;
        site.close(database, 2, 210).await;
        assert_eq!(site.groups(database).await[1], "closed v0.1.1: api v1.0.1", "the version of a group is not given twice");
    }

    async fn who_is_not_there_at_the_close_joins_the_next(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        let api = site.publish(database, site.api, "v1.0.0", 0).await;
        let web = site.publish(database, site.web, "v3.0.0", 0).await;
        site.withdraw(database, &web, 1).await;
        site.close(database, 1, 60).await;
        assert_eq!(site.groups(database).await, ["closed v0.1.0: api v1.0.0"]);
        site.arrive(database, site.web, web.input.clone(), 61).await;
        assert_eq!(site.groups(database).await[1], "open -: web v3.0.0");
        site.withdraw(database, &web, 62).await;
        site.close(database, 2, 121).await;
        assert_eq!(site.groups(database).await, ["closed v0.1.0: api v1.0.0"], "a group of nothing is gone");
        site.arrive(database, site.web, web.input, 122).await;
        site.close(database, 3, 182).await;
        assert_eq!(site.groups(database).await[1], "closed v0.2.0: web v3.0.0");
        assert_eq!(site.announcements(database).await, ["waiting v0.1.0 v1.0.0"], "what came back is no news");
        site.withdraw(database, &api, 200).await;
    }

    async fn history_joins_nothing(database: &Database) {
        let site = GroupSite::auto(database, 0).await;
        let old = ReleaseInput { published_at: now() - TimeDelta::days(8), ..release_input("v1.0.0") };
        site.arrive(database, site.api, old.clone(), 0).await;
        let import = ReleaseImport { input: release_input("v1.1.0"), time: ImportTime::Exact };
        release_import(&database.store, site.api, vec![import], release_ids(), context(now())).await.unwrap();
        let early = ReleaseInput { prerelease: Some(true), ..release_input("v2.0.0") };
        let made = site.arrive(database, site.api, early.clone(), 0).await;
        site.arrive(database, site.web, release_input("v4.0.0-rc.1"), 0).await;
        assert!(site.groups(database).await.is_empty());
        assert_eq!(site.announcements(database).await.len(), 2, "pre-releases are told one by one");

        let owner = ReleaseOwner::Repository(site.api);
        let promote = |before: &releasepage_storage::releases::row::Release| {
            Ok(ReleaseInput { prerelease: Some(false), ..before.input.clone() })
        };
        release_edit(&database.store, owner, made.id, None, promote, context(minute(1))).await.unwrap();
        let asked = ReleaseInput { tag: "v1.0.1".into(), notify: Some(true), ..old };
        site.arrive(database, site.api, asked, 2).await;
        assert_eq!(site.groups(database).await, ["closed v0.1.0: api v2.0.0", "closed v0.1.1: api v1.0.1"]);
    }

    async fn a_page_that_is_cut_in_another_way_keeps_its_groups(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        site.publish(database, site.api, "cli-v1.0.0", 0).await;
        site.publish(database, site.web, "v3.0.0", 0).await;
        site.close(database, 1, 60).await;
        assert_eq!(site.groups(database).await, ["closed v0.1.0: api cli-v1.0.0, web v3.0.0"]);
        let cli = database.component(site.organization_id, &site.page_id, "acme/api", Some("cli-")).await;
        assert_eq!(site.groups(database).await, ["closed v0.1.0: cli v1.0.0, web v3.0.0"]);
        component_delete(&database.store, site.organization_id, site.page_id.clone(), cli).await.unwrap();
        component_delete(&database.store, site.organization_id, site.page_id.clone(), site.api_component).await.unwrap();
        assert_eq!(site.groups(database).await, ["closed v0.1.0: [cli-v1.0.0], web v3.0.0"]);
        database.component(site.organization_id, &site.page_id, "acme/api", None).await;
        assert_eq!(site.groups(database).await, ["closed v0.1.0: api cli-v1.0.0, web v3.0.0"]);
    }

    async fn late_history_changes_no_group(database: &Database) {
        let site = GroupSite::auto(database, 0).await;
        site.publish(database, site.api, "v1.1.0", 0).await;
        site.publish(database, site.api, "v2.0.0", 1).await;
        assert_eq!(database.shown(&site.page_id).await[1].2.as_str(), "major");
        let late = ["v1.0.9", "v1.9.0", "v2.0.0-rc.1"].map(|tag| ReleaseImport {
            input: ReleaseInput { published_at: now() - TimeDelta::days(90), ..release_input(tag) },
            time: ImportTime::Exact,
        });
        release_import(&database.store, site.api, late.to_vec(), release_ids(), context(now())).await.unwrap();
        let groups = site.list(database).await;
        let bumps: Vec<_> = groups.iter().map(|group| group.members[0].shown.as_ref().unwrap().bump.as_str()).collect();
        assert_eq!(bumps, ["minor", "major"]);
        assert_eq!(groups[1].version.as_deref(), Some("v0.2.0"));
    }

    async fn two_publishers_at_once_make_one_group(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        for round in 1..=10_u32 {
            let at = 100 * i64::from(round);
            let (api, web) = (format!("v{round}.0.0"), format!("v{round}.1.0"));
            tokio::join!(
                site.publish(database, site.api, &api, at),
                site.publish(database, site.web, &web, at),
            );
            let open = site.list(database).await.pop().unwrap();
            assert_eq!((open.state, open.members.len()), (GroupState::Open, 2));
            let close = || site.close(database, open.id, at + 60);
            assert_eq!(tokio::join!(close(), close()), (None, None));
            assert_eq!((database.count("groups").await, database.count("announcements").await), (round, round));
        }
    }

    async fn a_release_at_the_last_moment_is_in_or_in_the_next(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        for round in 1..=10 {
            let at = 1_000 * round;
            let late = format!("v{round}.1.0");
            site.publish(database, site.api, &format!("v{round}.0.0"), at).await;
            let open = site.list(database).await.pop().unwrap().id;
            let (again, _) = tokio::join!(
                site.close(database, open, at + 60),
                site.publish(database, site.web, &late, at + 60),
            );
            let last = site.list(database).await.pop().unwrap();
            let members = if again.is_some() { 2 } else { 1 };
            assert_eq!((last.state, last.members.len()), (GroupState::Open, members), "put off until {again:?}");
            assert_eq!(site.close(database, last.id, at + 120).await, None);
        }
    }

    async fn whoever_writes_at_once_ends(database: &Database) {
        let site = GroupSite::auto(database, 0).await;
        let second = database.page(site.organization_id, "Second").await.id;
        for repo in ["acme/web", "acme/api"] {
            database.component(site.organization_id, &second, repo, None).await;
        }
        let publish = async |repository, name: &str| {
            for round in 0..20 {
                site.publish(database, repository, &format!("{name}{round}.0.0"), round).await;
            }
        };
        let switch = async || {
            for round in 0..10 {
                site.switch(database, Grouping::Manual, round).await;
                site.switch(database, Grouping::Auto, round).await;
            }
        };
        let cut = async || {
            for _ in 0..5 {
                let page_id = second.clone();
                let part = database.component(site.organization_id, &page_id, "acme/api", Some("part-")).await;
                component_delete(&database.store, site.organization_id, page_id, part).await.unwrap();
            }
        };
        tokio::join!(publish(site.api, "v"), publish(site.web, "v"), publish(site.api, "part-v"), switch(), cut());
        let keys = "SELECT version_key AS text FROM groups WHERE state = 'closed' AND page_id = ";
        let keys = database.texts(format!("{keys}'{}' ORDER BY id", site.page_id)).await;
        assert!(keys.len() > 10 && keys.is_sorted_by(|one, next| one < next), "each is the next: {keys:?}");
    }
}
