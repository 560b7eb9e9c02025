//! Groups that an editor makes, edits and takes back.

use releasepage_domain::{
    fault::FaultKind,
    group::{GroupState, Grouping},
    release::ReleaseInput,
};
use releasepage_storage::{
    StoreError,
    announcements::spreading::announcement_spread,
    database::change::Change,
    groups::{
        edits::{GroupChange, GroupNew, group_create, group_edit, group_withdraw},
        lists::{group_get, groups_list},
        row::Group,
    },
    releases::row::Release,
};

use crate::{
    groups::site::{GroupSite, minute},
    support::{Database, both, context, faults, is_not_found, now, release_input},
};

/// A group to be made, of which subscribers are told.
fn group_new(version: &str, releases: &[&Release]) -> GroupNew {
    let releases = releases.iter().map(|release| release.id.clone()).collect();
    GroupNew { version: version.parse().unwrap(), releases, notes: None, notify: true }
}

async fn make(database: &Database, site: &GroupSite, new: GroupNew) -> Result<Group, StoreError> {
    group_create(&database.store, site.organization_id, site.page_id.clone(), new, context(minute(9))).await
}

async fn edit(database: &Database, site: &GroupSite, id: i64, change: GroupChange) -> Result<Group, StoreError> {
    group_edit(&database.store, site.organization_id, site.page_id.clone(), id, change, minute(10)).await
}

async fn withdraw(database: &Database, site: &GroupSite, id: i64) -> Result<(), StoreError> {
    group_withdraw(&database.store, site.organization_id, site.page_id.clone(), id, minute(11)).await
}

both! {
    async fn an_editor_picks_releases_and_version(database: &Database) {
        let site = GroupSite::manual(database).await;
        let api = site.publish(database, site.api, "v1.0.0", 1).await;
        let old = site.publish(database, site.api, "v0.9.0", 0).await;
        let web = site.publish(database, site.web, "v3.0.0", 2).await;
        let new = GroupNew { notes: Some("*Spring*".into()), ..group_new("2.0.0", &[&api, &old, &web]) };
        let made = make(database, &site, new).await.unwrap();
        assert_eq!((made.state, made.version.as_deref(), made.revision), (GroupState::Closed, Some("2.0.0"), 1));
        assert_eq!((made.notes.as_deref(), made.published_at), (Some("*Spring*"), Some(minute(2))));
        assert_eq!(site.groups(database).await, ["closed 2.0.0: api v0.9.0, api v1.0.0, web v3.0.0"]);
        assert_eq!(site.announcements(database).await, ["waiting 2.0.0 v3.0.0"]);
        let got = group_get(&database.store, site.organization_id, site.page_id.clone(), made.id).await.unwrap();
        assert_eq!(got, made);
        let other = database.owner("other@example.com").await.organization_id;
        assert!(is_not_found(&group_get(&database.store, other, site.page_id.clone(), made.id).await));
        let second = database.page(site.organization_id, "Second").await.id;
        assert!(is_not_found(&group_get(&database.store, site.organization_id, second, made.id).await));
        let quiet = site.publish(database, site.api, "v1.1.0", 3).await;
        make(database, &site, GroupNew { notify: false, ..group_new("2.1.0", &[&quiet]) }).await.unwrap();
        assert_eq!(site.announcements(database).await.len(), 1);
    }

    async fn every_fault_is_named(database: &Database) {
        let site = GroupSite::manual(database).await;
        let grouped = site.publish(database, site.api, "v1.0.0", 0).await;
        make(database, &site, group_new("v1.0.0", &[&grouped])).await.unwrap();
        let early = ReleaseInput { prerelease: Some(true), ..release_input("v2.0.0") };
        let early = site.arrive(database, site.api, early, 0).await;
        let draft = site.arrive(database, site.api, ReleaseInput { draft: true, ..release_input("v3.0.0") }, 0).await;
        let good = site.publish(database, site.web, "v1.0.0", 0).await;
        let elsewhere = database.repository(site.organization_id, "acme/other").await.id;
        let elsewhere = site.publish(database, elsewhere, "v1.0.0", 0).await;
        let new = group_new("1.0.0", &[&good, &grouped, &early, &draft, &good, &elsewhere]);
        let expected = [
            ("version", FaultKind::Taken),
            ("release_ids.1", FaultKind::Taken),
            ("release_ids.2", FaultKind::Invalid),
            ("release_ids.3", FaultKind::Invalid),
            ("release_ids.4", FaultKind::Invalid),
            ("release_ids.5", FaultKind::Invalid),
        ];
        let found = faults(make(database, &site, new).await);
        assert_eq!(found, expected.map(|(field, kind)| (field.to_owned(), kind)));
        assert_eq!(faults(make(database, &site, group_new("v2.0.0", &[])).await)[0].0, "release_ids");
        assert_eq!(site.groups(database).await.len(), 1, "nothing was stored");
    }

    async fn only_a_manual_page_has_groups_made_by_hand(database: &Database) {
        let site = GroupSite::auto(database, 600).await;
        let release = site.publish(database, site.api, "v1.0.0", 0).await;
        let refused = make(database, &site, group_new("v1.0.0", &[&release])).await;
        assert!(matches!(refused, Err(StoreError::Conflict(because)) if because.contains("manual")));
        let version = GroupChange { version: Change::Set("v9.0.0".parse().unwrap()), ..GroupChange::default() };
        let notes = GroupChange { notes: Change::Set(Some("New".into())), ..GroupChange::default() };
        assert!(matches!(edit(database, &site, 1, version.clone()).await, Err(StoreError::Conflict(_))));
        assert_eq!(edit(database, &site, 1, notes).await.unwrap().notes.as_deref(), Some("New"));
        site.switch(database, Grouping::Manual, 1).await;
        assert!(matches!(edit(database, &site, 1, version).await, Err(StoreError::Conflict(_))), "it is still open");
    }

    async fn an_edit_is_made_on_what_is_stored(database: &Database) {
        let site = GroupSite::manual(database).await;
        let api = site.publish(database, site.api, "v1.0.0", 0).await;
        let web = site.publish(database, site.web, "v1.0.0", 0).await;
        let one = make(database, &site, group_new("v1.0.0", &[&api])).await.unwrap().id;
        make(database, &site, group_new("v1.1.0", &[&web])).await.unwrap();
        let generation = database.generation(&site.page_id).await;
        let version = |text: &str| GroupChange { version: Change::Set(text.parse().unwrap()), ..GroupChange::default() };
        assert_eq!(edit(database, &site, one, version("v1.0.0")).await.unwrap().revision, 1, "nothing changed");
        assert_eq!(database.generation(&site.page_id).await, generation);
        assert_eq!(faults(edit(database, &site, one, version("1.1.0")).await), [("version".to_owned(), FaultKind::Taken)]);
        let edited = edit(database, &site, one, GroupChange { revision: Some(1), ..version("1.0.0") }).await.unwrap();
        assert_eq!((edited.version.as_deref(), edited.revision), (Some("1.0.0"), 2), "the same version, written anew");
        assert!(database.generation(&site.page_id).await > generation);
        let late = edit(database, &site, one, GroupChange { revision: Some(1), ..version("v3.0.0") }).await;
        assert!(matches!(late, Err(StoreError::Conflict(_))));
        let cleared = GroupChange { notes: Change::Set(None), ..GroupChange::default() };
        assert_eq!(edit(database, &site, one, cleared).await.unwrap().revision, 2);
        assert!(is_not_found(&edit(database, &site, 99, GroupChange::default()).await));
    }

    async fn what_is_taken_back_is_free_again(database: &Database) {
        let site = GroupSite::manual(database).await;
        let (api, web) =
            (site.publish(database, site.api, "v1.0.0", 0).await, site.publish(database, site.web, "v1.0.0", 0).await);
        let wrong = make(database, &site, group_new("v1.0.0", &[&api])).await.unwrap().id;
        withdraw(database, &site, wrong).await.unwrap();
        withdraw(database, &site, wrong).await.unwrap();
        assert!(is_not_found(&withdraw(database, &site, 99).await));
        let refused = edit(database, &site, wrong, GroupChange::default()).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))));
        make(database, &site, group_new("v1.0.0", &[&api, &web])).await.unwrap();
        let both = ["withdrawn v1.0.0: api v1.0.0", "closed v1.0.0: api v1.0.0, web v1.0.0"];
        assert_eq!(site.groups(database).await, both);
        assert_eq!(site.announcements(database).await, ["waiting v1.0.0 v1.0.0"], "the right one alone is told");
        let store = &database.store;
        let closed = Some(GroupState::Closed);
        let list = groups_list(store, site.organization_id, site.page_id.clone(), closed, None, 10).await.unwrap();
        assert_eq!(list.rows.len(), 1);
    }

    async fn what_was_cancelled_before_anybody_was_told_is_news(database: &Database) {
        let site = GroupSite::off(database).await;
        let api = site.publish(database, site.api, "v1.0.0", 0).await;
        let web = site.publish(database, site.web, "v1.0.0", 0).await;
        database.subscriber(&site.page_id, "a@a.example", &["major"], None).await;
        assert!(announcement_spread(&database.store, 2, now()).await.unwrap());
        for release in [&api, &web] {
            site.withdraw(database, release, 1).await;
        }
        site.switch(database, Grouping::Manual, 2).await;
        for release in [&api, &web] {
            site.arrive(database, release.repository_id, release.input.clone(), 3).await;
        }
        let cancelled = ["cancelled - v1.0.0"; 2].map(str::to_owned);
        assert_eq!(site.announcements(database).await, cancelled);
        make(database, &site, group_new("v1.0.0", &[&web])).await.unwrap();
        assert_eq!(site.announcements(database).await, cancelled, "some were told of it");
        make(database, &site, group_new("v1.1.0", &[&api])).await.unwrap();
        let told = ["cancelled - v1.0.0", "waiting v1.1.0 v1.0.0"];
        assert_eq!(site.announcements(database).await, told, "in the place of what told nothing");
    }

    async fn nobody_is_told_twice(database: &Database) {
        let site = GroupSite::off(database).await;
        let api = site.publish(database, site.api, "v1.0.0", 0).await;
        site.switch(database, Grouping::Manual, 0).await;
        let told = make(database, &site, group_new("v1.0.0", &[&api])).await.unwrap().id;
        assert_eq!(site.announcements(database).await, ["waiting - v1.0.0"], "they hear of it by itself");
        withdraw(database, &site, told).await.unwrap();
        let web = site.publish(database, site.web, "v0.1.0", 0).await;
        let both = make(database, &site, group_new("v1.1.0", &[&api, &web])).await.unwrap().id;
        assert_eq!(site.announcements(database).await[1], "waiting v1.1.0 v0.1.0", "in the name of what is new");
        database.subscriber(&site.page_id, "a@a.example", &["major"], None).await;
        while announcement_spread(&database.store, 2, now()).await.unwrap() {}
        withdraw(database, &site, both).await.unwrap();
        make(database, &site, group_new("v1.2.0", &[&web])).await.unwrap();
        assert_eq!(site.announcements(database).await.len(), 2, "they know it from the other group");
    }
}
