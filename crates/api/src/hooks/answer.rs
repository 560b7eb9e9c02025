//! What a forge is answered, and shows to whoever looks at its deliveries.

use actix_web::{HttpResponse, http::StatusCode};
use releasepage_domain::hook_delivery::HookResult;
use releasepage_http::error::V1Error;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::names::HookResultName;

/// What comes of a delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = HookAnswer)]
pub(crate) struct HookAnswerBody {
    /// What comes of it.
    #[schema(value_type = HookResultName)]
    result: &'static str,
    /// The same as a sentence.
    #[schema(examples("the release is processed within moments"))]
    message: &'static str,
}

/// The answer to a delivery that was taken: 202 where its job is still to do, else 200.
pub(super) fn delivery_answer(result: HookResult, message: &'static str) -> Result<HttpResponse, V1Error> {
    let status = if result == HookResult::Accepted { StatusCode::ACCEPTED } else { StatusCode::OK };
    let body = HookAnswerBody { result: result.as_str(), message };
    Ok(HttpResponse::build(status).json(body))
}
