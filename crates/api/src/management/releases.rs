//! `/v1/repositories/{id}/releases` and `/v1/releases/{id}`: releases that a team makes and edits by hand.

use std::{collections::BTreeMap, slice};

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::{random::release_id_new, scope::Scope};
use releasepage_domain::{
    fault::Faults,
    release::{ReleaseArrival, release_id_is_valid, release_tag_check},
    time::time_iso8601,
};
use releasepage_http::{
    error::{ErrorCode, V1Error},
    links::release_url,
    query::Query,
    state::AppState,
};
use releasepage_storage::{
    database::cursor::{ListPart, TimeCursor},
    releases::{
        edits::{ReleasesFilter, release_arrive, release_edit, release_get, release_withdraw, releases_list},
        idempotency::Replay,
        pages::release_page_slugs,
        row::{Release, ReleaseOwner},
    },
    repositories::edits::repository_get,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    release_fields::{ReleaseChangeBody, ReleaseNewBody},
    resource::{
        Answer, List, body_of, not_found, number_of_path, reader, resource, resource_created, resource_gone,
        resource_list, writer,
    },
};
use crate::openapi::{
    names::ReleaseStateName,
    parameters::TimeListParameters,
    values::{ReleaseId, Time, WebAddress},
};

/// One version of one repository.
// `notify` is `null` if it was not set. Answering `true` instead would claim that subscribers are told of history too.
// A client that sends back what it read would then make that claim true.
#[derive(Serialize, ToSchema)]
#[schema(as = Release)]
pub(crate) struct ReleaseBody {
    /// Its id.
    #[schema(value_type = ReleaseId)]
    id: String,
    /// The repository of the release.
    #[schema(examples(50_001))]
    repository_id: i64,
    /// The version or tag as it was given.
    #[schema(examples("v1.2.0"))]
    version: String,
    /// The platforms that it is for, if its source named any.
    #[schema(examples(json!(["iOS"])))]
    platforms: Vec<String>,
    /// Its title; `null` if it has none.
    #[schema(required = true, examples("Search in notes"))]
    title: Option<String>,
    /// Its notes in Markdown; `null` if it has none.
    #[schema(required = true, examples("Notes can be *searched*."))]
    notes: Option<String>,
    /// Its author; `null` if none was given.
    #[schema(required = true, examples("Jo"))]
    author: Option<String>,
    /// The time of its publication, past or future.
    #[schema(value_type = Time)]
    published_at: String,
    /// `true` means that its author calls it a pre-release.
    prerelease: bool,
    /// `true` means that it is a draft, which only the team can see.
    draft: bool,
    /// The rule for mail: `true` tells subscribers of history too, `false` tells nobody, `null` tells of all but
    /// history.
    #[schema(required = true)]
    notify: Option<bool>,
    /// The state of the release.
    #[schema(value_type = ReleaseStateName)]
    state: &'static str,
    /// A number that each edit raises.
    #[schema(examples(1))]
    revision: i64,
    /// The time at which it was first stored.
    #[schema(value_type = Time)]
    created_at: String,
    /// The time of its last change.
    #[schema(value_type = Time)]
    updated_at: String,
    /// The addresses at which people read it: one for each published page that shows it.
    #[schema(value_type = Vec<WebAddress>)]
    permalinks: Vec<String>,
}

impl ReleaseBody {
    fn of(release: Release, permalinks: Vec<String>) -> Self {
        let input = release.input;
        let prerelease = input.is_prerelease();
        Self {
            id: release.id,
            repository_id: release.repository_id,
            version: input.tag,
            platforms: input.platforms.names().to_vec(),
            title: Some(input.title).filter(|title| !title.is_empty()),
            notes: input.notes,
            author: input.author,
            published_at: time_iso8601(input.published_at),
            prerelease,
            draft: input.draft,
            notify: input.notify,
            state: release.state.as_str(),
            revision: release.revision,
            created_at: time_iso8601(release.created_at),
            updated_at: time_iso8601(release.updated_at),
            permalinks,
        }
    }

    /// Loads the addresses of a release and returns both.
    async fn load(state: &AppState, release: Release) -> Result<Self, V1Error> {
        let mut permalinks = permalinks_load(state, slice::from_ref(&release)).await?;
        let own = permalinks.remove(&release.id).unwrap_or_default();
        Ok(Self::of(release, own))
    }
}

/// Loads the addresses of releases, by their ids.
async fn permalinks_load(state: &AppState, releases: &[Release]) -> Result<BTreeMap<String, Vec<String>>, V1Error> {
    let ids = releases.iter().map(|release| release.id.clone()).collect();
    let slugs = release_page_slugs(&state.store, ids).await?;
    let links = |id: &str, slugs: Vec<String>| {
        slugs.iter().map(|slug| release_url(&state.settings.public_url, slug, id)).collect()
    };
    Ok(slugs.into_iter().map(|(id, slugs)| (id.clone(), links(&id, slugs))).collect())
}

/// `POST /v1/repositories/{id}/releases` with `version`, and optionally `title`, `notes`, `author`, `published_at`,
/// `prerelease`, `draft` and `notify`. A version that the repository already has is a conflict.
#[utoipa::path(
    post,
    path = "/v1/repositories/{repository_id}/releases",
    tag = "Releases",
    summary = "Publish a release",
    description = "Readers see it at once, or when its time comes; subscribers are told a little later, so that it can be taken back. A version that was withdrawn comes back under its old id, and nobody is told.",
    security(("token" = ["publish"])),
    request_body = ReleaseNewBody,
    responses((status = 201, description = "The new release", body = ReleaseBody)),
)]
pub(crate) async fn release_add(
    request: HttpRequest,
    payload: Payload,
    repository: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Publish).await?;
    let repository = number_of_path(&repository)?;
    let body = body_of(&request, payload, ReleaseNewBody::read).await?;
    let context = state.release_context();
    let input = body.into_input(context.now);
    let repository = repository_get(&state.store, caller.user.organization_id, repository).await?;
    let arrival = ReleaseArrival::ByHand;
    match release_arrive(&state.store, repository.id, input, arrival, None, release_id_new, context).await? {
        Replay::Fresh(release) => {
            let location = format!("/v1/releases/{}", release.id);
            resource_created(location, &ReleaseBody::load(&state, release).await?)
        }
        // There is no idempotency key, so nothing is replayed.
        Replay::Before(_) | Replay::Other => Err(ErrorCode::CONFLICT.into()),
    }
}

/// `GET /v1/repositories/{id}/releases`: every release, whatever its state, newest first.
#[utoipa::path(
    get,
    path = "/v1/repositories/{repository_id}/releases",
    tag = "Releases",
    summary = "List the releases of a repository",
    description = "Whatever their state, newest first.",
    security(("token" = ["read"])),
    params(
        TimeListParameters,
        ("version" = Option<String>, Query, description = "Only those of this version, as it was given", max_length = 200,
            example = "v1.2.0"),
    ),
    responses((status = 200, description = "A part of the list", body = List<ReleaseBody>)),
)]
pub(crate) async fn releases_read(request: HttpRequest, repository: Path<String>, state: Data<AppState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let repository = number_of_path(&repository)?;
    let (query, mut faults) = (Query::of(&request), Faults::new());
    let TimeListParameters { limit, cursor } = TimeListParameters::read(&query, &mut faults);
    let tag = query.checked(&mut faults, "version", release_tag_check).map(ToOwned::to_owned);
    let tag = faults.finish(|| Some(tag))?;
    let repository = repository_get(&state.store, caller.user.organization_id, repository).await?;
    let after = cursor.map(|cursor| (cursor.time, cursor.id));
    let filter = ReleasesFilter { after, tag, ..ReleasesFilter::default() };
    let rows = releases_list(&state.store, repository.id, filter, i64::from(limit) + 1).await?;
    let cursor = |last: &Release| TimeCursor { time: last.input.published_at, id: last.id.clone() }.to_string();
    let mut permalinks = permalinks_load(&state, &rows).await?;
    resource_list(ListPart::cut(rows, limit, cursor), |release| {
        let own = permalinks.remove(&release.id).unwrap_or_default();
        ReleaseBody::of(release, own)
    })
}

/// `GET /v1/releases/{id}`
#[utoipa::path(
    get,
    path = "/v1/releases/{release_id}",
    tag = "Releases",
    summary = "Read a release",
    description = "Whatever its state.",
    security(("token" = ["read"])),
    responses((status = 200, description = "The release", body = ReleaseBody)),
)]
pub(crate) async fn release_read(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let id = release_of_path(id.into_inner())?;
    let owner = ReleaseOwner::Organization(caller.user.organization_id);
    resource(&ReleaseBody::load(&state, release_get(&state.store, owner, id).await?).await?)
}

/// `PATCH /v1/releases/{id}` with any of the fields of `POST`, and optionally the `revision` that the client edited.
#[utoipa::path(
    patch,
    path = "/v1/releases/{release_id}",
    tag = "Releases",
    summary = "Edit a release",
    description = "Nobody is mailed about an edit, but for a draft that is published and a pre-release that is made a release. A release that is no draft any more cannot become one.",
    security(("token" = ["publish"])),
    request_body = ReleaseChangeBody,
    responses((status = 200, description = "The release", body = ReleaseBody)),
)]
pub(crate) async fn release_change(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Publish).await?;
    let id = release_of_path(id.into_inner())?;
    let change = body_of(&request, payload, ReleaseChangeBody::read).await?;
    let owner = ReleaseOwner::Organization(caller.user.organization_id);
    let context = state.release_context();
    let revision = change.revision;
    let edit = move |before: &Release| change.clone().applied(before, context.now);
    let release = release_edit(&state.store, owner, id, revision, edit, context).await?;
    resource(&ReleaseBody::load(&state, release).await?)
}

/// `DELETE /v1/releases/{id}`: withdraws a release. Publishing its version again brings it back.
#[utoipa::path(
    delete,
    path = "/v1/releases/{release_id}",
    tag = "Releases",
    summary = "Withdraw a release",
    description = "Readers no longer see it, and mail that still waits is not sent. It stays readable here as `withdrawn`; a draft is gone for good.",
    security(("token" = ["publish"])),
    responses((status = 204, description = "Gone")),
)]
pub(crate) async fn release_remove(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Publish).await?;
    let id = release_of_path(id.into_inner())?;
    let owner = ReleaseOwner::Organization(caller.user.organization_id);
    release_withdraw(&state.store, owner, id, state.release_context()).await?;
    resource_gone()
}

fn release_of_path(id: String) -> Result<String, V1Error> {
    if release_id_is_valid(&id) { Ok(id) } else { Err(not_found()) }
}
