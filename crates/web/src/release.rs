//! A release, in the list of a page and in a document of its own.

use askama::Template;
use chrono::NaiveDateTime;
use releasepage_domain::bump::Bump;

use crate::moment;
use crate::notes::NotesHtml;

/// A release in the form for readers.
#[derive(Debug, Clone)]
pub struct ReleaseView {
    /// The version, unchanged from its publication.
    pub version: String,
    /// The release's title, if it says more than the version.
    pub title: Option<String>,
    /// The bump of the release.
    pub bump: Bump,
    /// The component's name. `None` if the page has only one.
    pub component: Option<String>,
    /// The author, if known.
    pub author: Option<String>,
    /// The time when it was published, in UTC.
    pub published_at: NaiveDateTime,
    /// The notes.
    pub notes: NotesHtml,
    /// True if the notes are longer in the release's own document.
    pub notes_are_cut: bool,
    /// The platforms of the release. An empty list means all.
    pub platforms: Vec<String>,
    /// True if the release is being rolled out and has not reached all users.
    pub rolling_out: bool,
    /// The URL of the release's own document.
    pub permalink: String,
}

/// The document of a release.
#[derive(Debug, Template)]
#[template(path = "release.html")]
pub struct ReleasePage {
    /// The title of the release's page.
    pub page_title: String,
    /// The URL of the release's page.
    pub page_href: String,
    /// The canonical URL of the release, the same for all host names of the server.
    pub canonical: String,
    /// The release.
    pub release: ReleaseView,
    /// The group of the release, if it has one.
    pub group: Option<ReleaseLink>,
    /// The next newer release of its component.
    pub newer: Option<ReleaseLink>,
    /// The next older release of its component.
    pub older: Option<ReleaseLink>,
}

/// A link to another release, or to a group.
#[derive(Debug, Clone)]
pub struct ReleaseLink {
    /// The version.
    pub version: String,
    /// The URL.
    pub href: String,
}
