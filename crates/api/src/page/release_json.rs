//! A release in answers of the page API.

use std::collections::HashMap;

use releasepage_content::{RemoteImages, notes_html, notes_summary};
use releasepage_domain::time::time_iso8601;
use releasepage_http::links::release_url;
use releasepage_storage::{groups::history::GroupName, pages::release_row::PageRelease};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use crate::openapi::{
    names::BumpName,
    values::{GroupVersionText, ReleaseId, Repo, Time, WebAddress},
};

/// The number of characters of notes that a list shows.
const SUMMARY_LENGTH: usize = 200;

/// The common data for rendering the releases of a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageOfReleases<'a> {
    /// The beginning of every address.
    pub(crate) public_url: &'a Url,
    /// The last part of the page's address.
    pub(crate) slug: &'a str,
    /// The groups in which readers see releases, by the ids of the releases.
    pub(crate) groups: &'a HashMap<String, GroupName>,
}

/// The group that a release is in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupOfRelease)]
pub(crate) struct GroupOfReleaseBody {
    /// Its id.
    #[schema(examples(17))]
    id: i64,
    /// Its version.
    #[schema(value_type = GroupVersionText)]
    version: String,
}

/// A release as readers see it, without its notes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublishedRelease)]
pub(crate) struct PublishedReleaseBody {
    /// Its id.
    #[schema(value_type = ReleaseId)]
    id: String,
    /// The component of the release.
    #[schema(value_type = Repo)]
    repo: String,
    /// The tag without the component's own prefix.
    #[schema(examples("v1.0.2"))]
    version: String,
    /// The whole tag.
    #[schema(examples("v1.0.2"))]
    tag: String,
    /// The component's name for readers.
    #[schema(examples("Public API"))]
    name: String,
    /// Its bump for the component's readers.
    #[schema(value_type = BumpName)]
    bump: &'static str,
    /// `true` means that it is a pre-release.
    prerelease: bool,
    /// Its title; the version if it has none.
    #[schema(examples("Faster reads"))]
    title: String,
    /// The beginning of the notes as one line of plain text; empty if there are none.
    #[schema(examples("Reading a version takes half the time."))]
    summary: String,
    /// Its author; the owner of the repository if that is unknown.
    #[schema(examples("Jivings"))]
    author: String,
    /// The platforms that it is for; empty if it is for all.
    #[schema(examples(json!(["iOS"])))]
    platforms: Vec<String>,
    /// The time of its publication.
    #[schema(value_type = Time)]
    published_at: String,
    /// The time at which its roll-out ends.
    #[schema(value_type = Option<Time>, required = true)]
    ends_at: Option<String>,
    /// The address at which people read it.
    #[schema(value_type = WebAddress)]
    permalink: String,
    /// The group in which readers see it; `null` if it is in none.
    #[schema(required = true)]
    group: Option<GroupOfReleaseBody>,
}

/// A release with its notes as they were sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangeOfRelease)]
pub(crate) struct ReleaseWithNotesBody {
    #[serde(flatten)]
    release: PublishedReleaseBody,
    /// The notes in Markdown.
    #[schema(required = true, examples("Reading a version takes **half** the time."))]
    notes: Option<String>,
}

/// A release with its notes, also as HTML for any web page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReleaseOfPage)]
pub(crate) struct ReleaseWithHtmlBody {
    #[serde(flatten)]
    release: ReleaseWithNotesBody,
    /// The notes as HTML that is safe on any page.
    #[schema(required = true, examples("<p>Reading a version takes <strong>half</strong> the time.</p>"))]
    notes_html: Option<String>,
}

impl GroupOfReleaseBody {
    fn of(group: &GroupName) -> Self {
        Self { id: group.id, version: group.version.clone() }
    }
}

impl PublishedReleaseBody {
    /// Renders a release.
    pub(crate) fn of(release: &PageRelease, page: PageOfReleases<'_>) -> Self {
        let title = if release.title.is_empty() { &release.version } else { &release.title };
        let summary = release.notes.as_deref().map(|notes| notes_summary(notes, SUMMARY_LENGTH)).unwrap_or_default();
        Self {
            id: release.id.clone(),
            repo: release.component.repo.clone(),
            version: release.version.clone(),
            tag: release.tag.clone(),
            name: release.component.name.clone(),
            bump: release.bump.as_str(),
            prerelease: release.prerelease,
            title: title.clone(),
            summary,
            author: release.author_or_owner().to_owned(),
            platforms: release.platforms.clone(),
            published_at: time_iso8601(release.published_at),
            ends_at: release.ends_at.map(time_iso8601),
            permalink: release_url(page.public_url, page.slug, &release.id),
            group: page.groups.get(&release.id).map(GroupOfReleaseBody::of),
        }
    }
}

impl ReleaseWithNotesBody {
    /// Renders a release.
    pub(crate) fn of(release: &PageRelease, page: PageOfReleases<'_>) -> Self {
        Self { release: PublishedReleaseBody::of(release, page), notes: release.notes.clone() }
    }
}

impl ReleaseWithHtmlBody {
    /// Renders a release. Remote images are left out. `files` is the address at which its repository's files are shown.
    pub(crate) fn of(release: &PageRelease, page: PageOfReleases<'_>, files: Option<&Url>) -> Self {
        let notes_html = release.notes.as_deref().map(|notes| notes_html(notes, RemoteImages::Refused, files));
        Self { release: ReleaseWithNotesBody::of(release, page), notes_html }
    }
}
