//! `POST /hooks/generic/{repository_id}`: the webhook of whatever else publishes releases.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use releasepage_http::{error::V1Error, state::AppState};
use utoipa::ToSchema;

use super::{answer::HookAnswerBody, deliver::hook_deliver, forge::GENERIC};
use crate::openapi::values::{ForgeHeader, TimeGiven};

/// Something that happened to a release.
#[derive(ToSchema)]
#[schema(as = GenericEvent)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct GenericEventBody {
    /// What happened: `release.published`, `release.edited`, `release.withdrawn` (it may be published again) or
    /// `release.deleted`; `ping` asks whether deliveries arrive, and needs nothing else.
    #[schema(pattern = "^(ping|release\\.(published|edited|withdrawn|deleted))$", examples("release.published"))]
    r#type: String,
    /// When it happened: of two events of a release, the later counts, in whatever order they arrive. Not needed for
    /// `ping`.
    #[schema(value_type = Option<TimeGiven>)]
    timestamp: Option<String>,
    /// The release. Not needed for `ping`.
    data: Option<GenericReleaseBody>,
}

/// A release as a program tells of it.
#[derive(ToSchema)]
#[schema(as = GenericRelease)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct GenericReleaseBody {
    /// What names it for good, where its version may change; never given twice. Without it, its version names it.
    #[schema(min_length = 1, max_length = 100, pattern = "^[!-~]+$", examples("build-4711"))]
    id: Option<String>,
    /// Its version.
    #[schema(min_length = 1, max_length = 200, pattern = "LINE_NOT_BLANK", examples("v1.2.0"))]
    version: String,
    /// What it is called.
    #[schema(max_length = 500, pattern = "LINE", examples("Faster starts"))]
    title: Option<String>,
    /// Markdown, at most 1 MiB.
    #[schema(pattern = "TEXT", examples("- It starts twice as fast."))]
    notes: Option<String>,
    /// Who made it.
    #[schema(max_length = 200, pattern = "LINE", examples("Ada"))]
    author: Option<String>,
    /// When it was or is to be published; the moment of its delivery without it.
    #[schema(value_type = Option<TimeGiven>)]
    published_at: Option<String>,
    /// Whether it is a pre-release whatever its version says.
    prerelease: Option<bool>,
}

/// `POST /hooks/generic/{repository_id}` with an event in our own form, signed as Standard Webhooks says.
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
