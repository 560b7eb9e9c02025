//! Organizations, users, sessions and tokens.

use chrono::Duration;
use releasepage_domain::{account::Role, fault::FaultKind};
use releasepage_storage::{
    accounts::{
        row::{AccessTokenNew, SetupLinkNew},
        sessions::{session_create, session_end, session_user},
        tokens::{access_token_create, access_token_touch, access_token_user},
        users::{OwnerNew, owner_create, setup_link_email, setup_link_renew, setup_link_use, user_by_email},
    },
    repositories::projects::{ProjectKeys, ProjectNew, project_create},
};

use crate::support::{Database, both, faults, is_not_found, now, owner_new};

fn token(hash: &str) -> AccessTokenNew {
    AccessTokenNew { token_hash: hash.into(), name: "ci".into(), scopes: "read publish".into(), expires_at: None }
}

both! {
    async fn an_owner_has_an_organization(database: &Database) {
        let new = OwnerNew { password_hash: Some("phc".into()), ..owner_new("Owner@Example.com", " Acme & Söhne ") };
        let created = owner_create(&database.store, new, now()).await.unwrap();
        assert!(created.organization_id > 10_000);
        let user = user_by_email(&database.store, "owner@example.com".into()).await.unwrap().unwrap();
        assert_eq!((user.id, user.email.as_str()), (created.user_id, "Owner@Example.com"));
        assert_eq!((user.password_hash.as_deref(), user.created_at), (Some("phc"), now()));
        assert!(user_by_email(&database.store, "Owner@Example.com".into()).await.unwrap().is_none());
    }

    async fn an_address_belongs_to_one_user(database: &Database) {
        database.owner("owner@example.com").await;
        let again = owner_create(&database.store, owner_new("OWNER@EXAMPLE.COM", "Other"), now()).await;
        assert_eq!(faults(again), [("email".into(), FaultKind::Taken)]);
        let both = owner_create(&database.store, owner_new("OWNER@EXAMPLE.COM", " "), now()).await;
        let expected = [("organization".into(), FaultKind::Invalid), ("email".into(), FaultKind::Taken)];
        assert_eq!(faults(both), expected);
    }

    async fn organizations_of_one_name_have_different_slugs(database: &Database) {
        let mut repos = Vec::new();
        for number in 0..3 {
            let owner = database.owner(&format!("owner{number}@example.com")).await;
            let keys = ProjectKeys { api_key: format!("key{number}"), secret_hash: "hash".into() };
            let new = ProjectNew { name: "App".into(), keys };
            repos.push(project_create(&database.store, owner.organization_id, new, now()).await.unwrap().repo);
        }
        assert_eq!(repos, ["acme/app", "acme-2/app", "acme-3/app"]);
    }

    async fn a_setup_link_works_once_and_ends_what_was_before(database: &Database) {
        let expires_at = now() + Duration::days(1);
        let link = SetupLinkNew { token_hash: "link".into(), expires_at };
        let new = OwnerNew { setup_link: Some(link), ..owner_new("owner@example.com", "Acme") };
        let owner = owner_create(&database.store, new, now()).await.unwrap();
        session_create(&database.store, owner.user_id, "old".into(), now(), expires_at).await.unwrap();

        let email = |hash: &'static str, time| setup_link_email(&database.store, hash.into(), time);
        assert_eq!(email("link", now()).await.unwrap().as_deref(), Some("owner@example.com"));
        assert_eq!(email("link", expires_at).await.unwrap(), None);
        assert_eq!(email("other", now()).await.unwrap(), None);
        let used = |hash: &'static str, time| setup_link_use(&database.store, hash.into(), "phc".into(), time);
        assert!(is_not_found(&used("link", expires_at).await));
        assert!(is_not_found(&used("other", now()).await));

        assert_eq!(used("link", now()).await.unwrap(), owner.user_id);
        assert!(is_not_found(&used("link", now()).await));
        assert_eq!(email("link", now()).await.unwrap(), None);
        let user = user_by_email(&database.store, "owner@example.com".into()).await.unwrap().unwrap();
        assert_eq!(user.password_hash.as_deref(), Some("phc"));
        assert_eq!(session_user(&database.store, "old".into(), now()).await.unwrap(), None);
    }

    async fn a_setup_link_is_renewed_until_a_password_is_set(database: &Database) {
        let link = |hash: &str| SetupLinkNew { token_hash: hash.into(), expires_at: now() + Duration::days(1) };
        let new = OwnerNew { setup_link: Some(link("first")), ..owner_new("owner@example.com", "Acme") };
        let owner = owner_create(&database.store, new, now()).await.unwrap();
        let email = |hash: &'static str| setup_link_email(&database.store, hash.into(), now());

        assert!(setup_link_renew(&database.store, owner.user_id, link("second")).await.unwrap());
        assert_eq!(email("first").await.unwrap(), None);
        assert_eq!(email("second").await.unwrap().as_deref(), Some("owner@example.com"));

        setup_link_use(&database.store, "second".into(), "phc".into(), now()).await.unwrap();
        assert!(!setup_link_renew(&database.store, owner.user_id, link("third")).await.unwrap());
        assert_eq!(email("third").await.unwrap(), None);
        let user = user_by_email(&database.store, "owner@example.com".into()).await.unwrap().unwrap();
        assert_eq!(user.password_hash.as_deref(), Some("phc"));
    }

    async fn a_setup_link_used_twice_at_once_works_once(database: &Database) {
        let link = SetupLinkNew { token_hash: "link".into(), expires_at: now() + Duration::days(1) };
        let new = OwnerNew { setup_link: Some(link), ..owner_new("owner@example.com", "Acme") };
        owner_create(&database.store, new, now()).await.unwrap();
        let uses: Vec<_> = (0..8)
            .map(|number| {
                let store = database.store.clone();
                tokio::spawn(async move { setup_link_use(&store, "link".into(), number.to_string(), now()).await })
            })
            .collect();
        let mut worked = 0;
        for used in uses {
            worked += u32::from(used.await.unwrap().is_ok());
        }
        assert_eq!(worked, 1);
    }

    async fn a_session_lasts_until_it_ends_or_expires(database: &Database) {
        let owner = database.owner("owner@example.com").await;
        let expires_at = now() + Duration::hours(1);
        for hash in ["one", "two"] {
            session_create(&database.store, owner.user_id, hash.into(), now(), expires_at).await.unwrap();
        }
        let user = session_user(&database.store, "one".into(), now()).await.unwrap().unwrap();
        assert_eq!((user.user_id, user.organization_id), (owner.user_id, owner.organization_id));
        assert_eq!((user.email.as_str(), user.organization_name.as_str()), ("owner@example.com", "Acme"));
        assert_eq!(user.role, Role::Owner);
        assert_eq!(session_user(&database.store, "one".into(), expires_at).await.unwrap(), None);
        assert_eq!(session_user(&database.store, "three".into(), now()).await.unwrap(), None);

        session_end(&database.store, "one".into()).await.unwrap();
        session_end(&database.store, "one".into()).await.unwrap();
        assert_eq!(session_user(&database.store, "one".into(), now()).await.unwrap(), None);
        assert!(session_user(&database.store, "two".into(), now()).await.unwrap().is_some());
    }

    async fn a_token_names_its_user_and_remembers_its_use(database: &Database) {
        let new = OwnerNew { access_token: Some(token("first")), ..owner_new("owner@example.com", "Acme") };
        let owner = owner_create(&database.store, new, now()).await.unwrap();
        let of = |hash: &'static str, time| access_token_user(&database.store, hash.into(), time);
        let first = of("first", now()).await.unwrap().unwrap();
        assert_eq!((first.user_id, first.organization_id), (owner.user_id, owner.organization_id));
        assert_eq!((first.token_name.as_str(), first.scopes.as_str()), ("ci", "read publish"));
        assert_eq!((first.email.as_str(), first.organization_name.as_str()), ("owner@example.com", "Acme"));
        assert_eq!(first.role, Role::Owner);
        assert!(first.last_used_at.is_none() && first.touch_is_due(now()));

        access_token_touch(&database.store, first.token_id, now()).await.unwrap();
        let used = of("first", now()).await.unwrap().unwrap();
        assert_eq!(used.last_used_at, Some(now()));
        assert!(!used.touch_is_due(now() + Duration::seconds(59)));
        assert!(used.touch_is_due(now() + Duration::seconds(60)));
        // An answer that was slow does not take time back.
        access_token_touch(&database.store, first.token_id, now() - Duration::hours(1)).await.unwrap();
        assert_eq!(of("first", now()).await.unwrap().unwrap().last_used_at, Some(now()));
    }

    async fn a_token_belongs_to_a_member_and_expires(database: &Database) {
        let owner = database.owner("owner@example.com").await;
        let stranger = database.owner("stranger@example.com").await;
        let expires_at = now() + Duration::days(1);
        let create = |organization_id, user_id, hash| {
            let new = AccessTokenNew { expires_at: Some(expires_at), ..token(hash) };
            access_token_create(&database.store, organization_id, user_id, new, now())
        };
        assert!(is_not_found(&create(owner.organization_id, stranger.user_id, "one").await));
        let id = create(owner.organization_id, owner.user_id, "two").await.unwrap();
        let user = access_token_user(&database.store, "two".into(), now()).await.unwrap();
        assert_eq!(user.map(|user| user.token_id), Some(id));
        assert_eq!(access_token_user(&database.store, "two".into(), expires_at).await.unwrap(), None);
        assert_eq!(access_token_user(&database.store, "one".into(), now()).await.unwrap(), None);
    }
}
