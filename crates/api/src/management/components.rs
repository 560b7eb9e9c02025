//! `/v1/pages/{id}/components`: repositories on a page.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::scope::Scope;
use releasepage_domain::{
    fault::{Fault, Faults},
    time::time_iso8601,
};
use releasepage_storage::{
    components::{
        Component, ComponentChange, ComponentNew, component_create, component_delete, component_get, component_list,
        component_update,
    },
    cursor::IdCursor,
};
use serde::Serialize;

use super::resource::{
    Answer, list_query, number_of_path, page_of_path, reader, resource, resource_created, resource_gone, resource_list,
    writer,
};
use crate::{
    body::BODY_MAX,
    field::{Fields, json_read, text_take},
    state::ApiState,
    v1::error::V1Error,
};

/// `{"id", "page_id", "repository_id", "repo", "name", "tag_prefix", "revision", "created_at"}`; `repo` is the
/// component's name in the page API, the repository's with its part where it has a `tag_prefix`.
#[derive(Serialize)]
struct ComponentBody {
    id: i64,
    page_id: String,
    repository_id: i64,
    repo: String,
    name: String,
    tag_prefix: Option<String>,
    revision: i64,
    created_at: String,
}

impl From<Component> for ComponentBody {
    fn from(component: Component) -> Self {
        Self {
            id: component.id,
            page_id: component.page_id,
            repository_id: component.repository_id,
            repo: component.repo,
            name: component.name,
            tag_prefix: component.tag_prefix,
            revision: component.revision,
            created_at: time_iso8601(component.created_at),
        }
    }
}

/// `POST /v1/pages/{id}/components` with `repo` (the name of a repository), and perhaps `name` and `tag_prefix`.
pub(crate) async fn component_add(
    request: HttpRequest,
    payload: Payload,
    page: Path<String>,
    state: Data<ApiState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let page = page_of_path(page.into_inner())?;
    let body = json_read(&request, &mut payload.into_inner(), BODY_MAX).await?;
    let new = component_fields_new(&Fields::new(&body))?;
    let component = component_create(&state.store, caller.user.organization_id, page, new, state.now()).await?;
    let location = format!("/v1/pages/{}/components/{}", component.page_id, component.id);
    resource_created(location, &ComponentBody::from(component))
}

fn component_fields_new(fields: &Fields<'_>) -> Result<ComponentNew, V1Error> {
    let mut faults = Faults::new();
    let repo = fields.text(&mut faults, "repo", "must be the name of a repository, owner/name");
    let name = fields.text_optional(&mut faults, "name");
    let tag_prefix = fields.text_optional(&mut faults, "tag_prefix");
    Ok(faults.finish(|| {
        Some(ComponentNew {
            repo: repo?.to_owned(),
            name: name?.map(ToOwned::to_owned),
            tag_prefix: tag_prefix?.map(ToOwned::to_owned),
        })
    })?)
}

/// `GET /v1/pages/{id}/components`
pub(crate) async fn components_read(request: HttpRequest, page: Path<String>, state: Data<ApiState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let page = page_of_path(page.into_inner())?;
    let (after, limit) = list_query(&request, IdCursor::parse)?;
    let organization = caller.user.organization_id;
    let part = component_list(&state.store, organization, page, after.unwrap_or_default(), limit).await?;
    resource_list(part, ComponentBody::from)
}

/// `GET /v1/pages/{id}/components/{component}`
pub(crate) async fn component_read(
    request: HttpRequest,
    path: Path<(String, String)>,
    state: Data<ApiState>,
) -> Answer {
    let caller = reader(&request, &state).await?;
    let (page, id) = component_of_path(path)?;
    let component = component_get(&state.store, caller.user.organization_id, page, id).await?;
    resource(&ComponentBody::from(component))
}

/// `PATCH /v1/pages/{id}/components/{component}` with `name` (`null` for the usual one), and perhaps the `revision` that
/// was edited.
pub(crate) async fn component_edit(
    request: HttpRequest,
    payload: Payload,
    path: Path<(String, String)>,
    state: Data<ApiState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let (page, id) = component_of_path(path)?;
    let body = json_read(&request, &mut payload.into_inner(), BODY_MAX).await?;
    let change = component_fields_change(&Fields::new(&body))?;
    let component = component_update(&state.store, caller.user.organization_id, page, id, change).await?;
    resource(&ComponentBody::from(component))
}

fn component_fields_change(fields: &Fields<'_>) -> Result<ComponentChange, V1Error> {
    let mut faults = Faults::new();
    let revision = fields.number_optional(&mut faults, "revision");
    let name = fields.change_or_clear(&mut faults, "name", "must be a text, or null", |value| {
        text_take(value).map(ToOwned::to_owned)
    });
    for fixed in ["repo", "tag_prefix"] {
        if fields.has(fixed) {
            faults.push(Fault::invalid(fixed, "cannot be changed: take the component off and add another one"));
        }
    }
    Ok(faults.finish(|| Some(ComponentChange { revision: revision?, name: name? }))?)
}

/// `DELETE /v1/pages/{id}/components/{component}`: takes the repository off the page.
pub(crate) async fn component_remove(
    request: HttpRequest,
    path: Path<(String, String)>,
    state: Data<ApiState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let (page, id) = component_of_path(path)?;
    component_delete(&state.store, caller.user.organization_id, page, id).await?;
    resource_gone()
}

fn component_of_path(path: Path<(String, String)>) -> Result<(String, i64), V1Error> {
    let (page, id) = path.into_inner();
    Ok((page_of_path(page)?, number_of_path(&id)?))
}
