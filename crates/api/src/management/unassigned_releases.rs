//! `/v1/pages/{id}/unassigned-releases` and `/v1/repositories/{id}/component-suggestions`: splitting a monorepo into
//! components.

use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use releasepage_domain::{
    component::component_repo, component_suggestion::ComponentSuggestion, repository::RepositoryName, tag::tag_part,
    time::time_iso8601,
};
use releasepage_http::state::AppState;
use releasepage_storage::{
    database::cursor::ListPart,
    releases::unassigned::{UnassignedRelease, component_suggestions_find, unassigned_releases_list},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::resource::{Answer, List, number_of_path, page_of_path, reader, resource_list};
use crate::openapi::{
    parameters::TimeListParameters,
    values::{ReleaseId, Repo, Time},
};

/// A published release that belongs to no component of a page. Its readers do not see it.
#[derive(Serialize, ToSchema)]
#[schema(as = UnassignedRelease)]
pub(crate) struct UnassignedReleaseBody {
    /// Its id.
    #[schema(value_type = ReleaseId)]
    id: String,
    /// The repository of the release.
    #[schema(examples(50_001))]
    repository_id: i64,
    /// The repository's name.
    #[schema(value_type = Repo)]
    repository: String,
    /// Its whole tag.
    #[schema(examples("web-v4.5.0"))]
    version: String,
    /// The tag prefix for a component of this part; `null` if the tag names no part.
    #[schema(required = true, examples("web-"))]
    tag_prefix: Option<String>,
    /// The time of its publication.
    #[schema(value_type = Time)]
    published_at: String,
}

impl From<UnassignedRelease> for UnassignedReleaseBody {
    fn from(release: UnassignedRelease) -> Self {
        Self {
            id: release.id,
            repository_id: release.repository_id,
            repository: release.repository,
            tag_prefix: tag_part(&release.tag).map(|(name, _)| name.to_owned()),
            version: release.tag,
            published_at: time_iso8601(release.published_at),
        }
    }
}

/// A component that the tags of a repository suggest.
#[derive(Serialize, ToSchema)]
#[schema(as = ComponentSuggestion)]
pub(crate) struct ComponentSuggestionBody {
    /// The tag prefix; `null` for tags that name no part: the repository's main product.
    #[schema(required = true, examples("web-v"))]
    tag_prefix: Option<String>,
    /// The name that the component would have in the page API.
    #[schema(value_type = Repo)]
    repo: String,
    /// The number of published releases that it would have.
    #[schema(examples(81))]
    releases: usize,
    /// The tag of the highest version among them.
    #[schema(examples("web-v4.5.0"))]
    latest: String,
    /// The time at which that release was published.
    #[schema(value_type = Time)]
    latest_at: String,
}

impl ComponentSuggestionBody {
    fn of(repository: &RepositoryName, suggestion: ComponentSuggestion) -> Self {
        Self {
            repo: component_repo(repository, suggestion.tag_prefix.as_deref()),
            tag_prefix: suggestion.tag_prefix,
            releases: suggestion.tags,
            latest: suggestion.latest,
            latest_at: time_iso8601(suggestion.latest_at),
        }
    }
}

/// `GET /v1/pages/{id}/unassigned-releases`
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/unassigned-releases",
    tag = "Pages",
    summary = "List the releases that no component takes",
    description = "Published releases of the page's repositories whose tags belong to none of its components, newest first. They are kept; a component with their `tag_prefix` shows them.",
    security(("token" = ["read"])),
    params(TimeListParameters),
    responses((status = 200, description = "A part of the list", body = List<UnassignedReleaseBody>)),
)]
pub(crate) async fn unassigned_releases_read(
    request: HttpRequest,
    page: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let caller = reader(&request, &state).await?;
    let page = page_of_path(page.into_inner())?;
    let TimeListParameters { limit, cursor } = TimeListParameters::parse(&request)?;
    let part = unassigned_releases_list(&state.store, caller.user.organization_id, page, cursor, limit).await?;
    resource_list(part, UnassignedReleaseBody::from)
}

/// `GET /v1/repositories/{id}/component-suggestions`
#[utoipa::path(
    get,
    path = "/v1/repositories/{repository_id}/component-suggestions",
    tag = "Repositories",
    summary = "List the components that a repository's tags suggest",
    description = "One for each part that tags name (`web-v4.5.0`, `cmd/river/v0.11.2`), the main product first, then by their number of releases. Empty where no tag names a part: then one component without a `tag_prefix` shows everything. The list is whole.",
    security(("token" = ["read"])),
    responses((status = 200, description = "The suggestions", body = List<ComponentSuggestionBody>)),
)]
pub(crate) async fn component_suggestions_read(
    request: HttpRequest,
    repository: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let caller = reader(&request, &state).await?;
    let id = number_of_path(&repository)?;
    let (repository, rows) = component_suggestions_find(&state.store, caller.user.organization_id, id).await?;
    resource_list(ListPart { rows, next: None }, |suggestion| ComponentSuggestionBody::of(&repository, suggestion))
}
