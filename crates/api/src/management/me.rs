//! `/v1/me`: whose token it is.

use actix_web::{HttpRequest, web::Data};
use releasepage_auth::scope::Scope;
use serde::Serialize;

use super::resource::{Answer, reader, resource};
use crate::state::ApiState;

/// `{"user": {"id", "email"}, "organization": {"id", "name"}, "role", "scopes": […], "token": {"name"}}`. The scopes are
/// those that are left of the token's own for a user of this role.
#[derive(Serialize)]
struct MeBody {
    user: UserBody,
    organization: OrganizationBody,
    role: &'static str,
    scopes: Vec<&'static str>,
    token: TokenBody,
}

#[derive(Serialize)]
struct UserBody {
    id: i64,
    email: String,
}

#[derive(Serialize)]
struct OrganizationBody {
    id: i64,
    name: String,
}

#[derive(Serialize)]
struct TokenBody {
    name: String,
}

/// `GET /v1/me`
pub(crate) async fn me_read(request: HttpRequest, state: Data<ApiState>) -> Answer {
    let caller = reader(&request, &state).await?;
    resource(&MeBody {
        scopes: caller.scopes.iter().map(Scope::as_str).collect(),
        role: caller.user.role.as_str(),
        user: UserBody { id: caller.user.user_id, email: caller.user.email },
        organization: OrganizationBody { id: caller.user.organization_id, name: caller.user.organization_name },
        token: TokenBody { name: caller.user.token_name },
    })
}
