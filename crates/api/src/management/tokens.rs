//! `/v1/tokens`: access tokens.
//!
//! An administrator of an organization sees and revokes the tokens of all its members. A new token always belongs to
//! the caller. It never allows more than the token that asked for it, nor lasts longer.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::{
    scope::{Scope, Scopes},
    token::{secret_hash, token_new},
};
use releasepage_domain::{
    account::name_check,
    fault::{Fault, Faults},
    fields::Fields,
    time::{UtcTime, time_iso8601},
};
use releasepage_http::{caller::TokenCaller, limits::Bucket, state::AppState};
use releasepage_storage::accounts::{
    row::AccessTokenNew,
    tokens::{AccessToken, access_token_create, access_token_get, access_token_list, access_token_revoke},
};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use super::resource::{
    Answer, List, body_of, number_of_path, resource, resource_created, resource_gone, resource_list, writer,
};
use crate::{
    body::body,
    openapi::{
        names::ScopeName,
        parameters::ListParameters,
        values::{EmailAddress, Time, TimeGiven},
    },
};

/// An access token. Only the answer that makes it has the secret itself.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessToken)]
pub(crate) struct AccessTokenBody {
    /// Its id.
    #[schema(examples(5))]
    id: i64,
    /// The name that its owner gave it.
    #[schema(examples("deploy"))]
    name: String,
    /// The most that it allows, the least scope first. The role of its user may allow less.
    #[schema(value_type = Vec<ScopeName>)]
    scopes: Vec<&'static str>,
    /// The user of the token.
    user: TokenOwnerBody,
    /// The secret itself, shown only once.
    #[schema(examples("rp_pat_000000000000000000000000000abcdef"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The time at which it was made.
    #[schema(value_type = Time)]
    created_at: String,
    /// The time at which it stops working; `null` for never.
    #[schema(required = true, value_type = Option<Time>)]
    expires_at: Option<String>,
    /// The time of its last use, to the minute; `null` for never.
    #[schema(required = true, value_type = Option<Time>)]
    last_used_at: Option<String>,
}

/// The user of a token.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessTokenUser)]
pub(crate) struct TokenOwnerBody {
    /// The user's id.
    #[schema(examples(1))]
    id: i64,
    /// The address that the user signs in with.
    #[schema(value_type = EmailAddress)]
    email: String,
}

impl From<AccessToken> for AccessTokenBody {
    fn from(token: AccessToken) -> Self {
        // Scopes that this version does not know allow nothing.
        let scopes = token.scopes.parse::<Scopes>();
        Self {
            id: token.id,
            name: token.name,
            scopes: scopes.into_iter().flat_map(Scopes::iter).map(Scope::as_str).collect(),
            user: TokenOwnerBody { id: token.user_id, email: token.email },
            token: None,
            created_at: time_iso8601(token.created_at),
            expires_at: token.expires_at.map(time_iso8601),
            last_used_at: token.last_used_at.map(time_iso8601),
        }
    }
}

/// `GET /v1/tokens`
#[utoipa::path(
    get,
    path = "/v1/tokens",
    tag = "Tokens",
    summary = "List the tokens",
    description = "The personal access tokens for the organization, of all its members, oldest first. Expired ones are \
                   listed too; revoked ones are gone.",
    security(("token" = ["admin"])),
    params(ListParameters),
    responses((status = 200, description = "A part of the list", body = List<AccessTokenBody>)),
)]
pub(crate) async fn tokens_read(request: HttpRequest, state: Data<AppState>) -> Answer {
    let caller = TokenCaller::of(&request, &state, Bucket::Read, Scope::Admin).await?;
    let ListParameters { limit, cursor } = ListParameters::parse(&request)?;
    let part = access_token_list(&state.store, caller.user.organization_id, cursor.unwrap_or_default(), limit).await?;
    resource_list(part, AccessTokenBody::from)
}

/// `GET /v1/tokens/{id}`
#[utoipa::path(
    get,
    path = "/v1/tokens/{token_id}",
    tag = "Tokens",
    summary = "Read a token",
    description = "What a token is called, allows and when it was last used; not the token itself, which nobody knows any more.",
    security(("token" = ["admin"])),
    responses((status = 200, description = "The token", body = AccessTokenBody)),
)]
pub(crate) async fn token_read(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = TokenCaller::of(&request, &state, Bucket::Read, Scope::Admin).await?;
    let id = number_of_path(&id)?;
    resource(&AccessTokenBody::from(access_token_get(&state.store, caller.user.organization_id, id).await?))
}

/// `POST /v1/tokens` with `name`, `scopes`, and optionally `expires_at`. Only this answer shows the token.
#[utoipa::path(
    post,
    path = "/v1/tokens",
    tag = "Tokens",
    summary = "Make a token",
    description = "The new token is the caller's own, and may do no more than the token that asks for it, nor for longer. \
                   The answer is the only one that shows it.",
    security(("token" = ["admin"])),
    request_body = AccessTokenNewBody,
    responses((status = 201, description = "The token", body = AccessTokenBody)),
)]
pub(crate) async fn token_add(request: HttpRequest, payload: Payload, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Admin).await?;
    let now = state.now();
    let body =
        body_of(&request, payload, |fields, faults| AccessTokenNewBody::read(fields, faults, &caller, now)).await?;
    let token = token_new();
    let new = AccessTokenNew {
        token_hash: secret_hash(token.expose_secret()),
        name: body.name,
        scopes: body.scopes.to_string(),
        expires_at: body.expires_at,
    };
    let user = caller.user;
    let id = access_token_create(&state.store, user.organization_id, user.user_id, new, now).await?;
    let created = access_token_get(&state.store, user.organization_id, id).await?;
    let body = AccessTokenBody { token: Some(token.expose_secret().to_owned()), ..created.into() };
    resource_created(format!("/v1/tokens/{id}"), &body)
}

/// `DELETE /v1/tokens/{id}`: the token stops working at once.
#[utoipa::path(
    delete,
    path = "/v1/tokens/{token_id}",
    tag = "Tokens",
    summary = "Revoke a token",
    description = "It stops working at once, also where it is the one that asks.",
    security(("token" = ["admin"])),
    responses((status = 204, description = "Gone")),
)]
pub(crate) async fn token_revoke(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Admin).await?;
    let id = number_of_path(&id)?;
    access_token_revoke(&state.store, caller.user.organization_id, id).await?;
    resource_gone()
}

body! {
    /// An access token to make.
    #[schema(as = AccessTokenNew)]
    pub(crate) struct AccessTokenNewBody(caller: &TokenCaller, now: UtcTime) {
        /// Its name.
        #[schema(min_length = 1, max_length = 100, pattern = "LINE_NOT_BLANK", examples("deploy"))]
        name: String => text_checked("must be one line of 1 to 100 characters", name_check),
        /// The scopes that it allows. The highest counts and includes those below it.
        #[schema(value_type = Vec<ScopeName>, min_items = 1)]
        scopes: Scopes => by(|fields, faults, field| scopes_read(fields, faults, field, caller.scopes)),
        /// The time at which it stops working, in the future. Without it, it ends with the token that asks for it.
        #[schema(value_type = Option<TimeGiven>)]
        expires_at: Option<UtcTime> => by(|fields, faults, field| {
            expires_at_read(fields, faults, field, caller.user.expires_at, now)
        }),
    }
}

/// Reads the time at which the new token stops working. It is no later than the end of the caller's own token, which is
/// the default.
fn expires_at_read(
    fields: &Fields<'_>,
    faults: &mut Faults,
    field: &str,
    own: Option<UtcTime>,
    now: UtcTime,
) -> Option<Option<UtcTime>> {
    let Some(asked) = fields.time_optional(faults, field)? else { return Some(own) };
    if asked <= now {
        return faults.take(Err(Fault::invalid(field, "must be a time to come")));
    }
    if let Some(own) = own.filter(|own| asked > *own) {
        let expected = format!("must not be after {}, when the token that asks stops working", time_iso8601(own));
        return faults.take(Err(Fault::invalid(field, expected)));
    }
    Some(Some(asked))
}

/// Reads the scopes: a list of names. None may allow more than the caller's own.
fn scopes_read(fields: &Fields<'_>, faults: &mut Faults, field: &str, own: Scopes) -> Option<Scopes> {
    let expected = format!("must be a list of one or more of {}", own.to_string().replace(' ', ", "));
    let names = fields.texts_optional(faults, field, &expected)?;
    let Some(names) = names else {
        return faults.take(Err(Fault::missing(field, expected)));
    };
    let scopes: Result<Vec<Scope>, _> = names.iter().map(|name| name.parse()).collect();
    let highest = scopes.ok().and_then(|scopes| scopes.into_iter().max()).filter(|&scope| own.contains(scope));
    faults.take(highest.map(Scopes::from).ok_or_else(|| Fault::invalid(field, expected)))
}
