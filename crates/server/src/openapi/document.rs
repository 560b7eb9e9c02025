//! `GET /v1/openapi.json`: the document, made once.

use std::sync::LazyLock;

use actix_web::{HttpRequest, HttpResponse, web::Data};
use releasepage_api::{
    amplitude::ReleasesApi,
    hooks::Hooks,
    management::{Administration, Resources},
    operation::Surface as _,
    page::PageApi,
};
use releasepage_http::{
    counting::client_count, error::V1Error, limits::Bucket, media_type::version_check, response::Rendered,
    state::AppState,
};
use serde_json::Value;

use super::shared::complete;
use crate::routes::Service;

/// The document: the same on every server, since its addresses are relative to its own.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut annotated = Service::openapi();
    for surface in
        [PageApi::openapi(), Resources::openapi(), ReleasesApi::openapi(), Hooks::openapi(), Administration::openapi()]
    {
        annotated.merge(surface);
    }
    let annotated = serde_json::to_value(annotated);
    complete(annotated.expect("the document is made of text, numbers and flags, under keys that are text"))
});

/// The OpenAPI document, as the server answers it.
pub fn openapi_document() -> &'static Value {
    &DOCUMENT
}

static RENDERED: LazyLock<Rendered> = LazyLock::new(|| Rendered::json(&*DOCUMENT));

/// The document as it is committed: a line for each member.
#[cfg(test)]
fn document_text() -> String {
    format!("{:#}\n", *DOCUMENT)
}

/// Answers the document, from memory.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    tag = "Service",
    summary = "This document",
    description = "OpenAPI 3.1 of every API of this server. `/docs` shows it to people.",
    responses((status = 200, description = "The document", body = Value)),
)]
pub(crate) async fn openapi_show(request: HttpRequest, state: Data<AppState>) -> Result<HttpResponse, V1Error> {
    client_count(&request, &state, Bucket::Read)?;
    version_check(request.headers())?;
    Ok(RENDERED.json_response())
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    use super::*;

    /// Written by `script/generate`, held against the code by every run of the tests.
    #[test]
    fn committed_document_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
        if env::var_os("RELEASEPAGE_GENERATE").is_some() {
            fs::write(&path, document_text()).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == document_text(), "docs/openapi.json is out of date: run script/generate");
    }
}
