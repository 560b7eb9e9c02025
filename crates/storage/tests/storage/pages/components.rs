//! Components: repositories on a page, and whose releases are whose.

use diesel::connection::SimpleConnection as _;
use releasepage_domain::version::VersionRule;
use releasepage_domain::{bump::Bump, fault::FaultKind};
use releasepage_storage::{
    StoreError,
    database::{change::Change, cursor::IdCursor},
    pages::components::{
        Component, ComponentChange, ComponentNew, component_create, component_delete, component_get, component_list,
        component_update,
    },
};

use crate::support::{Database, both, faults, is_not_found, now};

fn component(repo: &str, tag_prefix: Option<&str>) -> ComponentNew {
    ComponentNew {
        repo: repo.into(),
        name: None,
        tag_prefix: tag_prefix.map(str::to_owned),
        versions: VersionRule::Lenient,
    }
}

/// An organization with a page and a repository `acme/api`.
async fn page_and_repository(database: &Database) -> (i64, String, i64) {
    let organization_id = database.owner("a@example.com").await.organization_id;
    let page_id = database.page(organization_id, "Acme").await.id;
    let repository_id = database.repository(organization_id, "acme/api").await.id;
    (organization_id, page_id, repository_id)
}

async fn create(
    database: &Database,
    organization_id: i64,
    page_id: &str,
    new: ComponentNew,
) -> Result<Component, StoreError> {
    component_create(&database.store, organization_id, page_id.into(), new, now()).await
}

both! {
    async fn a_component_shows_a_repository(database: &Database) {
        let (mine, page_id, repository_id) = page_and_repository(database).await;
        let generation = database.generation(&page_id).await;
        let made = create(database, mine, &page_id, component("ACME/api", None)).await.unwrap();
        assert_eq!((made.repo.as_str(), made.name.as_str()), ("acme/api", "api"));
        assert_eq!((made.page_id.as_str(), made.repository_id), (page_id.as_str(), repository_id));
        assert_eq!(made.tag_prefix, None);
        assert_eq!((made.revision, made.created_at), (1, now()));
        assert!(database.generation(&page_id).await > generation);
        assert_eq!(component_get(&database.store, mine, page_id.clone(), made.id).await.unwrap(), made);
        let list = component_list(&database.store, mine, page_id, IdCursor::default(), 10).await.unwrap();
        assert_eq!((list.rows, list.next), (vec![made], None));
    }

    async fn only_repositories_of_the_organization_can_be_shown(database: &Database) {
        let (mine, page_id, _) = page_and_repository(database).await;
        let other = database.owner("b@example.com").await.organization_id;
        database.repository(other, "other/api").await;
        for repo in ["other/api", "acme/nothing"] {
            let refused = create(database, mine, &page_id, component(repo, None)).await;
            assert_eq!(faults(refused), [("repo".into(), FaultKind::Invalid)], "{repo}");
        }
        assert!(is_not_found(&create(database, other, &page_id, component("other/api", None)).await));
        assert!(is_not_found(&create(database, mine, "ffffffffffff", component("acme/api", None)).await));
    }

    async fn a_repo_is_on_a_page_once(database: &Database) {
        let (mine, page_id, _) = page_and_repository(database).await;
        create(database, mine, &page_id, component("acme/api", None)).await.unwrap();
        create(database, mine, &page_id, component("acme/api", Some("web-v"))).await.unwrap();
        for (repo, tag_prefix) in [("acme/API", None), ("acme/api", Some("web-"))] {
            let again = create(database, mine, &page_id, component(repo, tag_prefix)).await;
            assert_eq!(faults(again), [("repo".into(), FaultKind::Taken)], "{repo} {tag_prefix:?}");
        }
        let second = database.page(mine, "Second").await.id;
        create(database, mine, &second, component("acme/api", None)).await.unwrap();
    }

    async fn a_prefix_takes_its_tags_and_gives_them_back(database: &Database) {
        let (mine, page_id, repository_id) = page_and_repository(database).await;
        for tag in ["v1.0.0", "web-v1.1.0"] {
            database.release(repository_id, tag).await;
        }
        let shown = |rows: &[(&str, &str, Bump)]| {
            rows.iter().map(|&(repo, version, bump)| (repo.to_owned(), version.to_owned(), bump)).collect::<Vec<_>>()
        };
        create(database, mine, &page_id, component("acme/api", None)).await.unwrap();
        let alone = shown(&[("acme/api", "v1.0.0", Bump::Major), ("acme/api", "web-v1.1.0", Bump::Minor)]);
        assert_eq!(database.shown(&page_id).await, alone);

        let web = create(database, mine, &page_id, component("acme/api", Some("web-"))).await.unwrap();
        assert_eq!((web.repo.as_str(), web.name.as_str()), ("acme/api/web", "web"));
        let apart = shown(&[("acme/api", "v1.0.0", Bump::Major), ("acme/api/web", "v1.1.0", Bump::Minor)]);
        assert_eq!(database.shown(&page_id).await, apart);

        let generation = database.generation(&page_id).await;
        component_delete(&database.store, mine, page_id.clone(), web.id).await.unwrap();
        assert_eq!(database.shown(&page_id).await, alone);
        assert!(database.generation(&page_id).await > generation);
        assert!(is_not_found(&component_get(&database.store, mine, page_id.clone(), web.id).await));
        assert!(is_not_found(&component_delete(&database.store, mine, page_id.clone(), web.id).await));
    }

    async fn nobody_follows_a_component_that_is_gone(database: &Database) {
        let (mine, page_id, _) = page_and_repository(database).await;
        let made = create(database, mine, &page_id, component("acme/api", None)).await.unwrap();
        let follow = format!(
            "INSERT INTO subscribers (id, page_id, environment, address, address_folded, state, preferences, \
             wants_major, wants_minor, wants_patch, wants_prerelease, all_components, link_generation, created_at) \
             VALUES (1, '{page_id}', 'live', 'r@example.com', 'r@example.com', 'confirmed', 'major', \
             true, false, false, false, false, 0, CURRENT_TIMESTAMP); \
             INSERT INTO subscriber_components (subscriber_id, component_id) VALUES (1, {})",
            made.id
        );
        database.store.write(&[], move |connection| Ok(connection.batch_execute(&follow)?)).await.unwrap();
        // The row that follows refers to the component: it has to go for the component to go.
        component_delete(&database.store, mine, page_id, made.id).await.unwrap();
    }

    async fn a_component_can_be_renamed(database: &Database) {
        let (mine, page_id, _) = page_and_repository(database).await;
        let made = create(database, mine, &page_id, component("acme/api", None)).await.unwrap();
        let rename = |revision, name: Change<Option<&'static str>>| {
            let name = match name {
                Change::Keep => Change::Keep,
                Change::Set(name) => Change::Set(name.map(str::to_owned)),
            };
            component_update(&database.store, mine, page_id.clone(), made.id, ComponentChange { revision, name, ..ComponentChange::default() })
        };
        assert_eq!(rename(None, Change::Keep).await.unwrap(), made);
        assert_eq!(rename(None, Change::Set(Some("api"))).await.unwrap(), made);
        let generation = database.generation(&page_id).await;
        let renamed = rename(Some(1), Change::Set(Some("Public API"))).await.unwrap();
        assert_eq!((renamed.name.as_str(), renamed.revision), ("Public API", 2));
        assert!(database.generation(&page_id).await > generation);
        assert!(matches!(rename(Some(1), Change::Set(Some("Other"))).await, Err(StoreError::Conflict(_))));
        assert_eq!(rename(None, Change::Set(None)).await.unwrap().name, "api");
    }

    async fn components_of_somebody_else_are_not_found(database: &Database) {
        let (mine, page_id, _) = page_and_repository(database).await;
        let other = database.owner("b@example.com").await.organization_id;
        let second = database.page(mine, "Second").await.id;
        let made = create(database, mine, &page_id, component("acme/api", None)).await.unwrap();
        let store = &database.store;
        for (organization_id, page) in [(other, &page_id), (mine, &second)] {
            assert!(is_not_found(&component_get(store, organization_id, page.clone(), made.id).await));
            assert!(is_not_found(&component_delete(store, organization_id, page.clone(), made.id).await));
            let change = ComponentChange { revision: None, name: Change::Set(Some("Mine now".into())), ..ComponentChange::default() };
            assert!(is_not_found(&component_update(store, organization_id, page.clone(), made.id, change).await));
        }
        let list = component_list(store, other, page_id.clone(), IdCursor::default(), 10).await;
        assert!(is_not_found(&list));
        assert_eq!(component_get(store, mine, page_id, made.id).await.unwrap(), made);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_that_is_renamed_at_this_moment_is_not_shown_by_its_former_name() {
    let Some(database) = Database::postgres() else { return };
    let (mine, page_id, repository_id) = page_and_repository(&database).await;
    // Under the scope of the repository, as `Scope` makes its key.
    let lock = format!(
        "SELECT pg_advisory_xact_lock(('x' || left(encode(sha256('releasepage Repository({repository_id})'), 'hex'), \
         16))::bit(64)::bigint)"
    );
    let create = || {
        let (store, page_id) = (database.store.clone(), page_id.clone());
        async move { component_create(&store, mine, page_id, component("acme/api", None), now()).await }
    };
    let renamed = format!("{lock}; UPDATE repositories SET name = 'acme/new', name_folded = 'acme/new'");
    let refused = database.during(renamed.leak(), create()).await;
    assert_eq!(faults(refused), [("repo".into(), FaultKind::Invalid)]);

    database.execute("UPDATE repositories SET name = 'acme/api', name_folded = 'acme/api'").await;
    database.repository(mine, "acme/other").await;
    let swapped = format!(
        "{lock}; UPDATE repositories SET name = 'acme/new', name_folded = 'acme/new' WHERE id = {repository_id}; \
         UPDATE repositories SET name = 'acme/api', name_folded = 'acme/api' WHERE id <> {repository_id}"
    );
    let refused = database.during(swapped.leak(), create()).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    assert_eq!(database.count("components").await, 0);
}
