//! `POST /hooks/generic/{repository_id}`: the webhook of any other program that publishes releases.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use releasepage_http::{error::V1Error, state::AppState};

use super::{answer::HookAnswerBody, deliver::hook_deliver, forge::GENERIC, generic_event::GenericEventBody};
use crate::openapi::values::ForgeHeader;

/// `POST /hooks/generic/{repository_id}` with an event in our own format, signed as Standard Webhooks defines.
#[utoipa::path(
    post,
    path = "/hooks/generic/{repository_id}",
    tag = "Hooks",
    summary = "Deliver an event of any program",
    description = "For whatever publishes releases and is none of the forges. Signed as [Standard Webhooks]\
                   (https://www.standardwebhooks.com) says: `webhook-signature` is `v1,` and the HMAC-SHA256 of \
                   `webhook-id`, `webhook-timestamp` and the body, with dots between them, in Base64; the key is what \
                   follows `whsec_` in the secret, in Base64 too. It is good for five minutes. A delivery that was \
                   processed is remembered by its `webhook-id` for 30 days: again, it does nothing.",
    security(("standardWebhooks" = [])),
    params(
        ("webhook-id" = ForgeHeader, Header, description = "The id of the delivery, the same when it is sent again"),
        ("webhook-timestamp" = ForgeHeader, Header, description = "When it was signed, in seconds since 1970"),
    ),
    request_body(content = GenericEventBody, description = "The event, at most 5 MiB"),
    responses(
        (status = 200, description = "There is nothing to do", body = HookAnswerBody),
        (status = 202, description = "The delivery is stored and processed within moments", body = HookAnswerBody),
        (status = 422, description = "Fields of the event cannot be used"),
    ),
)]
pub(crate) async fn generic_deliver(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AppState>,
) -> Result<HttpResponse, V1Error> {
    hook_deliver(&GENERIC, request, payload, id, state).await
}
