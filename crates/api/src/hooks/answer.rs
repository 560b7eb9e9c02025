//! The answers to forges. A forge shows them to people who look at its deliveries.

use actix_web::{HttpResponse, http::StatusCode};
use releasepage_domain::hook_delivery::HookResult;
use releasepage_http::error::V1Error;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::names::HookResultName;

/// The result of a delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = HookAnswer)]
pub(crate) struct HookAnswerBody {
    /// The result.
    #[schema(value_type = HookResultName)]
    result: &'static str,
    /// The result as a sentence.
    #[schema(examples("the release is processed within moments"))]
    message: &'static str,
}

/// Answers a delivery that was accepted: 202 if its job is still to run, else 200.
pub(super) fn delivery_answer(result: HookResult, message: &'static str) -> Result<HttpResponse, V1Error> {
    let status = if result == HookResult::Accepted { StatusCode::ACCEPTED } else { StatusCode::OK };
    let body = HookAnswerBody { result: result.as_str(), message };
    Ok(HttpResponse::build(status).json(body))
}
