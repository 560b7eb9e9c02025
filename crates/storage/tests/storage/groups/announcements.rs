//! Who is told of a group, of which of its releases, and what becomes of that when some are taken back.

use releasepage_domain::release::ReleaseInput;
use releasepage_storage::{
    announcements::{
        deliveries::{DeliveryTurn, announcement_content, delivery_look},
        delivery_lists::{DeliveriesOf, delivery_counts, delivery_list},
        spreading::announcement_spread,
    },
    groups::edits::group_withdraw,
    jobs::hold::{job_hold_set, mail_give_up},
};

use crate::{
    groups::site::{GroupSite, minute},
    support::{Database, both, now, release_input},
};

/// Writes all batches of an announcement.
async fn spread(database: &Database, announcement: i64) {
    while announcement_spread(&database.store, announcement, now()).await.unwrap() {}
}

/// Who has a message of an announcement, in order: the first part of each address.
async fn told(database: &Database, announcement: i64) -> Vec<String> {
    let rows = format!(
        "SELECT s.address AS text FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id \
         WHERE d.announcement_id = {announcement} ORDER BY s.id"
    );
    let addresses = database.texts(rows).await;
    addresses.iter().filter_map(|address| Some(address.split_once('@')?.0.to_owned())).collect()
}

/// The turn of a message: to whom and of which versions, or why not.
async fn turn(database: &Database, announcement: i64, delivery: i64) -> String {
    let Some(content) = announcement_content(&database.store, announcement).await.unwrap() else {
        return "nothing is left".into();
    };
    let shown = content.releases.clone();
    let ticket = database.ticket_held().await;
    match delivery_look(&database.store, delivery, ticket, content, str::to_owned, now()).await.unwrap() {
        DeliveryTurn::Send { subscriber, releases, .. } => {
            let versions = shown.iter().filter(|release| releases.contains(&release.id));
            let versions: Vec<_> = versions.map(|release| release.version.as_str()).collect();
            format!("{}: {}", subscriber.address.as_str(), versions.join(", "))
        }
        DeliveryTurn::Drop(reason) => reason.into(),
        DeliveryTurn::Over => "over".into(),
        DeliveryTurn::Lost => "lost".into(),
    }
}

both! {
    async fn each_is_told_by_the_highest_bump_of_what_they_follow(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        database.release(site.api, "v1.0.0").await;
        database.release(site.web, "v3.0.0").await;
        site.close(database, 1, 60).await;
        for (address, preferences, components) in [
            ("all@a.example", &["major", "minor", "patch"][..], None),
            ("major@a.example", &["major"], None),
            ("patch@a.example", &["patch"], None),
            ("api@a.example", &["minor", "patch"], Some(&["acme/api"][..])),
            ("api-major@a.example", &["major"], Some(&["acme/api"])),
            ("web@a.example", &["major"], Some(&["acme/web"])),
            ("web-minor@a.example", &["minor", "patch"], Some(&["acme/web"])),
            ("both@a.example", &["minor"], Some(&["acme/api", "acme/web"])),
            ("both-major@a.example", &["major"], Some(&["acme/api", "acme/web"])),
        ] {
            database.subscriber(&site.page_id, address, preferences, components).await;
        }
        // A patch and a minor of api, a major of web.
        for (repository, tag) in [(site.api, "v1.0.1"), (site.api, "v1.1.0"), (site.web, "v4.0.0")] {
            site.publish(database, repository, tag, 100).await;
        }
        site.close(database, 2, 160).await;
        spread(database, 1).await;
        assert_eq!(site.announcements(database).await, ["spread v0.2.0 v4.0.0"]);
        assert_eq!(told(database, 1).await, ["all", "major", "api", "web", "both-major"]);
        assert_eq!(turn(database, 1, 1).await, "all@a.example: v4.0.0, v1.1.0, v1.0.1", "breaking changes first");
        assert_eq!(turn(database, 1, 3).await, "api@a.example: v1.1.0, v1.0.1", "of what they follow alone");
    }

    async fn what_is_left_of_a_group_is_told(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        for (address, components) in [("all@a.example", None), ("web@a.example", Some(&["acme/web"][..]))] {
            database.subscriber(&site.page_id, address, &["major"], components).await;
        }
        let api = site.publish(database, site.api, "v1.0.0", 0).await;
        let web = site.publish(database, site.web, "v3.0.0", 1).await;
        site.close(database, 1, 61).await;
        assert_eq!(site.announcements(database).await, ["waiting v0.1.0 v3.0.0"]);
        site.withdraw(database, &web, 61).await;
        assert_eq!(site.announcements(database).await, ["waiting v0.1.0 v3.0.0"], "the other is still news");
        spread(database, 1).await;
        assert_eq!(told(database, 1).await, ["all"]);
        assert_eq!(turn(database, 1, 1).await, "all@a.example: v1.0.0");
        site.withdraw(database, &api, 62).await;
        assert_eq!(turn(database, 1, 1).await, "nothing is left");
        let result = database.texts("SELECT state || ': ' || result AS text FROM deliveries").await;
        assert_eq!(result, ["cancelled: every release of the group was taken back"]);
    }

    async fn what_changes_before_a_message_is_sent_counts(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        for (address, preferences) in [("a@a.example", &["major", "patch"][..]), ("b@a.example", &["major"])] {
            database.subscriber(&site.page_id, address, preferences, None).await;
        }
        database.release(site.api, "v0.9.9").await;
        site.publish(database, site.api, "v0.9.10", 0).await;
        let web = site.publish(database, site.web, "v3.0.0", 0).await;
        site.close(database, 1, 60).await;
        spread(database, 1).await;
        assert_eq!(told(database, 1).await, ["a", "b"]);
        site.withdraw(database, &web, 62).await;
        assert_eq!(turn(database, 1, 1).await, "a@a.example: v0.9.10, v0.9.9");
        assert_eq!(turn(database, 1, 2).await, "the subscriber's preferences changed", "what is left is a patch");
        site.arrive(database, site.web, web.input, 63).await;
        assert_eq!(turn(database, 1, 2).await, "b@a.example: v3.0.0, v0.9.10, v0.9.9");
        database.execute(format!("UPDATE pages SET published = false WHERE id = '{}'", site.page_id)).await;
        assert_eq!(turn(database, 1, 1).await, "the page is not published");
    }

    async fn a_group_of_which_no_author_wants_a_mail_is_silent(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        let silent = ReleaseInput { notify: Some(false), ..release_input("v1.0.0") };
        site.arrive(database, site.api, silent.clone(), 0).await;
        site.close(database, 1, 60).await;
        assert!(site.announcements(database).await.is_empty());
        let silent = ReleaseInput { tag: "v2.0.0".into(), published_at: minute(61), ..silent };
        site.arrive(database, site.api, silent, 61).await;
        site.publish(database, site.web, "v3.0.0", 61).await;
        site.close(database, 2, 121).await;
        assert_eq!(site.announcements(database).await, ["waiting v0.2.0 v3.0.0"], "one is enough");
    }

    async fn a_group_that_is_taken_back_is_told_to_nobody(database: &Database) {
        let site = GroupSite::auto(database, 0).await;
        database.subscriber(&site.page_id, "a@a.example", &["major"], None).await;
        site.publish(database, site.api, "v1.0.0", 0).await;
        let withdraw = async |group| {
            group_withdraw(&database.store, site.organization_id, site.page_id.clone(), group, now()).await.unwrap();
        };
        withdraw(1).await;
        assert!(site.announcements(database).await.is_empty(), "nobody was told: it is forgotten");
        spread(database, 1).await;
        site.publish(database, site.web, "v3.0.0", 0).await;
        spread(database, 2).await;
        withdraw(2).await;
        assert_eq!(site.announcements(database).await, ["spread v0.2.0 v3.0.0"]);
        let result = database.texts("SELECT state || ': ' || result AS text FROM deliveries").await;
        assert_eq!(result, ["cancelled: the group was taken back"]);
    }

    async fn what_joined_before_mail_was_given_up_is_told_to_nobody(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        site.publish(database, site.api, "v1.0.0", 0).await;
        job_hold_set(&database.store, "restored".into(), now()).await.unwrap();
        mail_give_up(&database.store, minute(1)).await.unwrap();
        site.close(database, 1, 60).await;
        assert_eq!(site.groups(database).await, ["closed v0.1.0: api v1.0.0"]);
        assert!(site.announcements(database).await.is_empty());
    }

    async fn what_was_sent_is_found_by_every_release_of_the_group(database: &Database) {
        let site = GroupSite::auto(database, 60).await;
        database.subscriber(&site.page_id, "a@a.example", &["major"], None).await;
        let api = site.publish(database, site.api, "v1.0.0", 0).await;
        let web = site.publish(database, site.web, "v3.0.0", 0).await;
        site.close(database, 1, 60).await;
        spread(database, 1).await;
        for release in [&api, &web] {
            let of = DeliveriesOf::Release(release.id.clone());
            let list = delivery_list(&database.store, site.organization_id, of.clone(), None, None, 10).await.unwrap();
            let group = list.rows[0].group.as_ref().unwrap();
            assert_eq!((group.version.as_str(), list.rows[0].tag.as_str(), list.rows.len()), ("v0.1.0", "v3.0.0", 1));
            let counts = delivery_counts(&database.store, site.organization_id, of).await.unwrap();
            assert_eq!(counts.iter().map(|(_, count)| count).sum::<i64>(), 1);
        }
    }
}
