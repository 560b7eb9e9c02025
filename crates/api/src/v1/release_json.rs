//! A release as the page API shows it.

use releasepage_content::{RemoteImages, notes_html, notes_summary};
use releasepage_domain::time::time_iso8601;
use releasepage_storage::page_releases::PageRelease;
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use crate::{
    links::release_url,
    openapi::{
        names::BumpName,
        values::{ReleaseId, Repo, Time, WebAddress},
    },
};

/// How many characters of notes a list shows.
const SUMMARY_LENGTH: usize = 200;

/// A release as readers see it, without its notes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PublishedRelease)]
pub(crate) struct PublishedReleaseBody {
    /// Its id.
    #[schema(value_type = ReleaseId)]
    id: String,
    /// The component that it is of.
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
    /// What it is to the component's readers.
    #[schema(value_type = BumpName)]
    bump: &'static str,
    /// Whether it is a pre-release.
    prerelease: bool,
    /// Its title; the version where it has none.
    #[schema(examples("Faster reads"))]
    title: String,
    /// The beginning of the notes as one line of plain text; empty where there are none.
    #[schema(examples("Reading a version takes half the time."))]
    summary: String,
    /// Who made it; the owner of the repository where that is unknown.
    #[schema(examples("Jivings"))]
    author: String,
    /// The platforms that it is for; empty where it is for all.
    #[schema(examples(json!(["iOS"])))]
    platforms: Vec<String>,
    /// When it was published.
    #[schema(value_type = Time)]
    published_at: String,
    /// When its roll-out ends.
    #[schema(value_type = Option<Time>, required = true)]
    ends_at: Option<String>,
    /// Where people read it.
    #[schema(value_type = WebAddress)]
    permalink: String,
}

/// A release with its notes as they were written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangeOfRelease)]
pub(crate) struct ReleaseWithNotesBody {
    #[serde(flatten)]
    release: PublishedReleaseBody,
    /// The notes in Markdown.
    #[schema(required = true, examples("Reading a version takes **half** the time."))]
    notes: Option<String>,
}

/// A release with its notes, also for any web page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReleaseOfPage)]
pub(crate) struct ReleaseWithHtmlBody {
    #[serde(flatten)]
    release: ReleaseWithNotesBody,
    /// The notes as HTML that is safe on any page.
    #[schema(required = true, examples("<p>Reading a version takes <strong>half</strong> the time.</p>"))]
    notes_html: Option<String>,
}

impl PublishedReleaseBody {
    /// Renders a release.
    pub(crate) fn of(release: &PageRelease, public_url: &Url, slug: &str) -> Self {
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
            author: release.author.clone(),
            platforms: release.platforms.clone(),
            published_at: time_iso8601(release.published_at),
            ends_at: release.ends_at.map(time_iso8601),
            permalink: release_url(public_url, slug, &release.id),
        }
    }
}

impl ReleaseWithNotesBody {
    /// Renders a release.
    pub(crate) fn of(release: &PageRelease, public_url: &Url, slug: &str) -> Self {
        Self { release: PublishedReleaseBody::of(release, public_url, slug), notes: release.notes.clone() }
    }
}

impl ReleaseWithHtmlBody {
    /// Renders a release. Remote images are left out.
    pub(crate) fn of(release: &PageRelease, public_url: &Url, slug: &str) -> Self {
        let notes_html = release.notes.as_deref().map(|notes| notes_html(notes, RemoteImages::Refused).to_string());
        Self { release: ReleaseWithNotesBody::of(release, public_url, slug), notes_html }
    }
}
