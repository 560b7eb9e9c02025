//! `PATCH /v1/pages/{PAGE_ID}/subscribers`: asking for a subscription, its change or its end.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Payload},
};
use releasepage_domain::{
    bump::Bump,
    fault::{Fault, Faults},
    subscriber::{Preferences, SubscriberAddress},
    subscription::SubscriptionOp,
    text::{names_expected, names_joined},
};
use releasepage_http::{
    body::BODY_MAX_KEY,
    counting::count_beside,
    error::V1Error,
    field::{Fields, json_read},
    limits::{Bucket, Quota, Subject},
    request::client_address,
    response::json_response,
    state::AppState,
};
use releasepage_storage::subscribers::requests::{RequestNew, request_note};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{access::Uncounted, cached_page::CachedPage};
use crate::openapi::{
    names::{AddressKind, BumpName, SubscriptionOpName},
    values::{EmailAddress, PageId, Repo},
};

/// What a reader asks for.
#[derive(ToSchema)]
#[schema(as = SubscriptionRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct SubscriptionRequestBody {
    /// With a page key, `replace` and `remove` only send the address a link with which its owner can do it.
    #[schema(value_type = SubscriptionOpName)]
    op: String,
    /// Whom it is about, and what they want.
    data: SubscriptionDataBody,
}

/// Whom a request is about, and what they want.
#[derive(ToSchema)]
#[schema(as = SubscriptionData)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct SubscriptionDataBody {
    /// The kind of address.
    #[schema(value_type = AddressKind)]
    r#type: String,
    /// The address.
    #[schema(value_type = EmailAddress)]
    value: String,
    /// Which releases to tell of; `major`, `minor` and `patch` where it is missing.
    #[schema(required = false, min_items = 1, value_type = HashSet<BumpName>)]
    preferences: Vec<String>,
    /// Which components to tell of, each a `repo` of this page; all where it is missing.
    #[schema(required = false, min_items = 1, value_type = Vec<Repo>)]
    components: Vec<String>,
}

/// A request that was accepted. It says nothing of whether the address was known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubscriptionAccepted)]
pub(crate) struct SubscriptionAcceptedBody {
    /// What happens next.
    #[schema(examples("Subscriber request accepted, pending email confirmation"))]
    message: &'static str,
    /// The page.
    #[serde(rename = "pageId")]
    #[schema(value_type = PageId)]
    page_id: String,
    /// What was asked for.
    data: SubscriptionEchoBody,
}

/// What was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubscriptionEcho)]
pub(crate) struct SubscriptionEchoBody {
    /// The kind of address.
    #[schema(value_type = AddressKind)]
    r#type: &'static str,
    /// The address, as it was given.
    #[schema(value_type = EmailAddress)]
    value: String,
    /// Which releases to tell of, in the order given.
    #[schema(value_type = HashSet<BumpName>)]
    preferences: Vec<&'static str>,
    /// Which components to tell of, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Repo>>)]
    components: Option<Vec<String>>,
}

/// Notes the request. The answer, and what is done until it leaves, are the same whatever is known of the address.
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
    let wanted = Wanted::parse(&body, &access.page)?;
    count_hourly(&request, &state)?;
    let answer = wanted.answer(page_id);
    let new = RequestNew {
        page_id: page_id.to_owned(),
        environment: access.environment,
        op: wanted.op,
        address: wanted.address,
        preferences: wanted.preferences,
        components: wanted.components,
    };
    request_note(&state.store, new, state.now()).await?;
    Ok(json_response(&answer))
}

/// A page key is everybody's, since it stands in the page's source: each client address has so many requests an hour,
/// whatever keys it uses and whatever these are counted by. The form on the page counts with it.
fn count_hourly(request: &HttpRequest, state: &AppState) -> Result<(), V1Error> {
    let subject = Subject::Client(client_address(request).bucket());
    let limit = state.settings.subscribe_per_hour;
    let hourly = Quota { bucket: Bucket::SubscribeHourly, subject, limit };
    count_beside(request, state, hourly)
}

/// What the body asks for.
#[derive(Debug)]
struct Wanted {
    op: SubscriptionOp,
    address: SubscriberAddress,
    preferences: Preferences,
    components: Option<Vec<String>>,
}

impl Wanted {
    /// Checks the body against the page; names every field at fault.
    fn parse(body: &Map<String, Value>, page: &CachedPage) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let fields = Fields::new(body);
        let op = fields.named(&mut faults, "op", &names_expected::<SubscriptionOp>());
        let data = fields.object(&mut faults, "data");
        let parsed = data.and_then(|data| {
            data.named::<AddressType>(&mut faults, "type", "must be email");
            let address = data.text(&mut faults, "value", "must be an e-mail address");
            let address = address.and_then(|text| faults.take(SubscriberAddress::parse(&data.name("value"), text)));
            let preferences = preferences_parse(&data, &mut faults);
            let components = components_parse(&data, &mut faults, page);
            Some((address?, preferences?, components?))
        });
        faults.finish(|| {
            let (address, preferences, components) = parsed?;
            Some(Self { op: op?, address, preferences, components })
        })
    }

    /// The answer, made of the request alone.
    fn answer(&self, page_id: &str) -> SubscriptionAcceptedBody {
        SubscriptionAcceptedBody {
            message: "Subscriber request accepted, pending email confirmation",
            page_id: page_id.to_owned(),
            data: SubscriptionEchoBody {
                r#type: "email",
                value: self.address.as_str().to_owned(),
                preferences: self.preferences.bumps().iter().map(|bump| bump.as_str()).collect(),
                components: self.components.clone(),
            },
        }
    }
}

/// The only kind of address there is.
struct AddressType;

impl std::str::FromStr for AddressType {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        if name == "email" { Ok(Self) } else { Err(()) }
    }
}

fn preferences_parse(data: &Fields<'_>, faults: &mut Faults) -> Option<Preferences> {
    let expected = format!("must be a list of {}", names_joined::<Bump>("and"));
    match data.texts_optional(faults, "preferences", &expected)? {
        None => Some(Preferences::default()),
        Some(names) => faults.take(Preferences::parse(&data.name("preferences"), &names)),
    }
}

fn components_parse(data: &Fields<'_>, faults: &mut Faults, page: &CachedPage) -> Option<Option<Vec<String>>> {
    let expected = "must be a list of repo values of this page, at least one";
    let Some(repos) = data.texts_optional(faults, "components", expected)? else {
        return Some(None);
    };
    if repos.is_empty() || repos.iter().any(|repo| page.component(repo).is_none()) {
        faults.push(Fault::invalid(data.name("components"), expected));
        return None;
    }
    Some(Some(repos.into_iter().map(ToOwned::to_owned).collect()))
}
