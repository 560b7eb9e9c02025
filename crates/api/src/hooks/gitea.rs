//! `POST /hooks/gitea/{repository_id}`: the webhook of Gitea and Forgejo.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use releasepage_http::{error::V1Error, state::AppState};

use super::{answer::HookAnswerBody, deliver::hook_deliver, forge::GITEA};
use crate::openapi::values::ForgeHeader;

/// `POST /hooks/gitea/{repository_id}` with a delivery of Gitea or Forgejo, signed with the secret of the repository's
/// webhook.
#[utoipa::path(
    post,
    path = "/hooks/gitea/{repository_id}",
    tag = "Hooks",
    summary = "Deliver an event of Gitea or Forgejo",
    description = "The address to enter as the target URL of a webhook at Gitea or Forgejo, with the content type \
                   `application/json` and the event Release. `X-Forgejo-Signature` and `X-Hub-Signature-256` are as good as \
                   `X-Gitea-Signature`, and the headers of Forgejo as those of Gitea. A delivery that was processed is remembered \
                   by its id and its content for 30 days: again, it does nothing.",
    security(("gitea" = [])),
    params(
        ("X-Gitea-Event" = ForgeHeader, Header, description = "The event: `release`"),
        ("X-Gitea-Delivery" = ForgeHeader, Header, description = "The id of the delivery"),
    ),
    request_body(content = serde_json::Value, description = "The payload of Gitea or Forgejo, at most 5 MiB"),
    responses(
        (status = 200, description = "There is nothing to do", body = HookAnswerBody),
        (status = 202, description = "The delivery is stored and processed within moments", body = HookAnswerBody),
        (status = 409, description = "The delivery is of another repository than those before it"),
        (status = 422, description = "Fields of the release cannot be used"),
    ),
)]
pub(crate) async fn gitea_deliver(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AppState>,
) -> Result<HttpResponse, V1Error> {
    hook_deliver(&GITEA, request, payload, id, state).await
}
