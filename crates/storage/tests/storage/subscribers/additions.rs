//! Subscribers whom a back end hands over.

use chrono::TimeDelta;
use releasepage_domain::{
    consent::{ADDRESS_REFUSED, Addition, CONSENT_BY_MAIL, Confirmation, Consent, READER_LEFT},
    environment::Environment,
    job::JobPayload,
    subscriber::{Following, Preferences, SubscriberAddress, SubscriberState},
    time::UtcTime,
};
use releasepage_storage::{
    StoreError,
    pages::components::component_delete,
    subscribers::{
        additions::{AdditionPlace, SubscriberNew, page_components_list, subscriber_create, subscribers_add},
        addresses::address_suppress,
        changes::{subscriber_get, subscriber_unsubscribe},
        lists::SubscriberEntry,
        requests::request_use,
        suppressions::{SuppressionName, SuppressionsOf, suppression_lift},
    },
};

use crate::{
    subscribers::requests::{address, key},
    support::{Database, Site, both, is_not_found, now},
};

fn place(site: &Site) -> AdditionPlace {
    AdditionPlace {
        organization_id: site.organization_id,
        page_id: site.page_id.clone(),
        environment: Environment::Live,
    }
}

fn consent(time: UtcTime) -> Consent {
    Consent { source: "sign-up form".into(), time }
}

fn vouched(time: UtcTime) -> Confirmation {
    Confirmation::Vouched(consent(time))
}

fn new(of: &str, confirmation: Confirmation) -> SubscriberNew {
    SubscriberNew {
        address: address(of),
        preferences: Preferences::parse("", &["patch", "prerelease"]).unwrap(),
        following: Following::All,
        confirmation,
    }
}

async fn create(database: &Database, site: &Site, new: SubscriberNew) -> Result<(SubscriberEntry, bool), StoreError> {
    subscriber_create(&database.store, place(site), new, key, now()).await
}

async fn add(database: &Database, site: &Site, new: Vec<SubscriberNew>) -> Vec<Addition> {
    subscribers_add(&database.store, place(site), new, false, key, now()).await.unwrap()
}

/// Address, state, wishes and consent of each subscriber.
async fn stored(database: &Database) -> Vec<String> {
    let stored = "SELECT address || ' ' || state || ' ' || preferences || CASE WHEN wants_patch THEN ' patch' ELSE '' END || \
                  CASE WHEN all_components THEN ' all' ELSE '' END || ' ' || COALESCE(consent_source, '-') AS text \
                  FROM subscribers ORDER BY id";
    database.texts(stored).await
}

async fn suppress(database: &Database, of: &str) {
    let of = address(of);
    let key = key(&of.folded());
    address_suppress(&database.store, of, key, "550".into(), now()).await.unwrap();
}

both! {
    async fn whom_a_back_end_vouches_for_is_confirmed_at_once(database: &Database) {
        let site = database.site().await;
        let only = SubscriberNew { following: Following::Only(vec![site.component_id]), ..new("A@Example.com", vouched(now())) };
        let (entry, is_new) = create(database, &site, only).await.unwrap();
        assert!(is_new);
        assert_eq!((entry.state, entry.address.as_str()), (SubscriberState::Confirmed, "A@Example.com"));
        assert_eq!(entry.consent, Some(consent(now())));
        assert_eq!(entry.components, Some(vec!["acme/api".to_owned()]));
        assert_eq!((entry.created_at, entry.confirmed_at, entry.unsubscribed_at), (now(), Some(now()), None));
        assert_eq!(database.count("subscription_requests").await + database.count("jobs").await, 0, "nobody is mailed");
        // Who is there stays as they are, whatever is handed over then.
        let (again, is_new) = create(database, &site, new("a@example.com", vouched(now()))).await.unwrap();
        assert_eq!((again, is_new), (entry, false));
        assert_eq!(stored(database).await, ["A@Example.com confirmed patch,prerelease patch sign-up form"]);
    }

    async fn whoever_is_to_be_asked_is_pending_with_a_request(database: &Database) {
        let site = database.site().await;
        let ask = || new("a@example.com", Confirmation::Mail { again: true });
        let (entry, is_new) = create(database, &site, ask()).await.unwrap();
        assert_eq!((entry.state, entry.consent, is_new), (SubscriberState::Pending, None, true));
        assert_eq!(database.jobs("subscription_answer").await, [JobPayload::SubscriptionAnswer { request: 1 }]);
        assert!(!create(database, &site, ask()).await.unwrap().1);
        assert_eq!(database.count("subscription_requests").await, 2);
        request_use(&database.store, 2, now()).await.unwrap();
        let (entry, _) = create(database, &site, ask()).await.unwrap();
        assert_eq!(entry.state, SubscriberState::Confirmed);
        assert_eq!(entry.consent, Some(Consent { source: CONSENT_BY_MAIL.into(), time: now() }));
        assert_eq!(database.count("subscription_requests").await, 2, "who is confirmed is not asked");
    }

    async fn vouching_ends_at_a_refused_address(database: &Database) {
        let site = database.site().await;
        suppress(database, "unknown@example.com").await;
        database.subscriber(&site.page_id, "known@example.com", &["major"], None).await;
        suppress(database, "known@example.com").await;
        for of in ["Unknown@example.com", "known@example.com"] {
            for confirmation in [vouched(now()), Confirmation::Mail { again: true }] {
                let refused = create(database, &site, new(of, confirmation)).await;
                assert!(matches!(refused, Err(StoreError::Conflict(ADDRESS_REFUSED))), "{refused:?}");
            }
        }
        assert_eq!(database.count("subscribers").await, 1);
        assert_eq!(database.count("subscribers WHERE state = 'suppressed'").await, 1);
        assert_eq!(database.count("subscription_requests WHERE created_at IS NULL").await, 0);
    }

    async fn whoever_left_elsewhere_stays_away_once_a_suppression_is_lifted(database: &Database) {
        let site = database.site().await;
        let store = &database.store;
        let left = || Confirmation::Left(now() - TimeDelta::hours(1));
        let known = database.subscriber(&site.page_id, "known@example.com", &["major"], None).await;
        database.execute("UPDATE subscribers SET confirmed_at = '2020-01-01 00:00:00.000000'").await;
        for of in ["known@example.com", "unknown@example.com"] {
            suppress(database, of).await;
            assert_eq!(add(database, &site, vec![new(of, left())]).await, [Addition::NoteLeft]);
        }
        assert_eq!(subscriber_get(store, known).await.unwrap().state, SubscriberState::Suppressed);
        let before = vouched(now() - TimeDelta::hours(2));
        for of in ["known@example.com", "unknown@example.com"] {
            let name = SuppressionName::Address(address(of));
            suppression_lift(store, SuppressionsOf::Server, name, key).await.unwrap();
            assert_eq!(add(database, &site, vec![new(of, before.clone())]).await, [Addition::Refuse(READER_LEFT)]);
        }
        assert_eq!(database.count("subscribers WHERE state = 'unsubscribed'").await, 2);
    }

    async fn whoever_left_after_their_consent_stays_away(database: &Database) {
        let site = database.site().await;
        let id = database.subscriber(&site.page_id, "a@example.com", &["major"], None).await;
        subscriber_unsubscribe(&database.store, id, now() - TimeDelta::hours(1)).await.unwrap();
        for hours in [2, 1] {
            let before = vouched(now() - TimeDelta::hours(hours));
            let refused = create(database, &site, new("a@example.com", before)).await;
            assert!(matches!(refused, Err(StoreError::Conflict(READER_LEFT))), "{refused:?}");
        }
        let (entry, is_new) = create(database, &site, new("a@example.com", vouched(now()))).await.unwrap();
        assert_eq!((entry.state, entry.unsubscribed_at, is_new), (SubscriberState::Confirmed, None, false));
        assert_eq!(stored(database).await, ["a@example.com confirmed patch,prerelease patch all sign-up form"]);
        // Their own yes, later, is another consent.
        subscriber_unsubscribe(&database.store, id, now()).await.unwrap();
        let (_, _) = create(database, &site, new("a@example.com", Confirmation::Mail { again: true })).await.unwrap();
        let request = database.texts("SELECT CAST(MAX(id) AS TEXT) AS text FROM subscription_requests").await;
        request_use(&database.store, request[0].parse().unwrap(), now()).await.unwrap();
        assert_eq!(stored(database).await, ["a@example.com confirmed patch,prerelease patch all -"]);
    }

    async fn many_are_added_and_again_they_are_known(database: &Database) {
        let site = database.site().await;
        let left = database.subscriber(&site.page_id, "left@example.com", &["major"], None).await;
        subscriber_unsubscribe(&database.store, left, now()).await.unwrap();
        database.subscriber(&site.page_id, "confirmed@example.com", &["major"], None).await;
        suppress(database, "bounced@example.com").await;
        create(database, &site, new("pending@example.com", Confirmation::Mail { again: true })).await.unwrap();
        let yesterday = now() - TimeDelta::days(1);
        let some = SubscriberNew { following: Following::Only(vec![site.component_id]), ..new("some@example.com", vouched(yesterday)) };
        let rows = || {
            vec![
                new("z@example.com", vouched(yesterday)),
                some.clone(),
                new("left@example.com", vouched(yesterday)),
                new("confirmed@example.com", vouched(yesterday)),
                new("bounced@example.com", vouched(yesterday)),
                new("pending@example.com", vouched(yesterday)),
                new("Z@EXAMPLE.com", vouched(yesterday)),
                new("gone@example.com", Confirmation::Left(yesterday)),
                new("ask@example.com", Confirmation::Mail { again: false }),
            ]
        };
        let (left, bounced) = (Addition::Refuse(READER_LEFT), Addition::Refuse(ADDRESS_REFUSED));
        let expected = [
            Addition::Confirm, Addition::Confirm, left, Addition::Keep, bounced, Addition::Confirm, Addition::Keep,
            Addition::NoteLeft, Addition::Ask,
        ];
        let before = stored(database).await;
        let would = subscribers_add(&database.store, place(&site), rows(), true, key, now()).await.unwrap();
        assert_eq!((would.as_slice(), stored(database).await), (&expected[..], before));
        assert_eq!(add(database, &site, rows()).await, expected);
        let first = stored(database).await;
        assert_eq!(first, [
            "left@example.com unsubscribed major all -",
            "confirmed@example.com confirmed major all -",
            "pending@example.com confirmed patch,prerelease patch all sign-up form",
            // Those who are new, in the order of their addresses.
            "ask@example.com pending patch,prerelease patch all -",
            "gone@example.com unsubscribed patch,prerelease patch all -",
            "some@example.com confirmed patch,prerelease patch sign-up form",
            "z@example.com confirmed patch,prerelease patch all sign-up form",
        ]);
        assert_eq!(database.count("subscriber_components").await, 1);
        assert_eq!(database.count("subscription_requests WHERE address = 'ask@example.com'").await, 1);
        let keep = Addition::Keep;
        assert_eq!(add(database, &site, rows()).await, [keep, keep, left, keep, bounced, keep, keep, keep, keep]);
        assert_eq!(stored(database).await, first);
        assert_eq!(database.count("subscription_requests WHERE address = 'ask@example.com'").await, 1);
    }

    async fn the_later_of_yes_and_no_counts_in_whatever_order(database: &Database) {
        let site = database.site().await;
        let ago = |hours: i64| now() - TimeDelta::hours(hours);
        let left = |hours| Confirmation::Left(ago(hours));
        let (yes, no) = ("confirmed", "unsubscribed");
        for (said, state) in [
            (vec![vouched(ago(3)), left(2)], no),
            (vec![left(2), vouched(ago(3))], no),
            (vec![left(2), vouched(ago(1))], yes),
            (vec![vouched(ago(1)), left(2)], yes),
            (vec![vouched(ago(3)), vouched(ago(1)), left(2)], yes),
            (vec![left(3), left(1), vouched(ago(2))], no),
            (vec![vouched(ago(2)), left(2)], no),
            (vec![Confirmation::Mail { again: false }, left(2), vouched(ago(3))], no),
        ] {
            for at_once in [true, false] {
                database.execute("DELETE FROM subscribers").await;
                let rows = said.iter().map(|one| new("a@example.com", one.clone()));
                if at_once {
                    add(database, &site, rows.collect()).await;
                } else {
                    for row in rows {
                        add(database, &site, vec![row]).await;
                    }
                }
                let found = database.texts("SELECT state AS text FROM subscribers").await;
                assert_eq!(found, [state], "{said:?} {at_once}");
            }
        }
    }

    async fn copies_of_one_import_at_once_add_each_once(database: &Database) {
        let site = database.site().await;
        let rows: Vec<SubscriberNew> = (0..50).map(|number| new(&format!("r{number}@example.com"), vouched(now()))).collect();
        let imports: Vec<_> = (0..4)
            .map(|turn| {
                let (store, place, mut rows) = (database.store.clone(), place(&site), rows.clone());
                rows.rotate_left(turn * 10);
                tokio::spawn(async move { subscribers_add(&store, place, rows, false, key, now()).await })
            })
            .collect();
        for import in imports {
            import.await.unwrap().unwrap();
        }
        assert_eq!(database.count("subscribers WHERE state = 'confirmed'").await, 50);
    }

    async fn components_that_went_meanwhile_are_left_out(database: &Database) {
        let site = database.site().await;
        let web = database.component(site.organization_id, &site.page_id, "acme/api", Some("web-")).await;
        let known = page_components_list(&database.store, site.organization_id, site.page_id.clone()).await.unwrap();
        assert_eq!(known.len(), 2);
        component_delete(&database.store, site.organization_id, site.page_id.clone(), web).await.unwrap();
        let only = SubscriberNew { following: Following::Only(vec![site.component_id, web]), ..new("a@example.com", vouched(now())) };
        let (entry, _) = create(database, &site, only).await.unwrap();
        assert_eq!(entry.components, Some(vec!["acme/api".to_owned()]));
    }

    async fn nobody_is_added_to_a_page_of_others(database: &Database) {
        let site = database.site().await;
        let stranger = AdditionPlace { organization_id: site.organization_id + 1, ..place(&site) };
        let store = &database.store;
        let one = || new("a@example.com", vouched(now()));
        assert!(is_not_found(&subscriber_create(store, stranger.clone(), one(), key, now()).await));
        for dry_run in [true, false] {
            assert!(is_not_found(&subscribers_add(store, stranger.clone(), vec![one()], dry_run, key, now()).await));
        }
        assert!(is_not_found(&page_components_list(store, stranger.organization_id, stranger.page_id).await));
        assert_eq!(database.count("subscribers").await, 0);
        let test = AdditionPlace { environment: Environment::Test, ..place(&site) };
        let (entry, _) = subscriber_create(store, test, one(), key, now()).await.unwrap();
        assert_eq!(entry.environment, Environment::Test);
        assert!(create(database, &site, one()).await.unwrap().1, "test and live are apart");
        let of = SubscriberAddress::parse("", "a@example.com").unwrap();
        assert_eq!(database.count(&format!("subscribers WHERE address_folded = '{}'", of.folded())).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_came_at_this_moment_is_known() {
    const CAME: &str = "INSERT INTO subscribers (page_id, environment, address, address_folded, state, preferences, \
        wants_major, wants_minor, wants_patch, wants_prerelease, all_components, link_generation, created_at, \
        confirmed_at) \
        SELECT pages.id, 'live', came.address, came.address, came.state, 'major', true, false, false, false, true, 0, \
        CURRENT_TIMESTAMP, TIMESTAMP '2999-01-01' FROM pages, (VALUES ('ask@example.com', 'confirmed'), ('confirmed@example.com', 'confirmed'), \
        ('gone@example.com', 'confirmed'), ('pending@example.com', 'pending')) AS came (address, state)";
    let Some(database) = Database::postgres() else { return };
    let site = database.site().await;
    let rows = vec![
        new("pending@example.com", vouched(now())),
        new("new@example.com", vouched(now())),
        new("gone@example.com", Confirmation::Left(now())),
        new("confirmed@example.com", vouched(now())),
        new("ask@example.com", Confirmation::Mail { again: false }),
    ];
    let (store, place) = (database.store.clone(), place(&site));
    let import = async move { subscribers_add(&store, place, rows, false, key, now()).await.unwrap() };
    let became = database.during(CAME, import).await;
    let keep = Addition::Keep;
    assert_eq!(became, [Addition::Confirm, Addition::Confirm, keep, keep, keep]);
    assert_eq!(database.count("subscribers WHERE state = 'confirmed'").await, 5);
    assert_eq!(database.count("subscription_requests").await, 0, "nobody is asked who is here");
}
