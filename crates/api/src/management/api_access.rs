//! `/v1/pages/{id}/api-access`: the publishable keys of a page.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::{page_key::page_key_new, scope::Scope};
use releasepage_domain::{environment::Environment, fault::Faults, page::CountedBy};
use releasepage_storage::page_keys::{
    ApiAccess, ApiAccessChange, PageKeys, api_access_get, api_access_rotate, api_access_set,
};
use serde::Serialize;

use super::resource::{Answer, page_of_path, reader, resource, writer};
use crate::{
    body::BODY_MAX,
    field::{Fields, json_read},
    state::ApiState,
    v1::error::V1Error,
};

/// `{"enabled", "page_id", "keys": {"live", "test"}, "rate_limit", "counted_by"}`; `keys` is `null` until API access is
/// switched on for the first time, `rate_limit` is per minute, `counted_by` is `key` or `client`.
#[derive(Serialize)]
struct ApiAccessBody {
    enabled: bool,
    page_id: String,
    keys: Option<KeysBody>,
    rate_limit: i32,
    counted_by: &'static str,
}

#[derive(Serialize)]
struct KeysBody {
    live: String,
    test: String,
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
pub(crate) async fn api_access_read(request: HttpRequest, page: Path<String>, state: Data<ApiState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let page = page_of_path(page.into_inner())?;
    let access = api_access_get(&state.store, caller.user.organization_id, page).await?;
    resource(&ApiAccessBody::from(access))
}

/// `PUT /v1/pages/{id}/api-access` with `enabled`, and perhaps `rate_limit` and `counted_by`, which stay as they are
/// where they are missing.
pub(crate) async fn api_access_write(
    request: HttpRequest,
    payload: Payload,
    page: Path<String>,
    state: Data<ApiState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let page = page_of_path(page.into_inner())?;
    let body = json_read(&request, &mut payload.into_inner(), BODY_MAX).await?;
    let change = api_access_fields(&Fields::new(&body))?;
    let organization = caller.user.organization_id;
    let access = api_access_set(&state.store, organization, page, change, keys_new(), state.now()).await?;
    resource(&ApiAccessBody::from(access))
}

fn api_access_fields(fields: &Fields<'_>) -> Result<ApiAccessChange, V1Error> {
    let mut faults = Faults::new();
    let enabled = fields.boolean(&mut faults, "enabled");
    let rate_limit = fields.number_optional(&mut faults, "rate_limit");
    let counted_by = fields.named_optional::<CountedBy>(&mut faults, "counted_by", "must be key or client");
    Ok(faults
        .finish(|| Some(ApiAccessChange { enabled: enabled?, rate_limit: rate_limit?, counted_by: counted_by? }))?)
}

/// `POST /v1/pages/{id}/api-access/rotate`: new keys; the old ones never work again.
pub(crate) async fn api_access_keys_rotate(request: HttpRequest, page: Path<String>, state: Data<ApiState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let page = page_of_path(page.into_inner())?;
    let organization = caller.user.organization_id;
    let access = api_access_rotate(&state.store, organization, page, keys_new(), state.now()).await?;
    resource(&ApiAccessBody::from(access))
}
