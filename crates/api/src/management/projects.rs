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
use releasepage_domain::{fault::Faults, time::time_iso8601};
use releasepage_storage::{
    cursor::IdCursor,
    projects::{Project, ProjectKeys, ProjectNew, project_create, project_get, project_list, project_rotate},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::resource::{Answer, list_query, number_of_path, reader, resource, resource_created, resource_list, writer};
use crate::{
    body::BODY_MAX,
    field::{Fields, json_read},
    state::ApiState,
};

/// `{"app_id", "org_id", "name", "repo", "api_key", "created_at"}`, and `secret_key` in the one answer that shows it.
#[derive(Serialize)]
struct ProjectBody {
    app_id: i64,
    org_id: i64,
    name: String,
    repo: String,
    api_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_key: Option<String>,
    created_at: String,
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
            created_at: time_iso8601(project.created_at),
        }
    }
}

impl ProjectBody {
    fn with_secret(project: Project, secret: &SecretString) -> Self {
        Self { secret_key: Some(secret.expose_secret().to_owned()), ..project.into() }
    }
}

/// A new key pair: what is stored of it, and the secret key, which is shown once.
fn keys_new(region: &Region) -> (ProjectKeys, SecretString) {
    let secret = project_secret_key_new();
    let keys = ProjectKeys { api_key: project_api_key_new(region), secret_hash: secret_hash(secret.expose_secret()) };
    (keys, secret)
}

/// `POST /v1/projects` with `name`.
pub(crate) async fn project_add(request: HttpRequest, payload: Payload, state: Data<ApiState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let body = json_read(&request, &mut payload.into_inner(), BODY_MAX).await?;
    let mut faults = Faults::new();
    let name = Fields::new(&body).text(&mut faults, "name", "must be one line of 1 to 100 characters");
    let name = faults.finish(|| name.map(ToOwned::to_owned))?;
    let (keys, secret) = keys_new(&state.settings.region);
    let new = ProjectNew { name, keys };
    let project = project_create(&state.store, caller.user.organization_id, new, state.now()).await?;
    resource_created(format!("/v1/projects/{}", project.app_id), &ProjectBody::with_secret(project, &secret))
}

/// `GET /v1/projects`
pub(crate) async fn projects_read(request: HttpRequest, state: Data<ApiState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let (after, limit) = list_query(&request, IdCursor::parse)?;
    let part = project_list(&state.store, caller.user.organization_id, after.unwrap_or_default(), limit).await?;
    resource_list(part, ProjectBody::from)
}

/// `GET /v1/projects/{app_id}`
pub(crate) async fn project_read(request: HttpRequest, app_id: Path<String>, state: Data<ApiState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let app_id = number_of_path(&app_id)?;
    let project = project_get(&state.store, caller.user.organization_id, app_id).await?;
    resource(&ProjectBody::from(project))
}

/// `POST /v1/projects/{app_id}/rotate`: a new key pair; the old one stops working at once.
pub(crate) async fn project_keys_rotate(request: HttpRequest, app_id: Path<String>, state: Data<ApiState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let app_id = number_of_path(&app_id)?;
    let (keys, secret) = keys_new(&state.settings.region);
    let project = project_rotate(&state.store, caller.user.organization_id, app_id, keys).await?;
    resource(&ProjectBody::with_secret(project, &secret))
}
