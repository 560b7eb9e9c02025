//! `/v1/me`: the user of the token.

use actix_web::{HttpRequest, web::Data};
use releasepage_auth::scope::Scope;
use releasepage_http::state::AppState;
use serde::Serialize;
use utoipa::ToSchema;

use super::resource::{Answer, reader, resource};
use crate::openapi::{
    names::{RoleName, ScopeName},
    values::EmailAddress,
};

/// The user of the token, and what the token allows.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub(crate) struct MeBody {
    /// The user of the token.
    user: UserBody,
    /// The organization that the token is for.
    organization: OrganizationBody,
    /// The user's role in it.
    #[schema(value_type = RoleName)]
    role: &'static str,
    /// The token's scopes that the user's role allows, the least first.
    #[schema(value_type = Vec<ScopeName>)]
    scopes: Vec<&'static str>,
    /// The token itself.
    token: TokenBody,
}

/// A user.
#[derive(Serialize, ToSchema)]
#[schema(as = MeUser)]
pub(crate) struct UserBody {
    /// Its id.
    #[schema(examples(1))]
    id: i64,
    /// Its address.
    #[schema(value_type = EmailAddress)]
    email: String,
}

/// An organization.
#[derive(Serialize, ToSchema)]
#[schema(as = MeOrganization)]
pub(crate) struct OrganizationBody {
    /// Its id: the `org_id` of its projects.
    #[schema(examples(10_001))]
    id: i64,
    /// Its display name.
    #[schema(examples("Acme"))]
    name: String,
}

/// A token in use.
#[derive(Serialize, ToSchema)]
#[schema(as = MeToken)]
pub(crate) struct TokenBody {
    /// The name that its owner gave it.
    #[schema(examples("deployments"))]
    name: String,
}

/// `GET /v1/me`
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "Account",
    summary = "Tell whose token it is",
    description = "The user, the organization and the scopes that the token has left. A token never allows more than its user's role.",
    security(("token" = ["read"])),
    responses((status = 200, description = "Whose token it is", body = MeBody)),
)]
pub(crate) async fn me_read(request: HttpRequest, state: Data<AppState>) -> Answer {
    let caller = reader(&request, &state).await?;
    resource(&MeBody {
        scopes: caller.scopes.iter().map(Scope::as_str).collect(),
        role: caller.user.role.as_str(),
        user: UserBody { id: caller.user.user_id, email: caller.user.email },
        organization: OrganizationBody { id: caller.user.organization_id, name: caller.user.organization_name },
        token: TokenBody { name: caller.user.token_name },
    })
}
