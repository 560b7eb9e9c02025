//! `GET /v1/pages/{PAGE_ID}/version`: the latest version of every component of a page.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use releasepage_http::{error::V1Error, limits::Bucket, state::AppState};

use super::{access::Uncounted, version_json::VersionsBody};

/// Answers the page's versions, from memory if they are there.
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
