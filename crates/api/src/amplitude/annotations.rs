//! The routes of `/api/3/annotations`: annotations of moments and of times, in categories.

use actix_web::{
    HttpRequest,
    web::{Data as State, Path, Payload},
};
use releasepage_http::state::AppState;
use releasepage_storage::annotations::edits::{
    AnnotationOutcome, annotation_create, annotation_delete, annotation_get, annotation_list, annotation_update,
};

use super::{
    annotation_answer::{Annotation3Body, Data, DataList},
    annotation_fields::{Annotation3ChangeBody, Annotation3NewBody, annotation_3_change, annotation_3_new},
    annotation_query::{annotations_3_query, id_of_path},
    answer::DeletedAnswer,
    endpoint::{Answer, answer, json_fields_of, project_of},
    error::AmplitudeError,
};
use crate::openapi::{parameters::AnnotationListParameters, values::MomentAsked};

/// The name of the resource in a 404.
pub(super) const ANNOTATION: &str = "annotation";

/// `POST /api/3/annotations`: marks a moment or a time.
#[utoipa::path(
    post,
    path = "/api/3/annotations",
    operation_id = "annotation_add",
    tag = "Chart annotations",
    summary = "Annotate a moment or a time",
    description = "Sent again, it is another annotation. Fractions of a second are cut off.",
    security(("project" = [])),
    request_body = Annotation3NewBody,
    responses(
        (status = 200, description = "The annotation", body = Data<Annotation3Body>),
        (status = 404, description = "The project has no category of this name"),
    ),
)]
pub(crate) async fn annotation_add(request: HttpRequest, payload: Payload, state: State<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let new = annotation_3_new(json_fields_of(&request, payload, Annotation3NewBody::NAMES).await?)?;
    annotation_answer(annotation_create(&state.store, project.repository_id, new, state.now()).await?)
}

/// `GET /api/3/annotations`: the project's annotations, newest first, optionally filtered.
#[utoipa::path(
    get,
    path = "/api/3/annotations",
    operation_id = "annotations_list",
    tag = "Chart annotations",
    summary = "The annotations of the project",
    description = "Newest first, at most 1000; where there are more, `next` leads to them. Several filters let through what \
        each of them does. Releases are not among them: those that charts show are listed at `/api/2/release`.",
    security(("project" = [])),
    params(
        (
            "category" = Option<String>, Query, max_length = 100, pattern = "LINE_OR_NOTHING", example = "Releases",
            description = "Only those of the category of this name, in whatever case",
        ),
        (
            "chart_id" = Option<String>, Query, max_length = 100, pattern = "LINE_OR_NOTHING", example = "c4cbl1k",
            description = "Only those that this chart shows: its own, and those of all charts",
        ),
        ("start" = Option<MomentAsked>, Query, description = "Only those that start then or later"),
        ("end" = Option<MomentAsked>, Query, description = "Only those that are over by then; not before `start`"),
        AnnotationListParameters,
    ),
    responses((status = 200, description = "A part of the list", body = DataList<Annotation3Body>)),
)]
pub(crate) async fn annotations_read(request: HttpRequest, state: State<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let query = annotations_3_query(&request)?;
    let part = annotation_list(&state.store, project.repository_id, query.filter, query.after, query.limit).await?;
    Ok(answer(&DataList::<Annotation3Body>::of(part)))
}

/// `GET /api/3/annotations/{id}`: one annotation.
#[utoipa::path(
    get,
    path = "/api/3/annotations/{annotation_id}",
    operation_id = "annotation_read",
    tag = "Chart annotations",
    summary = "An annotation of the project",
    description = "With its time of day, its end and its category.",
    security(("project" = [])),
    responses(
        (status = 200, description = "The annotation", body = Data<Annotation3Body>),
        (status = 400, description = "The id is no whole number"),
    ),
)]
pub(crate) async fn annotation_read(request: HttpRequest, id: Path<String>, state: State<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let id = id_of_path("annotation_id", &id)?;
    let found = annotation_get(&state.store, project.repository_id, id).await;
    Ok(answer(&Data::<Annotation3Body>::of(found.map_err(AmplitudeError::about(ANNOTATION))?)))
}

/// `PUT /api/3/annotations/{id}`: changes the fields that are sent.
#[utoipa::path(
    put,
    path = "/api/3/annotations/{annotation_id}",
    operation_id = "annotation_change",
    tag = "Chart annotations",
    summary = "Change an annotation",
    description = "Only the fields that are sent. `null` clears what need not be there: without `chart_id` every chart of \
        the project shows it, without `end` it is a moment.",
    security(("project" = [])),
    request_body = Annotation3ChangeBody,
    responses(
        (status = 200, description = "The annotation", body = Data<Annotation3Body>),
        (status = 404, description = "The project has no such annotation, or no category of this name"),
    ),
)]
pub(crate) async fn annotation_change(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: State<AppState>,
) -> Answer {
    let project = project_of(&request, &state).await?;
    let fields = json_fields_of(&request, payload, Annotation3NewBody::NAMES).await?;
    let id = id_of_path("annotation_id", &id)?;
    let change = annotation_3_change(&fields)?;
    let changed = annotation_update(&state.store, project.repository_id, id, change).await;
    annotation_answer(changed.map_err(AmplitudeError::about(ANNOTATION))?)
}

/// `DELETE /api/3/annotations/{id}`: takes an annotation off the charts.
#[utoipa::path(
    delete,
    path = "/api/3/annotations/{annotation_id}",
    operation_id = "annotation_remove",
    tag = "Chart annotations",
    summary = "Delete an annotation",
    description = "For good; its id is never used again.",
    security(("project" = [])),
    responses(
        (status = 200, description = "It is gone", body = DeletedAnswer),
        (status = 400, description = "The id is no whole number"),
    ),
)]
pub(crate) async fn annotation_remove(request: HttpRequest, id: Path<String>, state: State<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let id = id_of_path("annotation_id", &id)?;
    let deleted = annotation_delete(&state.store, project.repository_id, id).await;
    deleted.map_err(AmplitudeError::about(ANNOTATION))?;
    Ok(answer(&DeletedAnswer { success: true }))
}

fn annotation_answer(outcome: AnnotationOutcome) -> Answer {
    match outcome {
        AnnotationOutcome::Stored(annotation) => Ok(answer(&Data::<Annotation3Body>::of(annotation))),
        AnnotationOutcome::CategoryUnknown => Err(AmplitudeError::CategoryUnknown),
    }
}
