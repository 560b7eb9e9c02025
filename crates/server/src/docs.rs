//! The documents that answers of the API refer to.

use actix_web::{HttpResponse, web::Data};
use releasepage_api::{amplitude::error_codes::RELEASES_API_OWN, hooks::error_codes::HOOK_CODES};
use releasepage_http::{error::ErrorCode, state::AppState};
use releasepage_site::document::{Reach, document};
use releasepage_web::docs_errors::{DocsErrors, ErrorDoc};

use crate::openapi::browse::BROWSABLE;

/// Answers `GET /docs` with the description of the APIs, which people can read and search.
pub(crate) async fn api_show(state: Data<AppState>) -> HttpResponse {
    let server = state.settings.public_url.as_str().trim_end_matches('/');
    document(&BROWSABLE.page(server), Reach::Open)
}

/// Answers `GET /docs/errors`, the target of each `error_uri`.
pub(crate) async fn errors_show() -> HttpResponse {
    let codes = ErrorCode::ALL.iter().chain(RELEASES_API_OWN).chain(HOOK_CODES);
    let errors = codes.map(|code| ErrorDoc {
        code: code.code.to_owned(),
        status: code.status,
        cause: code.cause.to_owned(),
        cure: code.cure.to_owned(),
    });
    document(&DocsErrors { errors: errors.collect() }, Reach::Open)
}
