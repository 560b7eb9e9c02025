//! A release, in the list of a page and on a page of its own.

use askama::Template;
use chrono::NaiveDateTime;
use releasepage_domain::bump::Bump;

use crate::moment;
use crate::notes::NotesHtml;

/// A release as readers see it.
#[derive(Debug, Clone)]
pub struct ReleaseView {
    /// The version, as it was published.
    pub version: String,
    /// The release's title, where it says more than the version.
    pub title: Option<String>,
    /// What it is to readers.
    pub bump: Bump,
    /// The component's name; `None` where the page has only one.
    pub component: Option<String>,
    /// Who made it, if that is known.
    pub author: Option<String>,
    /// When, UTC.
    pub published_at: NaiveDateTime,
    /// The notes.
    pub notes: NotesHtml,
    /// Whether there is more of them on the release's own page.
    pub notes_are_cut: bool,
    /// The platforms that it is for; empty for all.
    pub platforms: Vec<String>,
    /// Whether it reaches its users little by little and has not reached all.
    pub rolling_out: bool,
    /// Where it has a page of its own.
    pub permalink: String,
}

/// A release on a page of its own.
#[derive(Debug, Template)]
#[template(path = "release.html")]
pub struct ReleasePage {
    /// The title of the page that it is on.
    pub page_title: String,
    /// Where that page is.
    pub page_href: String,
    /// Where the release is, under whatever name of the server.
    pub canonical: String,
    /// The release.
    pub release: ReleaseView,
    /// The group that it is in.
    pub group: Option<ReleaseLink>,
    /// The next newer release of its component.
    pub newer: Option<ReleaseLink>,
    /// The next older one.
    pub older: Option<ReleaseLink>,
}

/// A link to another release, or to a group.
#[derive(Debug, Clone)]
pub struct ReleaseLink {
    /// Its version.
    pub version: String,
    /// Where it is.
    pub href: String,
}
