//! The whole URL tree.

use actix_web::{
    middleware::from_fn,
    web::{self, ServiceConfig},
};

use crate::amplitude::error::failures_explain;
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
    config.service(Endpoint::at("/v1/pages/{page_id}/version").get(version_show));
    config.service(
        web::scope("/v1").configure(page_api).configure(management_api).default_service(web::to(path_unknown)),
    );
    config.service(
        web::scope("/api")
            .wrap(from_fn(failures_explain))
            .configure(releases_api)
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
        asset, confirm, docs, health, home, mailbox, preferences, public_page, setup, sign_in, subscribe, unsubscribe,
    };
    config
        .service(PageEndpoint::get("/", home::home_show))
        .service(PageEndpoint::get("/p/{slug}", public_page::page_show))
        .service(PageEndpoint::get("/p/{slug}/releases/{release_id}", public_page::release_show))
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
        .service(PageEndpoint::get("/docs/errors", docs::errors_show))
        .service(PageEndpoint::get("/assets/{hash}/{file}", asset::asset_show))
        .service(PageEndpoint::get("/healthz", health::health_show))
        .service(PageEndpoint::get("/readyz", health::ready_show));
}

/// The page API (`releasepage-v1.md`): for readers and their programs.
fn page_api(config: &mut ServiceConfig) {
    config
        .service(Endpoint::at("").get(index_show))
        .service(Endpoint::at("/pages/{page_id}/subscribers").patch(subscribers_change))
        .service(Endpoint::at("/pages/{page_id}/badge.svg").get(badge_show))
        .service(Endpoint::at("/pages/{page_id}/releases").get(releases_list))
        .service(Endpoint::at("/pages/{page_id}/releases/{release_id}").get(release_show))
        .service(Endpoint::at("/pages/{page_id}/changes").get(changes_show));
}

/// The management API (`management-v1.md`): for programs with a personal access token.
fn management_api(config: &mut ServiceConfig) {
    use crate::management::{api_access, components, me, pages, projects, releases, repositories};
    let repository_releases = "/repositories/{repository_id}/releases";
    let components_path = "/pages/{page_id}/components";
    let component_path = "/pages/{page_id}/components/{component_id}";
    let api_access_path = "/pages/{page_id}/api-access";
    config
        .service(Endpoint::at("/me").get(me::me_read))
        .service(Endpoint::at("/repositories").get(repositories::repositories_read).post(repositories::repository_add))
        .service(Endpoint::at("/repositories/{repository_id}").get(repositories::repository_read))
        .service(Endpoint::at(repository_releases).get(releases::releases_read).post(releases::release_add))
        .service(
            Endpoint::at("/releases/{release_id}")
                .get(releases::release_read)
                .patch(releases::release_change)
                .delete(releases::release_remove),
        )
        .service(Endpoint::at("/projects").get(projects::projects_read).post(projects::project_add))
        .service(Endpoint::at("/projects/{app_id}").get(projects::project_read))
        .service(Endpoint::at("/projects/{app_id}/rotate").post(projects::project_keys_rotate))
        .service(Endpoint::at("/pages").get(pages::pages_read).post(pages::page_add))
        .service(Endpoint::at("/pages/{page_id}").get(pages::page_read).patch(pages::page_edit))
        .service(Endpoint::at(components_path).get(components::components_read).post(components::component_add))
        .service(
            Endpoint::at(component_path)
                .get(components::component_read)
                .patch(components::component_edit)
                .delete(components::component_remove),
        )
        .service(Endpoint::at(api_access_path).get(api_access::api_access_read).put(api_access::api_access_write))
        .service(Endpoint::at("/pages/{page_id}/api-access/rotate").post(api_access::api_access_keys_rotate));
}

/// The Releases API (`amplitude-2.md`): for deployment pipelines with a project's key pair.
fn releases_api(config: &mut ServiceConfig) {
    use crate::amplitude::releases::{release_change, release_delete, release_list, release_publish, release_read};
    config
        .service(Endpoint::at("/2/release").get(release_list).post(release_publish))
        .service(Endpoint::at("/2/release/{release_id}").get(release_read).put(release_change).delete(release_delete));
}
