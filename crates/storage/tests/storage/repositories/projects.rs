//! Projects: their names, and their end.

use releasepage_storage::{
    StoreError,
    database::change::Change,
    repositories::{
        edits::repository_get,
        projects::{
            Project, ProjectChange, ProjectKeys, ProjectNew, project_by_api_key, project_create, project_delete,
            project_get, project_update,
        },
    },
};

use crate::support::{Database, both, is_not_found, now};

async fn project(database: &Database, organization_id: i64, name: &str) -> Project {
    let keys = ProjectKeys { api_key: format!("key of {name}"), secret_hash: "hash".into() };
    project_create(&database.store, organization_id, ProjectNew { name: name.into(), keys }, now()).await.unwrap()
}

both! {
    async fn a_project_can_be_renamed(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let made = project(database, mine, "iOS app").await;
        assert_eq!(made.revision, 1);
        let rename = |revision, name: Change<&str>| {
            let change = ProjectChange { revision, name: name.map(str::to_owned) };
            project_update(&database.store, mine, made.app_id, change)
        };
        assert_eq!(rename(Some(1), Change::Keep).await.unwrap(), made);
        assert_eq!(rename(None, Change::Set("iOS app")).await.unwrap(), made);
        let renamed = rename(Some(1), Change::Set("Phones")).await.unwrap();
        assert_eq!(renamed, Project { name: "Phones".into(), revision: 2, ..made.clone() });
        assert!(matches!(rename(Some(1), Change::Set("Late")).await, Err(StoreError::Conflict(_))));
        assert_eq!(project_get(&database.store, mine, made.app_id).await.unwrap(), renamed);
    }

    async fn a_project_ends_and_its_releases_stay(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let made = project(database, mine, "App").await;
        let kept = project(database, mine, "Other").await;
        let page = database.page(mine, "Acme").await.id;
        database.component(mine, &page, &made.repo, None).await;
        database.release(made.app_id, "v1.0.0").await;
        let answer = "INSERT INTO idempotency_keys (repository_id, idempotency_key, fingerprint, answer, created_at) \
                      VALUES ({id}, 'key', 'fingerprint', '{}', CURRENT_TIMESTAMP)";
        for app_id in [made.app_id, kept.app_id] {
            database.execute(answer.replace("{id}", &app_id.to_string())).await;
        }
        let shown = database.shown(&page).await;
        project_delete(&database.store, mine, made.app_id).await.unwrap();
        assert!(is_not_found(&project_get(&database.store, mine, made.app_id).await));
        assert!(project_by_api_key(&database.store, made.api_key).await.unwrap().is_none());
        assert_eq!(repository_get(&database.store, mine, made.app_id).await.unwrap().name, made.repo);
        assert_eq!(database.shown(&page).await, shown);
        assert_eq!(database.count("idempotency_keys").await, 1);
        assert!(project_by_api_key(&database.store, kept.api_key).await.unwrap().is_some());
        assert!(is_not_found(&project_delete(&database.store, mine, made.app_id).await));
    }

    async fn a_project_of_somebody_else_is_not_found(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let other = database.owner("b@example.com").await.organization_id;
        let made = project(database, mine, "App").await;
        let change = ProjectChange { revision: None, name: Change::Set("Mine now".into()) };
        assert!(is_not_found(&project_update(&database.store, other, made.app_id, change).await));
        assert!(is_not_found(&project_delete(&database.store, other, made.app_id).await));
        assert_eq!(project_get(&database.store, mine, made.app_id).await.unwrap(), made);
    }
}
