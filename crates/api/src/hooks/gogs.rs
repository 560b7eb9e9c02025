//! `POST /hooks/gogs/{repository_id}`: Gogs' webhook.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use releasepage_http::{error::V1Error, state::AppState};

use super::{answer::HookAnswerBody, deliver::hook_deliver, forge::GOGS};
use crate::openapi::values::ForgeHeader;

/// `POST /hooks/gogs/{repository_id}` with a delivery of Gogs, signed with the secret of the repository's webhook.
#[utoipa::path(
    post,
    path = "/hooks/gogs/{repository_id}",
    tag = "Hooks",
    summary = "Deliver an event of Gogs",
    description = "The address to enter as the payload URL of a webhook at Gogs, with the content type `application/json` and \
                   the event Release. A delivery that was processed is remembered by its id and its content for 30 days: again, \
                   it does nothing.",
    security(("gogs" = [])),
    params(
        ("X-Gogs-Event" = ForgeHeader, Header, description = "The event: `release`"),
        ("X-Gogs-Delivery" = ForgeHeader, Header, description = "The id of the delivery"),
    ),
    request_body(content = serde_json::Value, description = "Gogs' payload, at most 5 MiB"),
    responses(
        (status = 200, description = "There is nothing to do", body = HookAnswerBody),
        (status = 202, description = "The delivery is stored and processed within moments", body = HookAnswerBody),
        (status = 409, description = "The delivery is of another repository than those before it"),
        (status = 422, description = "Fields of the release cannot be used"),
    ),
)]
pub(crate) async fn gogs_deliver(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AppState>,
) -> Result<HttpResponse, V1Error> {
    hook_deliver(&GOGS, request, payload, id, state).await
}
