//! `/v1/pages`: what readers see.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::{random::page_id_new, scope::Scope};
use releasepage_domain::{bump::Bump, fault::Faults, time::time_iso8601};
use releasepage_storage::{
    cursor::TimeCursor,
    pages::{Page, PageChange, PageNew, page_create, page_get, page_list, page_update},
};
use serde::Serialize;
use serde_json::Value;

use super::resource::{Answer, list_query, page_of_path, reader, resource, resource_created, resource_list, writer};
use crate::{
    body::BODY_MAX,
    field::{Fields, json_read, text_take},
    links::page_url,
    state::ApiState,
    v1::error::V1Error,
};

const BUMP_EXPECTED: &str = "must be major, minor, patch or prerelease";
const GROUPING_EXPECTED: &str = "must be off: this server does not group releases";

/// `{"id", "slug", "url", "title", "description", "published", "grouping", "unversioned_as", "api_enabled", "revision",
/// "created_at", "updated_at"}`; `description` is `null` where the page says nothing about itself.
#[derive(Serialize)]
struct PageBody {
    id: String,
    slug: String,
    url: String,
    title: String,
    description: Option<String>,
    published: bool,
    grouping: &'static str,
    unversioned_as: &'static str,
    api_enabled: bool,
    revision: i64,
    created_at: String,
    updated_at: String,
}

impl PageBody {
    fn of(state: &ApiState, page: Page) -> Self {
        Self {
            url: page_url(&state.settings.public_url, &page.slug),
            id: page.id,
            slug: page.slug,
            title: page.title,
            description: Some(page.description).filter(|description| !description.is_empty()),
            published: page.published,
            grouping: "off",
            unversioned_as: page.unversioned_as.as_str(),
            api_enabled: page.api_enabled,
            revision: page.revision,
            created_at: time_iso8601(page.created_at),
            updated_at: time_iso8601(page.updated_at),
        }
    }
}

/// `POST /v1/pages` with `title`, and perhaps `slug` (made of the title where it is missing), `description`, `published`
/// (false where it is missing), `grouping` and `unversioned_as`.
pub(crate) async fn page_add(request: HttpRequest, payload: Payload, state: Data<ApiState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let body = json_read(&request, &mut payload.into_inner(), BODY_MAX).await?;
    let new = page_fields_new(&Fields::new(&body))?;
    let page = page_create(&state.store, caller.user.organization_id, new, page_id_new, state.now()).await?;
    resource_created(format!("/v1/pages/{}", page.id), &PageBody::of(&state, page))
}

fn page_fields_new(fields: &Fields<'_>) -> Result<PageNew, V1Error> {
    let mut faults = Faults::new();
    let title = fields.text(&mut faults, "title", "must be one line of 1 to 100 characters");
    let slug = fields.text_optional(&mut faults, "slug");
    let description = fields.text_optional(&mut faults, "description");
    let published = fields.boolean_optional(&mut faults, "published");
    let unversioned_as = fields.named_optional::<Bump>(&mut faults, "unversioned_as", BUMP_EXPECTED);
    fields.change(&mut faults, "grouping", GROUPING_EXPECTED, grouping_take);
    Ok(faults.finish(|| {
        Some(PageNew {
            slug: slug?.map(ToOwned::to_owned),
            title: title?.to_owned(),
            description: description?.unwrap_or_default().to_owned(),
            published: published?.unwrap_or(false),
            unversioned_as: unversioned_as?,
        })
    })?)
}

/// `GET /v1/pages`
pub(crate) async fn pages_read(request: HttpRequest, state: Data<ApiState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let (after, limit) = list_query(&request, TimeCursor::parse)?;
    let part = page_list(&state.store, caller.user.organization_id, after.unwrap_or_default(), limit).await?;
    resource_list(part, |page| PageBody::of(&state, page))
}

/// `GET /v1/pages/{id}`
pub(crate) async fn page_read(request: HttpRequest, id: Path<String>, state: Data<ApiState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let id = page_of_path(id.into_inner())?;
    let page = page_get(&state.store, caller.user.organization_id, id).await?;
    resource(&PageBody::of(&state, page))
}

/// `PATCH /v1/pages/{id}` with any of the fields of `POST`, and perhaps the `revision` that was edited.
pub(crate) async fn page_edit(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<ApiState>,
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
    let text = |value: &Value| text_take(value).map(ToOwned::to_owned);
    let revision = fields.number_optional(&mut faults, "revision");
    let slug = fields.change(&mut faults, "slug", "must be a text", text);
    let title = fields.change(&mut faults, "title", "must be a text", text);
    let description = fields.change(&mut faults, "description", "must be a text, or null for none", |value| {
        if value.is_null() { Some(String::new()) } else { text(value) }
    });
    let published = fields.change(&mut faults, "published", "must be true or false", Value::as_bool);
    let unversioned_as =
        fields.change(&mut faults, "unversioned_as", BUMP_EXPECTED, |value| value.as_str()?.parse().ok());
    fields.change(&mut faults, "grouping", GROUPING_EXPECTED, grouping_take);
    Ok(faults.finish(|| {
        Some(PageChange {
            revision: revision?,
            slug: slug?,
            title: title?,
            description: description?,
            published: published?,
            unversioned_as: unversioned_as?,
        })
    })?)
}

fn grouping_take(value: &Value) -> Option<()> {
    (value.as_str() == Some("off")).then_some(())
}
