//! The public page, and a release on a page of its own.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Data, Path, Query},
};
use releasepage_content::{RemoteImages, notes_beginning};
use releasepage_domain::{
    environment::Environment, page::slug_check, release::release_id_is_valid, subscriber::Preferences, time::UtcTime,
};
use releasepage_storage::{
    cursor::{ListPart, TimeCursor},
    page_releases::{PageRelease, PageReleasesFilter, page_release, page_releases, release_neighbours},
    page_slugs::page_by_slug,
    pages::Page as StoredPage,
    snapshots::{PageSnapshot, page_snapshot},
};
use releasepage_web::{
    NotesHtml,
    page::{LatestVersion, Page, SubscribeForm},
    release::{ReleaseLink, ReleasePage, ReleaseView},
};
use serde::Deserialize;

use super::{
    document::{Reach, document},
    error::PageError,
    form::FormToken,
    paths,
    session::Visitor,
};
use crate::{
    links::{page_url, release_url},
    state::ApiState,
};

/// Releases on one part of the list.
const RELEASES_SHOWN: u32 = 20;

/// How many characters of a release's notes the list shows: anyone may ask for a page at any time, and each part of it
/// stays small, however much its releases have to say.
const NOTES_SHOWN: usize = 20_000;

/// The query of a page's list.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ListQuery {
    /// The cursor of the part to show.
    after: Option<String>,
}

/// `GET /p/{slug}`: the latest versions, the releases, and the form to subscribe.
pub(crate) async fn page_show(
    state: Data<ApiState>,
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
    token.kept(document(&view, reach), &state)
}

/// Who may keep what a page shows.
fn reach_of(page: &StoredPage) -> Reach {
    if page.published { Reach::Open } else { Reach::Private }
}

/// Leads to where something is, if it was asked for at another address: by a former slug, in capitals, or with a slash at
/// its end.
fn address_check(request: &HttpRequest, path: String) -> Result<(), PageError> {
    if request.path() == path {
        return Ok(());
    }
    let query = request.query_string();
    Err(PageError::Moved { to: if query.is_empty() { path } else { format!("{path}?{query}") } })
}

/// The page at an address, present or former, for those who may see it: everybody where it is published, else the members
/// of its organization. For others there is none.
pub(super) async fn page_readable(state: &ApiState, visitor: &Visitor, slug: String) -> Result<StoredPage, PageError> {
    let slug = slug_check("slug", &slug.to_ascii_lowercase()).map_err(|_| PageError::NotFound)?;
    page_by_slug(&state.store, slug)
        .await?
        .filter(|page| page.published || visitor.is_member_of(page.organization_id))
        .ok_or(PageError::NotFound)
}

/// What was typed into the form to subscribe.
pub(super) struct SubscribeTyped {
    /// The address, be it one or not.
    pub(super) address: String,
    /// The kinds that are ticked.
    pub(super) kinds: Preferences,
    /// What is wrong with it.
    pub(super) error: Option<String>,
}

fn subscribe_form_empty() -> SubscribeTyped {
    SubscribeTyped { address: String::new(), kinds: Preferences::default(), error: None }
}

/// The whole page with one part of its list.
pub(super) async fn page_view(
    state: &ApiState,
    page: StoredPage,
    query: ListQuery,
    typed: SubscribeTyped,
    token: &FormToken,
) -> Result<Page, PageError> {
    let after = match &query.after {
        Some(cursor) => Some(TimeCursor::parse(cursor).map_err(|_| PageError::RequestInvalid)?),
        None => None,
    };
    let filter =
        PageReleasesFilter { after: after.map(|after| (after.time, after.id)), ..PageReleasesFilter::default() };
    let snapshot = page_snapshot(&state.store, page.id.clone()).await?.ok_or(PageError::NotFound)?;
    // One more than is shown tells whether there are older ones.
    let releases = page_releases(&state.store, page.id.clone(), filter, i64::from(RELEASES_SHOWN) + 1).await?;
    let cursor = |last: &PageRelease| TimeCursor { time: last.published_at, id: last.id.clone() }.to_string();
    let part = ListPart::cut(releases, RELEASES_SHOWN, cursor);
    let naming = Naming::of(&snapshot, &page.slug, state.now());
    Ok(Page {
        canonical: page_url(&state.settings.public_url, &page.slug),
        latest: snapshot.latest.iter().map(|release| latest_view(release, &page.slug)).collect(),
        releases: releases_view(part.rows, naming, Extent::List).await?,
        newer_href: query.after.map(|_| paths::page(&page.slug)),
        older_href: part.next.map(|cursor| paths::page_after(&page.slug, &cursor)),
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

/// The badge of a page that the API shows.
fn badge_src(snapshot: &PageSnapshot) -> Option<String> {
    if !(snapshot.api_enabled && snapshot.page.published) {
        return None;
    }
    let (key, _) = snapshot.keys.iter().find(|(_, environment)| *environment == Environment::Live)?;
    Some(paths::badge(&snapshot.page.id, key))
}

fn latest_view(release: &PageRelease, slug: &str) -> LatestVersion {
    LatestVersion {
        component: release.component.name.clone(),
        version: release.version.clone(),
        published_at: release.published_at,
        href: paths::release(slug, &release.id),
    }
}

/// `GET /p/{slug}/releases/{release_id}`: one release, where links in mails lead.
pub(crate) async fn release_show(
    state: Data<ApiState>,
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
    let naming = Naming::of(&snapshot, &page.slug, state.now());
    let reach = reach_of(&page);
    let release_id = release.id.clone();
    let release = releases_view(vec![release], naming, Extent::Whole).await?.pop().ok_or(PageError::NotFound)?;
    let view = ReleasePage {
        page_href: paths::page(&page.slug),
        canonical: release_url(&state.settings.public_url, &page.slug, &release_id),
        page_title: page.title,
        release,
        newer,
        older,
    };
    Ok(document(&view, reach))
}

/// A release of a page; a text that cannot be an id is none's.
async fn release_found(state: &ApiState, page: &StoredPage, release_id: String) -> Result<PageRelease, PageError> {
    if !release_id_is_valid(&release_id) {
        return Err(PageError::NotFound);
    }
    Ok(page_release(&state.store, page.id.clone(), release_id).await?)
}

/// How much of their notes releases are shown with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// What has room in a list.
    List,
    /// All of them.
    Whole,
}

/// What a page's releases have in common when they are shown.
struct Naming {
    slug: String,
    /// Whether a release must say whose it is.
    has_components: bool,
    now: UtcTime,
}

impl Naming {
    fn of(snapshot: &PageSnapshot, slug: &str, now: UtcTime) -> Self {
        Self { slug: slug.to_owned(), has_components: snapshot.components.len() > 1, now }
    }
}

/// Renders releases on a blocking thread: notes may be a mebibyte each.
async fn releases_view(
    releases: Vec<PageRelease>,
    naming: Naming,
    extent: Extent,
) -> Result<Vec<ReleaseView>, PageError> {
    let render = move || releases.into_iter().map(|release| release_view(release, &naming, extent)).collect();
    web::block(render).await.map_err(PageError::defect)
}

fn release_view(release: PageRelease, naming: &Naming, extent: Extent) -> ReleaseView {
    let says_more = |title: &String| !title.is_empty() && *title != release.version && *title != release.tag;
    let notes = release.notes.as_deref().unwrap_or_default();
    let shown = match extent {
        Extent::Whole => notes,
        Extent::List => notes_beginning(notes, NOTES_SHOWN),
    };
    ReleaseView {
        title: Some(release.title).filter(says_more),
        bump: release.bump,
        component: naming.has_components.then_some(release.component.name),
        author: Some(release.author).filter(|author| !author.is_empty()),
        published_at: release.published_at,
        notes: NotesHtml::from_markdown(shown, RemoteImages::Refused),
        notes_are_cut: shown.len() < notes.len(),
        platforms: release.platforms,
        rolling_out: release.ends_at.is_some_and(|ends_at| ends_at > naming.now),
        permalink: paths::release(&naming.slug, &release.id),
        version: release.version,
    }
}
