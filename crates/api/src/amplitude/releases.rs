//! The routes of `/api/2/release`.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, ContentType},
    web::{Data, Path, Payload},
};
use releasepage_auth::random::release_id_new;
use releasepage_domain::{
    fault::{Fault, Faults},
    release::{ReleaseInput, ReleaseState, release_id_is_valid},
};
use releasepage_storage::{
    StoreError,
    cursor::{ListPart, TimeCursor},
    idempotency::{Idempotency, Replay},
    releases::{
        Release, ReleaseArrival, ReleaseOwner, ReleasesFilter, release_arrive, release_edit, release_get,
        release_withdraw, releases_list,
    },
};
use serde::Serialize;

use super::{
    answer::{DeletedAnswer, ReleaseAnswer, ReleasesAnswer},
    credentials::{Credentials, ProjectCaller},
    error::AmplitudeError,
    fields::Fields,
    fields_schema::{ReleaseChangeBody, ReleaseChangeForm, ReleaseNewBody, ReleaseNewForm},
    idempotency::{fields_fingerprint, idempotency_key},
    release_fields::{ReleaseChange, release_new},
    sent::fields_read,
};
use crate::{
    body::{BODY_MAX, body_read},
    limits::{Bucket, Quota, Subject},
    openapi::parameters::TimeListParameters,
    query::Query,
    request::client_address,
    state::ApiState,
};

type Answer = Result<HttpResponse, AmplitudeError>;

/// `POST /api/2/release`: publishes a release, or updates the one that it is already.
#[utoipa::path(
    post,
    path = "/api/2/release",
    operation_id = "pipeline_release_publish",
    tag = "Releases API",
    summary = "Publish a release",
    description = "Safe to repeat: the same version for the same set of platforms is the same release, which is updated \
        and not announced again. Sent as JSON, as a form or in the query.",
    security(("project" = [])),
    params((
        "Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$",
        description = "The same key with the same fields replays the first answer for 24 hours",
        example = "run-4711",
    )),
    request_body(content(
        (ReleaseNewBody = "application/json"),
        (ReleaseNewForm = "application/x-www-form-urlencoded"),
        (ReleaseNewForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The release", body = ReleaseAnswer),
        (status = 422, description = "The Idempotency-Key was used with other fields in the last 24 hours"),
    ),
)]
pub(crate) async fn release_publish(request: HttpRequest, payload: Payload, state: Data<ApiState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let key = idempotency_key(request.headers())?;
    let input = release_new(&fields_of(&request, payload).await?)?;
    let in_flight = key
        .as_ref()
        .map(|key| state.keys_in_flight.take(project.repository_id, key).ok_or(AmplitudeError::IdempotencyKeyInFlight));
    let _guard = in_flight.transpose()?;
    let idempotency = key.map(|key| idempotency_of(project, key, &input));
    let arrived = release_arrive(
        &state.store,
        project.repository_id,
        input,
        ReleaseArrival::Repeatable,
        idempotency,
        release_id_new,
        state.release_context(),
    );
    match arrived.await? {
        Replay::Fresh(release) => Ok(answer(&ReleaseAnswer::of(project, &release))),
        Replay::Before(text) => Ok(answer_with(text)),
        Replay::Other => Err(AmplitudeError::IdempotencyKeyReused),
    }
}

fn idempotency_of(project: ProjectCaller, key: String, input: &ReleaseInput) -> Idempotency {
    let answer = move |release: &Release| answer_text(&ReleaseAnswer::of(project, release));
    Idempotency { key, fingerprint: fields_fingerprint(input), answer: Arc::new(answer) }
}

/// `GET /api/2/release`: the project's releases, newest first.
#[utoipa::path(
    get,
    path = "/api/2/release",
    operation_id = "pipeline_releases_list",
    tag = "Releases API",
    summary = "The releases of the project",
    description = "Newest first, without those that were deleted.",
    security(("project" = [])),
    params(TimeListParameters),
    responses((status = 200, description = "A part of the list", body = ReleasesAnswer)),
)]
pub(crate) async fn release_list(request: HttpRequest, state: Data<ApiState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let query = Query::of(&request);
    let mut faults = Faults::new();
    let limit = query.limit(&mut faults);
    let after = query.cursor(&mut faults, TimeCursor::parse);
    let after = faults.finish(|| Some(after))?;
    let part = releases_part(&state, project, after, limit).await?;
    Ok(answer(&ReleasesAnswer::of(project, part)))
}

/// At most `limit` releases that are not deleted, and where the list goes on.
async fn releases_part(
    state: &ApiState,
    project: ProjectCaller,
    after: Option<TimeCursor>,
    limit: u32,
) -> Result<ListPart<Release>, StoreError> {
    let after = after.map(|cursor| (cursor.time, cursor.id));
    let filter = ReleasesFilter { without_withdrawn: true, after };
    // One more than asked for tells whether the list goes on.
    let found = releases_list(&state.store, project.repository_id, filter, i64::from(limit) + 1).await?;
    let cursor = |last: &Release| TimeCursor { time: last.input.published_at, id: last.id.clone() }.to_string();
    Ok(ListPart::cut(found, limit, cursor))
}

/// `GET /api/2/release/{id}`: one release.
#[utoipa::path(
    get,
    path = "/api/2/release/{release_id}",
    operation_id = "pipeline_release_read",
    tag = "Releases API",
    summary = "A release of the project",
    description = "One that was deleted is not found.",
    security(("project" = [])),
    responses((status = 200, description = "The release", body = ReleaseAnswer)),
)]
pub(crate) async fn release_read(request: HttpRequest, id: Path<String>, state: Data<ApiState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let release = release_find(&state, project, id.into_inner()).await?;
    Ok(answer(&ReleaseAnswer::of(project, &release)))
}

/// `PUT /api/2/release/{id}`: changes the fields that are sent.
#[utoipa::path(
    put,
    path = "/api/2/release/{release_id}",
    operation_id = "pipeline_release_change",
    tag = "Releases API",
    summary = "Change a release",
    description = "Only the fields that are sent. `null` clears what need not be there.",
    security(("project" = [])),
    request_body(content(
        (ReleaseChangeBody = "application/json"),
        (ReleaseChangeForm = "application/x-www-form-urlencoded"),
        (ReleaseChangeForm = "multipart/form-data"),
    )),
    responses((status = 200, description = "The release", body = ReleaseAnswer)),
)]
pub(crate) async fn release_change(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<ApiState>,
) -> Answer {
    let project = project_of(&request, &state).await?;
    let fields = fields_of(&request, payload).await?;
    if fields.is_empty() {
        return Err(Fault::invalid("body", "must have at least one field of a release").into());
    }
    let change = ReleaseChange::parse(&fields)?;
    let found = release_find(&state, project, id.into_inner()).await?;
    let release = release_edit(
        &state.store,
        ReleaseOwner::Repository(project.repository_id),
        found.id,
        None,
        move |before| change.clone().applied(before.input.clone()),
        state.release_context(),
    );
    Ok(answer(&ReleaseAnswer::of(project, &release.await?)))
}

/// `DELETE /api/2/release/{id}`: withdraws a release. Publishing it again brings it back under its id.
#[utoipa::path(
    delete,
    path = "/api/2/release/{release_id}",
    operation_id = "pipeline_release_delete",
    tag = "Releases API",
    summary = "Withdraw a release",
    description = "Publishing it again brings it back under its id, and mails nobody.",
    security(("project" = [])),
    responses((status = 200, description = "It is withdrawn", body = DeletedAnswer)),
)]
pub(crate) async fn release_delete(request: HttpRequest, id: Path<String>, state: Data<ApiState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let found = release_find(&state, project, id.into_inner()).await?;
    let owner = ReleaseOwner::Repository(project.repository_id);
    release_withdraw(&state.store, owner, found.id, state.release_context()).await?;
    Ok(answer(&DeletedAnswer { success: true }))
}

/// A release of the project that is not deleted.
async fn release_find(state: &ApiState, project: ProjectCaller, id: String) -> Result<Release, AmplitudeError> {
    if !release_id_is_valid(&id) {
        return Err(AmplitudeError::NotFound);
    }
    let release = release_get(&state.store, ReleaseOwner::Repository(project.repository_id), id).await?;
    if release.state == ReleaseState::Withdrawn { Err(AmplitudeError::NotFound) } else { Ok(release) }
}

/// Whose key pair it is. Requests are counted for each project; those without a right pair for each client, so that
/// a stranger's attempts cost a project's own pipelines nothing.
async fn project_of(request: &HttpRequest, state: &ApiState) -> Result<ProjectCaller, AmplitudeError> {
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

async fn project_by_credentials(request: &HttpRequest, state: &ApiState) -> Result<ProjectCaller, AmplitudeError> {
    let credentials = Credentials::of(request.headers())?;
    credentials.region_check(&state.settings.region, &state.settings.endpoints)?;
    credentials.project(&state.store).await
}

fn limit_take(state: &ApiState, subject: Subject, limit: u32) -> Result<(), AmplitudeError> {
    let standing = state.limits.take(Quota { bucket: Bucket::Write, subject, limit }, state.now());
    if standing.refused { Err(AmplitudeError::RateLimited { retry_after: standing.seconds }) } else { Ok(()) }
}

async fn fields_of(request: &HttpRequest, payload: Payload) -> Result<Fields, AmplitudeError> {
    let body = body_read(&mut payload.into_inner(), BODY_MAX).await?;
    fields_read(request.headers(), request.query_string(), body).await
}

fn answer(body: &impl Serialize) -> HttpResponse {
    answer_with(answer_text(body))
}

fn answer_text(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("an answer is made of text, numbers and JSON values, whose keys are text")
}

fn answer_with(text: String) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).insert_header((CACHE_CONTROL, "no-store")).body(text)
}
