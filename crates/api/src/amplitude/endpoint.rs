//! The common parts of the handlers of the Releases API: callers, fields and answers.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, ContentType},
    web::Payload,
};
use releasepage_http::{
    body::{BODY_MAX, body_read},
    limits::{Bucket, Quota, Subject},
    request::client_address,
    state::AppState,
};
use serde::Serialize;

use super::{
    credentials::{Credentials, ProjectCaller},
    error::AmplitudeError,
    fields::{FieldNames, Fields},
    sent::{fields_read, json_fields_read},
};

/// The result of a handler.
pub(crate) type Answer = Result<HttpResponse, AmplitudeError>;

/// Returns the project of the request's key pair. Requests are counted for each project. Requests without a valid pair
/// are counted for each client, so a stranger's attempts do not use up a project's quota.
pub(super) async fn project_of(request: &HttpRequest, state: &AppState) -> Result<ProjectCaller, AmplitudeError> {
    let project = match project_by_credentials(request, state).await {
        Ok(project) => project,
        Err(error) if error.is_unauthorized() => {
            let stranger = Subject::Client(client_address(request).bucket());
            limit_take(state, stranger, state.settings.anonymous_per_minute)?;
            return Err(error);
        }
        Err(error) => return Err(error),
    };
    limit_take(state, Subject::Project(project.repository_id), state.settings.token_per_minute)?;
    Ok(project)
}

async fn project_by_credentials(request: &HttpRequest, state: &AppState) -> Result<ProjectCaller, AmplitudeError> {
    let credentials = Credentials::of(request.headers())?;
    let route = request.match_pattern().unwrap_or_default();
    // The path of the same resources on another server.
    let collection = route.split("/{").next().unwrap_or_default();
    credentials.region_check(&state.settings.region, &state.settings.endpoints, collection)?;
    credentials.project(&state.store).await
}

fn limit_take(state: &AppState, subject: Subject, limit: u32) -> Result<(), AmplitudeError> {
    let status = state.limits.take(Quota { bucket: Bucket::Write, subject, limit }, state.now());
    if status.refused { Err(AmplitudeError::RateLimited { retry_after: status.seconds }) } else { Ok(()) }
}

/// Reads the fields of a request from its body, in any content type, and from its query.
pub(super) async fn fields_of(
    request: &HttpRequest,
    payload: Payload,
    names: FieldNames,
) -> Result<Fields, AmplitudeError> {
    let body = body_read(&mut payload.into_inner(), BODY_MAX).await?;
    fields_read(names, request.headers(), request.query_string(), body).await
}

/// Reads the fields of a request's JSON body.
pub(super) async fn json_fields_of(
    request: &HttpRequest,
    payload: Payload,
    names: FieldNames,
) -> Result<Fields, AmplitudeError> {
    let body = body_read(&mut payload.into_inner(), BODY_MAX).await?;
    json_fields_read(names, request.headers(), &body)
}

/// Answers 200.
pub(super) fn answer(body: &impl Serialize) -> HttpResponse {
    answer_with(answer_text(body))
}

/// Returns the text of an answer.
pub(super) fn answer_text(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("an answer is made of text, numbers and JSON values, whose keys are text")
}

/// Answers 200 with the text of an earlier answer.
pub(super) fn answer_with(text: String) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).insert_header((CACHE_CONTROL, "no-store")).body(text)
}
