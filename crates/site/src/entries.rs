//! Releases and groups, both as entries of a page's history and as documents of their own.

use std::{collections::HashMap, slice};

use actix_web::web;
use releasepage_content::{RemoteImages, notes_beginning};
use releasepage_domain::time::UtcTime;
use releasepage_http::{release_files::files_of, state::AppState};
use releasepage_storage::{
    groups::timeline::{PageGroup, TimelineEntry},
    pages::{release_row::PageRelease, snapshots::PageSnapshot},
};
use releasepage_web::{NotesHtml, group::GroupView, page::Entry, release::ReleaseView};
use url::Url;

use crate::{error::PageError, paths};

/// The characters of notes that an entry of the list shows, over all releases of a group. A limit is needed because
/// anyone may request a page at any time: each slice stays small, however long the notes are.
const NOTES_SHOWN: usize = 20_000;

/// The number of releases of a group that the list shows.
const MEMBERS_SHOWN: usize = 20;

/// The characters of notes that a group's own document shows: the most that one release can have.
const GROUP_NOTES_SHOWN: usize = 1_048_576;

/// The facts that a page's releases share when they are shown.
pub(super) struct Naming {
    slug: String,
    /// The addresses of their repositories' files, by release id.
    files: HashMap<String, Url>,
    /// True if a release must name its component.
    has_components: bool,
    now: UtcTime,
}

impl Naming {
    /// Looks up the facts about `releases`.
    pub(super) async fn of<'a>(
        state: &AppState,
        snapshot: &PageSnapshot,
        slug: &str,
        releases: impl Iterator<Item = &'a PageRelease>,
    ) -> Result<Self, PageError> {
        let files = files_of(state, releases.map(|release| release.id.clone()).collect()).await?;
        let has_components = snapshot.components.len() > 1;
        Ok(Self { slug: slug.to_owned(), files, has_components, now: state.now() })
    }
}

/// Returns the releases of entries.
pub(super) fn entries_releases(entries: &[TimelineEntry]) -> impl Iterator<Item = &PageRelease> {
    entries.iter().flat_map(|entry| match entry {
        TimelineEntry::Group(group) => &group.members[..group.members.len().min(MEMBERS_SHOWN)],
        TimelineEntry::Release(release) => slice::from_ref(&**release),
    })
}

/// Renders a slice of a page's history on a blocking thread, because notes may have a mebibyte each.
pub(super) async fn entries_view(entries: Vec<TimelineEntry>, naming: Naming) -> Result<Vec<Entry>, PageError> {
    let entry = move |entry| match entry {
        TimelineEntry::Group(group) => Entry::Group(group_view(group, &naming, (MEMBERS_SHOWN, NOTES_SHOWN))),
        TimelineEntry::Release(release) => Entry::Release(Box::new(release_view(*release, &naming, NOTES_SHOWN))),
    };
    web::block(move || entries.into_iter().map(entry).collect()).await.map_err(PageError::defect)
}

/// Renders a release with all its notes on a blocking thread.
pub(super) async fn release_view_whole(release: PageRelease, naming: Naming) -> Result<ReleaseView, PageError> {
    web::block(move || release_view(release, &naming, usize::MAX)).await.map_err(PageError::defect)
}

/// Renders a group with all its releases on a blocking thread. Long notes are cut, and each release links to its own.
pub(super) async fn group_view_whole(group: PageGroup, naming: Naming) -> Result<GroupView, PageError> {
    web::block(move || group_view(group, &naming, (usize::MAX, GROUP_NOTES_SHOWN))).await.map_err(PageError::defect)
}

/// Renders a group with at most `members_max` releases and `notes_max` characters of notes.
fn group_view(group: PageGroup, naming: &Naming, (members_max, notes_max): (usize, usize)) -> GroupView {
    let shown = group.members.len().min(members_max);
    // The group's own notes get one share, and so does each release.
    let notes_max = notes_max / (shown + 1);
    let (notes, notes_are_cut) = notes_cut(group.notes.as_deref(), notes_max, None);
    GroupView {
        version: group.version,
        bump: group.bump,
        published_at: group.published_at,
        notes,
        notes_are_cut,
        more: group.members.len() - shown,
        members: group.members.into_iter().take(shown).map(|member| release_view(member, naming, notes_max)).collect(),
        permalink: paths::group(&naming.slug, group.id),
    }
}

fn release_view(release: PageRelease, naming: &Naming, notes_max: usize) -> ReleaseView {
    let says_more = |title: &String| !title.is_empty() && *title != release.version && *title != release.tag;
    let (notes, notes_are_cut) = notes_cut(release.notes.as_deref(), notes_max, naming.files.get(&release.id));
    ReleaseView {
        title: Some(release.title).filter(says_more),
        bump: release.bump,
        component: naming.has_components.then_some(release.component.name),
        author: release.author,
        published_at: release.published_at,
        notes,
        notes_are_cut,
        platforms: release.platforms,
        rolling_out: release.ends_at.is_some_and(|ends_at| ends_at > naming.now),
        permalink: paths::release(&naming.slug, &release.id),
        version: release.version,
    }
}

/// Returns the beginning of notes, about `notes_max` characters long, and whether there is more.
fn notes_cut(notes: Option<&str>, notes_max: usize, files: Option<&Url>) -> (NotesHtml, bool) {
    let notes = notes.unwrap_or_default();
    let shown = if notes.len() <= notes_max { notes } else { notes_beginning(notes, notes_max) };
    (NotesHtml::from_markdown(shown, RemoteImages::Refused, files), shown.len() < notes.len())
}
