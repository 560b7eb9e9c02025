//! `/v1/pages/{id}/groups`: releases of several components that readers see as one version (`docs/groups.md`).

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::scope::Scope;
use releasepage_domain::{bump::Bump, fault::Faults, group::GroupState, time::time_iso8601};
use releasepage_http::{error::V1Error, links::group_url, query::Query, state::AppState};
use releasepage_storage::{
    groups::{
        edits::{group_create, group_edit, group_withdraw},
        lists::{group_get, groups_list},
        row::{Group, GroupMember, GroupMemberShown},
    },
    pages::edits::page_get,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    group_fields::{GroupChangeBody, GroupNewBody},
    resource::{
        Answer, List, body_of, number_of_path, page_of_path, reader, resource, resource_created, resource_gone,
        resource_list, writer,
    },
};
use crate::openapi::{
    names::{BumpName, GroupStateName},
    parameters::ListParameters,
    values::{GroupVersionText, PageId, ReleaseId, Repo, Time, WebAddress},
};

/// Releases that readers see as one version.
#[derive(Serialize, ToSchema)]
#[schema(as = Group)]
pub(crate) struct GroupBody {
    /// Its id.
    #[schema(examples(17))]
    id: i64,
    /// The page that it is on.
    #[schema(value_type = PageId)]
    page_id: String,
    /// The state of the group.
    #[schema(value_type = GroupStateName)]
    state: &'static str,
    /// Its version; `null` while it is open, or if it was withdrawn before it closed.
    #[schema(required = true, value_type = Option<GroupVersionText>)]
    version: Option<String>,
    /// Its bump for readers when it closed: the highest bump among its releases. `null` until it closes.
    #[schema(required = true, value_type = Option<BumpName>)]
    bump: Option<&'static str>,
    /// An introduction by an editor, in Markdown; `null` if there is none.
    #[schema(required = true, examples("Everything is *new*."))]
    notes: Option<String>,
    /// `true` means that subscribers are told of it. For an open group this is decided when it closes.
    notify: bool,
    /// Its releases, in the order they joined.
    releases: Vec<GroupMemberBody>,
    /// The time at which it closes if no more releases join; `null` for a group that was made by hand.
    #[schema(required = true, value_type = Option<Time>)]
    closes_at: Option<String>,
    /// The time at which it closed; `null` while it is open.
    #[schema(required = true, value_type = Option<Time>)]
    closed_at: Option<String>,
    /// The publication time of its newest release when it closed; `null` until it closes.
    #[schema(required = true, value_type = Option<Time>)]
    published_at: Option<String>,
    /// The address at which people read it while the page is published and shows a release of it; `null` if it is not
    /// closed.
    #[schema(required = true, value_type = Option<WebAddress>)]
    permalink: Option<String>,
    /// A number that each edit raises.
    #[schema(examples(1))]
    revision: i64,
    /// The time at which it was made.
    #[schema(value_type = Time)]
    created_at: String,
    /// The time of its last change.
    #[schema(value_type = Time)]
    updated_at: String,
}

/// A release of a group.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupMember)]
pub(crate) struct GroupMemberBody {
    /// The release.
    #[schema(value_type = ReleaseId)]
    id: String,
    /// Its whole tag.
    #[schema(examples("web-v4.5.0"))]
    tag: String,
    /// The data that readers see; `null` if the release was withdrawn, was made a pre-release, or no longer has a
    /// component.
    #[schema(required = true)]
    shown: Option<GroupMemberShownBody>,
    /// The time of its publication.
    #[schema(value_type = Time)]
    published_at: String,
    /// The time at which it joined.
    #[schema(value_type = Time)]
    joined_at: String,
}

/// The data that readers see of a release of a group.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupMemberShown)]
pub(crate) struct GroupMemberShownBody {
    /// The component that shows it.
    #[schema(value_type = Repo)]
    repo: String,
    /// The component's name for readers.
    #[schema(examples("Public API"))]
    name: String,
    /// The tag without the component's own prefix.
    #[schema(examples("v4.5.0"))]
    version: String,
    /// Its bump for the component's readers.
    #[schema(value_type = BumpName)]
    bump: &'static str,
}

impl GroupBody {
    fn of(state: &AppState, slug: &str, group: Group) -> Self {
        let permalink = || group_url(&state.settings.public_url, slug, group.id);
        Self {
            permalink: (group.state == GroupState::Closed).then(permalink),
            id: group.id,
            page_id: group.page_id,
            state: group.state.as_str(),
            version: group.version,
            bump: group.bump.map(Bump::as_str),
            notes: group.notes,
            notify: group.notify,
            releases: group.members.into_iter().map(GroupMemberBody::from).collect(),
            closes_at: group.closes_at.map(time_iso8601),
            closed_at: group.closed_at.map(time_iso8601),
            published_at: group.published_at.map(time_iso8601),
            revision: group.revision,
            created_at: time_iso8601(group.created_at),
            updated_at: time_iso8601(group.updated_at),
        }
    }
}

impl From<GroupMember> for GroupMemberBody {
    fn from(member: GroupMember) -> Self {
        Self {
            id: member.release_id,
            tag: member.tag,
            shown: member.shown.map(GroupMemberShownBody::from),
            published_at: time_iso8601(member.published_at),
            joined_at: time_iso8601(member.joined_at),
        }
    }
}

impl From<GroupMemberShown> for GroupMemberShownBody {
    fn from(shown: GroupMemberShown) -> Self {
        Self {
            repo: shown.component.repo,
            name: shown.component.name,
            version: shown.version,
            bump: shown.bump.as_str(),
        }
    }
}

/// `GET /v1/pages/{id}/groups`, newest first, optionally filtered by `state`.
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/groups",
    tag = "Groups",
    summary = "List the groups of a page",
    description = "Whatever their state, the ones made last first.",
    security(("token" = ["read"])),
    params(ListParameters, ("state" = Option<GroupStateName>, Query, description = "Only those that stand here")),
    responses((status = 200, description = "A part of the list", body = List<GroupBody>)),
)]
pub(crate) async fn groups_read(request: HttpRequest, page: Path<String>, state: Data<AppState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let page_id = page_of_path(page.into_inner())?;
    let (query, mut faults) = (Query::of(&request), Faults::new());
    let group_state = query.named(&mut faults, "state");
    let ListParameters { limit, cursor } = ListParameters::read(&query, &mut faults);
    faults.finish(|| Some(()))?;
    let organization_id = caller.user.organization_id;
    let slug = page_get(&state.store, organization_id, page_id.clone()).await?.slug;
    let part = groups_list(&state.store, organization_id, page_id, group_state, cursor, limit).await?;
    resource_list(part, |group| GroupBody::of(&state, &slug, group))
}

/// `POST /v1/pages/{id}/groups` with `version` and `release_ids`, and optionally `notes` and `notify`. It answers a
/// conflict for a page whose grouping is not `manual`.
#[utoipa::path(
    post,
    path = "/v1/pages/{page_id}/groups",
    tag = "Groups",
    summary = "Put releases together",
    description = "On a page whose `grouping` is `manual`. Readers see the group at once; subscribers are told of it a little later, in one message, so that it can be taken back.",
    security(("token" = ["publish"])),
    request_body = GroupNewBody,
    responses(
        (status = 201, description = "The new group", body = GroupBody),
        (status = 409, description = "The page does not have its groups made by hand"),
    ),
)]
pub(crate) async fn group_add(
    request: HttpRequest,
    payload: Payload,
    page: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Publish).await?;
    let page_id = page_of_path(page.into_inner())?;
    let new = body_of(&request, payload, GroupNewBody::read).await?.into();
    let organization_id = caller.user.organization_id;
    let slug = page_get(&state.store, organization_id, page_id.clone()).await?.slug;
    let group = group_create(&state.store, organization_id, page_id, new, state.release_context()).await?;
    let location = format!("/v1/pages/{}/groups/{}", group.page_id, group.id);
    resource_created(location, &GroupBody::of(&state, &slug, group))
}

/// `GET /v1/pages/{id}/groups/{group_id}`
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/groups/{group_id}",
    tag = "Groups",
    summary = "Read a group",
    description = "Whatever its state.",
    security(("token" = ["read"])),
    responses((status = 200, description = "The group", body = GroupBody)),
)]
pub(crate) async fn group_read(request: HttpRequest, path: Path<(String, String)>, state: Data<AppState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let (page_id, group_id) = group_of_path(path.into_inner())?;
    let organization_id = caller.user.organization_id;
    let slug = page_get(&state.store, organization_id, page_id.clone()).await?.slug;
    let group = group_get(&state.store, organization_id, page_id, group_id).await?;
    resource(&GroupBody::of(&state, &slug, group))
}

/// `PATCH /v1/pages/{id}/groups/{group_id}` with `notes` or `version`, and optionally the `revision` that the client
/// edited.
#[utoipa::path(
    patch,
    path = "/v1/pages/{page_id}/groups/{group_id}",
    tag = "Groups",
    summary = "Edit a group",
    description = "Nobody is mailed about an edit. Its version can be changed on a page whose `grouping` is `manual`; its releases cannot: take it back, and put them together anew.",
    security(("token" = ["publish"])),
    request_body = GroupChangeBody,
    responses((status = 200, description = "The group", body = GroupBody)),
)]
pub(crate) async fn group_change(
    request: HttpRequest,
    payload: Payload,
    path: Path<(String, String)>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Publish).await?;
    let (page_id, group_id) = group_of_path(path.into_inner())?;
    let change = body_of(&request, payload, GroupChangeBody::read).await?.into();
    let organization_id = caller.user.organization_id;
    let slug = page_get(&state.store, organization_id, page_id.clone()).await?.slug;
    let group = group_edit(&state.store, organization_id, page_id, group_id, change, state.now()).await?;
    resource(&GroupBody::of(&state, &slug, group))
}

/// `DELETE /v1/pages/{id}/groups/{group_id}`: withdraws a group.
#[utoipa::path(
    delete,
    path = "/v1/pages/{page_id}/groups/{group_id}",
    tag = "Groups",
    summary = "Take a group back",
    description = "Its releases stand by themselves again, and can be put in another group; mail of it that still waits is not sent. It stays readable here as `withdrawn`.",
    security(("token" = ["publish"])),
    responses((status = 204, description = "Gone")),
)]
pub(crate) async fn group_remove(request: HttpRequest, path: Path<(String, String)>, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Publish).await?;
    let (page_id, group_id) = group_of_path(path.into_inner())?;
    group_withdraw(&state.store, caller.user.organization_id, page_id, group_id, state.now()).await?;
    resource_gone()
}

fn group_of_path((page, group): (String, String)) -> Result<(String, i64), V1Error> {
    Ok((page_of_path(page)?, number_of_path(&group)?))
}
