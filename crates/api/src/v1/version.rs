//! `GET /v1/pages/{PAGE_ID}/version`: the latest version of every component of a page.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use super::{error::V1Error, etag::etag_matches, page_access::PageAccess};
use crate::{limits::Bucket, state::ApiState};

/// Answers the page's versions, from memory where it is warm.
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
