//! A page's badge as the page itself shows it: without a key, and counted for nobody.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, ETAG, HeaderValue},
    web::{Data, Path},
};

use super::{
    error::PageError,
    paths,
    public_page::{address_check, page_readable},
    session::Visitor,
};
use crate::{
    state::ApiState,
    v1::{badge::svg_response, etag::etag_matches},
};

/// `GET /p/{slug}/badge.svg`: the latest version, for whoever may see the page.
pub(crate) async fn badge_show(
    state: Data<ApiState>,
    request: HttpRequest,
    visitor: Visitor,
    slug: Path<String>,
) -> Result<HttpResponse, PageError> {
    let page = page_readable(&state, &visitor, slug.into_inner()).await?;
    address_check(&request, paths::badge(&page.slug))?;
    let snapshot = state.snapshots.page(&state.store, &page.id).await?.ok_or(PageError::NotFound)?;
    let kept = if page.published { "public, max-age=60" } else { "no-store" };
    let badge = &snapshot.badge;
    if etag_matches(request.headers(), &badge.etag) {
        let mut response = HttpResponse::NotModified();
        return Ok(response.insert_header((ETAG, badge.etag.clone())).insert_header((CACHE_CONTROL, kept)).finish());
    }
    let mut response = svg_response(badge);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    Ok(response)
}
