//! `GET /v1` and `GET /v1/openapi.json`: descriptions of the server and its APIs.

use std::sync::LazyLock;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use releasepage_api::openapi::values::WebAddress;
use releasepage_http::{
    counting::client_count,
    error::V1Error,
    limits::Bucket,
    links::below,
    media_type::version_check,
    response::{Rendered, json_response},
    state::AppState,
};
use serde::Serialize;
use utoipa::ToSchema;

/// What this server is.
#[derive(Serialize, ToSchema)]
#[schema(as = Service)]
pub(crate) struct ServiceBody {
    /// The name of the product.
    #[schema(examples("ReleasePage"))]
    name: &'static str,
    /// The latest version of the API.
    #[schema(examples("v1"))]
    version: &'static str,
    /// The region of the server; the keys of its projects carry it.
    #[schema(examples("standard"))]
    region: String,
    /// Where the API is explained to people.
    #[schema(value_type = WebAddress)]
    documentation: String,
}

/// Answers the name of the service, the version of the API, the region, and where its documentation is.
#[utoipa::path(
    get,
    path = "/v1",
    tag = "Service",
    summary = "What this server is",
    description = "The name of the product, the version of the API, the server's region, and where its documentation is.",
    responses((status = 200, description = "The service", body = ServiceBody)),
)]
pub(crate) async fn index_show(request: HttpRequest, state: Data<AppState>) -> Result<HttpResponse, V1Error> {
    client_count(&request, &state, Bucket::Read)?;
    version_check(request.headers())?;
    Ok(json_response(&ServiceBody {
        name: "ReleasePage",
        version: "v1",
        region: state.settings.region.as_str().to_owned(),
        documentation: below(&state.settings.public_url, &["docs"]),
    }))
}

/// The OpenAPI document in the form of an answer.
pub(crate) struct RenderedDocument(pub(crate) &'static LazyLock<Rendered>);

/// Answers the document, from memory.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    tag = "Service",
    summary = "This document",
    description = "OpenAPI 3.1 of every API of this server. `/docs` shows it to people.",
    responses((status = 200, description = "The document", body = Value)),
)]
pub(crate) async fn openapi_show(
    request: HttpRequest,
    state: Data<AppState>,
    document: Data<RenderedDocument>,
) -> Result<HttpResponse, V1Error> {
    client_count(&request, &state, Bucket::Read)?;
    version_check(request.headers())?;
    Ok(document.0.json_response())
}
