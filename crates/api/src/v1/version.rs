//! `GET /v1/pages/{PAGE_ID}/version`: the latest version of every component of a page.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::{error::V1Error, etag::etag_matches, page_access::PageAccess};
use crate::{
    limits::Bucket,
    openapi::values::{Repo, Time, WebAddress},
    state::ApiState,
};

/// The latest versions of a page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Versions)]
pub(crate) struct VersionsBody {
    /// One entry for each component that has a published release, the newest first.
    pub(crate) latest: Vec<LatestVersionBody>,
    /// Where people see the page.
    #[schema(value_type = WebAddress)]
    pub(crate) permalink: String,
}

/// The latest version of a component: the highest, not the newest.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LatestVersion)]
pub(crate) struct LatestVersionBody {
    /// What the component is called in every parameter `repo`.
    #[schema(value_type = Repo)]
    pub(crate) repo: String,
    /// The tag without the component's own prefix, so that versions can be compared.
    #[schema(examples("v1.0.2"))]
    pub(crate) version: String,
    /// Who made the release; the owner of the repository where that is unknown.
    #[schema(examples("Jivings"))]
    pub(crate) author: String,
    /// When it was published.
    #[schema(value_type = Time)]
    pub(crate) published_at: String,
    /// The component's name for readers.
    #[schema(examples("Public API"))]
    pub(crate) name: String,
    /// The whole tag, where `version` is only a part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("web-v4.5.0"))]
    pub(crate) tag: Option<String>,
}

/// Answers the page's versions, from memory where it is warm.
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/version",
    tag = "Page API",
    summary = "The latest versions of a page",
    description = "The latest version of every component: the one with the highest precedence, not the newest by date. \
        Drafts, scheduled and withdrawn releases and pre-releases are never the latest.",
    security(("pageKey" = []), ("pageKeyParameter" = []), ("token" = ["read"])),
    responses((status = 200, description = "The versions", body = VersionsBody)),
)]
pub(crate) async fn version_show(request: HttpRequest, state: Data<ApiState>) -> Result<HttpResponse, V1Error> {
    let page_id = request.match_info().get("page_id").unwrap_or_default();
    let access = PageAccess::open(&request, &state, page_id, Bucket::Read).await?;
    let version = &access.page.version;
    if etag_matches(request.headers(), &version.etag) {
        access.count_nothing(&request, &state);
    } else {
        access.count(&request, &state)?;
    }
    Ok(version.json_response())
}
