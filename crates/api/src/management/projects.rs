//! `/v1/projects`: repositories with the key pair of the Releases API.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::{
    project_key::{Region, project_api_key_new, project_secret_key_new},
    scope::Scope,
    token::secret_hash,
};
use releasepage_domain::{account::name_check, time::time_iso8601};
use releasepage_http::{field::FieldChanges, state::AppState};
use releasepage_storage::{
    database::change::Change,
    repositories::projects::{
        Project, ProjectChange, ProjectKeys, ProjectNew, project_create, project_delete, project_get, project_list,
        project_rotate, project_update,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use super::resource::{
    Answer, List, body_of, number_of_path, reader, resource, resource_created, resource_gone, resource_list, writer,
};
use crate::{
    body::body,
    openapi::{
        parameters::ListParameters,
        values::{Repo, Time},
    },
};

const NAME_EXPECTED: &str = "must be one line of 1 to 100 characters";

/// A repository with the key pair of the Releases API.
#[derive(Serialize, ToSchema)]
#[schema(as = Project)]
pub(crate) struct ProjectBody {
    /// Its id in the Releases API: that of its repository.
    #[schema(examples(50_001))]
    app_id: i64,
    /// The organization's id in the Releases API.
    #[schema(examples(10_001))]
    org_id: i64,
    /// Its display name.
    #[schema(examples("iOS app"))]
    name: String,
    /// The name of its repository, made from the organization's name and the project's first name.
    #[schema(value_type = Repo)]
    repo: String,
    /// The API key: the user name of the key pair.
    #[schema(examples("standard.5f0c3b1f7a9d2e46"))]
    api_key: String,
    /// The secret key: the password of the key pair. Only the answer that made it has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("3mJ9Zr0Qm1xYw2"))]
    secret_key: Option<String>,
    /// A number that each edit raises.
    #[schema(examples(1))]
    revision: i64,
    /// The time at which it was made.
    #[schema(value_type = Time)]
    created_at: String,
}

body! {
    /// A project to make.
    #[schema(as = ProjectNew)]
    pub(crate) struct ProjectNewBody {
        /// The display name.
        #[schema(max_length = 100, pattern = "LINE_NOT_BLANK", examples("iOS app"))]
        name: String => text_checked(NAME_EXPECTED, name_check),
    }
}

body! {
    /// An edit of a project.
    #[schema(as = ProjectChange)]
    pub(crate) struct ProjectChangeBody {
        /// The revision that the client edited.
        #[schema(examples(1))]
        revision: Option<i64> => number_optional(),
        /// The display name.
        #[schema(
            value_type = String, required = false, max_length = 100, pattern = "LINE_NOT_BLANK", examples("iOS app")
        )]
        name: Change<String> => text_change(NAME_EXPECTED, name_check),
    }
}

impl From<ProjectChangeBody> for ProjectChange {
    fn from(body: ProjectChangeBody) -> Self {
        Self { revision: body.revision, name: body.name }
    }
}

impl From<Project> for ProjectBody {
    fn from(project: Project) -> Self {
        Self {
            app_id: project.app_id,
            org_id: project.organization_id,
            name: project.name,
            repo: project.repo,
            api_key: project.api_key,
            secret_key: None,
            revision: project.revision,
            created_at: time_iso8601(project.created_at),
        }
    }
}

impl ProjectBody {
    fn with_secret(project: Project, secret: &SecretString) -> Self {
        Self { secret_key: Some(secret.expose_secret().to_owned()), ..project.into() }
    }
}

/// Makes a new key pair. Returns the part that is stored, and the secret key, which is shown once.
fn keys_new(region: &Region) -> (ProjectKeys, SecretString) {
    let secret = project_secret_key_new();
    let keys = ProjectKeys { api_key: project_api_key_new(region), secret_hash: secret_hash(secret.expose_secret()) };
    (keys, secret)
}

/// `POST /v1/projects` with `name`.
#[utoipa::path(
    post,
    path = "/v1/projects",
    tag = "Projects",
    summary = "Make a project",
    description = "Its repository is made with it. The secret key is in this answer and in no other.",
    security(("token" = ["manage"])),
    request_body = ProjectNewBody,
    responses((status = 201, description = "The new project, with its secret key", body = ProjectBody)),
)]
pub(crate) async fn project_add(request: HttpRequest, payload: Payload, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let ProjectNewBody { name } = body_of(&request, payload, ProjectNewBody::read).await?;
    let (keys, secret) = keys_new(&state.settings.region);
    let new = ProjectNew { name, keys };
    let project = project_create(&state.store, caller.user.organization_id, new, state.now()).await?;
    resource_created(format!("/v1/projects/{}", project.app_id), &ProjectBody::with_secret(project, &secret))
}

/// `GET /v1/projects`
#[utoipa::path(
    get,
    path = "/v1/projects",
    tag = "Projects",
    summary = "List the projects",
    description = "Oldest first.",
    security(("token" = ["read"])),
    params(ListParameters),
    responses((status = 200, description = "A part of the list", body = List<ProjectBody>)),
)]
pub(crate) async fn projects_read(request: HttpRequest, state: Data<AppState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let ListParameters { limit, cursor } = ListParameters::parse(&request)?;
    let part = project_list(&state.store, caller.user.organization_id, cursor.unwrap_or_default(), limit).await?;
    resource_list(part, ProjectBody::from)
}

/// `GET /v1/projects/{app_id}`
#[utoipa::path(
    get,
    path = "/v1/projects/{app_id}",
    tag = "Projects",
    summary = "Read a project",
    description = "All of it but the secret key.",
    security(("token" = ["read"])),
    responses((status = 200, description = "The project", body = ProjectBody)),
)]
pub(crate) async fn project_read(request: HttpRequest, app_id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let app_id = number_of_path(&app_id)?;
    let project = project_get(&state.store, caller.user.organization_id, app_id).await?;
    resource(&ProjectBody::from(project))
}

/// `PATCH /v1/projects/{app_id}` with `name`, and optionally the `revision` that the client edited. `repo` never
/// changes.
#[utoipa::path(
    patch,
    path = "/v1/projects/{app_id}",
    tag = "Projects",
    summary = "Rename a project",
    description = "The name of its repository stays: pages, pipelines and readers know it by that.",
    security(("token" = ["manage"])),
    request_body = ProjectChangeBody,
    responses((status = 200, description = "The project", body = ProjectBody)),
)]
pub(crate) async fn project_edit(
    request: HttpRequest,
    payload: Payload,
    app_id: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let app_id = number_of_path(&app_id)?;
    let change = body_of(&request, payload, ProjectChangeBody::read).await?.into();
    let project = project_update(&state.store, caller.user.organization_id, app_id, change).await?;
    resource(&ProjectBody::from(project))
}

/// `DELETE /v1/projects/{app_id}`: deletes a project. Its key pair stops working at once. Its repository stays with all
/// its releases.
#[utoipa::path(
    delete,
    path = "/v1/projects/{app_id}",
    tag = "Projects",
    summary = "End a project",
    description = "Its key pair stops working at once. Its repository stays with all its releases, on every page that shows it.",
    security(("token" = ["manage"])),
    responses((status = 204, description = "Gone")),
)]
pub(crate) async fn project_remove(request: HttpRequest, app_id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let app_id = number_of_path(&app_id)?;
    project_delete(&state.store, caller.user.organization_id, app_id).await?;
    resource_gone()
}

/// `POST /v1/projects/{app_id}/rotate`: makes a new key pair. The old one stops working at once.
#[utoipa::path(
    post,
    path = "/v1/projects/{app_id}/rotate",
    tag = "Projects",
    summary = "Replace the key pair of a project",
    description = "The old key pair stops working at once. The new secret key is in this answer and in no other.",
    security(("token" = ["manage"])),
    responses((status = 200, description = "The project, with its new secret key", body = ProjectBody)),
)]
pub(crate) async fn project_keys_rotate(request: HttpRequest, app_id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let app_id = number_of_path(&app_id)?;
    let (keys, secret) = keys_new(&state.settings.region);
    let project = project_rotate(&state.store, caller.user.organization_id, app_id, keys).await?;
    resource(&ProjectBody::with_secret(project, &secret))
}
