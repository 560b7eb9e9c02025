//! `/v1/pages`: release pages.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::{random::page_id_new, scope::Scope};
use releasepage_domain::{
    account::name_check,
    bump::Bump,
    group::{GroupVersion, Grouping, group_window_check},
    page::{description_check, slug_check},
    text::names_expected,
    time::time_iso8601,
};
use releasepage_http::{field::FieldChanges, links::page_url, state::AppState};
use releasepage_storage::{
    database::change::Change,
    pages::{
        deletion::page_delete,
        edits::{PageChange, PageNew, page_create, page_get, page_list, page_update},
        row::{Page, PageGrouping},
    },
};
use serde::Serialize;
use utoipa::ToSchema;

use super::resource::{
    Answer, List, body_of, page_of_path, reader, resource, resource_created, resource_gone, resource_list, writer,
};
use crate::{
    body::body,
    openapi::{
        names::{BumpName, GroupingName},
        parameters::TimeListParameters,
        values::{GroupVersionText, PageId, Time, WebAddress},
    },
};

const TITLE_EXPECTED: &str = "must be one line of 1 to 100 characters";
const WINDOW_EXPECTED: &str = "must be a whole number of minutes";
const GROUP_VERSION_EXPECTED: &str = "must be a semantic version of three numbers, such as v1.2.0";

/// A release page.
#[derive(Serialize, ToSchema)]
#[schema(as = Page)]
pub(crate) struct PageBody {
    /// Its id.
    #[schema(value_type = PageId)]
    id: String,
    /// The last part of its address.
    #[schema(examples("acme"))]
    slug: String,
    /// Its address.
    #[schema(value_type = WebAddress)]
    url: String,
    /// Its title.
    #[schema(examples("Acme"))]
    title: String,
    /// Its description in plain text; `null` if it has none.
    #[schema(required = true, examples("What is new at Acme"))]
    description: Option<String>,
    /// `true` means that readers can see it.
    published: bool,
    /// The way its releases are grouped.
    #[schema(value_type = GroupingName)]
    grouping: &'static str,
    /// The minutes for which a group of an `auto` page stays open after a release joined it.
    #[schema(examples(60))]
    group_window_minutes: i32,
    /// The version of the first group that is made automatically. If it has a `v`, the versions of all groups have one.
    #[schema(value_type = GroupVersionText)]
    group_initial_version: String,
    /// The bump of a release whose tag is no version.
    #[schema(value_type = BumpName)]
    unversioned_as: &'static str,
    /// `true` means that its keys work.
    api_enabled: bool,
    /// A number that each edit raises.
    #[schema(examples(1))]
    revision: i64,
    /// The time at which it was made.
    #[schema(value_type = Time)]
    created_at: String,
    /// The time of its last edit.
    #[schema(value_type = Time)]
    updated_at: String,
}

body! {
    /// A page to make.
    #[schema(as = PageNew)]
    pub(crate) struct PageNewBody {
        /// The title.
        #[schema(max_length = 100, pattern = "LINE_NOT_BLANK", examples("Acme"))]
        title: String => text_checked(TITLE_EXPECTED, name_check),
        /// The last part of its address. No other page of the server may have it. Without it, one is made from the
        /// title.
        #[schema(max_length = 60, pattern = "SLUG", examples("acme"))]
        slug: Option<String> => text_checked_optional(slug_check),
        /// A description for its readers, plain text.
        #[schema(max_length = 2_000, pattern = "PLAIN_TEXT", examples("What is new at Acme"))]
        description: Option<String> => text_checked_optional(description_check),
        /// `true` for a page that readers can see; `false` is the default.
        published: Option<bool> => boolean_optional(),
        /// The way its releases are grouped; `off` is the default.
        #[schema(value_type = Option<GroupingName>)]
        grouping: Option<Grouping> => named_optional(&names_expected::<Grouping>()),
        /// The minutes for which a group of an `auto` page stays open after a release joined it. The default is 0: each
        /// release is a group.
        #[schema(minimum = 0, maximum = 10_080, examples(60))]
        group_window_minutes: Option<i32> => number_checked_optional(group_window_check),
        /// The version of the first group that is made automatically; `v0.1.0` is the default. If it has a `v`, the
        /// versions of all groups have one.
        #[schema(value_type = Option<GroupVersionText>)]
        group_initial_version: Option<GroupVersion> => text_checked_optional(GroupVersion::parse),
        /// The bump of a release whose tag is no version; `minor` is the default.
        #[schema(value_type = Option<BumpName>)]
        unversioned_as: Option<Bump> => named_optional(&names_expected::<Bump>()),
    }
}

body! {
    /// An edit of a page.
    #[schema(as = PageChange)]
    pub(crate) struct PageChangeBody {
        /// The revision that the client edited.
        #[schema(examples(1))]
        revision: Option<i64> => number_optional(),
        /// The title.
        #[schema(
            value_type = String, required = false, max_length = 100, pattern = "LINE_NOT_BLANK", examples("Acme")
        )]
        title: Change<String> => text_change(TITLE_EXPECTED, name_check),
        /// The last part of its address. No other page of the server may have it.
        #[schema(value_type = String, required = false, max_length = 60, pattern = "SLUG", examples("acme"))]
        slug: Change<String> => text_change("must be a text", slug_check),
        /// A description for its readers, plain text; `null` for none.
        #[schema(
            value_type = Option<String>, max_length = 2_000, pattern = "PLAIN_TEXT", examples("What is new at Acme")
        )]
        description: Change<Option<String>> => text_change_or_clear(description_check),
        /// `true` for a page that readers can see.
        #[schema(value_type = bool, required = false)]
        published: Change<bool> => boolean_change(),
        /// The way its releases are grouped. A change to `auto` makes one group of the latest releases that are in no
        /// group, and mails nobody about it. A change from `auto` closes the open group at once.
        #[schema(value_type = GroupingName, required = false)]
        grouping: Change<Grouping> => named_change(&names_expected::<Grouping>()),
        /// The minutes for which a group of an `auto` page stays open after a release joined it. A change counts from
        /// the next release on.
        #[schema(value_type = i32, required = false, minimum = 0, maximum = 10_080, examples(60))]
        group_window_minutes: Change<i32> => number_change(WINDOW_EXPECTED, group_window_check),
        /// The version of the first group that is made automatically. If it has a `v`, the versions of all groups have
        /// one.
        #[schema(value_type = GroupVersionText, required = false)]
        group_initial_version: Change<GroupVersion> => text_change(GROUP_VERSION_EXPECTED, GroupVersion::parse),
        /// The bump of a release whose tag is no version.
        #[schema(value_type = BumpName, required = false)]
        unversioned_as: Change<Bump> => named_change(&names_expected::<Bump>()),
    }
}

impl From<PageNewBody> for PageNew {
    fn from(body: PageNewBody) -> Self {
        Self {
            slug: body.slug,
            title: body.title,
            description: body.description.unwrap_or_default(),
            published: body.published.unwrap_or(false),
            unversioned_as: body.unversioned_as,
            grouping: PageGrouping {
                mode: body.grouping.unwrap_or_default(),
                window_minutes: body.group_window_minutes.unwrap_or_default(),
                initial_version: body.group_initial_version.unwrap_or_default(),
            },
        }
    }
}

impl From<PageChangeBody> for PageChange {
    fn from(body: PageChangeBody) -> Self {
        Self {
            revision: body.revision,
            slug: body.slug,
            title: body.title,
            description: body.description.map(Option::unwrap_or_default),
            published: body.published,
            unversioned_as: body.unversioned_as,
            grouping: body.grouping,
            group_window_minutes: body.group_window_minutes,
            group_initial_version: body.group_initial_version,
        }
    }
}

impl PageBody {
    fn of(state: &AppState, page: Page) -> Self {
        Self {
            url: page_url(&state.settings.public_url, &page.slug),
            id: page.id,
            slug: page.slug,
            title: page.title,
            description: Some(page.description).filter(|description| !description.is_empty()),
            published: page.published,
            grouping: page.grouping.mode.as_str(),
            group_window_minutes: page.grouping.window_minutes,
            group_initial_version: page.grouping.initial_version.to_string(),
            unversioned_as: page.unversioned_as.as_str(),
            api_enabled: page.api_enabled,
            revision: page.revision,
            created_at: time_iso8601(page.created_at),
            updated_at: time_iso8601(page.updated_at),
        }
    }
}

/// `POST /v1/pages` with `title`, and optionally `slug` (by default made from the title), `description`, `published`
/// (by default false), `unversioned_as`, `grouping`, `group_window_minutes` and `group_initial_version`.
#[utoipa::path(
    post,
    path = "/v1/pages",
    tag = "Pages",
    summary = "Make a page",
    description = "It has neither components nor keys yet, and readers see it once it is `published`.",
    security(("token" = ["manage"])),
    request_body = PageNewBody,
    responses((status = 201, description = "The new page", body = PageBody)),
)]
pub(crate) async fn page_add(request: HttpRequest, payload: Payload, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let new = body_of(&request, payload, PageNewBody::read).await?.into();
    let page = page_create(&state.store, caller.user.organization_id, new, page_id_new, state.now()).await?;
    resource_created(format!("/v1/pages/{}", page.id), &PageBody::of(&state, page))
}

/// `GET /v1/pages`
#[utoipa::path(
    get,
    path = "/v1/pages",
    tag = "Pages",
    summary = "List the pages",
    description = "Oldest first, published or not.",
    security(("token" = ["read"])),
    params(TimeListParameters),
    responses((status = 200, description = "A part of the list", body = List<PageBody>)),
)]
pub(crate) async fn pages_read(request: HttpRequest, state: Data<AppState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let TimeListParameters { limit, cursor } = TimeListParameters::parse(&request)?;
    let part = page_list(&state.store, caller.user.organization_id, cursor.unwrap_or_default(), limit).await?;
    resource_list(part, |page| PageBody::of(&state, page))
}

/// `GET /v1/pages/{id}`
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}",
    tag = "Pages",
    summary = "Read a page",
    description = "Published or not.",
    security(("token" = ["read"])),
    responses((status = 200, description = "The page", body = PageBody)),
)]
pub(crate) async fn page_read(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let id = page_of_path(id.into_inner())?;
    let page = page_get(&state.store, caller.user.organization_id, id).await?;
    resource(&PageBody::of(&state, page))
}

/// `PATCH /v1/pages/{id}` with any of the fields of `POST`, and optionally the `revision` that the client edited.
#[utoipa::path(
    patch,
    path = "/v1/pages/{page_id}",
    tag = "Pages",
    summary = "Edit a page",
    description = "A page that is no longer `published` is hidden from readers and their programs at once; nobody is mailed about it.",
    security(("token" = ["manage"])),
    request_body = PageChangeBody,
    responses((status = 200, description = "The page", body = PageBody)),
)]
pub(crate) async fn page_edit(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let id = page_of_path(id.into_inner())?;
    let change = body_of(&request, payload, PageChangeBody::read).await?.into();
    let page = page_update(&state.store, caller.user.organization_id, id, change, state.now()).await?;
    resource(&PageBody::of(&state, page))
}

/// `DELETE /v1/pages/{id}`: deletes a page with all its data and its subscribers. Mail that waits for them is not sent.
/// The repositories keep their releases. A published page is a conflict: unpublish it first.
#[utoipa::path(
    delete,
    path = "/v1/pages/{page_id}",
    tag = "Pages",
    summary = "Delete a page",
    description = "Its components, keys, subscribers and what was sent to them go with it, and mail that still waits is not sent. The repositories keep their releases. A page that is `published` is not deleted: its readers lose it in two steps.",
    security(("token" = ["manage"])),
    responses((status = 204, description = "Gone"), (status = 409, description = "The page is published")),
)]
pub(crate) async fn page_remove(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let id = page_of_path(id.into_inner())?;
    page_delete(&state.store, caller.user.organization_id, id).await?;
    resource_gone()
}
