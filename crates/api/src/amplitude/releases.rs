//! The routes of `/api/2/release`.

use std::sync::Arc;

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::random::release_id_new;
use releasepage_domain::{
    fault::Fault,
    release::{ReleaseArrival, ReleaseInput, ReleaseState, release_id_is_valid},
};
use releasepage_http::{request::surface_data, state::AppState};
use releasepage_storage::{
    StoreError,
    database::cursor::{ListPart, TimeCursor},
    releases::{
        edits::{ReleasesFilter, release_arrive, release_edit, release_get, release_withdraw, releases_list},
        idempotency::{Idempotency, Replay},
        row::{Release, ReleaseOwner},
    },
};

use super::{
    answer::{DeletedAnswer, ReleaseAnswer, ReleasesAnswer},
    credentials::ProjectCaller,
    endpoint::{Answer, answer, answer_text, answer_with, fields_of, project_of},
    error::AmplitudeError,
    idempotency::{KeysInFlight, fields_fingerprint, idempotency_key},
    release_fields::{ReleaseChangeBody, ReleaseChangeForm, ReleaseNewBody, ReleaseNewForm, release_new},
};
use crate::openapi::parameters::TimeListParameters;

/// The name of the resource in a 404.
const RELEASE: &str = "release";

/// `POST /api/2/release`: publishes a release, or updates the existing one.
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
pub(crate) async fn release_publish(request: HttpRequest, payload: Payload, state: Data<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let keys = surface_data::<KeysInFlight>(&request);
    let key = idempotency_key(request.headers())?;
    let input = release_new(fields_of(&request, payload, ReleaseNewBody::NAMES).await?)?;
    let in_flight =
        key.as_ref().map(|key| keys.take(project.repository_id, key).ok_or(AmplitudeError::IdempotencyKeyInFlight));
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
pub(crate) async fn release_list(request: HttpRequest, state: Data<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let TimeListParameters { limit, cursor } = TimeListParameters::parse(&request)?;
    let part = releases_part(&state, project, cursor, limit).await?;
    Ok(answer(&ReleasesAnswer::of(project, part)))
}

/// Returns at most `limit` releases that are not deleted, and the cursor of the next part.
async fn releases_part(
    state: &AppState,
    project: ProjectCaller,
    after: Option<TimeCursor>,
    limit: u32,
) -> Result<ListPart<Release>, StoreError> {
    let after = after.map(|cursor| (cursor.time, cursor.id));
    let filter = ReleasesFilter { without_withdrawn: true, after, ..ReleasesFilter::default() };
    // One entry more than asked for shows whether there is a next part.
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
pub(crate) async fn release_read(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
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
    state: Data<AppState>,
) -> Answer {
    let project = project_of(&request, &state).await?;
    let fields = fields_of(&request, payload, ReleaseNewBody::NAMES).await?;
    if fields.is_empty() {
        return Err(Fault::invalid("body", "must have at least one field of a release").into());
    }
    let change = fields.parse(ReleaseNewBody::read)?;
    let found = release_find(&state, project, id.into_inner()).await?;
    let release = release_edit(
        &state.store,
        ReleaseOwner::Repository(project.repository_id),
        found.id,
        None,
        move |before| change.clone().applied(before.input.clone()),
        state.release_context(),
    );
    let release = release.await.map_err(AmplitudeError::about(RELEASE))?;
    Ok(answer(&ReleaseAnswer::of(project, &release)))
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
pub(crate) async fn release_delete(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let found = release_find(&state, project, id.into_inner()).await?;
    let owner = ReleaseOwner::Repository(project.repository_id);
    let withdrawn = release_withdraw(&state.store, owner, found.id, state.release_context()).await;
    withdrawn.map_err(AmplitudeError::about(RELEASE))?;
    Ok(answer(&DeletedAnswer { success: true }))
}

/// Returns a release of the project that is not deleted.
async fn release_find(state: &AppState, project: ProjectCaller, id: String) -> Result<Release, AmplitudeError> {
    if !release_id_is_valid(&id) {
        return Err(AmplitudeError::NotFound(RELEASE));
    }
    let found = release_get(&state.store, ReleaseOwner::Repository(project.repository_id), id).await;
    let release = found.map_err(AmplitudeError::about(RELEASE))?;
    if release.state == ReleaseState::Withdrawn { Err(AmplitudeError::NotFound(RELEASE)) } else { Ok(release) }
}
