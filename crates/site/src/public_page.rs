//! The public page, and a release as a document of its own.

use std::iter;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Query},
};
use releasepage_domain::{page::slug_check, release::release_id_is_valid, subscriber::Preferences};
use releasepage_http::{
    form::FormToken,
    links::{page_url, release_url},
    session::Visitor,
    state::AppState,
};
use releasepage_storage::{
    database::cursor::TimeCursor,
    groups::{
        history::release_groups,
        timeline::{LatestGroup, TimelinePlace, page_timeline},
    },
    pages::{
        release_row::PageRelease,
        releases::{page_release, release_neighbours},
        row::Page as StoredPage,
        slugs::page_by_slug,
        snapshots::{PageSnapshot, page_snapshot},
    },
};
use releasepage_web::{
    page::{LatestGrouped, LatestVersion, Page, SubscribeForm},
    release::{ReleaseLink, ReleasePage},
};
use serde::Deserialize;

use crate::{
    document::{Reach, document},
    entries::{Naming, entries_releases, entries_view, release_view_whole},
    error::PageError,
    paths,
};

/// The number of entries in one slice of the list.
const ENTRIES_SHOWN: u32 = 20;

/// The query of a page's list.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ListQuery {
    /// The cursor after which the slice begins. The slice holds older entries.
    after: Option<String>,
    /// The cursor before which the slice ends. The slice holds newer entries.
    before: Option<String>,
}

impl ListQuery {
    fn place(&self) -> Result<TimelinePlace, PageError> {
        let parse = |cursor: &str| TimeCursor::parse(cursor).map_err(|_| PageError::RequestInvalid);
        match (&self.after, &self.before) {
            (None, None) => Ok(TimelinePlace::Newest),
            (Some(after), None) => Ok(TimelinePlace::After(parse(after)?)),
            (None, Some(before)) => Ok(TimelinePlace::Before(parse(before)?)),
            (Some(_), Some(_)) => Err(PageError::RequestInvalid),
        }
    }
}

/// Answers `GET /p/{slug}` with the latest versions, the history and the form to subscribe.
pub(crate) async fn page_show(
    state: Data<AppState>,
    request: HttpRequest,
    visitor: Visitor,
    slug: Path<String>,
    query: Query<ListQuery>,
) -> Result<HttpResponse, PageError> {
    let page = page_readable(&state, &visitor, slug.into_inner()).await?;
    address_check(&request, paths::page(&page.slug))?;
    let reach = reach_of(&page);
    let token = FormToken::of(&request, &state);
    let view = page_view(&state, page, query.into_inner(), subscribe_form_empty(), &token).await?;
    Ok(token.kept(document(&view, reach), &state)?)
}

/// Returns the visibility of a page's documents.
pub(super) fn reach_of(page: &StoredPage) -> Reach {
    if page.published { Reach::Open } else { Reach::Private }
}

/// Redirects to the present address if the request used another: a former slug, capitals, or a slash at the end.
pub(super) fn address_check(request: &HttpRequest, path: String) -> Result<(), PageError> {
    if request.path() == path {
        return Ok(());
    }
    let query = request.query_string();
    Err(PageError::Moved { to: if query.is_empty() { path } else { format!("{path}?{query}") } })
}

/// Returns the page at a present or former address. A published page is for everybody, any other for the members of its
/// organization. Other visitors get [`PageError::NotFound`].
pub(super) async fn page_readable(state: &AppState, visitor: &Visitor, slug: String) -> Result<StoredPage, PageError> {
    let slug = slug_check("slug", &slug.to_ascii_lowercase()).map_err(|_| PageError::NotFound)?;
    page_by_slug(&state.store, slug)
        .await?
        .filter(|page| page.published || visitor.is_member_of(page.organization_id))
        .ok_or(PageError::NotFound)
}

/// The content of a subscribe form that is shown again.
pub(super) struct SubscribeTyped {
    /// The text in the address field, which may not be an address.
    pub(super) address: String,
    /// The bumps that are ticked.
    pub(super) kinds: Preferences,
    /// The sentence about the form's fault, if any.
    pub(super) error: Option<String>,
}

fn subscribe_form_empty() -> SubscribeTyped {
    SubscribeTyped { address: String::new(), kinds: Preferences::default(), error: None }
}

/// Returns the whole page with one slice of its list.
pub(super) async fn page_view(
    state: &AppState,
    page: StoredPage,
    query: ListQuery,
    typed: SubscribeTyped,
    token: &FormToken,
) -> Result<Page, PageError> {
    let place = query.place()?;
    let snapshot = page_snapshot(&state.store, page.id.clone()).await?.ok_or(PageError::NotFound)?;
    let part = page_timeline(&state.store, page.id.clone(), place, ENTRIES_SHOWN).await?;
    let naming = Naming::of(state, &snapshot, &page.slug, entries_releases(&part.entries)).await?;
    Ok(Page {
        canonical: page_url(&state.settings.public_url, &page.slug),
        latest_grouped: snapshot.latest_grouped.as_ref().map(|group| latest_grouped_view(group, &page.slug)),
        latest: snapshot.latest.iter().map(|release| latest_view(release, &page.slug)).collect(),
        entries: entries_view(part.entries, naming).await?,
        newer_href: part.newer.map(|cursor| paths::page_before(&page.slug, &cursor)),
        older_href: part.older.map(|cursor| paths::page_after(&page.slug, &cursor)),
        subscribe: page.published.then(|| SubscribeForm {
            action: paths::subscribe(&page.slug),
            address: typed.address,
            kinds: typed.kinds.bumps().to_vec(),
            error: typed.error,
            csrf: Some(token.value()),
        }),
        badge_src: badge_src(&snapshot),
        title: page.title,
        description: Some(page.description).filter(|description| !description.is_empty()),
    })
}

/// Returns the path of the badge, if the page's API shows the page. The path needs no key: visitors of the page should
/// not use up the limits of the key's own clients.
fn badge_src(snapshot: &PageSnapshot) -> Option<String> {
    (snapshot.api_enabled && snapshot.page.published).then(|| paths::badge(&snapshot.page.slug))
}

fn latest_grouped_view(group: &LatestGroup, slug: &str) -> LatestGrouped {
    LatestGrouped {
        version: group.version.clone(),
        published_at: group.published_at,
        href: paths::group(slug, group.id),
    }
}

fn latest_view(release: &PageRelease, slug: &str) -> LatestVersion {
    LatestVersion {
        component: release.component.name.clone(),
        version: release.version.clone(),
        published_at: release.published_at,
        href: paths::release(slug, &release.id),
    }
}

/// Answers `GET /p/{slug}/releases/{release_id}` with one release, for the links in emails.
pub(crate) async fn release_show(
    state: Data<AppState>,
    request: HttpRequest,
    visitor: Visitor,
    path: Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let (slug, release_id) = path.into_inner();
    let page = page_readable(&state, &visitor, slug).await?;
    let release = release_found(&state, &page, release_id).await?;
    address_check(&request, paths::release(&page.slug, &release.id))?;
    let snapshot = page_snapshot(&state.store, page.id.clone()).await?.ok_or(PageError::NotFound)?;
    let neighbours = release_neighbours(&state.store, page.id.clone(), release.clone()).await?;
    let link = |release: &PageRelease| ReleaseLink {
        version: release.version.clone(),
        href: paths::release(&page.slug, &release.id),
    };
    let (newer, older) = (neighbours.newer.as_ref().map(link), neighbours.older.as_ref().map(link));
    let naming = Naming::of(&state, &snapshot, &page.slug, iter::once(&release)).await?;
    let reach = reach_of(&page);
    let release_id = release.id.clone();
    let group = release_groups(&state.store, page.id.clone(), vec![release_id.clone()]).await?.remove(&release_id);
    let release = release_view_whole(release, naming).await?;
    let view = ReleasePage {
        page_href: paths::page(&page.slug),
        canonical: release_url(&state.settings.public_url, &page.slug, &release_id),
        page_title: page.title,
        group: group.map(|group| ReleaseLink { href: paths::group(&page.slug, group.id), version: group.version }),
        release,
        newer,
        older,
    };
    Ok(document(&view, reach))
}

/// Returns a release of a page. A text that cannot be an id matches none.
async fn release_found(state: &AppState, page: &StoredPage, release_id: String) -> Result<PageRelease, PageError> {
    if !release_id_is_valid(&release_id) {
        return Err(PageError::NotFound);
    }
    Ok(page_release(&state.store, page.id.clone(), release_id).await?)
}
