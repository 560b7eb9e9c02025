//! Releases that no component takes, and what tags suggest.

use releasepage_domain::version::VersionRule;
use releasepage_storage::{
    database::cursor::TimeCursor,
    pages::components::{ComponentNew, component_create},
    releases::unassigned::{component_suggestions_find, unassigned_releases_list},
};

use crate::support::{Database, both, is_not_found, now};

/// The tags that no component of the page takes.
async fn unassigned(database: &Database, organization_id: i64, page_id: &str) -> Vec<String> {
    let part = unassigned_releases_list(&database.store, organization_id, page_id.into(), None, 10).await.unwrap();
    part.rows.into_iter().map(|release| release.tag).collect()
}

async fn component(database: &Database, organization_id: i64, page_id: &str, tag_prefix: Option<&str>) {
    let new = ComponentNew {
        repo: "acme/mono".into(),
        name: None,
        tag_prefix: tag_prefix.map(str::to_owned),
        versions: VersionRule::Lenient,
    };
    component_create(&database.store, organization_id, page_id.into(), new, now()).await.unwrap();
}

both! {
    async fn a_tag_of_no_component_is_kept_and_listed(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let page = database.page(mine, "Acme").await.id;
        let repository = database.repository(mine, "acme/mono").await.id;
        for tag in ["v1.0.0", "web-v1.0.0", "driver/v0.1.0"] {
            database.release(repository, tag).await;
        }
        let elsewhere = database.repository(mine, "acme/other").await.id;
        database.release(elsewhere, "v9.0.0").await;
        assert_eq!(unassigned(database, mine, &page).await, Vec::<String>::new(), "the page shows no repository yet");
        component(database, mine, &page, Some("web-v")).await;
        let mut tags = unassigned(database, mine, &page).await;
        tags.sort();
        assert_eq!(tags, ["driver/v0.1.0", "v1.0.0"]);
        component(database, mine, &page, None).await;
        assert_eq!(unassigned(database, mine, &page).await, ["driver/v0.1.0"]);
        component(database, mine, &page, Some("driver/")).await;
        assert_eq!(unassigned(database, mine, &page).await, Vec::<String>::new());
        let other = database.owner("b@example.com").await.organization_id;
        assert!(is_not_found(&unassigned_releases_list(&database.store, other, page, None, 10).await));
    }

    async fn the_list_goes_on_where_it_ended(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let page = database.page(mine, "Acme").await.id;
        let repository = database.repository(mine, "acme/mono").await.id;
        component(database, mine, &page, Some("web-v")).await;
        for number in 0..5 {
            database.release(repository, &format!("v1.0.{number}")).await;
        }
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let part = unassigned_releases_list(&database.store, mine, page.clone(), after, 2).await.unwrap();
            seen.extend(part.rows.into_iter().map(|release| release.tag));
            let Some(next) = part.next else { break };
            after = Some(TimeCursor::parse(&next).unwrap());
        }
        seen.sort();
        assert_eq!(seen, ["v1.0.0", "v1.0.1", "v1.0.2", "v1.0.3", "v1.0.4"]);
    }

    async fn tags_suggest_components(database: &Database) {
        let mine = database.owner("a@example.com").await.organization_id;
        let repository = database.repository(mine, "acme/mono").await.id;
        for tag in ["v1.0.0", "web-v1.0.0", "web-v1.1.0"] {
            database.release(repository, tag).await;
        }
        let (found, suggestions) = component_suggestions_find(&database.store, mine, repository).await.unwrap();
        assert_eq!(found.as_str(), "acme/mono");
        let suggestions: Vec<_> = suggestions
            .iter()
            .map(|found| (found.tag_prefix.as_deref(), found.tags, found.latest.as_str()))
            .collect();
        assert_eq!(suggestions, [(None, 1, "v1.0.0"), (Some("web-v"), 2, "web-v1.1.0")]);
        let other = database.owner("b@example.com").await.organization_id;
        assert!(is_not_found(&component_suggestions_find(&database.store, other, repository).await));
    }
}
