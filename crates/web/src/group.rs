//! A group, in the list of a page and in a document of its own.

use askama::Template;
use chrono::NaiveDateTime;
use releasepage_domain::bump::Bump;

use crate::moment;
use crate::notes::NotesHtml;
use crate::release::{ReleaseLink, ReleaseView};

/// The most releases of a group with open notes. A larger group also has a list of contents.
const OPEN_MAX: usize = 5;

/// A group in the form for readers.
#[derive(Debug, Clone)]
pub struct GroupView {
    /// The version of the group.
    pub version: String,
    /// The bump of the group.
    pub bump: Bump,
    /// The time when its newest release was published, in UTC.
    pub published_at: NaiveDateTime,
    /// The introduction that an editor wrote.
    pub notes: NotesHtml,
    /// True if the introduction is longer in the group's own document.
    pub notes_are_cut: bool,
    /// The releases, breaking changes first. Each names its component if the page has several.
    pub members: Vec<ReleaseView>,
    /// The number of releases that are not shown.
    pub more: usize,
    /// The URL of the group's own document.
    pub permalink: String,
}

impl GroupView {
    /// The number of components or releases, in words. `None` for a single component, because its name is next to its
    /// release.
    pub(crate) fn components(&self) -> Option<String> {
        let mut names: Vec<&str> = self.members.iter().filter_map(|member| member.component.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        match (names.len(), self.more) {
            (0, _) | (1, 0) => None,
            (count, 0) => Some(format!("{count} components")),
            _ => Some(format!("{} releases", self.members.len() + self.more)),
        }
    }

    /// True if a list of contents goes before the notes.
    pub(crate) fn is_long(&self) -> bool {
        self.members.len() > OPEN_MAX
    }

    /// True if each release must show its bump. A single release has the bump of the group.
    pub(crate) fn has_kinds(&self) -> bool {
        self.members.len() + self.more > 1
    }

    /// The releases with open notes.
    pub(crate) fn members_open(&self) -> Vec<&ReleaseView> {
        let members = self.members.iter().take(OPEN_MAX);
        members.filter(|member| !self.is_long() || says_something(member)).collect()
    }

    /// The releases with folded notes.
    pub(crate) fn members_folded(&self) -> Vec<&ReleaseView> {
        self.members.iter().skip(OPEN_MAX).filter(|member| says_something(member)).collect()
    }
}

/// True if a release has a title or notes.
fn says_something(release: &ReleaseView) -> bool {
    release.title.is_some() || !release.notes.is_empty()
}

/// The document of a group.
#[derive(Debug, Template)]
#[template(path = "group.html")]
pub struct GroupPage {
    /// The title of the group's page.
    pub page_title: String,
    /// The URL of the group's page.
    pub page_href: String,
    /// The canonical URL of the group, the same for all host names of the server.
    pub canonical: String,
    /// The group.
    pub group: GroupView,
    /// The group with the next higher version.
    pub newer: Option<ReleaseLink>,
    /// The group with the next lower version.
    pub older: Option<ReleaseLink>,
}
