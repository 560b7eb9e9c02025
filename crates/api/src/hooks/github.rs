//! `POST /hooks/github/{repository_id}`: GitHub's webhook.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use releasepage_http::{error::V1Error, state::AppState};

use super::{answer::HookAnswerBody, deliver::hook_deliver, forge::GITHUB};
use crate::openapi::values::ForgeHeader;

/// `POST /hooks/github/{repository_id}` with a delivery of GitHub, signed with the secret of the repository's webhook.
#[utoipa::path(
    post,
    path = "/hooks/github/{repository_id}",
    tag = "Hooks",
    summary = "Deliver an event of GitHub",
    description = "The address to enter as the payload URL of a webhook at GitHub, with either content type and the event \
                   `release`. A delivery that was processed is remembered by its `X-GitHub-Delivery` and its content for 30 \
                   days: again, it does nothing.",
    security(("github" = [])),
    params(
        ("X-GitHub-Event" = ForgeHeader, Header, description = "The event: `release` or `ping`"),
        ("X-GitHub-Delivery" = ForgeHeader, Header, description = "The id of the delivery"),
    ),
    request_body(content = serde_json::Value, description = "GitHub's payload, at most 5 MiB"),
    responses(
        (status = 200, description = "There is nothing to do", body = HookAnswerBody),
        (status = 202, description = "The delivery is stored and processed within moments", body = HookAnswerBody),
        (status = 409, description = "The delivery is of another repository than those before it"),
        (status = 422, description = "Fields of the release cannot be used"),
    ),
)]
pub(crate) async fn github_deliver(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AppState>,
) -> Result<HttpResponse, V1Error> {
    hook_deliver(&GITHUB, request, payload, id, state).await
}
