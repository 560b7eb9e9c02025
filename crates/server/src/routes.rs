//! The whole URL tree.

use actix_web::{
    middleware::from_fn,
    web::{self, ServiceConfig},
};
use releasepage_api::{
    amplitude::{ReleasesApi, error::failures_explain},
    hooks::Hooks,
    operation::Surface,
};
use releasepage_http::{
    document_endpoint::DocumentEndpoint,
    endpoint::{Operation, endpoints, path_unknown},
};
use releasepage_site::{middleware::documents, routes as site};

use crate::{docs, health, surfaces::v1_operations};

/// The paths of the APIs, which are for programs. Every other path is for documents.
pub(crate) const API_ROOTS: [&str; 3] = ["/v1", "/api", "/hooks"];

/// Registers every path.
pub(crate) fn configure(config: &mut ServiceConfig) {
    let [v1, api, hooks] = API_ROOTS;
    let (hot, under_v1): (Vec<Operation>, Vec<Operation>) = v1_operations().into_iter().partition(Operation::is_hot);
    // These come first and outside a scope, because nearly every request is for them: a scope adds a search through its
    // paths.
    services(config, hot, "");
    config.service(
        web::scope(v1).configure(|config| services(config, under_v1, v1)).default_service(web::to(path_unknown)),
    );
    config.service(
        web::scope(hooks)
            .configure(|config| services(config, Hooks::operations(), hooks))
            .default_service(web::to(path_unknown)),
    );
    config.service(
        web::scope(api)
            .wrap(from_fn(failures_explain))
            .configure(|config| services(config, ReleasesApi::operations(), api))
            .default_service(web::to(path_unknown)),
    );
    // This comes last, because it matches every path that no earlier scope has.
    config.service(
        web::scope("")
            .wrap(from_fn(documents))
            .configure(site::configure)
            .configure(own_documents)
            .default_service(web::to(site::path_unknown)),
    );
}

fn services(config: &mut ServiceConfig, operations: Vec<Operation>, scope: &str) {
    for endpoint in endpoints(operations, scope) {
        config.service(endpoint);
    }
}

/// The documents about the server itself.
fn own_documents(config: &mut ServiceConfig) {
    config
        .service(DocumentEndpoint::get("/docs", docs::api_show))
        .service(DocumentEndpoint::get("/docs/errors", docs::errors_show))
        .service(DocumentEndpoint::get("/healthz", health::health_show))
        .service(DocumentEndpoint::get("/readyz", health::ready_show))
        .service(DocumentEndpoint::get("/metrics", health::metrics_show));
}
