//! `/v1/announcements/{id}/retry`: sends an announcement again to those who did not get it.

use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use releasepage_auth::scope::Scope;
use releasepage_http::state::AppState;
use releasepage_storage::{
    announcements::retry::{RetryOf, announcement_retry},
    jobs::list::JobsOf,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::resource::{Answer, number_of_path, resource, writer};

/// The result of sending the failed messages of an announcement again.
#[derive(Serialize, ToSchema)]
#[schema(as = AnnouncementRetry)]
pub(crate) struct RetryBody {
    /// The announcement.
    #[schema(examples(12))]
    id: i64,
    /// The number of its messages that are queued again.
    #[schema(examples(128))]
    queued: usize,
}

/// `POST /v1/announcements/{id}/retry`. It answers a conflict while a worker is sending the announcement.
#[utoipa::path(
    post,
    path = "/v1/announcements/{announcement_id}/retry",
    tag = "Deliveries",
    summary = "Send an announcement again to those who did not get it",
    description = "Queues the messages that failed, and whose readers still stand on the page, with all their tries before \
                   them: those that the mail server refused for the sender's sake, that were given up after days, or that \
                   it refused without a clear reason. A message that was refused as such stays failed. What was sent is \
                   not sent again.",
    security(("token" = ["manage"])),
    responses(
        (status = 200, description = "How many are queued again", body = RetryBody),
        (status = 409, description = "The announcement is being sent at this moment"),
    ),
)]
pub(crate) async fn announcement_again(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let id = number_of_path(&id)?;
    let of = JobsOf::Organization(caller.user.organization_id);
    let queued = announcement_retry(&state.store, of, id, RetryOf::Any, state.now()).await?;
    resource(&RetryBody { id, queued })
}
