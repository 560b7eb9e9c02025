//! A group: releases of several components that readers see as one version, in the list of a page and on a page of its
//! own.

use askama::Template;
use chrono::NaiveDateTime;
use releasepage_domain::bump::Bump;

use crate::moment;
use crate::notes::NotesHtml;
use crate::release::{ReleaseLink, ReleaseView};

/// The most releases of a group whose notes stand open below each other, and that need no list of contents.
const OPEN_MAX: usize = 5;

/// A group as readers see it.
#[derive(Debug, Clone)]
pub struct GroupView {
    /// Its version.
    pub version: String,
    /// What it is to readers.
    pub bump: Bump,
    /// When its newest release was published, UTC.
    pub published_at: NaiveDateTime,
    /// What an editor wrote about the whole.
    pub notes: NotesHtml,
    /// Whether there is more of it on the group's own page.
    pub notes_are_cut: bool,
    /// Its releases, breaking changes first; each names its component where the page has several.
    pub members: Vec<ReleaseView>,
    /// How many more releases it has.
    pub more: usize,
    /// Where it has a page of its own.
    pub permalink: String,
}

impl GroupView {
    /// How many components it has releases of, in words; nothing of one, whose name stands with its release.
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

    /// Whether its contents are listed before the notes.
    pub(crate) fn is_long(&self) -> bool {
        self.members.len() > OPEN_MAX
    }

    /// Whether a release must say what it is: one that is alone is what the group is.
    pub(crate) fn has_kinds(&self) -> bool {
        self.members.len() + self.more > 1
    }

    /// The releases whose notes stand open.
    pub(crate) fn members_open(&self) -> Vec<&ReleaseView> {
        let members = self.members.iter().take(OPEN_MAX);
        members.filter(|member| !self.is_long() || says_something(member)).collect()
    }

    /// The releases whose notes are folded away.
    pub(crate) fn members_folded(&self) -> Vec<&ReleaseView> {
        self.members.iter().skip(OPEN_MAX).filter(|member| says_something(member)).collect()
    }
}

/// Whether there is more to a release than its version.
fn says_something(release: &ReleaseView) -> bool {
    release.title.is_some() || !release.notes.is_empty()
}

/// A group on a page of its own.
#[derive(Debug, Template)]
#[template(path = "group.html")]
pub struct GroupPage {
    /// The title of the page that it is on.
    pub page_title: String,
    /// Where that page is.
    pub page_href: String,
    /// Where the group is, under whatever name of the server.
    pub canonical: String,
    /// The group.
    pub group: GroupView,
    /// The group with the next higher version.
    pub newer: Option<ReleaseLink>,
    /// The group with the next lower version.
    pub older: Option<ReleaseLink>,
}
