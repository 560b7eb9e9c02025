//! `/v1/pages/{id}/components`: repositories on a page.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::scope::Scope;
use releasepage_domain::{
    account::name_check,
    component::tag_prefix_check,
    fault::{Fault, Faults},
    fields::Fields,
    repository::RepositoryName,
    time::time_iso8601,
    version::VersionRule,
};
use releasepage_http::{error::V1Error, field::FieldChanges, state::AppState};
use releasepage_storage::{
    database::change::Change,
    pages::components::{
        Component, ComponentChange, ComponentNew, component_create, component_delete, component_get, component_list,
        component_update,
    },
};
use serde::Serialize;
use utoipa::ToSchema;

use super::resource::{
    Answer, List, body_of, number_of_path, page_of_path, reader, resource, resource_created, resource_gone,
    resource_list, writer,
};
use crate::{
    body::body,
    openapi::{
        parameters::ListParameters,
        values::{PageId, Repo, Time},
    },
};

const REPO_EXPECTED: &str = "must be the name of a repository, owner/name";
const VERSIONS_EXPECTED: &str = "must be lenient or strict";
const FIXED_EXPECTED: &str = "cannot be changed: take the component off and add another one";

/// A repository on a page.
#[derive(Serialize, ToSchema)]
#[schema(as = Component)]
pub(crate) struct ComponentBody {
    /// Its id.
    #[schema(examples(17))]
    id: i64,
    /// The page that it is on.
    #[schema(value_type = PageId)]
    page_id: String,
    /// The repository that it shows.
    #[schema(examples(50_001))]
    repository_id: i64,
    /// Its name in the page API, unique on the page: the repository's name, with its part if it has a `tag_prefix`.
    #[schema(value_type = Repo)]
    repo: String,
    /// Its display name.
    #[schema(examples("Public API"))]
    name: String,
    /// The beginning of its tags; `null` for all tags that no other component of the page claims.
    #[schema(required = true, examples("web-v"))]
    tag_prefix: Option<String>,
    /// The way its tags are read: `lenient`, or `strict` for semantic versions only.
    #[schema(pattern = "^(lenient|strict)$", examples("lenient"))]
    versions: String,
    /// A number that each edit raises.
    #[schema(examples(1))]
    revision: i64,
    /// The time at which it was made.
    #[schema(value_type = Time)]
    created_at: String,
}

body! {
    /// A repository to put on a page.
    #[schema(as = ComponentNew)]
    pub(crate) struct ComponentNewBody {
        /// The name of a repository of the organization, in any case.
        #[schema(value_type = String, max_length = 200, pattern = "REPOSITORY_NAME", examples("releasepage/api"))]
        repo: RepositoryName => text_checked(REPO_EXPECTED, RepositoryName::parse),
        /// The display name. Without it, one is made from the repository's name.
        #[schema(max_length = 100, pattern = "LINE_NOT_BLANK", examples("Public API"))]
        name: Option<String> => text_checked_optional(name_check),
        /// The beginning of its tags, for a repository with several parts.
        #[schema(max_length = 100, pattern = "TAG_PREFIX", examples("web-v"))]
        tag_prefix: Option<String> => text_checked_optional(tag_prefix_check),
        /// The way its tags are read: `strict` for semantic versions only, or `lenient`. Without it, `lenient` applies.
        #[schema(value_type = Option<String>, pattern = "^(lenient|strict)$", examples("strict"))]
        versions: Option<VersionRule> => text_checked_optional(versions_check),
    }
}

body! {
    /// An edit of a component.
    #[schema(as = ComponentChange)]
    pub(crate) struct ComponentChangeBody {
        /// The revision that the client edited.
        #[schema(examples(1))]
        revision: Option<i64> => number_optional(),
        /// The display name; `null` for the one made from the repository's name.
        #[schema(
            value_type = Option<String>, max_length = 100, pattern = "LINE_NOT_BLANK", examples("Public API")
        )]
        name: Change<Option<String>> => text_change_or_clear(name_check),
        /// The way its tags are read: `lenient`, or `strict` for semantic versions only.
        #[schema(value_type = String, required = false, pattern = "^(lenient|strict)$", examples("strict"))]
        versions: Change<VersionRule> => text_change(VERSIONS_EXPECTED, versions_check),
    }
}

fn versions_check(field: &str, text: &str) -> Result<VersionRule, Fault> {
    text.parse().map_err(|_| Fault::invalid(field, VERSIONS_EXPECTED))
}

impl From<ComponentNewBody> for ComponentNew {
    fn from(body: ComponentNewBody) -> Self {
        Self {
            repo: body.repo.as_str().to_owned(),
            name: body.name,
            tag_prefix: body.tag_prefix,
            versions: body.versions.unwrap_or_default(),
        }
    }
}

/// Reads an edit of a component. A member that would make it another component is a fault.
fn component_change_read(fields: &Fields<'_>, faults: &mut Faults) -> Option<ComponentChange> {
    let body = ComponentChangeBody::read(fields, faults);
    for fixed in ["repo", "tag_prefix"] {
        fields.refuse(faults, fixed, FIXED_EXPECTED);
    }
    body.map(|body| ComponentChange { revision: body.revision, name: body.name, versions: body.versions })
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
            versions: component.versions,
            revision: component.revision,
            created_at: time_iso8601(component.created_at),
        }
    }
}

/// `POST /v1/pages/{id}/components` with `repo` (the name of a repository), and optionally `name`, `tag_prefix` and
/// `versions`.
#[utoipa::path(
    post,
    path = "/v1/pages/{page_id}/components",
    tag = "Pages",
    summary = "Put a repository on a page",
    description = "All its releases come with it. A repository may be on a page several times, with different tag prefixes; the longest one that a tag begins with gets it.",
    security(("token" = ["manage"])),
    request_body = ComponentNewBody,
    responses((status = 201, description = "The new component", body = ComponentBody)),
)]
pub(crate) async fn component_add(
    request: HttpRequest,
    payload: Payload,
    page: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let page = page_of_path(page.into_inner())?;
    let new = body_of(&request, payload, ComponentNewBody::read).await?.into();
    let component = component_create(&state.store, caller.user.organization_id, page, new, state.now()).await?;
    let location = format!("/v1/pages/{}/components/{}", component.page_id, component.id);
    resource_created(location, &ComponentBody::from(component))
}

/// `GET /v1/pages/{id}/components`
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/components",
    tag = "Pages",
    summary = "List the components of a page",
    description = "Oldest first.",
    security(("token" = ["read"])),
    params(ListParameters),
    responses((status = 200, description = "A part of the list", body = List<ComponentBody>)),
)]
pub(crate) async fn components_read(request: HttpRequest, page: Path<String>, state: Data<AppState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let page = page_of_path(page.into_inner())?;
    let ListParameters { limit, cursor } = ListParameters::parse(&request)?;
    let organization = caller.user.organization_id;
    let part = component_list(&state.store, organization, page, cursor.unwrap_or_default(), limit).await?;
    resource_list(part, ComponentBody::from)
}

/// `GET /v1/pages/{id}/components/{component}`
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/components/{component_id}",
    tag = "Pages",
    summary = "Read a component",
    description = "A repository on a page.",
    security(("token" = ["read"])),
    responses((status = 200, description = "The component", body = ComponentBody)),
)]
pub(crate) async fn component_read(
    request: HttpRequest,
    path: Path<(String, String)>,
    state: Data<AppState>,
) -> Answer {
    let caller = reader(&request, &state).await?;
    let (page, id) = component_of_path(path)?;
    let component = component_get(&state.store, caller.user.organization_id, page, id).await?;
    resource(&ComponentBody::from(component))
}

/// `PATCH /v1/pages/{id}/components/{component}` with `name` (`null` for the usual one), `versions`, and optionally the
/// `revision` that the client edited.
#[utoipa::path(
    patch,
    path = "/v1/pages/{page_id}/components/{component_id}",
    tag = "Pages",
    summary = "Edit a component",
    description = "Where `versions` changes, bumps and latest are computed again, but for what was announced or grouped. \
        Its `repo` and `tag_prefix` cannot be changed: take the component off and add another one.",
    security(("token" = ["manage"])),
    request_body = ComponentChangeBody,
    responses((status = 200, description = "The component", body = ComponentBody)),
)]
pub(crate) async fn component_edit(
    request: HttpRequest,
    payload: Payload,
    path: Path<(String, String)>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let (page, id) = component_of_path(path)?;
    let change = body_of(&request, payload, component_change_read).await?;
    let component = component_update(&state.store, caller.user.organization_id, page, id, change).await?;
    resource(&ComponentBody::from(component))
}

/// `DELETE /v1/pages/{id}/components/{component}`: takes the repository off the page.
#[utoipa::path(
    delete,
    path = "/v1/pages/{page_id}/components/{component_id}",
    tag = "Pages",
    summary = "Take a repository off a page",
    description = "Its releases stay with the repository. Whoever followed this component alone is not told of others.",
    security(("token" = ["manage"])),
    responses((status = 204, description = "Gone")),
)]
pub(crate) async fn component_remove(
    request: HttpRequest,
    path: Path<(String, String)>,
    state: Data<AppState>,
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
