//! `GET /v1/pages/{PAGE_ID}/version`: the latest version of every component of a page.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use releasepage_http::{error::V1Error, limits::Bucket, state::AppState};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::Uncounted;
use crate::openapi::values::{GroupVersionText, Repo, Time, WebAddress};

/// The latest versions of a page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Versions)]
pub(crate) struct VersionsBody {
    /// One entry for each component that has a published release, the newest first.
    pub(crate) latest: Vec<LatestVersionBody>,
    /// The page's version for all its components, where releases are put together and readers see a group.
    #[serde(rename = "latestGrouped", skip_serializing_if = "Option::is_none")]
    pub(crate) latest_grouped: Option<LatestGroupedBody>,
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

/// The latest version of a page whose releases are put together: that of the highest group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LatestGrouped)]
pub(crate) struct LatestGroupedBody {
    /// The version.
    #[schema(value_type = GroupVersionText)]
    pub(crate) version: String,
    /// Who made its releases, each once, that of the newest release first.
    #[schema(examples(json!(["Jivings", "dinkydani"])))]
    pub(crate) authors: Vec<String>,
    /// When its newest release was published.
    #[schema(value_type = Time)]
    pub(crate) published_at: String,
    /// The components of its releases, each once, that of the newest release first.
    #[schema(value_type = Vec<Repo>)]
    pub(crate) repos: Vec<String>,
}

/// Answers the page's versions, from memory where it is warm.
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/version",
    tag = "Page API",
    summary = "The latest versions of a page",
    description = "The latest version of every component: the one with the highest precedence, not the newest by date. \
        Drafts, scheduled and withdrawn releases and pre-releases are never the latest. Where the page's releases are put \
        together, `latestGrouped` is the one version for all of them.",
    security(("pageKey" = []), ("pageKeyParameter" = []), ("token" = ["read"])),
    responses((status = 200, description = "The versions", body = VersionsBody)),
)]
pub(crate) async fn version_show(request: HttpRequest, state: Data<AppState>) -> Result<HttpResponse, V1Error> {
    let page_id = request.match_info().get("page_id").unwrap_or_default();
    let uncounted = Uncounted::open(&request, &state, page_id, Bucket::Read).await?;
    Ok(uncounted.draw(&request, &state, |page| Ok(page.version.clone()))?.json_response())
}
