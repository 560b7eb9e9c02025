//! What the API's answers refer to.

use actix_web::HttpResponse;
use releasepage_web::docs_errors::{DocsErrors, ErrorDoc};

use super::document::{Reach, document};
use crate::v1::error::ErrorCode;

/// `GET /docs/errors`: where each `error_uri` leads.
pub(crate) async fn errors_show() -> HttpResponse {
    let errors = ErrorCode::ALL.iter().map(|code| ErrorDoc {
        code: code.code.to_owned(),
        status: code.status,
        cause: code.cause.to_owned(),
        cure: code.cure.to_owned(),
    });
    document(&DocsErrors { errors: errors.collect() }, Reach::Open)
}
