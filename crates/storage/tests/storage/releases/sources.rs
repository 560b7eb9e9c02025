//! Where releases come from, as their forges know it.

use releasepage_domain::{
    repository::{RepositoryName, RepositoryOrigin},
    repository_files::ReleaseSource,
};
use releasepage_storage::{
    releases::sources::release_sources,
    sources::{
        hooks::{HookRepositoryNew, hook_repository_create},
        settings::SourceNew,
    },
};

use crate::support::{Database, Site, both, now, release_input};

both! {
    async fn a_release_is_of_the_repository_that_its_forge_knows(database: &Database) {
        let Site { organization_id, repository_id, .. } = database.site().await;
        let plain = database.arrive(repository_id, release_input("v1.0.0")).await;
        let name = |name| RepositoryName::parse("name", name).unwrap();
        let source = SourceNew {
            api_url: Some("https://git.example.com/api/v3".into()),
            name: Some(name("acme/there")),
            ..SourceNew::default()
        };
        let new = HookRepositoryNew { name: name("acme/here"), origin: RepositoryOrigin::Github, source };
        let made =
            hook_repository_create(&database.store, organization_id, new, ToOwned::to_owned, now()).await.unwrap();
        let told = database.arrive(made.id, release_input("v2.0.0")).await;
        let ids = vec![plain.id.clone(), told.id.clone(), "none".to_owned()];
        let sources = release_sources(&database.store, ids).await.unwrap();
        let told_source = ReleaseSource {
            origin: RepositoryOrigin::Github,
            name: "acme/there".into(),
            api_url: Some("https://git.example.com/api/v3".into()),
            tag: "v2.0.0".into(),
        };
        assert_eq!(sources.len(), 2);
        assert_eq!(sources[&told.id], told_source);
        let plain = &sources[&plain.id];
        assert_eq!((plain.origin, plain.api_url.as_ref(), plain.tag.as_str()), (RepositoryOrigin::Api, None, "v1.0.0"));
    }
}
