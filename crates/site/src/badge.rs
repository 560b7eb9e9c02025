//! The badge of a page for use on the page itself. It needs no key, and its requests are not counted.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, ETAG, HeaderValue},
    web::{Data, Path},
};
use releasepage_http::{etag::etag_matches, response::Rendered, session::Visitor, state::AppState};
use releasepage_storage::pages::snapshots::page_snapshot;
use releasepage_web::badge::Badge;

use crate::{
    error::PageError,
    paths,
    public_page::{address_check, page_readable},
};

/// Answers `GET /p/{slug}/badge.svg` with the latest version, for everybody who may see the page.
pub(crate) async fn badge_show(
    state: Data<AppState>,
    request: HttpRequest,
    visitor: Visitor,
    slug: Path<String>,
) -> Result<HttpResponse, PageError> {
    let page = page_readable(&state, &visitor, slug.into_inner()).await?;
    address_check(&request, paths::badge(&page.slug))?;
    let snapshot = page_snapshot(&state.store, page.id.clone()).await?.ok_or(PageError::NotFound)?;
    let kept = if page.published { "public, max-age=60" } else { "no-store" };
    let badge = Rendered::new(Badge::of_version(&*snapshot.page.title, snapshot.latest_version()).svg());
    if etag_matches(request.headers(), &badge.etag) {
        let mut response = HttpResponse::NotModified();
        return Ok(response.insert_header((ETAG, badge.etag.clone())).insert_header((CACHE_CONTROL, kept)).finish());
    }
    let mut response = badge.svg_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    Ok(response)
}
