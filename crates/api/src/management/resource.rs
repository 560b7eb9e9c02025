//! What the resources of the management API have in common: answers, lists, ids in paths.

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

/// What a handler answers.
pub(crate) type Answer = Result<HttpResponse, V1Error>;

/// Who reads. Any token may read what its organization has.
pub(crate) async fn reader(request: &HttpRequest, state: &AppState) -> Result<TokenCaller, V1Error> {
    TokenCaller::of(request, state, Bucket::Read, Scope::Read).await
}

/// Who reads subscribers' addresses: what they entrusted to a page is for those who manage it.
pub(crate) async fn addresses_reader(request: &HttpRequest, state: &AppState) -> Result<TokenCaller, V1Error> {
    TokenCaller::of(request, state, Bucket::Read, Scope::Manage).await
}

/// Who changes what takes this scope.
pub(crate) async fn writer(request: &HttpRequest, state: &AppState, scope: Scope) -> Result<TokenCaller, V1Error> {
    TokenCaller::of(request, state, Bucket::Write, scope).await
}

/// Reads the body of a request as `read` takes its members, or answers every fault of it.
pub(crate) async fn body_of<T>(
    request: &HttpRequest,
    payload: Payload,
    read: impl FnOnce(&Fields<'_>, &mut Faults) -> Option<T>,
) -> Result<T, V1Error> {
    let object = json_read(request, &mut payload.into_inner(), BODY_MAX).await?;
    Ok(body_parse(&object, read)?)
}

/// The answer 200 with a resource.
pub(crate) fn resource(body: &impl Serialize) -> Answer {
    let body = serde_json::to_vec(body).expect("a resource is made of text, numbers, flags and lists of them");
    Ok(Rendered::new(body).json_response())
}

/// The answer 201 with a new resource and the path where it is.
pub(crate) fn resource_created(location: String, body: &impl Serialize) -> Answer {
    let mut response = resource(body)?;
    *response.status_mut() = StatusCode::CREATED;
    // Paths are made of ids, which can always stand in a header.
    if let Ok(location) = location.try_into() {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// The answer 204 to whoever deletes.
pub(crate) fn resource_gone() -> Answer {
    Ok(HttpResponse::NoContent().finish())
}

/// A part of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The entries.
    data: Vec<T>,
    /// What to send as `cursor` for the next part; `null` where this was the last.
    #[schema(required = true)]
    next: Option<String>,
}

/// The answer 200 with a part of a list.
pub(crate) fn resource_list<R, T: Serialize>(part: ListPart<R>, of: impl FnMut(R) -> T) -> Answer {
    resource(&List { data: part.rows.into_iter().map(of).collect(), next: part.next })
}

/// Reads a number that stands in a path for a resource. What is none names nothing.
pub(crate) fn number_of_path(text: &str) -> Result<i64, V1Error> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(not_found)
}

/// Reads a page's id in a path.
pub(crate) fn page_of_path(text: String) -> Result<String, V1Error> {
    if page_id_is_valid(&text) { Ok(text) } else { Err(not_found()) }
}

/// The answer to whoever asks for what is not there, or is another organization's.
pub(crate) fn not_found() -> V1Error {
    ErrorCode::NOT_FOUND.into()
}
