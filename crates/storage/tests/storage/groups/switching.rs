//! What becomes of a page's groups when its grouping is switched.

use releasepage_domain::{group::Grouping, release::ReleaseInput};
use releasepage_storage::{
    database::change::Change,
    groups::edits::{GroupNew, group_create},
    pages::{
        edits::{PageChange, PageNew, page_create},
        row::PageGrouping,
    },
};

use crate::{
    groups::site::{GroupSite, minute},
    support::{Database, both, context, now, page_ids, page_new, release_input},
};

both! {
    async fn the_first_group_holds_what_is_latest_and_is_told_to_nobody(database: &Database) {
        let site = GroupSite::off(database).await;
        for (repository, tag) in [(site.api, "v1.0.0"), (site.api, "v0.9.0"), (site.web, "v3.0.0"), (site.web, "v4.0.0-rc.1")] {
            database.release(repository, tag).await;
        }
        site.switch(database, Grouping::Auto, 5).await;
        assert_eq!(site.groups(database).await, ["closed v0.1.0: api v1.0.0, web v3.0.0"]);
        assert!(site.announcements(database).await.is_empty());
        let first = site.list(database).await.remove(0);
        assert_eq!((first.notify, first.closed_at, first.closes_at), (false, Some(minute(5)), None));
        site.publish(database, site.api, "v1.1.0", 6).await;
        assert_eq!(site.groups(database).await[1], "closed v0.2.0: api v1.1.0");
    }

    async fn a_page_without_releases_has_its_first_group_with_the_first(database: &Database) {
        let site = GroupSite::off(database).await;
        let initial = "2.0.0".parse().unwrap();
        let change = PageChange { group_initial_version: Change::Set(initial), ..PageChange::default() };
        site.update(database, PageChange { grouping: Change::Set(Grouping::Auto), ..change }, 0).await;
        assert!(site.groups(database).await.is_empty());
        site.publish(database, site.api, "v7.0.0", 1).await;
        assert_eq!(site.groups(database).await, ["closed 2.0.0: api v7.0.0"]);
        assert_eq!(site.announcements(database).await, ["waiting 2.0.0 v7.0.0"]);
    }

    async fn switched_on_again_it_goes_on(database: &Database) {
        let site = GroupSite::auto(database, 0).await;
        site.publish(database, site.api, "v1.0.0", 0).await;
        site.switch(database, Grouping::Off, 1).await;
        site.switch(database, Grouping::Auto, 2).await;
        assert_eq!(site.groups(database).await, ["closed v0.1.0: api v1.0.0"], "nothing new, no group");
        site.switch(database, Grouping::Off, 3).await;
        site.publish(database, site.api, "v1.0.1", 4).await;
        site.publish(database, site.api, "v1.0.2", 5).await;
        site.publish(database, site.web, "v3.0.0", 6).await;
        assert_eq!(site.announcements(database).await[1..], ["waiting - v1.0.1", "waiting - v1.0.2", "waiting - v3.0.0"]);
        site.switch(database, Grouping::Auto, 7).await;
        assert_eq!(site.groups(database).await[1], "closed v0.2.0: api v1.0.2, web v3.0.0");
        assert_eq!(site.announcements(database).await.len(), 4);
    }

    async fn a_group_that_is_open_closes_when_it_is_switched_off(database: &Database) {
        let site = GroupSite::auto(database, 600).await;
        site.publish(database, site.api, "v1.0.0", 0).await;
        site.switch(database, Grouping::Off, 1).await;
        assert_eq!(database.jobs("group_close").await.len(), 2, "one for the window, one for now");
        assert_eq!(site.close(database, 1, 1).await, None);
        assert_eq!(site.groups(database).await, ["closed v0.1.0: api v1.0.0"]);
        assert_eq!(site.announcements(database).await, ["waiting v0.1.0 v1.0.0"]);
        site.switch(database, Grouping::Auto, 2).await;
        site.publish(database, site.web, "v3.0.0", 3).await;
        site.switch(database, Grouping::Manual, 4).await;
        assert_eq!(site.close(database, 2, 4).await, None);
        assert_eq!(site.groups(database).await[1], "closed v0.2.0: web v3.0.0");
    }

    async fn a_group_that_is_still_to_close_is_in_nobodys_way(database: &Database) {
        let site = GroupSite::auto(database, 600).await;
        site.publish(database, site.api, "v1.0.0", 0).await;
        site.switch(database, Grouping::Manual, 1).await;
        let web = site.publish(database, site.web, "v3.0.0", 2).await;
        let new = GroupNew { version: "v0.5.0".parse().unwrap(), releases: vec![web.id], notes: None, notify: true };
        let (organization_id, page_id) = (site.organization_id, site.page_id.clone());
        group_create(&database.store, organization_id, page_id, new, context(minute(3))).await.unwrap();
        assert_eq!(site.groups(database).await, ["open -: api v1.0.0", "closed v0.5.0: web v3.0.0"]);
        site.publish(database, site.web, "v3.0.1", 4).await;
        site.switch(database, Grouping::Auto, 5).await;
        assert_eq!(site.groups(database).await[2], "closed v0.5.1: web v3.0.1");
        assert_eq!(site.close(database, 1, 6).await, None);
        assert_eq!(site.groups(database).await[0], "closed v0.6.0: api v1.0.0");
    }

    async fn a_manual_page_tells_of_no_release_by_itself(database: &Database) {
        let site = GroupSite::manual(database).await;
        site.publish(database, site.api, "v1.0.0", 0).await;
        site.arrive(database, site.api, ReleaseInput { prerelease: Some(true), ..release_input("v2.0.0") }, 0).await;
        assert!(site.groups(database).await.is_empty());
        assert_eq!(site.announcements(database).await, ["waiting - v2.0.0"], "a pre-release is told to those who want it");
    }

    async fn a_page_is_made_with_its_grouping(database: &Database) {
        let organization_id = database.owner("owner@example.com").await.organization_id;
        let grouping =
            PageGrouping { mode: Grouping::Auto, window_minutes: 90, initial_version: "1.0.0".parse().unwrap() };
        let new = PageNew { grouping: grouping.clone(), ..page_new("Acme") };
        let page = page_create(&database.store, organization_id, new, page_ids(), now()).await.unwrap();
        assert_eq!(page.grouping, grouping);
    }
}
