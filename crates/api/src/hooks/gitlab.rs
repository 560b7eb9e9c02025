//! `POST /hooks/gitlab/{repository_id}`: GitLab's webhook.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use releasepage_http::{error::V1Error, state::AppState};

use super::{answer::HookAnswerBody, deliver::hook_deliver, forge::GITLAB};
use crate::openapi::values::ForgeHeader;

/// `POST /hooks/gitlab/{repository_id}` with a delivery of GitLab. It is signed with the secret of the repository's
/// webhook, or contains the secret.
#[utoipa::path(
    post,
    path = "/hooks/gitlab/{repository_id}",
    tag = "Hooks",
    summary = "Deliver an event of GitLab",
    description = "The address to enter as the URL of a project's webhook at GitLab, for releases events. The secret is its \
                   signing token, or its secret token; where GitLab sends a signature, that counts alone, and is good for five \
                   minutes. A delivery that was processed is remembered for 30 days by `webhook-id`, or, without a signature, by \
                   `Idempotency-Key` (or `X-Gitlab-Event-UUID`) and its content: again, it does nothing.",
    security(("standardWebhooks" = []), ("gitlab" = [])),
    params(
        ("X-Gitlab-Event" = ForgeHeader, Header, description = "The event: `Release Hook`"),
        ("Idempotency-Key" = Option<ForgeHeader>, Header, description = "The id of the delivery, needed where it has no `webhook-id`"),
        ("webhook-id" = Option<ForgeHeader>, Header, description = "The id of a delivery that is signed"),
        ("webhook-timestamp" = Option<ForgeHeader>, Header, description = "When it was signed, in seconds since 1970"),
    ),
    request_body(content = serde_json::Value, description = "GitLab's payload, at most 5 MiB"),
    responses(
        (status = 200, description = "There is nothing to do", body = HookAnswerBody),
        (status = 202, description = "The delivery is stored and processed within moments", body = HookAnswerBody),
        (status = 409, description = "The delivery is of another repository than those before it"),
        (status = 422, description = "Fields of the release cannot be used"),
    ),
)]
pub(crate) async fn gitlab_deliver(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AppState>,
) -> Result<HttpResponse, V1Error> {
    hook_deliver(&GITLAB, request, payload, id, state).await
}
