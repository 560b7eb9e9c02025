//! `/v1/pages/{id}/deliveries` and `/v1/releases/{id}/deliveries`: the messages sent, their subscribers, times and
//! results.

use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use releasepage_domain::{
    announcement::DeliveryState, bump::Bump, fault::Faults, release::release_id_is_valid, reply::ReplyMeaning,
    time::time_iso8601,
};
use releasepage_http::{query::Query, state::AppState};
use releasepage_storage::announcements::delivery_lists::{DeliveriesOf, DeliveryEntry, delivery_counts, delivery_list};
use serde::Serialize;
use utoipa::ToSchema;

use super::resource::{Answer, addresses_reader, not_found, page_of_path, resource};
use crate::openapi::{
    names::{BumpName, DeliveryStateName, EnvironmentName, ReplyMeaningName},
    parameters::DeliveryListParameters,
    values::{EmailAddress, PageId, ReleaseId, Time},
};

/// A part of a list of deliveries, newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Deliveries)]
pub(crate) struct DeliveriesBody {
    /// The deliveries.
    data: Vec<DeliveryBody>,
    /// The value to send as `cursor` for the next part; `null` in the last part.
    #[schema(required = true)]
    next: Option<String>,
    /// The number of deliveries in each state, whatever the filter; `null` on later parts of a list.
    #[schema(required = true)]
    counts: Option<DeliveryCountsBody>,
}

/// The number of deliveries in each state.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = DeliveryCounts)]
pub(crate) struct DeliveryCountsBody {
    /// Waiting to be sent, for the first time or again.
    #[schema(examples(0))]
    queued: i64,
    /// Accepted by the mail server, written to the directory, or captured.
    #[schema(examples(128))]
    sent: i64,
    /// Refused for good, or tried for too long.
    #[schema(examples(1))]
    failed: i64,
    /// Cancelled, because it was no longer wanted when its turn came.
    #[schema(examples(2))]
    cancelled: i64,
}

/// One message about a release to one subscriber.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(crate) struct DeliveryBody {
    /// Its id.
    #[schema(examples(4711))]
    id: i64,
    /// The announcement that it belongs to.
    #[schema(examples(12))]
    announcement_id: i64,
    /// The page of the subscriber.
    #[schema(value_type = PageId)]
    page_id: String,
    /// The release.
    #[schema(value_type = ReleaseId)]
    release_id: String,
    /// The version, exactly as it was published.
    #[schema(examples("v1.2.0"))]
    version: String,
    /// The bump of the release for its readers.
    #[schema(required = true, value_type = Option<BumpName>)]
    bump: Option<&'static str>,
    /// The subscriber; `null` if they were erased.
    #[schema(required = true, examples(17))]
    subscriber_id: Option<i64>,
    /// The current address of the subscriber; `null` if they were erased.
    #[schema(required = true, value_type = Option<EmailAddress>)]
    email: Option<String>,
    /// `test` if the message was captured for a test subscriber; `null` if the subscriber was erased.
    #[schema(required = true, value_type = Option<EnvironmentName>)]
    environment: Option<&'static str>,
    /// The state of the message.
    #[schema(value_type = DeliveryStateName)]
    state: &'static str,
    /// The number of attempts to send it.
    #[schema(examples(1))]
    attempts: i32,
    /// The time at which it was queued.
    #[schema(value_type = Time)]
    created_at: String,
    /// The time of the next attempt; `null` if there will be none.
    #[schema(required = true, value_type = Option<Time>)]
    next_attempt_at: Option<String>,
    /// The time at which it was sent, refused or cancelled; `null` while it is queued.
    #[schema(required = true, value_type = Option<Time>)]
    finished_at: Option<String>,
    /// The last reply of the mail server, or the reason why the message was cancelled.
    #[schema(required = true, examples("250 2.0.0 Ok: queued"))]
    result: Option<String>,
    /// The cause of the last refusal; `null` if there was none.
    #[schema(required = true, value_type = Option<ReplyMeaningName>)]
    fault: Option<&'static str>,
}

impl From<DeliveryEntry> for DeliveryBody {
    fn from(entry: DeliveryEntry) -> Self {
        let (subscriber_id, email, environment) = match entry.subscriber {
            Some(to) => (Some(to.id), Some(to.address), Some(to.environment.as_str())),
            None => (None, None, None),
        };
        Self {
            id: entry.id,
            announcement_id: entry.announcement_id,
            page_id: entry.page_id,
            release_id: entry.release_id,
            version: entry.tag,
            bump: entry.bump.map(Bump::as_str),
            subscriber_id,
            email,
            environment,
            state: entry.state.as_str(),
            attempts: entry.attempts,
            created_at: time_iso8601(entry.created_at),
            next_attempt_at: entry.next_attempt_at.map(time_iso8601),
            finished_at: entry.finished_at.map(time_iso8601),
            result: entry.result,
            fault: entry.fault.map(ReplyMeaning::as_str),
        }
    }
}

impl From<Vec<(DeliveryState, i64)>> for DeliveryCountsBody {
    fn from(counts: Vec<(DeliveryState, i64)>) -> Self {
        let mut body = Self::default();
        for (state, count) in counts {
            *match state {
                DeliveryState::Queued => &mut body.queued,
                DeliveryState::Sent => &mut body.sent,
                DeliveryState::Failed => &mut body.failed,
                DeliveryState::Cancelled => &mut body.cancelled,
            } = count;
        }
        body
    }
}

/// `GET /v1/pages/{id}/deliveries`, newest first, optionally filtered by `state`.
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/deliveries",
    tag = "Deliveries",
    summary = "List what a page's subscribers were sent",
    description = "The newest announcement first. `counts` is about all of them, and is given with the first part.",
    security(("token" = ["manage"])),
    params(
        DeliveryListParameters,
        ("state" = Option<DeliveryStateName>, Query, description = "Only those in this state"),
    ),
    responses((status = 200, description = "A part of the list", body = DeliveriesBody)),
)]
pub(crate) async fn page_deliveries_read(request: HttpRequest, page: Path<String>, state: Data<AppState>) -> Answer {
    let page = page.into_inner();
    deliveries_read(&request, &state, || page_of_path(page).map(DeliveriesOf::Page)).await
}

/// `GET /v1/releases/{id}/deliveries`, newest first, optionally filtered by `state`.
#[utoipa::path(
    get,
    path = "/v1/releases/{release_id}/deliveries",
    tag = "Deliveries",
    summary = "List who was sent a release",
    description = "Of every page that shows the release, the newest announcement first. `counts` is about all of them, and \
        is given with the first part.",
    security(("token" = ["manage"])),
    params(
        DeliveryListParameters,
        ("state" = Option<DeliveryStateName>, Query, description = "Only those in this state"),
    ),
    responses((status = 200, description = "A part of the list", body = DeliveriesBody)),
)]
pub(crate) async fn release_deliveries_read(
    request: HttpRequest,
    release: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let release = release.into_inner();
    let of = || if release_id_is_valid(&release) { Ok(DeliveriesOf::Release(release)) } else { Err(not_found()) };
    deliveries_read(&request, &state, of).await
}

async fn deliveries_read(
    request: &HttpRequest,
    state: &AppState,
    of: impl FnOnce() -> Result<DeliveriesOf, releasepage_http::error::V1Error>,
) -> Answer {
    let organization = addresses_reader(request, state).await?.user.organization_id;
    let of = of()?;
    let query = Query::of(request);
    let mut faults = Faults::new();
    let in_state = query.named(&mut faults, "state");
    let DeliveryListParameters { limit, cursor: after } = DeliveryListParameters::read(&query, &mut faults);
    faults.finish(|| Some(()))?;
    // Counting reads every delivery, so only the first part of a list counts.
    let counts = match after {
        None => Some(delivery_counts(&state.store, organization, of.clone()).await?.into()),
        Some(_) => None,
    };
    let part = delivery_list(&state.store, organization, of, in_state, after, limit).await?;
    let data = part.rows.into_iter().map(DeliveryBody::from).collect();
    resource(&DeliveriesBody { data, next: part.next, counts })
}
