//! Repositories and projects.

use releasepage_domain::{
    fault::FaultKind,
    repository::{RepositoryName, RepositoryOrigin},
};
use releasepage_storage::{
    database::cursor::IdCursor,
    repositories::{
        edits::{repository_create, repository_get, repository_list},
        projects::{
            ProjectKeys, ProjectNew, project_by_api_key, project_create, project_get, project_list, project_rotate,
        },
    },
};

use crate::support::{Database, both, faults, is_not_found, now};

fn project(name: &str, api_key: &str) -> ProjectNew {
    ProjectNew { name: name.into(), keys: keys(api_key) }
}

fn keys(api_key: &str) -> ProjectKeys {
    ProjectKeys { api_key: api_key.into(), secret_hash: format!("hash of {api_key}") }
}

both! {
    async fn a_name_is_taken_in_whatever_case(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let other = database.owner("b@example.com").await.organization_id;
        let made = database.repository(mine, "Acme/API").await;
        assert!(made.id >= 50_000);
        let name = RepositoryName::parse("name", "acme/api").unwrap();
        let again = repository_create(&database.store, mine, name, RepositoryOrigin::Api, now()).await;
        assert_eq!(faults(again), [("name".into(), FaultKind::Taken)]);
        database.repository(other, "acme/api").await;

        assert_eq!(repository_get(&database.store, mine, made.id).await.unwrap(), made);
        assert!(is_not_found(&repository_get(&database.store, other, made.id).await));
        assert!(is_not_found(&repository_get(&database.store, mine, 1).await));
    }

    async fn one_is_found_by_its_name(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        for name in ["acme/api", "acme/portal"] {
            database.repository(mine, name).await;
        }
        let other = database.owner("b@example.com").await.organization_id;
        database.repository(other, "acme/portal").await;
        for (name, found) in [("ACME/Portal", &["acme/portal"][..]), ("acme/none", &[])] {
            let list = repository_list(&database.store, mine, Some(name.into()), IdCursor::default(), 10).await.unwrap();
            let names: Vec<_> = list.rows.iter().map(|repository| repository.name.as_str()).collect();
            assert_eq!(names, found, "{name}");
        }
    }

    async fn copies_of_one_name_at_once_make_one_repository(database: &Database) {
        let organization_id = database.owner("a@example.com").await.organization_id;
        let copies: Vec<_> = (0..10)
            .map(|_| {
                let store = database.store.clone();
                let name = RepositoryName::parse("name", "acme/api").unwrap();
                tokio::spawn(async move {
                    repository_create(&store, organization_id, name, RepositoryOrigin::Api, now()).await
                })
            })
            .collect();
        let mut made = 0;
        for copy in copies {
            match copy.await.unwrap() {
                Ok(_) => made += 1,
                taken => assert_eq!(faults(taken), [("name".into(), FaultKind::Taken)]),
            }
        }
        assert_eq!(made, 1);
    }

    async fn a_list_comes_in_parts(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let other = database.owner("b@example.com").await.organization_id;
        for name in ["acme/a", "acme/b", "acme/c", "acme/d"] {
            database.repository(mine, name).await;
            database.repository(other, name).await;
        }
        let mut names = Vec::new();
        let mut after = IdCursor::default();
        loop {
            let part = repository_list(&database.store, mine, None, after, 2).await.unwrap();
            names.push(part.rows.iter().map(|repository| repository.name.clone()).collect::<Vec<_>>());
            match part.next {
                Some(next) => after = IdCursor::parse(&next).unwrap(),
                None => break,
            }
        }
        assert_eq!(names, [["acme/a", "acme/b"], ["acme/c", "acme/d"]]);
    }

    async fn a_project_is_a_repository_with_keys(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let other = database.owner("b@example.com").await.organization_id;
        let first = project_create(&database.store, mine, project("iOS app", "key1"), now()).await.unwrap();
        let second = project_create(&database.store, mine, project("iOS App!", "key2"), now()).await.unwrap();
        assert_eq!((first.repo.as_str(), second.repo.as_str()), ("acme/ios-app", "acme/ios-app-2"));
        assert_eq!((first.organization_id, first.name.as_str(), first.api_key.as_str()), (mine, "iOS app", "key1"));
        let repository = repository_get(&database.store, mine, first.app_id).await.unwrap();
        assert_eq!((repository.name, repository.origin), (first.repo.clone(), RepositoryOrigin::Api));

        assert_eq!(project_get(&database.store, mine, first.app_id).await.unwrap(), first);
        assert!(is_not_found(&project_get(&database.store, other, first.app_id).await));
        let plain = database.repository(mine, "acme/plain").await;
        assert!(is_not_found(&project_get(&database.store, mine, plain.id).await));
        let part = project_list(&database.store, mine, IdCursor::default(), 1).await.unwrap();
        let rest = project_list(&database.store, mine, IdCursor::parse(&part.next.unwrap()).unwrap(), 1).await.unwrap();
        assert_eq!((part.rows, rest.rows, rest.next), (vec![first], vec![second], None));
    }

    async fn a_rotation_ends_the_old_keys(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let other = database.owner("b@example.com").await.organization_id;
        let made = project_create(&database.store, mine, project("App", "old"), now()).await.unwrap();
        let auth = project_by_api_key(&database.store, "old".into()).await.unwrap().unwrap();
        assert_eq!((auth.repository_id, auth.organization_id), (made.app_id, mine));
        assert_eq!((auth.secret_hash.as_str(), auth.repo.as_str()), ("hash of old", "acme/app"));

        assert!(is_not_found(&project_rotate(&database.store, other, made.app_id, keys("new")).await));
        let rotated = project_rotate(&database.store, mine, made.app_id, keys("new")).await.unwrap();
        assert_eq!((rotated.app_id, rotated.api_key.as_str()), (made.app_id, "new"));
        assert!(project_by_api_key(&database.store, "old".into()).await.unwrap().is_none());
        let auth = project_by_api_key(&database.store, "new".into()).await.unwrap().unwrap();
        assert_eq!(auth.secret_hash, "hash of new");
    }
}
