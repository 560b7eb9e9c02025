//! `GET /v1/pages/{PAGE_ID}/releases` and `…/releases/{RELEASE_ID}`: the published releases.

use std::{collections::HashMap, slice, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderValue, LINK},
    web::Data,
};
use releasepage_domain::{fault::Faults, fields::TIME_EXPECTED, release::release_id_is_valid, time::time_parse};
use releasepage_http::{
    error::{ErrorCode, V1Error},
    limits::Bucket,
    links::below,
    query::Query,
    release_files::files_of,
    response::json_response,
    state::AppState,
};
use releasepage_storage::{
    database::cursor::{ListPart, TimeCursor},
    groups::history::{GroupName, release_groups},
    pages::{
        release_row::PageRelease,
        releases::{PageReleasesFilter, page_release, page_releases},
    },
};
use serde::Serialize;
use tokio::task::spawn_blocking;
use utoipa::ToSchema;

use super::{
    access::Uncounted,
    cached_page::CachedPage,
    release_json::{PageOfReleases, PublishedReleaseBody, ReleaseWithHtmlBody},
};
use crate::openapi::{
    names::BumpName,
    parameters::TimeListParameters,
    values::{Repo, TimeGiven},
};

/// The longest `q`, in characters.
const WORDS_MAX: usize = 1_000;

/// A part of a page's releases, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublishedReleases)]
pub(crate) struct PublishedReleasesBody {
    /// The releases.
    data: Vec<PublishedReleaseBody>,
    /// The value to send as `cursor` for the next part; `null` in the last part.
    #[schema(required = true)]
    next: Option<String>,
}

/// Answers the published releases, newest first.
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/releases",
    operation_id = "page_releases_list",
    tag = "Page API",
    summary = "The published releases of a page",
    description = "Newest first. The address of the next part is in `Link` with `rel=\"next\"`, too; the key is not in it.",
    security(("pageKey" = []), ("pageKeyParameter" = []), ("token" = ["read"])),
    params(
        TimeListParameters,
        ("repo" = Option<Repo>, Query, description = "Only those of this component"),
        ("bump" = Option<BumpName>, Query, description = "Only those that are this to their readers"),
        ("since" = Option<TimeGiven>, Query, description = "Only those from this moment on"),
        ("q" = Option<String>, Query, description = "Only those that hold all these words", max_length = 1000),
    ),
    responses((
        status = 200,
        description = "A part of the list",
        body = PublishedReleasesBody,
        headers(("Link" = Option<String>, description = "Where the next part is, where there is one")),
    )),
)]
pub(crate) async fn releases_list(request: HttpRequest, state: Data<AppState>) -> Result<HttpResponse, V1Error> {
    let page_id = request.match_info().get("page_id").unwrap_or_default();
    let uncounted = Uncounted::open(&request, &state, page_id, Bucket::Read).await?;
    let access = uncounted.count(&request, &state)?;
    let (filter, limit) = filter_parse(&request, &access.page)?;
    // One entry more than asked for shows whether there is a next part.
    let found = page_releases(&state.store, page_id.to_owned(), filter, i64::from(limit) + 1).await?;
    let part = ListPart::cut(found, limit, cursor_of);
    let next = part.next.clone();
    let groups = groups_of(&state, page_id, &access.page, &part.rows).await?;
    let body = list_render(&state, &access.page, part, groups).await?;
    let mut response = json_response(&body);
    if let Some(link) = next.and_then(|next| link_next(&request, &state, page_id, &next)) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

fn filter_parse(request: &HttpRequest, page: &CachedPage) -> Result<(PageReleasesFilter, u32), V1Error> {
    let query = Query::of(request);
    let mut faults = Faults::new();
    let TimeListParameters { limit, cursor } = TimeListParameters::read(&query, &mut faults);
    let known = |repo: &str| page.component(repo).map(|component| component.repo.clone());
    let filter = PageReleasesFilter {
        repo: query.parsed(&mut faults, "repo", "must be the repo of a component of this page", known),
        bump: query.named(&mut faults, "bump"),
        since: query.parsed(&mut faults, "since", TIME_EXPECTED, time_parse),
        query: query.text(&mut faults, "q", WORDS_MAX).map(ToOwned::to_owned),
        after: cursor.map(|cursor| (cursor.time, cursor.id)),
    };
    Ok(faults.finish(|| Some((filter, limit)))?)
}

fn cursor_of(release: &PageRelease) -> String {
    TimeCursor { time: release.published_at, id: release.id.clone() }.to_string()
}

/// Renders a list. Another thread does it, because summaries are made from notes of up to 1 MiB each.
async fn list_render(
    state: &Data<AppState>,
    page: &Arc<CachedPage>,
    part: ListPart<PageRelease>,
    groups: HashMap<String, GroupName>,
) -> Result<PublishedReleasesBody, V1Error> {
    let (state, page) = (Data::clone(state), Arc::clone(page));
    render(move || {
        let page = PageOfReleases { public_url: &state.settings.public_url, slug: &page.slug, groups: &groups };
        let body = |release| PublishedReleaseBody::of(release, page);
        PublishedReleasesBody { data: part.rows.iter().map(body).collect(), next: part.next }
    })
    .await
}

/// Returns the groups in which readers see these releases.
pub(crate) async fn groups_of(
    state: &AppState,
    page_id: &str,
    page: &CachedPage,
    releases: &[PageRelease],
) -> Result<HashMap<String, GroupName>, V1Error> {
    if !page.grouped || releases.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = releases.iter().map(|release| release.id.clone()).collect();
    Ok(release_groups(&state.store, page_id.to_owned(), ids).await?)
}

/// Makes a body on another thread.
pub(crate) async fn render<T: Send + 'static>(make: impl FnOnce() -> T + Send + 'static) -> Result<T, V1Error> {
    spawn_blocking(make).await.map_err(V1Error::defect)
}

/// Makes the link to the next part, which begins at `next` (RFC 8288). The key is left out, because it would end up in
/// logs and histories.
fn link_next(request: &HttpRequest, state: &AppState, page_id: &str, next: &str) -> Option<HeaderValue> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        if !matches!(&*name, "cursor" | "apiKey") {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair("cursor", next);
    let path = below(&state.settings.public_url, &["v1", "pages", page_id, "releases"]);
    HeaderValue::try_from(format!("<{path}?{}>; rel=\"next\"", query.finish())).ok()
}

/// Answers one published release.
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/releases/{release_id}",
    tag = "Page API",
    summary = "A published release",
    description = "With its notes, as Markdown and as HTML that is safe on any page.",
    security(("pageKey" = []), ("pageKeyParameter" = []), ("token" = ["read"])),
    responses((status = 200, description = "The release", body = ReleaseWithHtmlBody)),
)]
pub(crate) async fn release_show(request: HttpRequest, state: Data<AppState>) -> Result<HttpResponse, V1Error> {
    let path = request.match_info();
    let (page_id, release_id) = (path.get("page_id").unwrap_or_default(), path.get("release_id").unwrap_or_default());
    let uncounted = Uncounted::open(&request, &state, page_id, Bucket::Read).await?;
    let access = uncounted.count(&request, &state)?;
    let release = release_of(&state, page_id, release_id).await?;
    let groups = groups_of(&state, page_id, &access.page, slice::from_ref(&release)).await?;
    let files = files_of(&state, vec![release.id.clone()]).await?;
    let body = render(move || {
        let public_url = &state.settings.public_url;
        let page = PageOfReleases { public_url, slug: &access.page.slug, groups: &groups };
        ReleaseWithHtmlBody::of(&release, page, files.get(&release.id))
    });
    Ok(json_response(&body.await?))
}

async fn release_of(state: &AppState, page_id: &str, release_id: &str) -> Result<PageRelease, V1Error> {
    if !release_id_is_valid(release_id) {
        return Err(ErrorCode::NOT_FOUND.into());
    }
    Ok(page_release(&state.store, page_id.to_owned(), release_id.to_owned()).await?)
}
