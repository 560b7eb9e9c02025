//! `/v1/pages`: what readers see.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::{random::page_id_new, scope::Scope};
use releasepage_domain::{
    account::name_check,
    bump::Bump,
    fault::Faults,
    group::{GroupVersion, Grouping, group_window_check},
    page::{description_check, slug_check},
    text::names_expected,
    time::time_iso8601,
};
use releasepage_http::{
    body::BODY_MAX,
    error::V1Error,
    field::{FieldChanges, Fields, json_read, number_take},
    links::page_url,
    state::AppState,
};
use releasepage_storage::{
    database::cursor::TimeCursor,
    pages::{
        deletion::page_delete,
        edits::{PageChange, PageNew, page_create, page_get, page_list, page_update},
        row::{Page, PageGrouping},
    },
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::resource::{
    Answer, List, list_query, page_of_path, reader, resource, resource_created, resource_gone, resource_list, writer,
};
use crate::openapi::{
    names::{BumpName, GroupingName},
    parameters::TimeListParameters,
    values::{GroupVersionText, PageId, Time, WebAddress},
};

const TITLE_EXPECTED: &str = "must be one line of 1 to 100 characters";
const WINDOW_EXPECTED: &str = "must be a whole number of minutes";
const GROUP_VERSION_EXPECTED: &str = "must be a semantic version of three numbers, such as v1.2.0";

/// What readers see.
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
    /// What it says about itself, plain text; `null` where it says nothing.
    #[schema(required = true, examples("What is new at Acme"))]
    description: Option<String>,
    /// Whether readers can see it.
    published: bool,
    /// Who puts its releases together.
    #[schema(value_type = GroupingName)]
    grouping: &'static str,
    /// How many minutes a group of an `auto` page stays open after a release joined it.
    #[schema(examples(60))]
    group_window_minutes: i32,
    /// The version of the first group that is made by itself, and whether all of them have a `v`.
    #[schema(value_type = GroupVersionText)]
    group_initial_version: String,
    /// What a release whose tag is no version counts as.
    #[schema(value_type = BumpName)]
    unversioned_as: &'static str,
    /// Whether its keys work.
    api_enabled: bool,
    /// Raised with every edit.
    #[schema(examples(1))]
    revision: i64,
    /// When it was made.
    #[schema(value_type = Time)]
    created_at: String,
    /// When it was last edited.
    #[schema(value_type = Time)]
    updated_at: String,
}

/// A page to make.
#[derive(ToSchema)]
#[schema(as = PageNew)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct PageNewBody {
    /// The title.
    #[schema(max_length = 100, pattern = "LINE_NOT_BLANK", examples("Acme"))]
    title: String,
    /// The last part of its address, which no other page of the server has; made of the title where it is missing.
    #[schema(max_length = 60, pattern = "SLUG", examples("acme"))]
    slug: Option<String>,
    /// What it says about itself, plain text.
    #[schema(max_length = 2_000, pattern = "PLAIN_TEXT", examples("What is new at Acme"))]
    description: Option<String>,
    /// Whether readers can see it; `false` where it is missing.
    published: Option<bool>,
    /// Who puts its releases together; `off` where it is missing.
    #[schema(value_type = Option<GroupingName>)]
    grouping: Option<String>,
    /// How many minutes a group of an `auto` page stays open after a release joined it; 0 where it is missing, which makes
    /// each release a group.
    #[schema(minimum = 0, maximum = 10_080, examples(60))]
    group_window_minutes: Option<i32>,
    /// The version of the first group that is made by itself, and whether all of them have a `v`; `v0.1.0` where it is
    /// missing.
    #[schema(value_type = Option<GroupVersionText>)]
    group_initial_version: Option<String>,
    /// What a release whose tag is no version counts as; `minor` where it is missing.
    #[schema(value_type = Option<BumpName>)]
    unversioned_as: Option<String>,
}

/// An edit of a page.
#[derive(ToSchema)]
#[schema(as = PageChange)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct PageChangeBody {
    /// The revision that was edited.
    #[schema(examples(1))]
    revision: Option<i64>,
    /// The title.
    #[schema(required = false, max_length = 100, pattern = "LINE_NOT_BLANK", examples("Acme"))]
    title: String,
    /// The last part of its address, which no other page of the server has.
    #[schema(required = false, max_length = 60, pattern = "SLUG", examples("acme"))]
    slug: String,
    /// What it says about itself, plain text; `null` for nothing.
    #[schema(max_length = 2_000, pattern = "PLAIN_TEXT", examples("What is new at Acme"))]
    description: Option<String>,
    /// Whether readers can see it.
    #[schema(required = false)]
    published: bool,
    /// Who puts its releases together. Switched to `auto`, the latest releases that are in no group become one, of which
    /// nobody is told; switched away from it, the open group closes at once.
    #[schema(required = false, value_type = GroupingName)]
    grouping: String,
    /// How many minutes a group of an `auto` page stays open after a release joined it: from the next release on.
    #[schema(required = false, minimum = 0, maximum = 10_080, examples(60))]
    group_window_minutes: i32,
    /// The version of the first group that is made by itself, and whether all of them have a `v`.
    #[schema(required = false, value_type = GroupVersionText)]
    group_initial_version: String,
    /// What a release whose tag is no version counts as.
    #[schema(required = false, value_type = BumpName)]
    unversioned_as: String,
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

/// `POST /v1/pages` with `title`, and perhaps `slug` (made of the title where it is missing), `description`, `published`
/// (false where it is missing), `unversioned_as`, `grouping`, `group_window_minutes` and `group_initial_version`.
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
    let body = json_read(&request, &mut payload.into_inner(), BODY_MAX).await?;
    let new = page_fields_new(&Fields::new(&body))?;
    let page = page_create(&state.store, caller.user.organization_id, new, page_id_new, state.now()).await?;
    resource_created(format!("/v1/pages/{}", page.id), &PageBody::of(&state, page))
}

fn page_fields_new(fields: &Fields<'_>) -> Result<PageNew, V1Error> {
    let mut faults = Faults::new();
    let title = fields.text_checked(&mut faults, "title", TITLE_EXPECTED, name_check);
    let slug = fields.text_checked_optional(&mut faults, "slug", slug_check);
    let description = fields.text_checked_optional(&mut faults, "description", description_check);
    let published = fields.boolean_optional(&mut faults, "published");
    let unversioned_as = fields.named_optional(&mut faults, "unversioned_as", &names_expected::<Bump>());
    let grouping = fields.named_optional(&mut faults, "grouping", &names_expected::<Grouping>());
    let window_minutes = fields.number_checked_optional(&mut faults, "group_window_minutes", group_window_check);
    let initial_version = fields.text_checked_optional(&mut faults, "group_initial_version", GroupVersion::parse);
    Ok(faults.finish(|| {
        Some(PageNew {
            slug: slug?,
            title: title?,
            description: description?.unwrap_or_default(),
            published: published?.unwrap_or(false),
            unversioned_as: unversioned_as?,
            grouping: PageGrouping {
                mode: grouping?.unwrap_or_default(),
                window_minutes: window_minutes?.unwrap_or_default(),
                initial_version: initial_version?.unwrap_or_default(),
            },
        })
    })?)
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
    let (after, limit) = list_query(&request, TimeCursor::parse)?;
    let part = page_list(&state.store, caller.user.organization_id, after.unwrap_or_default(), limit).await?;
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

/// `PATCH /v1/pages/{id}` with any of the fields of `POST`, and perhaps the `revision` that was edited.
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
    let body = json_read(&request, &mut payload.into_inner(), BODY_MAX).await?;
    let change = page_fields_change(&Fields::new(&body))?;
    let page = page_update(&state.store, caller.user.organization_id, id, change, state.now()).await?;
    resource(&PageBody::of(&state, page))
}

fn page_fields_change(fields: &Fields<'_>) -> Result<PageChange, V1Error> {
    let mut faults = Faults::new();
    let revision = fields.number_optional(&mut faults, "revision");
    let slug = fields.text_change(&mut faults, "slug", "must be a text", slug_check);
    let title = fields.text_change(&mut faults, "title", TITLE_EXPECTED, name_check);
    let description = fields.text_change_or_clear(&mut faults, "description", description_check);
    let published = fields.change(&mut faults, "published", "must be true or false", Value::as_bool);
    let bump = names_expected::<Bump>();
    let unversioned_as = fields.change(&mut faults, "unversioned_as", &bump, |value| value.as_str()?.parse().ok());
    let names = names_expected::<Grouping>();
    let grouping = fields.change(&mut faults, "grouping", &names, |value| value.as_str()?.parse().ok());
    let field = "group_window_minutes";
    let group_window_minutes = fields
        .change(&mut faults, field, WINDOW_EXPECTED, number_take)
        .and_then(|minutes| faults.take(minutes.try_map(|minutes| group_window_check(field, minutes))));
    let group_initial_version =
        fields.text_change(&mut faults, "group_initial_version", GROUP_VERSION_EXPECTED, GroupVersion::parse);
    Ok(faults.finish(|| {
        Some(PageChange {
            revision: revision?,
            slug: slug?,
            title: title?,
            description: description?.map(Option::unwrap_or_default),
            published: published?,
            unversioned_as: unversioned_as?,
            grouping: grouping?,
            group_window_minutes: group_window_minutes?,
            group_initial_version: group_initial_version?,
        })
    })?)
}

/// `DELETE /v1/pages/{id}`: a page and everything of it, its subscribers among it. Mail that waits for them is not sent;
/// the repositories keep their releases. A page that readers still see is a conflict: it is unpublished first.
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
