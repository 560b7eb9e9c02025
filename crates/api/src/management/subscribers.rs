//! `/v1/pages/{id}/subscribers`: the subscribers of a page. With a page key, `PATCH` on the same path is for readers.

use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use releasepage_auth::scope::Scope;
use releasepage_domain::{consent::Consent, environment::Environment, time::time_iso8601};
use releasepage_http::{body::BODY_MAX, error::V1Error, field::json_read, state::AppState};
use releasepage_storage::subscribers::{
    additions::{AdditionPlace, page_components_list, subscriber_create},
    erasure::subscriber_erase,
    lists::{SubscriberEntry, subscriber_entry, subscriber_list},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    resource::{
        Answer, List, addresses_reader, number_of_path, page_of_path, resource, resource_created, resource_gone,
        resource_list, writer,
    },
    subscriber_fields::{SubscriberNewBody, subscribers_query},
};
use crate::{
    body::body_parse,
    openapi::{
        names::{BumpName, EnvironmentName, SubscriberStateName},
        parameters::ListParameters,
        values::{EmailAddress, PageId, Repo, Time},
    },
};

/// A subscriber of a page.
#[derive(Serialize, ToSchema)]
#[schema(as = Subscriber)]
pub(crate) struct SubscriberBody {
    /// Its id.
    #[schema(examples(17))]
    id: i64,
    /// The page.
    #[schema(value_type = PageId)]
    page_id: String,
    /// `test` for a subscriber who came with a test key. Their mail never leaves the server.
    #[schema(value_type = EnvironmentName)]
    environment: &'static str,
    /// The address.
    #[schema(value_type = EmailAddress)]
    email: String,
    /// The state of the subscriber.
    #[schema(value_type = SubscriberStateName)]
    state: &'static str,
    /// The bumps that they are told of.
    #[schema(value_type = HashSet<BumpName>)]
    preferences: Vec<&'static str>,
    /// The components that they are told of, each a `repo` of the page; `null` for all present and future ones.
    #[schema(required = true, value_type = Option<Vec<Repo>>)]
    components: Option<Vec<String>>,
    /// The source and time of their consent; `null` if they never agreed.
    #[schema(required = true)]
    consent: Option<ConsentBody>,
    /// The time at which the address was first given.
    #[schema(value_type = Time)]
    created_at: String,
    /// The time of their last confirmation.
    #[schema(required = true, value_type = Option<Time>)]
    confirmed_at: Option<String>,
    /// The time at which they unsubscribed.
    #[schema(required = true, value_type = Option<Time>)]
    unsubscribed_at: Option<String>,
}

/// A person's agreement to receive email.
#[derive(Serialize, ToSchema)]
#[schema(as = Consent)]
pub(crate) struct ConsentBody {
    /// `confirmation email`, or the source that the back end named when it vouched for the consent.
    #[schema(examples("sign-up form"))]
    source: String,
    /// The time of the consent.
    #[schema(value_type = Time)]
    time: String,
}

impl From<SubscriberEntry> for SubscriberBody {
    fn from(entry: SubscriberEntry) -> Self {
        Self {
            id: entry.id,
            page_id: entry.page_id,
            environment: entry.environment.as_str(),
            email: entry.address,
            state: entry.state.as_str(),
            preferences: entry.preferences.bumps().iter().map(|bump| bump.as_str()).collect(),
            components: entry.components,
            consent: entry.consent.map(ConsentBody::from),
            created_at: time_iso8601(entry.created_at),
            confirmed_at: entry.confirmed_at.map(time_iso8601),
            unsubscribed_at: entry.unsubscribed_at.map(time_iso8601),
        }
    }
}

impl From<Consent> for ConsentBody {
    fn from(consent: Consent) -> Self {
        Self { source: consent.source, time: time_iso8601(consent.time) }
    }
}

/// `GET /v1/pages/{id}/subscribers`, oldest first, optionally filtered by `state`, `environment` or `email`.
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/subscribers",
    tag = "Subscribers",
    summary = "List the subscribers of a page",
    description = "Oldest first, test subscribers among them.",
    security(("token" = ["manage"])),
    params(
        ListParameters,
        ("state" = Option<SubscriberStateName>, Query, description = "Only those who stand there"),
        ("environment" = Option<EnvironmentName>, Query, description = "Only live or only test subscribers"),
        ("email" = Option<EmailAddress>, Query, description = "Only those with exactly this address, in whatever case"),
    ),
    responses((status = 200, description = "A part of the list", body = List<SubscriberBody>)),
)]
pub(crate) async fn subscribers_read(request: HttpRequest, page: Path<String>, state: Data<AppState>) -> Answer {
    let caller = addresses_reader(&request, &state).await?;
    let page = page_of_path(page.into_inner())?;
    let (filter, after, limit) = subscribers_query(&request)?;
    let part = subscriber_list(&state.store, caller.user.organization_id, page, filter, after, limit).await?;
    resource_list(part, SubscriberBody::from)
}

/// `GET /v1/pages/{id}/subscribers/{subscriber}`
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/subscribers/{subscriber_id}",
    tag = "Subscribers",
    summary = "Read a subscriber",
    description = "Who was erased is not found.",
    security(("token" = ["manage"])),
    responses((status = 200, description = "The subscriber", body = SubscriberBody)),
)]
pub(crate) async fn subscriber_read(
    request: HttpRequest,
    path: Path<(String, String)>,
    state: Data<AppState>,
) -> Answer {
    let caller = addresses_reader(&request, &state).await?;
    let (page, id) = subscriber_of_path(path)?;
    let entry = subscriber_entry(&state.store, caller.user.organization_id, page, id).await?;
    resource(&SubscriberBody::from(entry))
}

/// `POST /v1/pages/{id}/subscribers` with `email`, and optionally `preferences`, `components`, `environment`, `confirm`
/// and `consent`. It answers 201 for a new subscriber. It answers 200 with the present data for one that the page
/// already has.
#[utoipa::path(
    post,
    path = "/v1/pages/{page_id}/subscribers",
    tag = "Subscribers",
    summary = "Subscribe somebody for a back end",
    description = "With `confirm: mail`, the address is asked by mail, within the usual limits, and is `pending` until its \
        owner agrees. With `confirm: vouched`, it is confirmed at once and the consent is kept; who is confirmed already \
        stays as they are. Nobody is subscribed at an address that refused mail, or whose owner left after the consent: \
        that is a conflict.",
    security(("token" = ["manage"])),
    request_body = SubscriberNewBody,
    responses(
        (status = 200, description = "The page had this subscriber: as they are now", body = SubscriberBody),
        (status = 201, description = "The new subscriber", body = SubscriberBody),
    ),
)]
pub(crate) async fn subscriber_add(
    request: HttpRequest,
    payload: Payload,
    page: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let organization_id = caller.user.organization_id;
    let page_id = page_of_path(page.into_inner())?;
    let object = json_read(&request, &mut payload.into_inner(), BODY_MAX).await?;
    let components = page_components_list(&state.store, organization_id, page_id.clone()).await?;
    let now = state.now();
    let body = body_parse(&object, |fields, faults| SubscriberNewBody::read(fields, faults, &components, now))?;
    let place = AdditionPlace { organization_id, page_id, environment: body.environment.unwrap_or(Environment::Live) };
    let keys = state.address_keys.clone();
    let key = move |address: &str| keys.key(address);
    let (entry, is_new) = subscriber_create(&state.store, place, body.into(), key, now).await?;
    let location = format!("/v1/pages/{}/subscribers/{}", entry.page_id, entry.id);
    let mut response = resource_created(location, &SubscriberBody::from(entry))?;
    if !is_new {
        *response.status_mut() = StatusCode::OK;
    }
    Ok(response)
}

/// `DELETE /v1/pages/{id}/subscribers/{subscriber}`: erases a subscriber.
#[utoipa::path(
    delete,
    path = "/v1/pages/{page_id}/subscribers/{subscriber_id}",
    tag = "Subscribers",
    summary = "Erase a subscriber",
    description = "The address, its requests, and what was sent to it or is still queued are removed. Of an address that \
        refused mail, a keyed hash stays, so that it is not mailed again. To end a subscription and remember that it was \
        ended, its owner unsubscribes.",
    security(("token" = ["manage"])),
    responses((status = 204, description = "Gone")),
)]
pub(crate) async fn subscriber_remove(
    request: HttpRequest,
    path: Path<(String, String)>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let (page, id) = subscriber_of_path(path)?;
    subscriber_erase(&state.store, caller.user.organization_id, page, id).await?;
    resource_gone()
}

fn subscriber_of_path(path: Path<(String, String)>) -> Result<(String, i64), V1Error> {
    let (page, subscriber) = path.into_inner();
    Ok((page_of_path(page)?, number_of_path(&subscriber)?))
}
