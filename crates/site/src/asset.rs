//! The files that documents refer to.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
};
use releasepage_web::asset;

use crate::error::PageError;

/// Answers `GET /assets/{hash}/{file}`. A file's path changes with its content, so browsers may keep the file forever.
pub(crate) async fn asset_show(request: HttpRequest) -> Result<HttpResponse, PageError> {
    let asset = asset(request.path()).ok_or(PageError::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, asset.content_type))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(asset.bytes))
}
