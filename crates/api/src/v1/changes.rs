//! `GET /v1/pages/{PAGE_ID}/changes`: what changed between the version that a reader runs and another.

use std::{cmp::Ordering, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, web::Data};
use releasepage_domain::{
    bump::Bump,
    fault::{Fault, Faults},
    tag::Tag,
    time::UtcTime,
};
use releasepage_storage::page_releases::{PageRelease, component_releases_ranked};
use serde_json::{Value, json};

use super::{
    error::V1Error, page_access::PageAccess, release_json::release_json_with_notes, releases::render,
    response::json_response,
};
use crate::{field::Query, limits::Bucket, snapshot::Snapshot, state::ApiState};

/// Answers every release of a component after `from`, up to and with `to`:
///
/// ```json
/// { "repo": "releasepage/api", "from": "v1.0.0", "to": "v1.4.0", "breaking": true, "changes": [release, …] }
/// ```
///
/// Breaking (major) releases come first, then the others, each from the highest version down, with their notes as
/// [`release_json_with_notes`] has them. `to` is the latest version where none was named, `null` where there is none.
/// Neither has to be a version that exists. Pre-releases are left out, unless `to` is one. `repo` may be left out where
/// the page has one component.
pub(crate) async fn changes_show(request: HttpRequest, state: Data<ApiState>) -> Result<HttpResponse, V1Error> {
    let page_id = request.match_info().get("page_id").unwrap_or_default();
    let access = PageAccess::open(&request, &state, page_id, Bucket::Read).await?;
    access.count(&request, &state)?;
    let asked = Asked::of(&request, &access.page)?;
    let ranked = component_releases_ranked(&state.store, page_id.to_owned(), Some(asked.repo.clone())).await?;
    let releases = ranked.map(|(_, releases)| releases).unwrap_or_default();
    let changes = Changes::between(releases, &asked.from, asked.to.as_deref())?;
    let page = Arc::clone(&access.page);
    let body = render(move || changes.json(&asked, &state, &page)).await?;
    Ok(json_response(&body))
}

/// What the query asks for.
#[derive(Debug)]
struct Asked {
    repo: String,
    from: String,
    to: Option<String>,
}

impl Asked {
    fn of(request: &HttpRequest, page: &Snapshot) -> Result<Self, V1Error> {
        let query = Query::of(request);
        let mut faults = Faults::new();
        let known = |repo: &str| page.component(repo).map(|component| component.repo.clone());
        let expected = "must be the repo of a component of this page";
        let given = query.text(&mut faults, "repo").is_some();
        let mut repo = query.parsed(&mut faults, "repo", expected, known);
        if !given {
            match &page.components[..] {
                [only] => repo = Some(only.repo.clone()),
                _ => faults.push(Fault::missing("repo", expected)),
            }
        }
        let from = query.text(&mut faults, "from").map(ToOwned::to_owned);
        if from.is_none() {
            faults.push(Fault::missing("from", "must be the version that the reader runs, such as v1.0.0"));
        }
        let to = query.text(&mut faults, "to").map(ToOwned::to_owned);
        Ok(faults.finish(|| Some(Self { repo: repo?, from: from?, to }))?)
    }
}

/// A place in the order of a component's releases: by version, and of unversioned ones by time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    version_key: String,
    time: Option<UtcTime>,
}

/// The version key that all unversioned releases share.
fn unversioned_key() -> String {
    Tag::parse("", None).sort_key()
}

impl Place {
    fn of(release: &PageRelease) -> Self {
        let time = (release.version_key == unversioned_key()).then_some(release.published_at);
        Self { version_key: release.version_key.clone(), time }
    }

    /// The place of what a reader named, and whether it is a pre-release: a release's, by its tag or version, or where
    /// that version would stand. The second is for versions that were never published, or were withdrawn.
    fn named(field: &str, name: &str, releases: &[PageRelease]) -> Result<(Self, bool), Fault> {
        if let Some(release) = releases.iter().find(|release| release.version == name || release.tag == name) {
            return Ok((Self::of(release), release.prerelease));
        }
        let tag = Tag::parse(name, None);
        if tag.version().is_none() {
            return Err(Fault::invalid(field, "must be a version such as v1.0.0, or the tag of a published release"));
        }
        Ok((Self { version_key: tag.sort_key(), time: None }, tag.is_prerelease()))
    }
}

/// What lies between two versions.
#[derive(Debug)]
struct Changes {
    to: Option<String>,
    releases: Vec<PageRelease>,
}

impl Changes {
    /// Chooses among all releases of a component, given with the highest version first.
    fn between(releases: Vec<PageRelease>, from: &str, to: Option<&str>) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let from = faults.take(Place::named("from", from, &releases));
        let latest = releases.iter().find(|release| !release.prerelease);
        let end = match (to, latest) {
            (Some(to), _) => faults.take(Place::named("to", to, &releases)).map(Some),
            (None, Some(latest)) => Some(Some((Place::of(latest), false))),
            (None, None) => Some(None),
        };
        let (from, end) = faults.finish(|| from.zip(end))?;
        let to_named = to.map(ToOwned::to_owned).or_else(|| latest.map(|latest| latest.version.clone()));
        let Some((end, with_prereleases)) = end else {
            return Ok(Self { to: None, releases: Vec::new() });
        };
        let (from, _) = from;
        if to.is_some() && end < from {
            return Err(Fault::invalid("to", "must not be a version before from").into());
        }
        let mut releases: Vec<PageRelease> = releases
            .into_iter()
            .filter(|release| with_prereleases || !release.prerelease)
            .filter(|release| {
                let place = Place::of(release);
                place > from && place <= end
            })
            .collect();
        releases.sort_by(breaking_first);
        Ok(Self { to: to_named, releases })
    }

    fn json(&self, asked: &Asked, state: &ApiState, page: &Snapshot) -> Value {
        let public_url = &state.settings.public_url;
        let changes: Vec<Value> =
            self.releases.iter().map(|release| release_json_with_notes(release, public_url, &page.slug)).collect();
        json!({
            "repo": asked.repo,
            "from": asked.from,
            "to": self.to,
            "breaking": self.releases.iter().any(|release| release.bump == Bump::Major),
            "changes": changes,
        })
    }
}

/// Breaking releases before the others; beyond that the order stays.
fn breaking_first(one: &PageRelease, other: &PageRelease) -> Ordering {
    let rank = |release: &PageRelease| release.bump != Bump::Major;
    rank(one).cmp(&rank(other))
}

#[cfg(test)]
mod tests {
    use releasepage_domain::time::time_parse;
    use releasepage_storage::page_releases::PageComponent;

    use super::*;

    /// A history, highest version first.
    fn history() -> Vec<PageRelease> {
        [
            ("v3.0.0-rc.1", Bump::Prerelease, 9),
            ("v2.1.0", Bump::Minor, 8),
            ("v2.0.0", Bump::Major, 6),
            ("v2.0.0-rc.1", Bump::Prerelease, 5),
            ("v1.4.1", Bump::Patch, 7),
            ("v1.4.0", Bump::Minor, 4),
            ("v1.0.0", Bump::Major, 3),
            ("nightly-b", Bump::Minor, 2),
            ("nightly-a", Bump::Minor, 1),
        ]
        .map(|(tag, bump, day)| PageRelease {
            id: tag.into(),
            component: PageComponent { id: 1, repo: "acme/api".into(), name: "API".into() },
            tag: tag.into(),
            version: tag.into(),
            version_key: Tag::parse(tag, None).sort_key(),
            bump,
            prerelease: bump == Bump::Prerelease,
            title: String::new(),
            notes: None,
            author: "acme".into(),
            platforms: Vec::new(),
            published_at: time_parse(&format!("2024-05-0{day}T00:00:00Z")).unwrap(),
            ends_at: None,
        })
        .into()
    }

    #[test]
    fn what_lies_between() {
        for (from, to, found, latest) in [
            ("v1.0.0", None, &["v2.0.0", "v2.1.0", "v1.4.1", "v1.4.0"][..], "v2.1.0"),
            ("1.2", Some("v1.4.0"), &["v1.4.0"][..], "v1.4.0"),
            ("v1.4.0", Some("v2.0.0"), &["v2.0.0", "v1.4.1"][..], "v2.0.0"),
            ("v1.4.0", Some("v2.0.5"), &["v2.0.0", "v1.4.1"][..], "v2.0.5"),
            ("v1.4.1", Some("v2.0.0-rc.1"), &["v2.0.0-rc.1"][..], "v2.0.0-rc.1"),
            ("v2.1.0", None, &[][..], "v2.1.0"),
            ("v9", None, &[][..], "v2.1.0"),
            ("v2.0.0", Some("v2.0.0"), &[][..], "v2.0.0"),
            ("nightly-a", Some("v1.0.0"), &["v1.0.0", "nightly-b"][..], "v1.0.0"),
            ("nightly-a", Some("nightly-b"), &["nightly-b"][..], "nightly-b"),
            ("v2.0.0-rc.1", Some("v2.0.0"), &["v2.0.0"][..], "v2.0.0"),
        ] {
            let changes = Changes::between(history(), from, to).unwrap();
            let tags: Vec<&str> = changes.releases.iter().map(|release| release.tag.as_str()).collect();
            assert_eq!(tags, found, "{from} {to:?}");
            assert_eq!(changes.to.as_deref(), Some(latest), "{from} {to:?}");
        }
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        for (from, to, fields) in [
            ("words", None, &["from"][..]),
            ("v1.0.0", Some("nightly-c"), &["to"][..]),
            ("words", Some("more words"), &["from", "to"][..]),
            ("v2.0.0", Some("v1.0.0"), &["to"][..]),
        ] {
            let faults = Changes::between(history(), from, to).unwrap_err();
            let named: Vec<&str> = faults.as_slice().iter().map(|fault| fault.field.as_str()).collect();
            assert_eq!(named, fields, "{from} {to:?}");
        }
    }

    #[test]
    fn a_component_without_releases_has_no_changes() {
        let changes = Changes::between(Vec::new(), "v1.0.0", None).unwrap();
        assert!(changes.to.is_none() && changes.releases.is_empty());
    }
}
