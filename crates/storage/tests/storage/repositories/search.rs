//! Repositories by their names, and the tags that they have.

use releasepage_storage::{
    accounts::users::owner_create,
    repositories::{
        search::{RepositoryFound, repositories_search},
        tags::repository_tags,
    },
};

use crate::support::{Database, both, now, owner_new};

/// The repositories of that name, or all: name and organization's slug.
async fn found(database: &Database, folded: Option<&str>, limit: i64) -> Vec<(String, String)> {
    let found = repositories_search(&database.store, folded.map(str::to_owned), limit).await.unwrap();
    found.into_iter().map(|RepositoryFound { name, organization_slug, .. }| (name, organization_slug)).collect()
}

fn pair(name: &str, slug: &str) -> (String, String) {
    (name.to_owned(), slug.to_owned())
}

both! {
    async fn a_repository_is_found_in_every_organization(database: &Database) {
        for (email, organization) in [("b@example.com", "Second One"), ("a@example.com", "First")] {
            let created = owner_create(&database.store, owner_new(email, organization), now()).await.unwrap();
            for name in ["Acme/Web", "acme/api"] {
                database.repository(created.organization_id, name).await;
            }
        }
        let web = [pair("Acme/Web", "first"), pair("Acme/Web", "second-one")];
        assert_eq!(found(database, Some("acme/web"), 10).await, web);
        assert_eq!(found(database, Some("acme/none"), 10).await, []);
        let all = [pair("acme/api", "first"), pair("acme/api", "second-one"), web[0].clone()];
        assert_eq!(found(database, None, 3).await, all);
        let named = repositories_search(&database.store, Some("acme/api".into()), 10).await.unwrap();
        assert_eq!(named[1].organization, "Second One");
    }

    async fn tags_come_once_and_in_order(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let repository = database.repository(mine, "acme/api").await.id;
        let other = database.repository(mine, "acme/web").await.id;
        for tag in ["v1.0.0", "1.0.0", "api-v1.0.0"] {
            database.release(repository, tag).await;
        }
        database.release(other, "v2.0.0").await;
        assert_eq!(repository_tags(&database.store, repository).await.unwrap(), ["1.0.0", "api-v1.0.0", "v1.0.0"]);
    }
}
