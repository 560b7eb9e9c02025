//! Walks through the listings of forges: the history that is there, what a poll finds, what a webhook told meanwhile.

use releasepage_domain::{
    release::{ReleaseArrival, ReleaseInput, ReleaseState},
    repository_source::{BackfillState, SourceRefusal, SourceWalk},
    source_event::{SourceEvent, SourceEventKind},
};
use releasepage_storage::{
    database::change::Change,
    releases::{edits::release_withdraw, row::ReleaseOwner},
    sources::{
        pages::{SourcePage, SourceProgress},
        settings::{SourceChange, source_backfill},
        walks::{SourceBegin, source_backfill_begin, source_walk_unchanged},
    },
};

use crate::{
    releases::edits::announcements,
    support::{Database, both, context, now, release_input},
};

use super::forge::{NOBODY, Source, announced, later, listed, page, refused};

both! {
    async fn a_history_comes_in_page_by_page_and_nobody_hears_of_it(database: &Database) {
        let source = Source::of(database).await;
        assert_eq!(database.jobs("source_backfill").await.len(), 1);
        assert_eq!((source.get().await.backfill, source.get().await.next_poll_at), (BackfillState::Waiting, None));
        let work = source.begin(now()).await;
        assert_eq!((work.walk, work.name.as_str(), &work.next_page), (SourceWalk::Backfill, "acme/api", &None));
        let first = SourcePage {
            next: Some("page=2".into()),
            etag: Some("\"one\"".into()),
            ..page(&[listed("v1.2.0", "", 0, None), listed("v1.1.0", "", 20, None)])
        };
        let SourceProgress::Next(next) = source.store_page(&work, first.clone(), now()).await else {
            panic!("there is another page")
        };
        assert_eq!(next.next_page.as_deref(), Some("page=2"));
        let told = source.get().await;
        assert_eq!((told.backfill, told.fetched, told.added), (BackfillState::Running, 2, 2));

        // Another worker that comes too late with the same page, and one that goes on after a crash.
        assert_eq!(source.store_page(&work, first, now()).await, SourceProgress::Overtaken);
        let work = source.begin(now()).await;
        assert_eq!(work, *next);
        // A listing shifts when something is published while it is walked.
        let second = page(&[listed("v1.1.0", "", 20, None), listed("v1.0.0", "", 30, None)]);
        assert_eq!(source.store_page(&work, second, now()).await, SourceProgress::Done);
        let told = source.get().await;
        assert_eq!((told.backfill, told.fetched, told.added, told.refused), (BackfillState::Done, 4, 3, 0));
        assert_eq!((told.last_result.as_deref(), told.next_poll_at), (Some("ok"), Some(later(30))));
        assert_eq!(database.shown(&source.page_id).await.len(), 3);
        assert_eq!(announcements(database).await, NOBODY);
        assert_eq!(source_backfill_begin(&source.store, source.id, now()).await.unwrap(), SourceBegin::Nothing);
        // An edit of the history is no news either.
        source.hear(database, listed("v1.2.0", "Edited", 0, Some(9)), later(1)).await;
        assert_eq!(announcements(database).await, NOBODY);
        // The poll asks whether the first page is another one.
        database.execute("UPDATE repository_sources SET walked_at = next_poll_at").await;
        let work = source.poll(later(31)).await;
        assert_eq!((work.walk, work.etag.as_deref()), (SourceWalk::Poll, Some("\"one\"")));
        source_walk_unchanged(&source.store, &work, None, later(31)).await.unwrap();
        assert_eq!(source.get().await.last_message.as_deref(), Some("nothing is new"));
    }

    async fn what_was_published_since_the_repository_was_made_is_news(database: &Database) {
        let source = Source::of(database).await;
        let published = |tag: &str, minutes: i64| {
            let mut event = listed(tag, "", 0, None);
            event.shown.as_mut().unwrap().published_at = Some(later(minutes));
            event
        };
        let work = source.begin(later(9)).await;
        let first = [published("v1.1.0", 1), published("v1.0.0", -1)];
        assert_eq!(source.store_page(&work, page(&first), later(9)).await, SourceProgress::Done);
        assert_eq!(announced(database).await, ["v1.1.0"]);

        // Fetched again, what was published before the last walk is history; what is known stays told once.
        let again = [published("v1.3.0", 25), published("v1.2.0", 8), first[0].clone(), first[1].clone()];
        for (minutes, listed) in [(20, &first[..]), (30, &again[..])] {
            source_backfill(&source.store, source.organization_id, source.id, later(minutes)).await.unwrap();
            let work = source.begin(later(minutes)).await;
            assert_eq!(source.store_page(&work, page(listed), later(minutes)).await, SourceProgress::Done);
        }
        assert_eq!(announced(database).await, ["v1.1.0", "v1.3.0"]);
        assert_eq!(source.shown().await.len(), 4);
    }

    async fn at_another_address_the_same_ids_are_other_releases(database: &Database) {
        let here = |tag: &str, id: &str| SourceEvent { release_id: id.into(), ..listed(tag, "Here", 30, None) };
        let source = Source::filled(database, &[here("v1.1.0", "2"), here("v1.0.0", "1")]).await;
        let before = source.releases().await;
        let api_url = Change::Set(Some("https://git.example.com/api/".to_owned()));
        source.change(SourceChange { api_url, ..SourceChange::default() }, later(5)).await;
        assert_eq!(database.count("source_releases").await, 0);
        let there = |tag: &str, id: &str| SourceEvent { release_id: id.into(), ..listed(tag, "There", 30, None) };
        let work = source.begin(later(5)).await;
        let moved = page(&[there("v1.1.0", "1"), there("v0.9.0", "2")]);
        assert_eq!(source.store_page(&work, moved, later(5)).await, SourceProgress::Done);
        let shown = |tag: &str, title: &str| (tag.to_owned(), title.to_owned(), ReleaseState::Published);
        assert_eq!(source.shown().await, [shown("v0.9.0", "There"), shown("v1.0.0", "Here"), shown("v1.1.0", "There")]);
        let after = source.releases().await;
        assert!(before.iter().all(|old| after.iter().any(|new| (&new.id, &new.input.tag) == (&old.id, &old.input.tag))));
        assert_eq!(announcements(database).await, NOBODY);
    }

    async fn what_the_webhook_told_meanwhile_is_neither_doubled_nor_overwritten(database: &Database) {
        let source = Source::of(database).await;
        let work = source.begin(now()).await;
        // Told after the page was asked for and before it is stored: with times and without.
        source.hear(database, listed("v1.0.0", "Newer", 1, Some(9)), later(1)).await;
        source.hear(database, listed("v2.0.0", "Newer", 1, None), later(1)).await;
        let deleted = SourceEvent { kind: SourceEventKind::Deleted, shown: None, ..listed("v3.0.0", "", 1, None) };
        source.hear(database, deleted, later(1)).await;
        let told = announcements(database).await.len();
        let older = [
            listed("v1.0.0", "Older", 1, Some(5)),
            listed("v2.0.0", "Older", 1, None),
            listed("v3.0.0", "Older", 1, None),
        ];
        assert_eq!(source.store_page(&work, page(&older), later(2)).await, SourceProgress::Done);
        let newer = |tag: &str| (tag.to_owned(), "Newer".to_owned(), ReleaseState::Published);
        assert_eq!(source.shown().await, [newer("v1.0.0"), newer("v2.0.0")]);
        assert_eq!(announcements(database).await.len(), told);
        assert_eq!(source.get().await.added, 0);
    }

    async fn a_backfill_announces_no_promotion_and_brings_nothing_back(database: &Database) {
        let source = Source::of(database).await;
        let mut prerelease = listed("v1.0.0", "", 0, Some(1));
        prerelease.shown.as_mut().unwrap().prerelease = Some(true);
        source.hear(database, SourceEvent { kind: SourceEventKind::Published, ..prerelease }, now()).await;
        for tag in ["v2.0.0", "v3.0.0"] {
            database.by_hand(source.id, ReleaseInput { draft: tag == "v3.0.0", ..release_input(tag) }).await.unwrap();
        }
        let by_hand = source.releases().await.into_iter().find(|release| release.input.tag == "v2.0.0").unwrap();
        release_withdraw(&source.store, ReleaseOwner::Repository(source.id), by_hand.id, context(now())).await.unwrap();
        let told = announcements(database).await;
        let work = source.begin(now()).await;
        let history = ["v1.0.0", "v2.0.0", "v3.0.0"].map(|tag| listed(tag, "Listed", 0, Some(2)));
        assert_eq!(source.store_page(&work, page(&history), now()).await, SourceProgress::Done);
        let states: Vec<_> = source.shown().await.into_iter().map(|(_, title, state)| (title, state)).collect();
        let of = |state| ("Listed".to_owned(), state);
        assert_eq!(
            states,
            [of(ReleaseState::Published), of(ReleaseState::Withdrawn), of(ReleaseState::Published)]
        );
        assert!(source.releases().await.iter().all(|release| !release.input.is_prerelease()));
        assert_eq!(announcements(database).await, told, "nobody hears of it");
    }

    async fn a_poll_tells_what_the_webhook_missed(database: &Database) {
        let source = Source::filled(database, &[listed("v1.0.0", "", 30, Some(1))]).await;
        let first = listed("v1.0.0", "", 30, Some(1));
        source.polled(&[listed("v1.1.0", "", 0, Some(1)), listed("v1.0.1", "", 9, Some(1)), first.clone()], later(30)).await;
        assert_eq!(source.shown().await.len(), 3);
        assert_eq!(announcements(database).await, ["waiting"], "what is older than a week is history");

        // Once is enough, whoever tells of it next.
        source.polled(&[listed("v1.1.0", "", 0, Some(1)), first.clone()], later(60)).await;
        source.hear(database, listed("v1.1.0", "", 0, Some(1)), later(61)).await;
        assert_eq!(announcements(database).await, ["waiting"]);
        let revisions: Vec<_> = source.releases().await.iter().map(|release| release.revision).collect();
        assert_eq!(revisions, [1, 1, 1], "nothing is written that does not change");

        // An edit that was missed, and one without times.
        let edited = [listed("v1.1.0", "Edited", 0, Some(5)), listed("v1.0.0", "Edited", 30, None)];
        source.polled(&edited, later(90)).await;
        let titles: Vec<_> = source.shown().await.into_iter().map(|(_, title, _)| title).collect();
        assert_eq!(titles, ["Edited", "", "Edited"]);
        assert_eq!(announcements(database).await, ["waiting"]);
    }

    async fn a_poll_ends_where_nothing_is_new_and_a_full_walk_at_the_end(database: &Database) {
        let source = Source::filled(database, &[listed("v1.0.0", "", 30, Some(1))]).await;
        let next = || Some("page=2".to_owned());
        let known = || SourcePage { next: next(), ..page(&[listed("v1.0.0", "", 30, Some(1))]) };
        let work = source.poll(later(30)).await;
        assert_eq!(work.walk, SourceWalk::Poll);
        assert_eq!(source.store_page(&work, known(), later(30)).await, SourceProgress::Done);
        let work = source.poll(later(60)).await;
        let new = SourcePage { next: next(), ..page(&[listed("v1.1.0", "", 0, Some(1))]) };
        let SourceProgress::Next(_) = source.store_page(&work, new, later(60)).await else { panic!("it is new") };
        // It is interrupted, and goes on.
        let work = source.poll(later(61)).await;
        assert_eq!((work.next_page.as_deref(), work.started_at), (Some("page=2"), later(60)));
        assert_eq!(source.store_page(&work, known(), later(61)).await, SourceProgress::Done);
        let day = 24 * 60;
        let work = source.poll(later(day)).await;
        assert_eq!((work.walk, &work.etag), (SourceWalk::Full, &None));
        let SourceProgress::Next(_) = source.store_page(&work, known(), later(day)).await else { panic!("all of it") };
    }

    async fn what_two_full_walks_do_not_find_is_withdrawn(database: &Database) {
        let day = 24 * 60;
        let tags = ["v1.0.0", "v1.1.0", "v1.2.0"];
        let all: Vec<_> = tags.iter().map(|tag| listed(tag, "", 30, Some(1))).collect();
        let source = Source::filled(database, &all).await;
        let state = async |tag: &str| {
            let shown = source.shown().await.into_iter().find(|(known, ..)| known == tag).unwrap();
            shown.2
        };
        // An empty listing says nothing.
        for days in 1..=3 {
            source.polled(&[], later(days * day)).await;
        }
        // One that is not at its end says nothing.
        let cut = SourcePage { next: Some("page=2".into()), ..page(&all[..1]) };
        let work = source.poll(later(4 * day)).await;
        let SourceProgress::Next(work) = source.store_page(&work, cut, later(4 * day)).await else { panic!() };
        assert_eq!(state("v1.2.0").await, ReleaseState::Published);
        source.store_page(&work, page(&all[1..]), later(4 * day)).await;
        // The webhook told of one since, and one is listed as one that cannot be used.
        source.polled(&all[..1], later(5 * day)).await;
        assert_eq!(state("v1.2.0").await, ReleaseState::Published, "it may have been missed once");
        source.hear(database, listed("v1.1.0", "Heard", 30, Some(9)), later(5 * day + 1)).await;
        source.polled(&all[..1], later(6 * day)).await;
        assert_eq!(state("v1.1.0").await, ReleaseState::Published);
        assert_eq!(state("v1.2.0").await, ReleaseState::Withdrawn);
        assert_eq!(state("v1.0.0").await, ReleaseState::Published);
        // It comes back when it is listed again, in silence.
        source.polled(&all, later(6 * day + 30)).await;
        let again = SourceEvent { updated_at: Some(later(6 * day + 40)), ..listed("v1.2.0", "Again", 0, None) };
        source.polled(&[again], later(6 * day + 60)).await;
        assert_eq!(state("v1.2.0").await, ReleaseState::Published);
        assert_eq!(announcements(database).await, NOBODY);
    }

    async fn releases_that_cannot_be_used_are_shown_to_the_owner(database: &Database) {
        let source = Source::of(database).await;
        let work = source.begin(now()).await;
        let first = SourcePage {
            refused: vec![refused("v1.0.0", "notes are too long"), refused("v1.0.1", "no tag")],
            ..page(&[listed("v1.1.0", "", 1, None)])
        };
        source.store_page(&work, first, now()).await;
        let told = source.get().await;
        assert_eq!((told.fetched, told.added, told.refused), (3, 1, 2));
        let refusals: Vec<SourceRefusal> = serde_json::from_str(&told.refusals).unwrap();
        assert_eq!(refusals[0], refused("v1.0.0", "notes are too long").refusal);
        // Mended, it is one no more.
        source.polled(&[listed("v1.0.0", "", 9, None)], later(30)).await;
        let refusals: Vec<SourceRefusal> = serde_json::from_str(&source.get().await.refusals).unwrap();
        assert_eq!(refusals.len(), 1);

        // The newest are kept where they are too many.
        let work = source.poll(later(60)).await;
        let many: Vec<_> = (2..=21).rev().map(|patch| refused(&format!("v1.0.{patch}"), "no tag")).collect();
        source.store_page(&work, SourcePage { refused: many, ..page(&[]) }, later(60)).await;
        let refusals: Vec<SourceRefusal> = serde_json::from_str(&source.get().await.refusals).unwrap();
        let newest = |index: usize| refusals[index].release.as_str();
        assert_eq!((refusals.len(), newest(0), newest(19)), (20, "v1.0.21", "v1.0.2"));
    }

    async fn a_release_of_a_pipeline_is_taken_over(database: &Database) {
        let source = Source::of(database).await;
        let input = ReleaseInput { notify: Some(false), author: Some("pipeline".into()), ..release_input("v1.0.0") };
        let sent = database.arrive_at(source.id, input, ReleaseArrival::Repeatable, now()).await.unwrap();
        let work = source.begin(now()).await;
        source.store_page(&work, page(&[listed("v1.0.0", "Listed", 0, Some(1))]), now()).await;
        let releases = source.releases().await;
        assert_eq!((releases.len(), &releases[0].id, releases[0].input.title.as_str()), (1, &sent.id, "Listed"));
        assert_eq!(releases[0].input.author.as_deref(), Some("pipeline"));
        source.hear(database, listed("v1.0.0", "Told", 0, Some(2)), later(1)).await;
        assert_eq!(source.releases().await.len(), 1);
    }
}
