//! The common parts of the resources of the management API: answers, lists, ids in paths.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Payload,
};
use releasepage_auth::scope::Scope;
use releasepage_domain::{fault::Faults, fields::Fields, page::page_id_is_valid};
use releasepage_http::{
    body::BODY_MAX,
    caller::TokenCaller,
    error::{ErrorCode, V1Error},
    field::json_read,
    limits::Bucket,
    response::Rendered,
    state::AppState,
};
use releasepage_storage::database::cursor::ListPart;
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::body_parse;

/// The result of a handler.
pub(crate) type Answer = Result<HttpResponse, V1Error>;

/// Checks that the caller may read. Any token may read the data of its organization.
pub(crate) async fn reader(request: &HttpRequest, state: &AppState) -> Result<TokenCaller, V1Error> {
    TokenCaller::of(request, state, Bucket::Read, Scope::Read).await
}

/// Checks that the caller may read subscribers' addresses. Only those who manage a page may see them.
pub(crate) async fn addresses_reader(request: &HttpRequest, state: &AppState) -> Result<TokenCaller, V1Error> {
    TokenCaller::of(request, state, Bucket::Read, Scope::Manage).await
}

/// Checks that the caller has this scope.
pub(crate) async fn writer(request: &HttpRequest, state: &AppState, scope: Scope) -> Result<TokenCaller, V1Error> {
    TokenCaller::of(request, state, Bucket::Write, scope).await
}

/// Reads the body of a request with `read`, or answers all its faults.
pub(crate) async fn body_of<T>(
    request: &HttpRequest,
    payload: Payload,
    read: impl FnOnce(&Fields<'_>, &mut Faults) -> Option<T>,
) -> Result<T, V1Error> {
    let object = json_read(request, &mut payload.into_inner(), BODY_MAX).await?;
    Ok(body_parse(&object, read)?)
}

/// Answers 200 with a resource.
pub(crate) fn resource(body: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(body).expect("a resource is made of text, numbers, flags and lists of them");
    Ok(Rendered::new(body).json_response())
}

/// Answers 201 with a new resource and its path.
pub(crate) fn resource_created(location: String, body: &impl Serialize) -> Answer {
    let mut response = resource(body)?;
    *response.status_mut() = StatusCode::CREATED;
    // Paths are made of ids, which are always valid in a header.
    if let Ok(location) = location.try_into() {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// Answers 204 after a deletion.
pub(crate) fn resource_gone() -> Answer {
    Ok(HttpResponse::NoContent().finish())
}

/// A part of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The entries.
    data: Vec<T>,
    /// The value to send as `cursor` for the next part; `null` in the last part.
    #[schema(required = true)]
    next: Option<String>,
}

/// Answers 200 with a part of a list.
pub(crate) fn resource_list<R, T: Serialize>(part: ListPart<R>, of: impl FnMut(R) -> T) -> Answer {
    resource(&List { data: part.rows.into_iter().map(of).collect(), next: part.next })
}

/// Reads a number in a path that names a resource. Anything else is not found.
pub(crate) fn number_of_path(text: &str) -> Result<i64, V1Error> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(not_found)
}

/// Reads a page's id in a path.
pub(crate) fn page_of_path(text: String) -> Result<String, V1Error> {
    if page_id_is_valid(&text) { Ok(text) } else { Err(not_found()) }
}

/// The answer for a resource that does not exist or belongs to another organization.
pub(crate) fn not_found() -> V1Error {
    ErrorCode::NOT_FOUND.into()
}
