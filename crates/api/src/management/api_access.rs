//! `/v1/pages/{id}/api-access`: the publishable keys of a page.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::{page_key::page_key_new, scope::Scope};
use releasepage_domain::{
    environment::Environment,
    page::{CountedBy, rate_limit_check},
    text::names_expected,
};
use releasepage_http::state::AppState;
use releasepage_storage::pages::keys::{
    ApiAccess, ApiAccessChange, PageKeys, api_access_get, api_access_rotate, api_access_set,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::resource::{Answer, body_of, page_of_path, reader, resource, writer};
use crate::{
    body::body,
    openapi::{names::CountedByName, values::PageId},
};

/// The API access of a page.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiAccess)]
pub(crate) struct ApiAccessBody {
    /// `true` means that the keys work.
    enabled: bool,
    /// The page.
    #[schema(value_type = PageId)]
    page_id: String,
    /// The keys; `null` until API access is switched on for the first time.
    #[schema(required = true)]
    keys: Option<KeysBody>,
    /// The number of requests a minute that each key may make.
    #[schema(minimum = 1, maximum = 1_000_000, examples(60))]
    rate_limit: i32,
    /// The way the requests of a key are counted: together, or for each client address.
    #[schema(value_type = CountedByName)]
    counted_by: &'static str,
}

/// The publishable keys of a page.
#[derive(Serialize, ToSchema)]
#[schema(as = PageKeys)]
pub(crate) struct KeysBody {
    /// The key for readers.
    #[schema(examples("live.3mJ9Zr0Qm1xYw2"))]
    live: String,
    /// The key for tests. Mail to subscribers of this key never leaves the server.
    #[schema(examples("test.8sKd02nVq7LpA5"))]
    test: String,
}

body! {
    /// A setting of a page's API access.
    #[schema(as = ApiAccessSetting)]
    pub(crate) struct ApiAccessSettingBody {
        /// `true` makes the keys work.
        enabled: bool => boolean(),
        /// The number of requests a minute that each key may make. Without it, the limit stays as it is.
        #[schema(value_type = Option<i64>, minimum = 1, maximum = 1_000_000, examples(60))]
        rate_limit: Option<i32> => number_checked_optional(rate_limit_check),
        /// The way the requests of a key are counted. Without it, it stays as it is.
        #[schema(value_type = Option<CountedByName>)]
        counted_by: Option<CountedBy> => named_optional(&names_expected::<CountedBy>()),
    }
}

impl From<ApiAccessSettingBody> for ApiAccessChange {
    fn from(body: ApiAccessSettingBody) -> Self {
        Self { enabled: body.enabled, rate_limit: body.rate_limit, counted_by: body.counted_by }
    }
}

impl From<ApiAccess> for ApiAccessBody {
    fn from(access: ApiAccess) -> Self {
        Self {
            enabled: access.enabled,
            page_id: access.page_id,
            keys: access.keys.map(|keys| KeysBody { live: keys.live, test: keys.test }),
            rate_limit: access.rate_limit,
            counted_by: access.counted_by.as_str(),
        }
    }
}

fn keys_new() -> PageKeys {
    PageKeys { live: page_key_new(Environment::Live), test: page_key_new(Environment::Test) }
}

/// `GET /v1/pages/{id}/api-access`
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/api-access",
    tag = "Pages",
    summary = "Read the keys of a page",
    description = "The keys are publishable: they are meant to stand in a web page's source, and can be read again at any time.",
    security(("token" = ["read"])),
    responses((status = 200, description = "The API access of the page", body = ApiAccessBody)),
)]
pub(crate) async fn api_access_read(request: HttpRequest, page: Path<String>, state: Data<AppState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let page = page_of_path(page.into_inner())?;
    let access = api_access_get(&state.store, caller.user.organization_id, page).await?;
    resource(&ApiAccessBody::from(access))
}

/// `PUT /v1/pages/{id}/api-access` with `enabled`, and optionally `rate_limit` and `counted_by`. A setting that is
/// missing stays as it is.
#[utoipa::path(
    put,
    path = "/v1/pages/{page_id}/api-access",
    tag = "Pages",
    summary = "Switch the keys of a page on or off",
    description = "Switched on for the first time, a page gets its keys. Switched off, it keeps them: they work again once it is switched on.",
    security(("token" = ["manage"])),
    request_body = ApiAccessSettingBody,
    responses((status = 200, description = "The API access of the page", body = ApiAccessBody)),
)]
pub(crate) async fn api_access_write(
    request: HttpRequest,
    payload: Payload,
    page: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let page = page_of_path(page.into_inner())?;
    let change = body_of(&request, payload, ApiAccessSettingBody::read).await?.into();
    let organization = caller.user.organization_id;
    let access = api_access_set(&state.store, organization, page, change, keys_new(), state.now()).await?;
    resource(&ApiAccessBody::from(access))
}

/// `POST /v1/pages/{id}/api-access/rotate`: makes new keys. The old ones never work again.
#[utoipa::path(
    post,
    path = "/v1/pages/{page_id}/api-access/rotate",
    tag = "Pages",
    summary = "Replace the keys of a page",
    description = "The old keys never work again, whether API access is on or off.",
    security(("token" = ["manage"])),
    responses((status = 200, description = "The API access of the page, with new keys", body = ApiAccessBody)),
)]
pub(crate) async fn api_access_keys_rotate(request: HttpRequest, page: Path<String>, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let page = page_of_path(page.into_inner())?;
    let organization = caller.user.organization_id;
    let access = api_access_rotate(&state.store, organization, page, keys_new(), state.now()).await?;
    resource(&ApiAccessBody::from(access))
}
