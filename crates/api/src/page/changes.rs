//! `GET /v1/pages/{PAGE_ID}/changes`: the changes from the version that a reader runs to another.

use std::{collections::HashMap, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, web::Data};
use releasepage_domain::{
    bump::Bump,
    changes::{ChangesEnd, ChangesRange, GroupRange, Place},
    fault::{Fault, Faults},
    release::release_tag_check,
};
use releasepage_http::{error::V1Error, limits::Bucket, query::Query, response::json_response, state::AppState};
use releasepage_storage::{
    groups::history::{GroupName, group_releases_between},
    pages::{
        ranges::{RangeEnd, ReleaseRange, ReleaseRank, component_releases_between, component_versions, release_rank},
        release_row::PageRelease,
    },
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    access::Uncounted,
    cached_page::{CachedComponent, CachedPage},
    release_json::{PageOfReleases, ReleaseWithNotesBody},
    releases::{groups_of, render},
};
use crate::openapi::values::Repo;

/// The most components that an error names.
const REPOS_NAMED: usize = 10;

/// The changes between two versions of a component, or of a page's groups.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Changes)]
pub(crate) struct ChangesBody {
    /// The component; `null` if the versions are those of the page's groups.
    #[schema(value_type = Option<Repo>, required = true)]
    repo: Option<String>,
    /// The version that the reader runs.
    #[schema(examples("v1.0.0"))]
    from: String,
    /// The version to compare with; `null` if none was given and none is published.
    #[schema(required = true, examples("v1.4.0"))]
    to: Option<String>,
    /// `true` means that a major release is among the changes.
    breaking: bool,
    /// The releases in between, breaking ones first. Those of several components are sorted by component, each from the
    /// highest version down.
    changes: Vec<ReleaseWithNotesBody>,
}

/// Answers all releases of a component, or of the page's groups, after `from`, up to and including `to`. If there are
/// more than [`RANGE_MAX`](releasepage_storage::pages::release_row::RANGE_MAX), it answers the first ones.
#[utoipa::path(
    get,
    path = "/v1/pages/{page_id}/changes",
    tag = "Page API",
    summary = "Everything that changed between two versions",
    description = "The releases of a component after `from`, up to and with `to`. Neither has to be a version that exists. \
        Pre-releases are left out, unless `to` is one. Where `version` has `latestGrouped` and no `repo` is given, both \
        are versions of groups, and the answer has every release of the groups in between, of whatever component.",
    security(("pageKey" = []), ("pageKeyParameter" = []), ("token" = ["read"])),
    params(
        ("from" = String, Query, description = "The version that the reader runs", min_length = 1, max_length = 200,
            example = "v1.0.0"),
        ("to" = Option<String>, Query, description = "Another version; the latest where it is missing", max_length = 200,
            example = "v1.4.0"),
        ("repo" = Option<Repo>, Query, description = "The component; may be left out where the page has only one, or has groups"),
    ),
    responses((status = 200, description = "The changes", body = ChangesBody)),
)]
pub(crate) async fn changes_show(request: HttpRequest, state: Data<AppState>) -> Result<HttpResponse, V1Error> {
    let page_id = request.match_info().get("page_id").unwrap_or_default();
    let uncounted = Uncounted::open(&request, &state, page_id, Bucket::Read).await?;
    let access = uncounted.count(&request, &state)?;
    let asked = Asked::of(&request, &access.page)?;
    let page = Arc::clone(&access.page);
    let found = match &asked.repo {
        Some(repo) => changes_find(&state, page_id, (&asked, repo)).await?,
        None => group_changes_find(&state, page_id, (&asked, &page)).await?,
    };
    let groups = groups_of(&state, page_id, &page, &found.releases).await?;
    let body = render(move || changes_body(asked, &found, &groups, &state, &page)).await?;
    Ok(json_response(&body))
}

/// The parameters of the query.
#[derive(Debug)]
struct Asked {
    /// The component; `None` for the page's groups.
    repo: Option<String>,
    from: String,
    to: Option<String>,
}

impl Asked {
    fn of(request: &HttpRequest, page: &CachedPage) -> Result<Self, V1Error> {
        let query = Query::of(request);
        let mut faults = Faults::new();
        let known = |repo: &str| page.component(repo).map(|component| component.repo.clone());
        let expected = "must be the repo of a component of this page";
        let mut repo = query.parsed(&mut faults, "repo", expected, known);
        if !query.has("repo") {
            match &page.components[..] {
                _ if page.grouped => {}
                [only] => repo = Some(only.repo.clone()),
                several => faults.push(Fault::missing("repo", format!("{expected}: {}", repos_named(several)))),
            }
        }
        let from = query.checked(&mut faults, "from", release_tag_check).map(ToOwned::to_owned);
        if !query.has("from") {
            faults.push(Fault::missing("from", "must be the version that the reader runs, such as v1.0.0"));
        }
        let to = query.checked(&mut faults, "to", release_tag_check).map(ToOwned::to_owned);
        Ok(faults.finish(|| Some(Self { repo, from: from?, to }))?)
    }
}

/// Names the components of a page in words.
fn repos_named(components: &[CachedComponent]) -> String {
    let mut names: Vec<&str> = components.iter().take(REPOS_NAMED).map(|component| &*component.repo).collect();
    match components.len() {
        0 => names.push("it has none yet"),
        count if count > REPOS_NAMED => names.push("and others"),
        _ => {}
    }
    names.join(", ")
}

/// The releases between the two versions.
#[derive(Debug, Default)]
struct Changes {
    to: Option<String>,
    releases: Vec<PageRelease>,
}

/// Finds the releases between two versions of the page's groups.
async fn group_changes_find(
    state: &AppState,
    page_id: &str,
    (asked, page): (&Asked, &CachedPage),
) -> Result<Changes, V1Error> {
    let latest = page.latest.clone().unwrap_or_default();
    let range = match &asked.to {
        Some(to) => GroupRange::between(&asked.from, to)?,
        None => GroupRange::to_latest(&asked.from, &latest)?,
    };
    let releases = group_releases_between(&state.store, page_id.to_owned(), range).await?;
    Ok(Changes { to: Some(asked.to.clone().unwrap_or(latest)), releases })
}

/// Finds the releases between two versions of a component.
async fn changes_find(state: &AppState, page_id: &str, (asked, repo): (&Asked, &str)) -> Result<Changes, V1Error> {
    let rank = |name| release_rank(&state.store, page_id.to_owned(), repo.to_owned(), name);
    let end = |rank: &ReleaseRank| ChangesEnd::of_release(rank.version_key.clone(), rank.published_at, rank.prerelease);
    let rule = component_versions(&state.store, page_id.to_owned(), repo.to_owned()).await?;
    let named = |field, name: &str, rank: Option<ReleaseRank>| match rank {
        Some(rank) => Ok(end(&rank)),
        None => ChangesEnd::of_version(field, name, rule),
    };
    let (from, to) = (rank(Some(asked.from.clone())).await?, rank(asked.to.clone()).await?);
    let mut faults = Faults::new();
    let from = faults.take(named("from", &asked.from, from));
    let (range, to) = match (&asked.to, to) {
        (Some(name), to) => {
            let to = faults.take(named("to", name, to));
            let ends = from.zip(to).map(|(from, to)| ChangesRange::between(from, to));
            (ends.and_then(|range| faults.take(range)), name.clone())
        }
        (None, Some(latest)) => (from.map(|from| ChangesRange::to_latest(from, end(&latest))), latest.version),
        (None, None) => return Ok(faults.finish(|| Some(Changes::default()))?),
    };
    let range = range_stored(faults.finish(|| range)?);
    let releases = component_releases_between(&state.store, page_id.to_owned(), repo.to_owned(), range).await?;
    Ok(Changes { to: Some(to), releases })
}

fn range_stored(range: ChangesRange) -> ReleaseRange {
    let end = |place: Place| RangeEnd { version_key: place.version_key, published_at: place.published_at };
    ReleaseRange { after: end(range.after), until: end(range.until), prereleases: range.prereleases }
}

/// Makes the body of an answer.
fn changes_body(
    asked: Asked,
    found: &Changes,
    groups: &HashMap<String, GroupName>,
    state: &AppState,
    page: &CachedPage,
) -> ChangesBody {
    let page = PageOfReleases { public_url: &state.settings.public_url, slug: &page.slug, groups };
    let body = |release| ReleaseWithNotesBody::of(release, page);
    ChangesBody {
        repo: asked.repo,
        from: asked.from,
        to: found.to.clone(),
        breaking: found.releases.iter().any(|release| release.bump == Bump::Major),
        changes: found.releases.iter().map(body).collect(),
    }
}
