//! Pages: their addresses, edits and generations.

use chrono::Duration;
use releasepage_domain::version::VersionRule;
use releasepage_domain::{bump::Bump, fault::FaultKind, page::CountedBy};
use releasepage_storage::{
    StoreError,
    database::{change::Change, cursor::TimeCursor},
    pages::{
        components::{ComponentNew, component_create},
        deletion::page_delete,
        edits::{PageChange, PageNew, page_create, page_get, page_list, page_update},
        row::PageGrouping,
        slugs::page_by_slug,
    },
};

use crate::support::{Database, both, faults, is_not_found, now, page_ids, page_new};

fn with_slug(slug: &str) -> PageNew {
    PageNew { slug: Some(slug.into()), ..page_new("Acme") }
}

both! {
    async fn a_page_is_what_it_was_given(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let other = database.owner("b@example.com").await.organization_id;
        let new = PageNew {
            slug: Some("acme-app".into()),
            title: "Acme – App".into(),
            description: "What\nchanged".into(),
            published: false,
            unversioned_as: Some(Bump::Patch),
            grouping: PageGrouping::default(),
        };
        let page = page_create(&database.store, mine, new, page_ids(), now()).await.unwrap();
        assert_eq!((page.slug.as_str(), page.title.as_str()), ("acme-app", "Acme – App"));
        assert_eq!((page.description.as_str(), page.published), ("What\nchanged", false));
        assert_eq!((page.unversioned_as, page.counted_by), (Bump::Patch, CountedBy::Key));
        assert_eq!((page.api_enabled, page.rate_limit, page.revision), (false, 60, 1));
        assert_eq!((page.created_at, page.updated_at), (now(), now()));

        assert_eq!(page_get(&database.store, mine, page.id.clone()).await.unwrap(), page);
        assert!(is_not_found(&page_get(&database.store, other, page.id.clone()).await));
        assert_eq!(page_by_slug(&database.store, "acme-app".into()).await.unwrap(), Some(page));
        assert_eq!(page_by_slug(&database.store, "acme".into()).await.unwrap(), None);
    }

    async fn a_slug_is_unique_on_the_server(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let other = database.owner("b@example.com").await.organization_id;
        let create = |organization_id, new| page_create(&database.store, organization_id, new, page_ids(), now());
        create(mine, with_slug("acme")).await.unwrap();
        assert_eq!(faults(create(other, with_slug("acme")).await), [("slug".into(), FaultKind::Taken)]);
        assert_eq!(create(other, page_new("Acme!")).await.unwrap().slug, "acme-2");
        assert_eq!(create(mine, page_new("日本")).await.unwrap().slug, "page");

        let second = create(mine, with_slug("other")).await.unwrap();
        let change = PageChange { slug: Change::Set("acme-2".into()), ..PageChange::default() };
        let taken = page_update(&database.store, mine, second.id, change, now()).await;
        assert_eq!(faults(taken), [("slug".into(), FaultKind::Taken)]);
    }

    async fn a_former_slug_leads_to_its_page_until_another_takes_it(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let hidden = PageNew { published: false, ..with_slug("acme") };
        let first = page_create(&database.store, mine, hidden, page_ids(), now()).await.unwrap();
        let renamed = async |slug: &str| {
            let change = PageChange { slug: Change::Set(slug.into()), ..PageChange::default() };
            page_update(&database.store, mine, first.id.clone(), change, now()).await.unwrap();
        };
        let leads_to = async |slug: &str| {
            page_by_slug(&database.store, slug.into()).await.unwrap().map(|page| page.id)
        };
        for slug in ["apex", "acme", "apex", "zenith"] {
            renamed(slug).await;
        }
        for slug in ["acme", "apex", "zenith"] {
            assert_eq!(leads_to(slug).await.as_ref(), Some(&first.id), "{slug}");
        }
        let made_up = page_create(&database.store, mine, page_new("Acme"), page_ids(), now()).await.unwrap();
        assert_eq!(made_up.slug, "acme-2");
        assert_eq!(leads_to("acme").await.as_ref(), Some(&first.id), "a title alone takes nothing over");
        let second = page_create(&database.store, mine, with_slug("acme"), page_ids(), now()).await.unwrap();
        assert_eq!(leads_to("acme").await, Some(second.id));
        assert_eq!(leads_to("apex").await, Some(first.id.clone()));
        page_delete(&database.store, mine, first.id).await.unwrap();
        assert_eq!(leads_to("apex").await, None);
    }

    async fn a_former_slug_stays_with_its_organization(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let other = database.owner("b@example.com").await.organization_id;
        let create = async |organization: i64, new: PageNew| {
            page_create(&database.store, organization, new, page_ids(), now()).await
        };
        let taken = [("slug".to_owned(), FaultKind::Taken)];
        let hidden = PageNew { published: false, ..with_slug("acme") };
        let first = create(mine, hidden).await.unwrap();
        let moved = PageChange { slug: Change::Set("apex".into()), ..PageChange::default() };
        page_update(&database.store, mine, first.id.clone(), moved, now()).await.unwrap();
        let stranger = create(other, with_slug("stranger")).await.unwrap();
        let theirs = async |slug: &str| {
            let change = PageChange { slug: Change::Set(slug.into()), ..PageChange::default() };
            page_update(&database.store, other, stranger.id.clone(), change, now()).await
        };
        // First one that a page gave up, then those of a page that was deleted.
        for slugs in [&["acme"][..], &["acme", "apex"]] {
            for slug in slugs {
                assert_eq!(faults(create(other, with_slug(slug)).await), taken, "{slug}");
                assert_eq!(faults(theirs(slug).await), taken, "{slug}");
            }
            if slugs.len() == 1 {
                page_delete(&database.store, mine, first.id.clone()).await.unwrap();
            }
        }
        assert_eq!(create(other, page_new("Acme")).await.unwrap().slug, "acme-2", "a title does not get it either");
        for slug in ["acme", "apex"] {
            assert_eq!(create(mine, with_slug(slug)).await.unwrap().slug, slug);
        }
    }

    async fn ids_that_collide_are_drawn_again(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let taken = database.page(mine, "First").await.id;
        let draws = std::sync::Mutex::new(vec!["ffffffffffff".to_owned(), taken.clone(), taken.clone()]);
        let ids = move || draws.lock().unwrap().pop().unwrap();
        let page = page_create(&database.store, mine, page_new("Second"), ids, now()).await.unwrap();
        assert_eq!(page.id, "ffffffffffff");
        assert_eq!(page_get(&database.store, mine, taken).await.unwrap().title, "First");
    }

    async fn an_edit_changes_what_it_names(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let page = database.page(mine, "Acme").await;
        let later = now() + Duration::hours(1);
        let update = |change| page_update(&database.store, mine, page.id.clone(), change, later);

        let same = update(PageChange { title: Change::Set("Acme".into()), ..PageChange::default() }).await.unwrap();
        assert_eq!(same, page, "an edit that changes nothing leaves no trace");

        let named = PageChange { revision: Some(1), published: Change::Set(false), ..PageChange::default() };
        let hidden = update(named.clone()).await.unwrap();
        assert_eq!((hidden.published, hidden.revision, hidden.updated_at), (false, 2, later));
        assert!(hidden.generation > page.generation);
        assert_eq!((&hidden.title, &hidden.slug, hidden.created_at), (&page.title, &page.slug, now()));

        assert!(matches!(update(named).await, Err(StoreError::Conflict(_))));
        assert_eq!(page_get(&database.store, mine, page.id.clone()).await.unwrap(), hidden);

        let moved = PageChange { slug: Change::Set("moved".into()), ..PageChange::default() };
        assert!(update(moved).await.unwrap().generation > hidden.generation);
        assert_eq!(page_by_slug(&database.store, "moved".into()).await.unwrap().map(|page| page.id), Some(page.id));
    }

    async fn edits_at_once_of_one_revision_make_one_edit(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let page = database.page(mine, "Acme").await;
        let edits: Vec<_> = (0..10)
            .map(|number| {
                let (store, page_id) = (database.store.clone(), page.id.clone());
                let title = Change::Set(format!("Title {number}"));
                let change = PageChange { revision: Some(1), title, ..PageChange::default() };
                tokio::spawn(async move { page_update(&store, mine, page_id, change, now()).await })
            })
            .collect();
        let mut made = 0;
        for edit in edits {
            match edit.await.unwrap() {
                Ok(_) => made += 1,
                Err(error) => assert!(matches!(error, StoreError::Conflict(_)), "{error:?}"),
            }
        }
        assert_eq!(made, 1);
    }

    async fn what_unversioned_counts_as_reaches_old_releases(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let page = database.page(mine, "Acme").await;
        let repository = database.repository(mine, "acme/api").await;
        database.release(repository.id, "20241105").await;
        let new = ComponentNew { repo: "acme/api".into(), name: None, tag_prefix: None, versions: VersionRule::Lenient };
        component_create(&database.store, mine, page.id.clone(), new, now()).await.unwrap();
        let shown = |bump| vec![("acme/api".to_owned(), "20241105".to_owned(), bump)];
        assert_eq!(database.shown(&page.id).await, shown(Bump::Minor));
        let change = PageChange { unversioned_as: Change::Set(Bump::Major), ..PageChange::default() };
        let page = page_update(&database.store, mine, page.id, change, now()).await.unwrap();
        assert_eq!(page.unversioned_as, Bump::Major);
        assert_eq!(database.shown(&page.id).await, shown(Bump::Major));
    }

    async fn an_edit_and_releases_at_once_all_succeed(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let page = database.page(mine, "Acme").await;
        let repository = database.repository(mine, "acme/api").await;
        let new = ComponentNew { repo: "acme/api".into(), name: None, tag_prefix: None, versions: VersionRule::Lenient };
        component_create(&database.store, mine, page.id.clone(), new, now()).await.unwrap();
        let edits = async {
            for bump in [Bump::Major, Bump::Patch, Bump::Minor, Bump::Major, Bump::Patch] {
                let change = PageChange { unversioned_as: Change::Set(bump), ..PageChange::default() };
                page_update(&database.store, mine, page.id.clone(), change, now()).await.unwrap();
            }
        };
        let releases = async {
            for number in 0..5 {
                database.release(repository.id, &format!("2024110{number}")).await;
            }
        };
        tokio::join!(edits, releases);
        let bumps: Vec<Bump> = database.shown(&page.id).await.into_iter().map(|(_, _, bump)| bump).collect();
        assert_eq!(bumps, [Bump::Patch; 5]);
    }

    async fn a_list_comes_in_parts(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let other = database.owner("b@example.com").await.organization_id;
        // Two of one moment: the id decides between them.
        for (title, minutes) in [("a", 0), ("b", 1), ("c", 1), ("d", 2), ("e", 3)] {
            let at = now() + Duration::minutes(minutes);
            page_create(&database.store, mine, page_new(title), page_ids(), at).await.unwrap();
        }
        database.page(other, "f").await;
        let mut titles = Vec::new();
        let mut after = TimeCursor::default();
        loop {
            let part = page_list(&database.store, mine, after, 2).await.unwrap();
            titles.push(part.rows.iter().map(|page| page.title.clone()).collect::<Vec<_>>());
            match part.next {
                Some(next) => after = TimeCursor::parse(&next).unwrap(),
                None => break,
            }
        }
        assert_eq!(titles, [vec!["a", "b"], vec!["c", "d"], vec!["e"]]);
    }

    async fn a_page_of_somebody_else_is_not_found(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let other = database.owner("b@example.com").await.organization_id;
        let page = database.page(mine, "Acme").await;
        let change = PageChange { published: Change::Set(false), ..PageChange::default() };
        assert!(is_not_found(&page_update(&database.store, other, page.id.clone(), change, now()).await));
        assert_eq!(page_get(&database.store, mine, page.id.clone()).await.unwrap(), page);
    }
}
