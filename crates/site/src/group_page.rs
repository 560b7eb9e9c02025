//! A group as a document of its own.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use releasepage_http::{links::group_url, session::Visitor, state::AppState};
use releasepage_storage::{
    groups::history::{GroupName, page_group_shown},
    pages::snapshots::page_snapshot,
};
use releasepage_web::{group::GroupPage, release::ReleaseLink};

use crate::{
    document::document,
    entries::{Naming, group_view_whole},
    error::PageError,
    paths,
    public_page::{address_check, page_readable, reach_of},
};

/// Answers `GET /p/{slug}/groups/{group_id}` with one group, for the links in emails. It works even while the page's
/// grouping is off.
pub(crate) async fn group_show(
    state: Data<AppState>,
    request: HttpRequest,
    visitor: Visitor,
    path: Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let (slug, group_id) = path.into_inner();
    let page = page_readable(&state, &visitor, slug).await?;
    // A text that is not a number cannot be the id of a group.
    let group_id: i64 = group_id.parse().map_err(|_| PageError::NotFound)?;
    let found = page_group_shown(&state.store, page.id.clone(), group_id).await?;
    address_check(&request, paths::group(&page.slug, group_id))?;
    let snapshot = page_snapshot(&state.store, page.id.clone()).await?.ok_or(PageError::NotFound)?;
    let naming = Naming::of(&state, &snapshot, &page.slug, found.group.members.iter()).await?;
    let link = |group: GroupName| ReleaseLink { href: paths::group(&page.slug, group.id), version: group.version };
    let reach = reach_of(&page);
    let view = GroupPage {
        page_href: paths::page(&page.slug),
        canonical: group_url(&state.settings.public_url, &page.slug, group_id),
        group: group_view_whole(found.group, naming).await?,
        newer: found.newer.map(link),
        older: found.older.map(link),
        page_title: page.title,
    };
    Ok(document(&view, reach))
}
