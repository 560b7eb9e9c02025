//! The routes of `/api/2/annotations`: annotations of whole days.

use actix_web::{
    HttpRequest,
    web::{Data as State, Path, Payload},
};
use releasepage_http::state::AppState;
use releasepage_storage::annotations::{
    edits::{AnnotationOutcome, annotation_create, annotation_get, annotation_list},
    row::Annotation,
};

use super::{
    annotation_answer::{Annotation2Answer, Annotation2Body, DataList},
    annotation_fields::{Annotation2NewBody, Annotation2NewForm, annotation_2_new},
    annotation_query::{Annotations2Query, annotations_2_query, id_of_path},
    annotations::ANNOTATION,
    credentials::ProjectCaller,
    endpoint::{Answer, answer, fields_of, project_of},
    error::AmplitudeError,
};
use crate::openapi::parameters::AnnotationListParameters;

/// `POST /api/2/annotations`: marks a day.
#[utoipa::path(
    post,
    path = "/api/2/annotations",
    operation_id = "dated_annotation_add",
    tag = "Chart annotations",
    summary = "Annotate a day",
    description = "Sent as JSON, as a form or in the query. Sent again, it is another annotation.",
    security(("project" = [])),
    request_body(content(
        (Annotation2NewBody = "application/json"),
        (Annotation2NewForm = "application/x-www-form-urlencoded"),
        (Annotation2NewForm = "multipart/form-data"),
    )),
    responses((status = 200, description = "The annotation", body = Annotation2Answer)),
)]
pub(crate) async fn annotation_add(request: HttpRequest, payload: Payload, state: State<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let new = annotation_2_new(fields_of(&request, payload, Annotation2NewBody::NAMES).await?, project)?;
    match annotation_create(&state.store, project.repository_id, new, state.now()).await? {
        AnnotationOutcome::Stored(annotation) => Ok(answer(&Annotation2Answer::from(annotation))),
        AnnotationOutcome::CategoryUnknown => Err(AmplitudeError::CategoryUnknown),
    }
}

/// `GET /api/2/annotations`: the project's annotations, newest first, or the one with `id`.
#[utoipa::path(
    get,
    path = "/api/2/annotations",
    operation_id = "dated_annotations_list",
    tag = "Chart annotations",
    summary = "The annotations of the project",
    description = "Newest first, at most 1000; where there are more, `next` leads to them. With `id`, a list of that one. \
        Annotations with a time of day are shown on the day in UTC on which they begin. Releases are not among them: \
        those that charts show are listed at `/api/2/release`.",
    security(("project" = [])),
    params(
        ("id" = Option<i64>, Query, description = "Only the annotation of this id", minimum = 1, example = 50079),
        AnnotationListParameters,
    ),
    responses(
        (status = 200, description = "A part of the list", body = DataList<Annotation2Body>),
        (status = 404, description = "The project has no annotation of this id"),
    ),
)]
pub(crate) async fn annotations_read(request: HttpRequest, state: State<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    match annotations_2_query(&request)? {
        Annotations2Query::One(id) => annotation_one(&state, project, id).await,
        Annotations2Query::Part(query) => {
            let part = annotation_list(&state.store, project.repository_id, query.filter, query.after, query.limit);
            Ok(answer(&DataList::<Annotation2Body>::of(part.await?)))
        }
    }
}

/// `GET /api/2/annotations/{id}`: one annotation.
#[utoipa::path(
    get,
    path = "/api/2/annotations/{annotation_id}",
    operation_id = "dated_annotation_read",
    tag = "Chart annotations",
    summary = "An annotation of the project",
    description = "As a list of one, like the list with `id`.",
    security(("project" = [])),
    responses(
        (status = 200, description = "The annotation", body = DataList<Annotation2Body>),
        (status = 400, description = "The id is no whole number"),
    ),
)]
pub(crate) async fn annotation_read(request: HttpRequest, id: Path<String>, state: State<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    annotation_one(&state, project, id_of_path("annotation_id", &id)?).await
}

async fn annotation_one(state: &AppState, project: ProjectCaller, id: i64) -> Answer {
    let found = annotation_get(&state.store, project.repository_id, id).await;
    let annotation: Annotation = found.map_err(AmplitudeError::about(ANNOTATION))?;
    Ok(answer(&DataList::<Annotation2Body>::whole(vec![annotation])))
}
