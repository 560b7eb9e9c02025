//! Pre-releases that are made releases: what readers see, and who is told.

use chrono::TimeDelta;
use releasepage_domain::release::{ReleaseInput, ReleaseState};

use crate::{
    releases::edits::{announcements, edit, withdraw},
    support::{Database, Site, both, now, release_input},
};

fn prerelease(tag: &str) -> ReleaseInput {
    ReleaseInput { prerelease: Some(true), ..release_input(tag) }
}

both! {
    async fn a_prerelease_made_a_release_is_told_anew(database: &Database) {
        let site = database.site().await;
        database.release(site.repository_id, "v1.0.0").await;
        let input = ReleaseInput { author: Some("ada".into()), ..prerelease("v2.0.0") };
        let made = database.arrive(site.repository_id, input).await;
        assert_eq!(announcements(database).await, ["waiting"]);
        assert_eq!(database.shown(&site.page_id).await[1].2.as_str(), "prerelease");

        let input = ReleaseInput { author: Some("bob".into()), ..release_input("v2.0.0") };
        let release = database.arrive(site.repository_id, input.clone()).await;
        assert_eq!((&release.id, release.input.author.as_deref()), (&made.id, Some("ada")));
        // What waited to be told of the pre-release is not told as well.
        assert_eq!(announcements(database).await, ["cancelled", "waiting"]);
        assert_eq!(database.shown(&site.page_id).await[1].2.as_str(), "major");
        database.arrive(site.repository_id, input).await;

        // Back and forth, it stays told.
        edit(database, &made, |input| input.prerelease = Some(true)).await.unwrap();
        edit(database, &made, |input| input.prerelease = Some(false)).await.unwrap();
        assert_eq!(announcements(database).await, ["cancelled", "waiting"]);
    }

    async fn an_old_prerelease_made_a_release_is_news(database: &Database) {
        let site = database.site().await;
        let old = |tag: &str| ReleaseInput { published_at: now() - TimeDelta::days(30), ..prerelease(tag) };
        for (tag, notify, told) in [("v1.0.0", None, 1), ("v2.0.0", Some(false), 1), ("v3.0.0-rc.1", None, 2)] {
            let made = database.arrive(site.repository_id, old(tag)).await;
            edit(database, &made, move |input| (input.prerelease, input.notify) = (Some(false), notify)).await.unwrap();
            assert_eq!(announcements(database).await.len(), told, "{tag}");
        }
    }

    async fn a_withdrawn_prerelease_made_a_release_comes_back_in_silence(database: &Database) {
        let site = database.site().await;
        let made = database.arrive(site.repository_id, prerelease("v2.0.0")).await;
        withdraw(database, &made).await;
        let drafted = ReleaseInput { draft: true, ..release_input("v2.0.0") };
        assert_eq!(database.by_hand(site.repository_id, drafted).await.unwrap().state, ReleaseState::Withdrawn);
        edit(database, &made, |input| input.prerelease = Some(true)).await.unwrap();
        let back = edit(database, &made, |input| input.prerelease = Some(false)).await.unwrap();
        assert_eq!(back.state, ReleaseState::Published);
        assert_eq!(database.shown(&site.page_id).await[0].2.as_str(), "major");
        assert_eq!(announcements(database).await, ["cancelled"]);
    }

    async fn a_draft_is_promoted_by_publishing_it(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        let input = ReleaseInput { draft: true, ..prerelease("v2.0.0") };
        let made = database.by_hand(repository_id, input).await.unwrap();
        let published = edit(database, &made, |input| (input.prerelease, input.draft) = (Some(false), false)).await.unwrap();
        assert_eq!(published.state, ReleaseState::Published);
        assert_eq!(announcements(database).await, ["waiting"]);
    }

    async fn a_prerelease_promoted_in_silence_is_not_told_at_all(database: &Database) {
        let Site { repository_id, .. } = database.site().await;
        let made = database.arrive(repository_id, prerelease("v2.0.0")).await;
        edit(database, &made, |input| (input.prerelease, input.notify) = (Some(false), Some(false))).await.unwrap();
        assert_eq!(announcements(database).await, ["cancelled"]);
    }

    async fn what_the_author_says_counts_more_than_the_tag(database: &Database) {
        let site = database.site().await;
        let made = database.arrive(site.repository_id, release_input("v2.0.0-rc.1")).await;
        assert_eq!(database.shown(&site.page_id).await[0].2.as_str(), "prerelease");
        edit(database, &made, |input| input.prerelease = Some(false)).await.unwrap();
        assert_eq!(database.shown(&site.page_id).await[0].2.as_str(), "major");
        assert_eq!(announcements(database).await.len(), 2, "made a release, it is told anew");
    }
}
