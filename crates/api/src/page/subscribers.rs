//! `PATCH /v1/pages/{PAGE_ID}/subscribers`: asks to begin, change or end a subscription.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use releasepage_domain::{
    environment::Environment,
    subscriber::{ADDRESS_EXPECTED, Preferences, SubscriberAddress},
    subscription::SubscriptionOp,
    text::names_expected,
};
use releasepage_http::{
    body::BODY_MAX_KEY,
    counting::count_beside,
    error::V1Error,
    field::json_read,
    limits::{Bucket, Quota, Subject},
    request::client_address,
    response::json_response,
    state::AppState,
};
use releasepage_storage::subscribers::requests::{RequestNew, request_note};
use serde::Serialize;
use utoipa::ToSchema;

use super::{access::Uncounted, cached_page::CachedPage};
use crate::{
    body::{body, body_parse},
    openapi::{
        names::{AddressKind, BumpName, SubscriptionOpName},
        values::{EmailAddress, PageId, Repo},
    },
    subscription_fields::{components_read, preferences_read},
};

body! {
    /// A reader's request.
    #[schema(as = SubscriptionRequest)]
    pub(crate) struct SubscriptionRequestBody(page: &CachedPage) {
        /// The operation. With a page key, `replace` and `remove` only send the address a link by which its owner can
        /// do it.
        #[schema(value_type = SubscriptionOpName)]
        op: SubscriptionOp => named(&names_expected::<SubscriptionOp>()),
        /// The subscriber and their wishes.
        data: SubscriptionDataBody => object_read(|data, faults| SubscriptionDataBody::read(data, faults, page)),
    }
}

body! {
    /// The subscriber of a request, and their preferences.
    #[schema(as = SubscriptionData)]
    pub(crate) struct SubscriptionDataBody(page: &CachedPage) {
        /// The kind of address.
        r#type: AddressKind => named("must be email"),
        /// The address.
        #[schema(value_type = EmailAddress)]
        value: SubscriberAddress => text_checked(ADDRESS_EXPECTED, SubscriberAddress::parse),
        /// The bumps to mail about; `major`, `minor` and `patch` are the default.
        #[schema(required = false, min_items = 1, value_type = HashSet<BumpName>)]
        preferences: Preferences => by(preferences_read),
        /// The components to mail about, each a `repo` of this page; all are the default.
        #[schema(required = false, min_items = 1, value_type = Vec<Repo>)]
        components: Option<Vec<String>> => by(|data, faults, field| {
            components_read(data, faults, field, |repo| page.component(repo).map(|_| repo.to_owned()))
        }),
    }
}

impl SubscriptionRequestBody {
    /// Returns the request to store.
    fn into_request(self, page_id: &str, environment: Environment) -> RequestNew {
        let SubscriptionDataBody { r#type: AddressKind::Email, value, preferences, components } = self.data;
        RequestNew { page_id: page_id.to_owned(), environment, op: self.op, address: value, preferences, components }
    }
}

/// A request that was accepted. It does not tell whether the address was known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubscriptionAccepted)]
pub(crate) struct SubscriptionAcceptedBody {
    /// The next step, as a sentence.
    #[schema(examples("Subscriber request accepted, pending email confirmation"))]
    message: &'static str,
    /// The page.
    #[serde(rename = "pageId")]
    #[schema(value_type = PageId)]
    page_id: String,
    /// The request that was accepted.
    data: SubscriptionEchoBody,
}

/// The request that was accepted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubscriptionEcho)]
pub(crate) struct SubscriptionEchoBody {
    /// The kind of address.
    #[schema(value_type = AddressKind)]
    r#type: &'static str,
    /// The address, as it was sent.
    #[schema(value_type = EmailAddress)]
    value: String,
    /// The bumps to tell of, in the order given.
    #[schema(value_type = HashSet<BumpName>)]
    preferences: Vec<&'static str>,
    /// The components to tell of, if they were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Repo>>)]
    components: Option<Vec<String>>,
}

impl SubscriptionAcceptedBody {
    /// Makes the answer from the request alone.
    fn of(asked: &RequestNew) -> Self {
        Self {
            message: "Subscriber request accepted, pending email confirmation",
            page_id: asked.page_id.clone(),
            data: SubscriptionEchoBody {
                r#type: AddressKind::Email.as_str(),
                value: asked.address.as_str().to_owned(),
                preferences: asked.preferences.bumps().iter().map(|bump| bump.as_str()).collect(),
                components: asked.components.clone(),
            },
        }
    }
}

/// Stores the request. The answer and the work until it is sent are the same for known and unknown addresses.
#[utoipa::path(
    patch,
    path = "/v1/pages/{page_id}/subscribers",
    tag = "Page API",
    summary = "Ask for a subscription, its change or its end",
    description = "The address is mailed a link, and nothing changes until its owner has used it. The answer is the same \
        whether the address was known or not. Mail of `test.` keys never leaves the server: it is kept in the mailbox.",
    security(("pageKey" = []), ("pageKeyParameter" = [])),
    request_body = SubscriptionRequestBody,
    responses((status = 200, description = "The request was noted", body = SubscriptionAcceptedBody)),
)]
pub(crate) async fn subscribers_change(
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> Result<HttpResponse, V1Error> {
    let page_id = request.match_info().get("page_id").unwrap_or_default();
    let uncounted = Uncounted::open(&request, &state, page_id, Bucket::Subscribe).await?;
    let access = uncounted.count(&request, &state)?;
    let body = json_read(&request, &mut payload.into_inner(), BODY_MAX_KEY).await?;
    let asked = body_parse(&body, |fields, faults| SubscriptionRequestBody::read(fields, faults, &access.page))?;
    count_hourly(&request, &state)?;
    let new = asked.into_request(page_id, access.environment);
    let answer = SubscriptionAcceptedBody::of(&new);
    request_note(&state.store, new, state.now()).await?;
    Ok(json_response(&answer))
}

/// Counts a request for its client address. Everybody knows a page key, because the page's source has it. So each
/// address may send only a number of requests an hour, whatever keys it uses and however their requests are counted.
/// The form on the page uses the same limit.
fn count_hourly(request: &HttpRequest, state: &AppState) -> Result<(), V1Error> {
    let subject = Subject::Client(client_address(request).bucket());
    let limit = state.settings.subscribe_per_hour;
    let hourly = Quota { bucket: Bucket::SubscribeHourly, subject, limit };
    count_beside(request, state, hourly)
}
