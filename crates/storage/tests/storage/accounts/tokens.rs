//! Personal access tokens: what is told of them, and their end.

use chrono::Duration;
use releasepage_storage::{
    accounts::{
        row::AccessTokenNew,
        tokens::{
            AccessToken, access_token_create, access_token_get, access_token_list, access_token_revoke,
            access_token_touch, access_token_user,
        },
    },
    database::cursor::IdCursor,
};

use crate::support::{Database, both, is_not_found, now};

fn new(name: &str) -> AccessTokenNew {
    AccessTokenNew {
        token_hash: format!("hash of {name}"),
        name: name.into(),
        scopes: "read publish".into(),
        expires_at: Some(now() + Duration::days(1)),
    }
}

both! {
    async fn a_token_is_told_and_revoked_in_its_organization_alone(database: &Database) {
        let owner = database.owner("owner@example.com").await;
        let other = database.owner("other@example.com").await;
        let (organization, store) = (owner.organization_id, &database.store);
        let id = access_token_create(store, organization, owner.user_id, new("deploy"), now()).await.unwrap();
        access_token_touch(store, id, now() + Duration::hours(1)).await.unwrap();
        let expected = AccessToken {
            id,
            name: "deploy".into(),
            scopes: "read publish".into(),
            user_id: owner.user_id,
            email: "owner@example.com".into(),
            created_at: now(),
            expires_at: Some(now() + Duration::days(1)),
            last_used_at: Some(now() + Duration::hours(1)),
        };
        assert_eq!(access_token_get(store, organization, id).await.unwrap(), expected);
        assert!(is_not_found(&access_token_get(store, other.organization_id, id).await));
        assert!(is_not_found(&access_token_revoke(store, other.organization_id, id).await));
        let user = || access_token_user(store, "hash of deploy".into(), now());
        assert_eq!(user().await.unwrap().unwrap().expires_at, Some(now() + Duration::days(1)));
        access_token_revoke(store, organization, id).await.unwrap();
        assert!(user().await.unwrap().is_none());
        assert!(is_not_found(&access_token_revoke(store, organization, id).await));
    }

    async fn tokens_are_listed_part_by_part(database: &Database) {
        let owner = database.owner("owner@example.com").await;
        let other = database.owner("other@example.com").await;
        for name in ["a", "b", "c"] {
            access_token_create(&database.store, owner.organization_id, owner.user_id, new(name), now()).await.unwrap();
        }
        let part = |after| access_token_list(&database.store, owner.organization_id, after, 2);
        let first = part(IdCursor::default()).await.unwrap();
        let names = |rows: &[AccessToken]| rows.iter().map(|token| token.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&first.rows), ["a", "b"]);
        let second = part(IdCursor::parse(&first.next.unwrap()).unwrap()).await.unwrap();
        assert_eq!((names(&second.rows), second.next), (vec!["c".to_owned()], None));
        let none = access_token_list(&database.store, other.organization_id, IdCursor::default(), 2).await.unwrap();
        assert!(none.rows.is_empty());
    }
}
