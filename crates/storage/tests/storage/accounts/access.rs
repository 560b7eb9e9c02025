//! What an operator does for people who cannot sign in.

use chrono::Duration;
use releasepage_domain::account::Role;
use releasepage_storage::accounts::{
    access::{member_by_email, member_list, password_set, sessions_end, setup_link_replace},
    row::{AccessTokenNew, SetupLinkNew},
    sessions::{session_create, session_user},
    tokens::{access_token_create, access_token_touch},
    users::{OwnerNew, owner_create, setup_link_email, setup_link_use, user_by_email},
};

use crate::support::{Database, both, is_not_found, now, owner_new};

fn link(hash: &str) -> SetupLinkNew {
    SetupLinkNew { token_hash: hash.into(), expires_at: now() + Duration::days(1) }
}

both! {
    async fn everybody_is_listed_with_their_last_trace(database: &Database) {
        let store = &database.store;
        assert_eq!(member_list(store).await.unwrap(), []);
        let ada = owner_create(
            store,
            OwnerNew { password_hash: Some("phc".into()), ..owner_new("Ada@Example.com", "Acme") },
            now(),
        );
        let ada = ada.await.unwrap();
        let eve = database.owner("eve@example.com").await;
        let seen = async || -> Vec<_> {
            let members = member_list(store).await.unwrap();
            members.into_iter().map(|seen| (seen.member.email, seen.member.has_password, seen.seen_at)).collect()
        };
        assert_eq!(
            seen().await,
            [("Ada@Example.com".to_owned(), true, None), ("eve@example.com".to_owned(), false, None)]
        );

        let later = now() + Duration::hours(1);
        for (user_id, hash, begun) in [(ada.user_id, "one", now()), (ada.user_id, "two", later)] {
            session_create(store, user_id, hash.into(), begun, later + Duration::days(1)).await.unwrap();
        }
        let token = AccessTokenNew {
            token_hash: "token".into(),
            name: "ci".into(),
            scopes: "read".into(),
            expires_at: None,
        };
        let token = access_token_create(store, eve.organization_id, eve.user_id, token, now()).await.unwrap();
        assert_eq!(seen().await[1].2, None, "a token that was never used is no trace");
        access_token_touch(store, token, now()).await.unwrap();
        session_create(store, eve.user_id, "three".into(), later, later + Duration::days(1)).await.unwrap();
        assert_eq!((seen().await[0].2, seen().await[1].2), (Some(later), Some(later)));

        let member = member_by_email(store, "ada@example.com".into()).await.unwrap().unwrap();
        assert_eq!((member.user_id, member.organization_id), (ada.user_id, ada.organization_id));
        assert_eq!((member.organization_name.as_str(), member.role), ("Acme", Role::Owner));
        assert_eq!(member_by_email(store, "nobody@example.com".into()).await.unwrap(), None);
    }

    async fn a_link_is_replaced_for_who_has_a_password(database: &Database) {
        let store = &database.store;
        let new = OwnerNew {
            password_hash: Some("old".into()),
            setup_link: Some(link("first")),
            ..owner_new("ada@example.com", "Acme")
        };
        let ada = owner_create(store, new, now()).await.unwrap();
        session_create(store, ada.user_id, "session".into(), now(), now() + Duration::days(1)).await.unwrap();
        setup_link_replace(store, "ada@example.com".into(), link("second")).await.unwrap();
        let email = |hash: &'static str| setup_link_email(store, hash.into(), now());
        assert_eq!(email("first").await.unwrap(), None);
        assert_eq!(email("second").await.unwrap().as_deref(), Some("ada@example.com"));
        let password = async || user_by_email(store, "ada@example.com".into()).await.unwrap().unwrap().password_hash;
        assert_eq!(password().await.as_deref(), Some("old"));
        assert!(session_user(store, "session".into(), now()).await.unwrap().is_some());

        setup_link_use(store, "second".into(), "new".into(), now()).await.unwrap();
        assert_eq!(password().await.as_deref(), Some("new"));
        assert_eq!(session_user(store, "session".into(), now()).await.unwrap(), None);
        assert!(is_not_found(&setup_link_replace(store, "nobody@example.com".into(), link("third")).await));
    }

    async fn a_password_that_is_set_ends_sessions_and_links(database: &Database) {
        let store = &database.store;
        let new = OwnerNew { setup_link: Some(link("link")), ..owner_new("ada@example.com", "Acme") };
        let ada = owner_create(store, new, now()).await.unwrap();
        let eve = database.owner("eve@example.com").await;
        for (user_id, hash) in [(ada.user_id, "ada"), (eve.user_id, "eve")] {
            session_create(store, user_id, hash.into(), now(), now() + Duration::days(1)).await.unwrap();
        }
        password_set(store, "ada@example.com".into(), "phc".into()).await.unwrap();
        let ada = user_by_email(store, "ada@example.com".into()).await.unwrap().unwrap();
        assert_eq!(ada.password_hash.as_deref(), Some("phc"));
        assert_eq!(session_user(store, "ada".into(), now()).await.unwrap(), None);
        assert!(session_user(store, "eve".into(), now()).await.unwrap().is_some());
        assert_eq!(setup_link_email(store, "link".into(), now()).await.unwrap(), None);
        assert!(is_not_found(&password_set(store, "nobody@example.com".into(), "phc".into()).await));
    }

    async fn sessions_end_for_one_person(database: &Database) {
        let store = &database.store;
        let ada = database.owner("ada@example.com").await;
        let eve = database.owner("eve@example.com").await;
        for (user_id, hash, days) in [(ada.user_id, "one", 1), (ada.user_id, "two", 2), (eve.user_id, "eve", 3)] {
            session_create(store, user_id, hash.into(), now(), now() + Duration::days(days)).await.unwrap();
        }
        let later = now() + Duration::days(1);
        assert_eq!(sessions_end(store, "ada@example.com".into(), later).await.unwrap(), 1);
        assert_eq!(session_user(store, "two".into(), now()).await.unwrap(), None);
        assert!(session_user(store, "eve".into(), now()).await.unwrap().is_some());
        assert_eq!(sessions_end(store, "ada@example.com".into(), later).await.unwrap(), 0);
        assert!(is_not_found(&sessions_end(store, "nobody@example.com".into(), later).await));
    }
}
