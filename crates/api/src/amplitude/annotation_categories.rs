//! The routes of `/api/3/annotation-categories`.

use actix_web::{
    HttpRequest,
    web::{Data as State, Path, Payload},
};
use releasepage_http::state::AppState;
use releasepage_storage::annotations::categories::{
    category_assign, category_create, category_delete, category_get, category_list, category_rename,
};

use super::{
    annotation_answer::{Annotation3Body, CategoryBody, Data, DataList},
    annotation_fields::{CategoryAssignBody, CategoryNewBody},
    annotation_query::{categories_query, id_of_path},
    answer::DeletedAnswer,
    endpoint::{Answer, answer, json_fields_of, project_of},
    error::AmplitudeError,
};
use crate::openapi::parameters::CategoryListParameters;

/// The name of the resource in a 404.
const CATEGORY: &str = "annotation category";

/// `POST /api/3/annotation-categories`: makes a category.
#[utoipa::path(
    post,
    path = "/api/3/annotation-categories",
    tag = "Chart annotations",
    summary = "Make a category of annotations",
    description = "Names are compared without case, and blanks around them are not part of them.",
    security(("project" = [])),
    request_body = CategoryNewBody,
    responses(
        (status = 200, description = "The category", body = Data<CategoryBody>),
        (status = 409, description = "The project has a category of this name"),
    ),
)]
pub(crate) async fn category_add(request: HttpRequest, payload: Payload, state: State<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let fields = json_fields_of(&request, payload, CategoryNewBody::NAMES).await?;
    let CategoryNewBody { category: name } = fields.parse(CategoryNewBody::read)?;
    let category = category_create(&state.store, project.repository_id, name, state.now()).await?;
    Ok(answer(&Data::<CategoryBody>::of(category)))
}

/// `GET /api/3/annotation-categories`: the project's categories, oldest first, or the one with a name.
#[utoipa::path(
    get,
    path = "/api/3/annotation-categories",
    tag = "Chart annotations",
    summary = "The categories of annotations of the project",
    description = "Oldest first, at most 1000; where there are more, `next` leads to them.",
    security(("project" = [])),
    params(
        (
            "category" = Option<String>, Query, max_length = 100, pattern = "LINE_OR_NOTHING", example = "Releases",
            description = "Only the one of this name, in whatever case",
        ),
        CategoryListParameters,
    ),
    responses((status = 200, description = "A part of the list", body = DataList<CategoryBody>)),
)]
pub(crate) async fn categories_read(request: HttpRequest, state: State<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let query = categories_query(&request)?;
    let part = category_list(&state.store, project.repository_id, query.name, query.after, query.limit).await?;
    Ok(answer(&DataList::<CategoryBody>::of(part)))
}

/// `GET /api/3/annotation-categories/{id}`: one category.
#[utoipa::path(
    get,
    path = "/api/3/annotation-categories/{category_id}",
    tag = "Chart annotations",
    summary = "A category of annotations",
    description = "Its name, under both keys.",
    security(("project" = [])),
    responses(
        (status = 200, description = "The category", body = Data<CategoryBody>),
        (status = 400, description = "The id is no whole number"),
    ),
)]
pub(crate) async fn category_read(request: HttpRequest, id: Path<String>, state: State<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let id = id_of_path("category_id", &id)?;
    let found = category_get(&state.store, project.repository_id, id).await;
    Ok(answer(&Data::<CategoryBody>::of(found.map_err(AmplitudeError::about(CATEGORY))?)))
}

/// `PUT /api/3/annotation-categories/{id}`: gives a category another name.
#[utoipa::path(
    put,
    path = "/api/3/annotation-categories/{category_id}",
    tag = "Chart annotations",
    summary = "Rename a category of annotations",
    description = "Its annotations stay in it.",
    security(("project" = [])),
    request_body = CategoryNewBody,
    responses(
        (status = 200, description = "The category", body = Data<CategoryBody>),
        (status = 409, description = "The project has another category of this name"),
    ),
)]
pub(crate) async fn category_change(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: State<AppState>,
) -> Answer {
    let project = project_of(&request, &state).await?;
    let fields = json_fields_of(&request, payload, CategoryNewBody::NAMES).await?;
    let id = id_of_path("category_id", &id)?;
    let CategoryNewBody { category: name } = fields.parse(CategoryNewBody::read)?;
    let renamed = category_rename(&state.store, project.repository_id, id, name).await;
    Ok(answer(&Data::<CategoryBody>::of(renamed.map_err(AmplitudeError::about(CATEGORY))?)))
}

/// `DELETE /api/3/annotation-categories/{id}`: deletes a category. Its annotations stay, without a category.
#[utoipa::path(
    delete,
    path = "/api/3/annotation-categories/{category_id}",
    tag = "Chart annotations",
    summary = "Delete a category of annotations",
    description = "Its annotations stay, without a category.",
    security(("project" = [])),
    responses(
        (status = 200, description = "It is gone", body = DeletedAnswer),
        (status = 400, description = "The id is no whole number"),
    ),
)]
pub(crate) async fn category_remove(request: HttpRequest, id: Path<String>, state: State<AppState>) -> Answer {
    let project = project_of(&request, &state).await?;
    let id = id_of_path("category_id", &id)?;
    let deleted = category_delete(&state.store, project.repository_id, id).await;
    deleted.map_err(AmplitudeError::about(CATEGORY))?;
    Ok(answer(&DeletedAnswer { success: true }))
}

/// `PUT /api/3/annotation-categories/bulk/{id}`: puts annotations into a category.
#[utoipa::path(
    put,
    path = "/api/3/annotation-categories/bulk/{category_id}",
    tag = "Chart annotations",
    summary = "Put annotations into a category",
    description = "All of them or, where the project does not have one of them, none. Answered newest first.",
    security(("project" = [])),
    request_body = CategoryAssignBody,
    responses((status = 200, description = "The annotations", body = DataList<Annotation3Body>)),
)]
pub(crate) async fn annotations_assign(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: State<AppState>,
) -> Answer {
    let project = project_of(&request, &state).await?;
    let fields = json_fields_of(&request, payload, CategoryAssignBody::NAMES).await?;
    let id = id_of_path("category_id", &id)?;
    let CategoryAssignBody { annotation_ids } = fields.parse(CategoryAssignBody::read)?;
    let assigned = category_assign(&state.store, project.repository_id, id, annotation_ids).await;
    let annotations = assigned.map_err(AmplitudeError::about(CATEGORY))?;
    Ok(answer(&DataList::<Annotation3Body>::whole(annotations)))
}
