//! `/v1/repositories`: what releases come from.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::scope::Scope;
use releasepage_domain::{
    fault::Faults,
    repository::{RepositoryName, RepositoryOrigin},
    time::time_iso8601,
};
use releasepage_storage::{
    cursor::IdCursor,
    repositories::{Repository, repository_create, repository_get, repository_list},
};
use serde::Serialize;

use super::resource::{Answer, list_query, number_of_path, reader, resource, resource_created, resource_list, writer};
use crate::{
    body::BODY_MAX,
    field::{Fields, json_read},
    state::ApiState,
    v1::error::V1Error,
};

/// `{"id", "name", "origin", "created_at"}`; `name` is `owner/name`. A project's `app_id` is the id of its repository.
#[derive(Serialize)]
struct RepositoryBody {
    id: i64,
    name: String,
    origin: &'static str,
    created_at: String,
}

impl From<Repository> for RepositoryBody {
    fn from(repository: Repository) -> Self {
        Self {
            id: repository.id,
            name: repository.name,
            origin: repository.origin.as_str(),
            created_at: time_iso8601(repository.created_at),
        }
    }
}

/// `POST /v1/repositories` with `name` and `origin`.
pub(crate) async fn repository_add(request: HttpRequest, payload: Payload, state: Data<ApiState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let body = json_read(&request, &mut payload.into_inner(), BODY_MAX).await?;
    let (name, origin) = repository_fields(&Fields::new(&body))?;
    let created = repository_create(&state.store, caller.user.organization_id, name, origin, state.now()).await?;
    resource_created(format!("/v1/repositories/{}", created.id), &RepositoryBody::from(created))
}

fn repository_fields(fields: &Fields<'_>) -> Result<(RepositoryName, RepositoryOrigin), V1Error> {
    let mut faults = Faults::new();
    let name = fields
        .text(&mut faults, "name", "must be owner/name")
        .and_then(|name| faults.take(RepositoryName::parse("name", name)));
    let origin = fields.named(&mut faults, "origin", "must be api: this server takes releases from no other origin");
    Ok(faults.finish(|| name.zip(origin))?)
}

/// `GET /v1/repositories`
pub(crate) async fn repositories_read(request: HttpRequest, state: Data<ApiState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let (after, limit) = list_query(&request, IdCursor::parse)?;
    let organization = caller.user.organization_id;
    let part = repository_list(&state.store, organization, after.unwrap_or_default(), limit).await?;
    resource_list(part, RepositoryBody::from)
}

/// `GET /v1/repositories/{id}`
pub(crate) async fn repository_read(request: HttpRequest, id: Path<String>, state: Data<ApiState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let id = number_of_path(&id)?;
    let repository = repository_get(&state.store, caller.user.organization_id, id).await?;
    resource(&RepositoryBody::from(repository))
}
