//! The whole URL tree.

use actix_web::{
    middleware::from_fn,
    web::{self, ServiceConfig},
};

use crate::amplitude::error::failures_explain;
use crate::openapi::document::openapi_show;
use crate::pages::{documents, endpoint::PageEndpoint};
use crate::v1::{
    badge::badge_show,
    changes::changes_show,
    endpoint::{Endpoint, path_unknown},
    index::index_show,
    releases::{release_show, releases_list},
    subscribers::subscribers_change,
    version::version_show,
};

/// Registers every route.
pub(crate) fn configure(config: &mut ServiceConfig) {
    // By itself and first, since nearly every request is for it: a scope is one more list of paths to look through.
    version_api(config);
    config.service(
        web::scope("/v1").configure(page_api).configure(management_api).default_service(web::to(path_unknown)),
    );
    config.service(web::scope("/hooks").configure(hooks).default_service(web::to(path_unknown)));
    config.service(
        web::scope("/api")
            .wrap(from_fn(failures_explain))
            .configure(releases_api)
            .configure(annotations_api)
            .default_service(web::to(path_unknown)),
    );
    // Last: it takes every path that no scope before it has.
    config.service(
        web::scope("")
            .wrap(from_fn(documents))
            .configure(pages)
            .default_service(web::to(crate::pages::endpoint::path_unknown)),
    );
}

/// What people's browsers ask for, and whoever watches the server.
fn pages(config: &mut ServiceConfig) {
    use crate::pages::{
        asset, badge, confirm, docs, group_page, health, home, mailbox, preferences, public_page, setup, sign_in,
        subscribe, unsubscribe,
    };
    config
        .service(PageEndpoint::get("/", home::home_show))
        .service(PageEndpoint::get("/p/{slug}", public_page::page_show))
        .service(PageEndpoint::get("/p/{slug}/", public_page::page_show))
        .service(PageEndpoint::get("/p/{slug}/badge.svg", badge::badge_show))
        .service(PageEndpoint::get("/p/{slug}/releases/{release_id}", public_page::release_show))
        .service(PageEndpoint::get("/p/{slug}/groups/{group_id}", group_page::group_show))
        .service(PageEndpoint::post("/p/{slug}/subscribe", subscribe::subscribe))
        .service(PageEndpoint::get("/confirm/{token}", confirm::confirm_show).with_post(confirm::confirm_use))
        .service(
            PageEndpoint::get("/preferences/{token}", preferences::preferences_show)
                .with_post(preferences::preferences_save),
        )
        .service(
            PageEndpoint::get("/unsubscribe/{token}", unsubscribe::unsubscribe_show)
                .with_post(unsubscribe::unsubscribe_use),
        )
        .service(PageEndpoint::get("/setup/{token}", setup::setup_show).with_post(setup::setup))
        .service(PageEndpoint::get("/sign-in", sign_in::sign_in_show).with_post(sign_in::sign_in))
        .service(PageEndpoint::post("/sign-out", sign_in::sign_out))
        .service(PageEndpoint::get("/mailbox", mailbox::mailbox_show))
        .service(PageEndpoint::get("/mailbox/{message_id}", mailbox::message_show))
        .service(PageEndpoint::get("/mailbox/{message_id}/html", mailbox::message_html))
        .service(PageEndpoint::get("/mailbox/{message_id}/source", mailbox::message_source))
        .service(PageEndpoint::get("/docs", docs::api_show))
        .service(PageEndpoint::get("/docs/errors", docs::errors_show))
        .service(PageEndpoint::get("/assets/{hash}/{file}", asset::asset_show))
        .service(PageEndpoint::get("/healthz", health::health_show))
        .service(PageEndpoint::get("/readyz", health::ready_show))
        .service(PageEndpoint::get("/metrics", health::metrics_show));
}

/// Where endpoints are registered: with actix, or in the list of all of them, which the OpenAPI document is held against.
pub(crate) trait Routes {
    /// Registers an endpoint.
    fn service(&mut self, endpoint: Endpoint) -> &mut Self;
}

impl Routes for ServiceConfig {
    fn service(&mut self, endpoint: Endpoint) -> &mut Self {
        Self::service(self, endpoint)
    }
}

/// What nearly every request is for.
fn version_api(config: &mut impl Routes) {
    config.service(Endpoint::at("/v1/pages/{page_id}/version").get(version_show));
}

/// The page API (`releasepage-v1.md`): for readers and their programs.
fn page_api(config: &mut impl Routes) {
    use crate::management::subscribers;
    config
        .service(Endpoint::at("").get(index_show))
        .service(Endpoint::at("/openapi.json").get(openapi_show))
        .service(
            // With a page key, `PATCH`; with a token, the others.
            Endpoint::at("/pages/{page_id}/subscribers")
                .get(subscribers::subscribers_read)
                .post(subscribers::subscriber_add)
                .patch(subscribers_change),
        )
        .service(Endpoint::at("/pages/{page_id}/badge.svg").get(badge_show))
        .service(Endpoint::at("/pages/{page_id}/releases").get(releases_list))
        .service(Endpoint::at("/pages/{page_id}/releases/{release_id}").get(release_show))
        .service(Endpoint::at("/pages/{page_id}/changes").get(changes_show));
}

/// The management API (`management-v1.md`): for programs with a personal access token.
fn management_api(config: &mut impl Routes) {
    use crate::management::{
        announcements, deliveries, subscriber_export, subscriber_import, subscribers, suppressions,
    };
    use crate::management::{api_access, changelog_import, components, me, pages, projects, releases};
    use crate::management::{groups, jobs, mailbox, tokens, unassigned_releases};
    use crate::management::{repositories, repository_sources};
    let repository_releases = "/repositories/{repository_id}/releases";
    let components_path = "/pages/{page_id}/components";
    let component_path = "/pages/{page_id}/components/{component_id}";
    let api_access_path = "/pages/{page_id}/api-access";
    config
        .service(Endpoint::at("/me").get(me::me_read))
        .service(Endpoint::at("/tokens").get(tokens::tokens_read).post(tokens::token_add))
        .service(Endpoint::at("/tokens/{token_id}").get(tokens::token_read).delete(tokens::token_revoke))
        .service(Endpoint::at("/mailbox").get(mailbox::mailbox_read))
        .service(Endpoint::at("/mailbox/{message_id}").get(mailbox::mailbox_message_read))
        .service(Endpoint::at("/jobs").get(jobs::jobs_read))
        .service(Endpoint::at("/jobs/{job_id}/retry").post(jobs::job_again))
        .service(Endpoint::at("/repositories").get(repositories::repositories_read).post(repositories::repository_add))
        .service(
            Endpoint::at("/repositories/{repository_id}")
                .get(repositories::repository_read)
                .patch(repositories::repository_edit)
                .delete(repositories::repository_remove),
        )
        .service(Endpoint::at("/repositories/{repository_id}/rotate").post(repositories::repository_secret_rotate))
        .service(Endpoint::at("/repositories/{repository_id}/backfill").post(repository_sources::repository_backfill))
        .service(
            Endpoint::at("/repositories/{repository_id}/component-suggestions")
                .get(unassigned_releases::component_suggestions_read),
        )
        .service(Endpoint::at(repository_releases).get(releases::releases_read).post(releases::release_add))
        .service(
            Endpoint::at("/repositories/{repository_id}/import/changelog")
                .post(changelog_import::repository_changelog_import),
        )
        .service(
            Endpoint::at("/releases/{release_id}")
                .get(releases::release_read)
                .patch(releases::release_change)
                .delete(releases::release_remove),
        )
        .service(Endpoint::at("/projects").get(projects::projects_read).post(projects::project_add))
        .service(
            Endpoint::at("/projects/{app_id}")
                .get(projects::project_read)
                .patch(projects::project_edit)
                .delete(projects::project_remove),
        )
        .service(Endpoint::at("/projects/{app_id}/rotate").post(projects::project_keys_rotate))
        .service(Endpoint::at("/pages").get(pages::pages_read).post(pages::page_add))
        .service(
            Endpoint::at("/pages/{page_id}").get(pages::page_read).patch(pages::page_edit).delete(pages::page_remove),
        )
        // Before the path with an id, which would take them for one.
        .service(Endpoint::at("/pages/{page_id}/subscribers/import").post(subscriber_import::subscribers_import))
        .service(Endpoint::at("/pages/{page_id}/subscribers/export").get(subscriber_export::subscribers_export))
        .service(
            Endpoint::at("/pages/{page_id}/subscribers/{subscriber_id}")
                .get(subscribers::subscriber_read)
                .delete(subscribers::subscriber_remove),
        )
        .service(Endpoint::at("/pages/{page_id}/deliveries").get(deliveries::page_deliveries_read))
        .service(Endpoint::at("/releases/{release_id}/deliveries").get(deliveries::release_deliveries_read))
        .service(Endpoint::at("/announcements/{announcement_id}/retry").post(announcements::announcement_again))
        .service(Endpoint::at("/suppressions").get(suppressions::suppressions_read))
        .service(Endpoint::at("/suppressions/{suppression_id}").delete(suppressions::suppression_remove))
        .service(Endpoint::at(components_path).get(components::components_read).post(components::component_add))
        .service(
            Endpoint::at(component_path)
                .get(components::component_read)
                .patch(components::component_edit)
                .delete(components::component_remove),
        )
        .service(Endpoint::at("/pages/{page_id}/groups").get(groups::groups_read).post(groups::group_add))
        .service(
            Endpoint::at("/pages/{page_id}/groups/{group_id}")
                .get(groups::group_read)
                .patch(groups::group_change)
                .delete(groups::group_remove),
        )
        .service(
            Endpoint::at("/pages/{page_id}/unassigned-releases").get(unassigned_releases::unassigned_releases_read),
        )
        .service(Endpoint::at(api_access_path).get(api_access::api_access_read).put(api_access::api_access_write))
        .service(Endpoint::at("/pages/{page_id}/api-access/rotate").post(api_access::api_access_keys_rotate));
}

/// What forges deliver.
fn hooks(config: &mut impl Routes) {
    use crate::hooks::{generic, gitea, github, gitlab, gogs};
    config
        .service(Endpoint::at("/github/{repository_id}").post(github::github_deliver))
        .service(Endpoint::at("/gitlab/{repository_id}").post(gitlab::gitlab_deliver))
        .service(Endpoint::at("/gitea/{repository_id}").post(gitea::gitea_deliver))
        .service(Endpoint::at("/gogs/{repository_id}").post(gogs::gogs_deliver))
        .service(Endpoint::at("/generic/{repository_id}").post(generic::generic_deliver));
}

/// The Releases API (`amplitude-2.md`): for deployment pipelines with a project's key pair.
fn releases_api(config: &mut impl Routes) {
    use crate::amplitude::releases::{release_change, release_delete, release_list, release_publish, release_read};
    config
        .service(Endpoint::at("/2/release").get(release_list).post(release_publish))
        .service(Endpoint::at("/2/release/{release_id}").get(release_read).put(release_change).delete(release_delete));
}

/// The Chart Annotations API (`amplitude-2.md`): for the same pipelines.
fn annotations_api(config: &mut impl Routes) {
    use crate::amplitude::{annotation_categories as categories, annotations, annotations_2};
    config
        .service(
            Endpoint::at("/2/annotations").get(annotations_2::annotations_read).post(annotations_2::annotation_add),
        )
        .service(Endpoint::at("/2/annotations/{annotation_id}").get(annotations_2::annotation_read))
        .service(
            Endpoint::at("/3/annotation-categories").get(categories::categories_read).post(categories::category_add),
        )
        .service(Endpoint::at("/3/annotation-categories/bulk/{category_id}").put(categories::annotations_assign))
        .service(
            Endpoint::at("/3/annotation-categories/{category_id}")
                .get(categories::category_read)
                .put(categories::category_change)
                .delete(categories::category_remove),
        )
        .service(Endpoint::at("/3/annotations").get(annotations::annotations_read).post(annotations::annotation_add))
        .service(
            Endpoint::at("/3/annotations/{annotation_id}")
                .get(annotations::annotation_read)
                .put(annotations::annotation_change)
                .delete(annotations::annotation_remove),
        );
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::openapi::document::DOCUMENT;

    /// The operations below a path, as they were registered: method and whole path.
    struct Registered {
        below: &'static str,
        operations: BTreeSet<(String, String)>,
    }

    impl Routes for Registered {
        fn service(&mut self, endpoint: Endpoint) -> &mut Self {
            let path = format!("{}{}", self.below, endpoint.path());
            // HEAD goes without saying wherever there is GET.
            let methods = endpoint.methods().iter().filter(|method| **method != "HEAD");
            self.operations.extend(methods.map(|method| (method.to_ascii_lowercase(), path.clone())));
            self
        }
    }

    impl Registered {
        fn below(below: &'static str, register: impl FnOnce(&mut Self)) -> BTreeSet<(String, String)> {
            let mut registered = Self { below, operations: BTreeSet::new() };
            register(&mut registered);
            registered.operations
        }
    }

    #[test]
    fn openapi_document_has_every_operation_and_no_other() {
        let registered: BTreeSet<(String, String)> = [
            Registered::below("", version_api),
            Registered::below("/v1", page_api),
            Registered::below("/v1", management_api),
            Registered::below("/api", releases_api),
            Registered::below("/api", annotations_api),
            Registered::below("/hooks", hooks),
        ]
        .into_iter()
        .flatten()
        .collect();
        let paths = DOCUMENT["paths"].as_object().unwrap().iter();
        let described: BTreeSet<(String, String)> = paths
            .flat_map(|(path, operations)| {
                operations.as_object().unwrap().keys().map(|method| (method.clone(), path.clone()))
            })
            .collect();
        let missing: Vec<_> = registered.difference(&described).collect();
        let stray: Vec<_> = described.difference(&registered).collect();
        assert!(missing.is_empty() && stray.is_empty(), "not described: {missing:?}; not there: {stray:?}");
    }
}
