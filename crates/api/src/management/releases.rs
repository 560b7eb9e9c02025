//! `/v1/repositories/{id}/releases` and `/v1/releases/{id}`: releases by hand.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::{random::release_id_new, scope::Scope};
use releasepage_domain::{release::release_id_is_valid, time::time_iso8601};
use releasepage_storage::{
    cursor::{ListPart, TimeCursor},
    idempotency::Replay,
    releases::{
        Release, ReleaseArrival, ReleaseOwner, ReleasesFilter, release_arrive, release_edit, release_get,
        release_withdraw, releases_list,
    },
    repositories::repository_get,
};
use serde::Serialize;

use super::{
    release_fields::{ReleaseChange, release_fields_new},
    resource::{
        Answer, list_query, not_found, number_of_path, reader, resource, resource_created, resource_gone,
        resource_list, writer,
    },
};
use crate::{
    body::BODY_MAX,
    field::{Fields, json_read},
    state::ApiState,
    v1::error::{ErrorCode, V1Error},
};

/// `{"id", "repository_id", "version", "platforms", "title", "notes", "author", "published_at", "prerelease", "draft",
/// "notify", "state", "revision", "created_at", "updated_at"}`.
///
/// `state` is `draft`, `scheduled`, `published` or `withdrawn`. `title`, `notes` and `author` are `null` where nothing was
/// given. `notify` is `null` where nothing was said: subscribers are told as usual, of all but history. To answer `true`
/// instead would say that they are told of history too, and whoever sent back what they read would make it so.
#[derive(Serialize)]
struct ReleaseBody {
    id: String,
    repository_id: i64,
    version: String,
    platforms: Vec<String>,
    title: Option<String>,
    notes: Option<String>,
    author: Option<String>,
    published_at: String,
    prerelease: bool,
    draft: bool,
    notify: Option<bool>,
    state: &'static str,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl From<Release> for ReleaseBody {
    fn from(release: Release) -> Self {
        let input = release.input;
        Self {
            id: release.id,
            repository_id: release.repository_id,
            version: input.tag,
            platforms: input.platforms.names().to_vec(),
            title: Some(input.title).filter(|title| !title.is_empty()),
            notes: input.notes,
            author: input.author,
            published_at: time_iso8601(input.published_at),
            prerelease: input.prerelease,
            draft: input.draft,
            notify: input.notify,
            state: release.state.as_str(),
            revision: release.revision,
            created_at: time_iso8601(release.created_at),
            updated_at: time_iso8601(release.updated_at),
        }
    }
}

/// `POST /v1/repositories/{id}/releases` with `version`, and perhaps `title`, `notes`, `author`, `published_at`,
/// `prerelease`, `draft` and `notify`. A version that the repository has already is a conflict.
pub(crate) async fn release_add(
    request: HttpRequest,
    payload: Payload,
    repository: Path<String>,
    state: Data<ApiState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Publish).await?;
    let repository = number_of_path(&repository)?;
    let body = json_read(&request, &mut payload.into_inner(), BODY_MAX).await?;
    let context = state.release_context();
    let input = release_fields_new(&Fields::new(&body), context.now)?;
    let repository = repository_get(&state.store, caller.user.organization_id, repository).await?;
    let arrival = ReleaseArrival::ByHand;
    match release_arrive(&state.store, repository.id, input, arrival, None, release_id_new, context).await? {
        Replay::Fresh(release) => resource_created(format!("/v1/releases/{}", release.id), &ReleaseBody::from(release)),
        // Without an idempotency key, nothing is replayed.
        Replay::Before(_) | Replay::Other => Err(ErrorCode::CONFLICT.into()),
    }
}

/// `GET /v1/repositories/{id}/releases`: every release, whatever its state, newest first.
pub(crate) async fn releases_read(request: HttpRequest, repository: Path<String>, state: Data<ApiState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let repository = number_of_path(&repository)?;
    let (after, limit) = list_query(&request, TimeCursor::parse)?;
    let repository = repository_get(&state.store, caller.user.organization_id, repository).await?;
    let after = after.map(|cursor| (cursor.time, cursor.id));
    let filter = ReleasesFilter { after, ..ReleasesFilter::default() };
    let rows = releases_list(&state.store, repository.id, filter, i64::from(limit) + 1).await?;
    let cursor = |last: &Release| TimeCursor { time: last.input.published_at, id: last.id.clone() }.to_string();
    resource_list(ListPart::cut(rows, limit, cursor), ReleaseBody::from)
}

/// `GET /v1/releases/{id}`
pub(crate) async fn release_read(request: HttpRequest, id: Path<String>, state: Data<ApiState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let id = release_of_path(id.into_inner())?;
    let owner = ReleaseOwner::Organization(caller.user.organization_id);
    resource(&ReleaseBody::from(release_get(&state.store, owner, id).await?))
}

/// `PATCH /v1/releases/{id}` with any of the fields of `POST`, and perhaps the `revision` that was edited.
pub(crate) async fn release_change(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<ApiState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Publish).await?;
    let id = release_of_path(id.into_inner())?;
    let body = json_read(&request, &mut payload.into_inner(), BODY_MAX).await?;
    let change = ReleaseChange::parse(&Fields::new(&body))?;
    let owner = ReleaseOwner::Organization(caller.user.organization_id);
    let context = state.release_context();
    let revision = change.revision;
    let edit = move |before: &Release| change.clone().applied(before, context.now);
    let release = release_edit(&state.store, owner, id, revision, edit, context).await?;
    resource(&ReleaseBody::from(release))
}

/// `DELETE /v1/releases/{id}`: withdraws a release. Publishing its version again brings it back.
pub(crate) async fn release_remove(request: HttpRequest, id: Path<String>, state: Data<ApiState>) -> Answer {
    let caller = writer(&request, &state, Scope::Publish).await?;
    let id = release_of_path(id.into_inner())?;
    let owner = ReleaseOwner::Organization(caller.user.organization_id);
    release_withdraw(&state.store, owner, id, state.release_context()).await?;
    resource_gone()
}

fn release_of_path(id: String) -> Result<String, V1Error> {
    if release_id_is_valid(&id) { Ok(id) } else { Err(not_found()) }
}
