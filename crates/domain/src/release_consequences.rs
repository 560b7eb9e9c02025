//! The consequences of a change of a release, as data: a list that storage carries out from its first entry to its
//! last.

use crate::{
    bump::Bump,
    group::{Grouping, release_joins_group},
    release::{
        ReleaseEffect, ReleaseEvent, ReleaseInput, ReleaseState, promotion_is_announced, release_is_announced,
        release_next,
    },
    tag::{Tag, tag_component},
    time::UtcTime,
    version::VersionRule,
};

/// A release after an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseStep {
    /// Its state now.
    pub state: ReleaseState,
    /// Its content now.
    pub input: ReleaseInput,
    /// The meaning of the event to subscribers.
    pub effect: ReleaseEffect,
    /// Says whether it was a pre-release until now.
    pub is_promoted: bool,
}

/// Applies an event to a release that is known. `input` is what is said of it with the event.
///
/// A pre-release of which somebody says that it is a release is promoted, be it by an edit or by sending it again. The
/// author of a release stays, whoever sends it again.
pub fn release_step(before: ReleaseView<'_>, input: ReleaseInput, event: ReleaseEvent, now: UtcTime) -> ReleaseStep {
    let is_promoted = before.input.prerelease != input.prerelease
        && before.input.is_prerelease()
        && !input.is_prerelease()
        && !input.draft;
    let counted_as = match event {
        ReleaseEvent::Edit | ReleaseEvent::Arrive if is_promoted => ReleaseEvent::Promote,
        _ => event,
    };
    let (state, effect) = release_next(before.state, counted_as, input.published_at <= now);
    let author = match event {
        ReleaseEvent::Arrive => before.input.author.clone().or(input.author),
        _ => input.author,
    };
    let input = ReleaseInput { author, draft: state == ReleaseState::Draft, ..input };
    ReleaseStep { state, input, effect, is_promoted }
}

/// A release as it stands at one moment.
#[derive(Clone, Copy, Debug)]
pub struct ReleaseView<'a> {
    /// Its state.
    pub state: ReleaseState,
    /// Its content.
    pub input: &'a ReleaseInput,
}

impl ReleaseView<'_> {
    fn is_visible(&self) -> bool {
        self.state == ReleaseState::Published
    }
}

/// A component of the release's repository, on whichever page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryComponent {
    /// The component.
    pub id: i64,
    /// The page that it is on.
    pub page_id: String,
    /// The prefix of its tags.
    pub tag_prefix: Option<String>,
    /// The rule by which its tags are read.
    pub versions: VersionRule,
    /// The bump that a release without a version counts as on its page.
    pub unversioned_as: Bump,
    /// The way in which its page puts releases together.
    pub grouping: Grouping,
}

/// A change of a release, with all that its consequences depend on.
#[derive(Clone, Copy, Debug)]
pub struct ReleaseChange<'a> {
    /// The release as it was; `None` for a new one.
    pub before: Option<ReleaseView<'a>>,
    /// The release as it is now.
    pub after: ReleaseView<'a>,
    /// The meaning of the change to subscribers.
    pub effect: ReleaseEffect,
    /// Says whether it was a pre-release until now.
    pub is_promoted: bool,
    /// Says whether the release was withdrawn once or came in as history: publishing it is no news.
    pub is_quiet: bool,
    /// Says whether anybody may be told of the change at all.
    pub is_news: bool,
    /// The components of the repository; those of one page are beside each other.
    pub components: &'a [RepositoryComponent],
    /// The present.
    pub now: UtcTime,
}

/// One thing that follows a change of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReleaseConsequence {
    /// Its words for search are written again.
    Index,
    /// From now on it is no news, whatever is made of it.
    Silence,
    /// The bumps of the pre-release that were told are free to change: they do not bind the release.
    BumpFree,
    /// The pages that show it raise their generation: they have to be read again.
    PagesRaise,
    /// Bumps and the latest release of each component of the repository are computed again, and the pages raised.
    Recompute,
    /// A job publishes it at this time.
    Schedule(UtcTime),
    /// Everything that is still to be told of it is cancelled.
    Cancel,
    /// The telling of it to a page as a pre-release is cancelled.
    PrereleaseCancel {
        /// The page.
        page_id: String,
    },
    /// The followers of a component are told of it.
    Announce {
        /// The component.
        component_id: i64,
        /// The page of the component.
        page_id: String,
        /// Says whether it is a pre-release there.
        prerelease: bool,
    },
    /// It joins the open group of a page, or opens one.
    GroupJoin {
        /// The page.
        page_id: String,
        /// Says whether subscribers are told of it with the group.
        notify: bool,
    },
}

/// Lists what follows a change of a release, in the order in which it is done: first what readers see, then what is
/// told.
pub fn release_consequences(change: &ReleaseChange<'_>) -> Vec<ReleaseConsequence> {
    let mut consequences = shown(change);
    consequences.extend(told(change));
    consequences
}

/// The consequences for what readers see and find.
fn shown(change: &ReleaseChange<'_>) -> Vec<ReleaseConsequence> {
    let (before, after) = (change.before, change.after);
    let mut consequences = Vec::new();
    if before.is_none_or(|before| words(before.input) != words(after.input)) {
        consequences.push(ReleaseConsequence::Index);
    }
    if after.state == ReleaseState::Withdrawn {
        consequences.push(ReleaseConsequence::Silence);
    }
    if change.is_promoted {
        consequences.push(ReleaseConsequence::BumpFree);
    }
    let was_visible = before.filter(ReleaseView::is_visible);
    match was_visible {
        Some(before) if after.is_visible() && has_same_place(before.input, after.input) => {
            consequences.push(ReleaseConsequence::PagesRaise);
        }
        None if !after.is_visible() => {}
        _ => consequences.push(ReleaseConsequence::Recompute),
    }
    if after.state == ReleaseState::Scheduled {
        consequences.push(ReleaseConsequence::Schedule(after.input.published_at));
    }
    consequences
}

/// The text of a release that search looks at.
fn words(input: &ReleaseInput) -> [Option<&str>; 3] {
    [Some(&input.tag), Some(&input.title), input.notes.as_deref()]
}

/// Tells a change that leaves every release of the repository where it is in the history of its component.
fn has_same_place(before: &ReleaseInput, after: &ReleaseInput) -> bool {
    before.tag == after.tag
        && before.published_at == after.published_at
        && before.prerelease == after.prerelease
        && before.platforms.key() == after.platforms.key()
}

/// The consequences for what subscribers are told.
fn told(change: &ReleaseChange<'_>) -> Vec<ReleaseConsequence> {
    match change.effect {
        // What readers come to see again, or as a release now, belongs to a group as any other, though nobody is told.
        ReleaseEffect::Quiet if change.after.is_visible() && change.is_news => joins(change, false, false),
        ReleaseEffect::Quiet | ReleaseEffect::Forget => Vec::new(),
        ReleaseEffect::Cancel => vec![ReleaseConsequence::Cancel],
        ReleaseEffect::Announce if !change.is_news => vec![ReleaseConsequence::Silence],
        ReleaseEffect::Announce => announcements(change),
    }
}

/// The announcements of a release that was just published, or was a published pre-release until now. On pages that put
/// releases together, its group is announced instead.
fn announcements(change: &ReleaseChange<'_>) -> Vec<ReleaseConsequence> {
    let input = change.after.input;
    let was_published = change.before.is_some_and(|before| before.is_visible());
    let notify = if was_published {
        promotion_is_announced(input.notify)
    } else {
        release_is_announced(input.notify, input.published_at, change.now) && !change.is_quiet
    };
    let mut consequences = Vec::new();
    for place in places(change.after, change.components) {
        let RepositoryComponent { id, page_id, grouping, .. } = place.component;
        if !place.prerelease {
            consequences.push(ReleaseConsequence::PrereleaseCancel { page_id: page_id.clone() });
        }
        let is_told_as_group = !place.prerelease && *grouping != Grouping::Off;
        // Where the tag says pre-release, nothing was promoted.
        let is_known = was_published && place.prerelease;
        if notify && !is_told_as_group && !is_known {
            let (page_id, prerelease) = (page_id.clone(), place.prerelease);
            consequences.push(ReleaseConsequence::Announce { component_id: *id, page_id, prerelease });
        }
    }
    consequences.extend(joins(change, was_published, notify));
    consequences
}

/// The groups that a release joins: one on each page that makes groups by itself and shows it anew.
fn joins(change: &ReleaseChange<'_>, was_published: bool, notify: bool) -> Vec<ReleaseConsequence> {
    let input = change.after.input;
    if !release_joins_group(was_published, input.notify, input.published_at, change.now) {
        return Vec::new();
    }
    let before = change.before.map(|before| places(before, change.components)).unwrap_or_default();
    let is_released = |place: &&Place<'_>| !place.prerelease;
    let shown_before: Vec<&str> = before.iter().filter(is_released).map(|place| &*place.component.page_id).collect();
    places(change.after, change.components)
        .iter()
        .filter(is_released)
        .map(|place| place.component)
        .filter(|component| component.grouping == Grouping::Auto && !shown_before.contains(&&*component.page_id))
        .map(|component| ReleaseConsequence::GroupJoin { page_id: component.page_id.clone(), notify })
        .collect()
}

/// A component in which readers see a release.
struct Place<'a> {
    component: &'a RepositoryComponent,
    /// True if it is a pre-release there.
    prerelease: bool,
}

/// The components in which readers see a release: at most one on each page.
fn places<'a>(release: ReleaseView<'_>, components: &'a [RepositoryComponent]) -> Vec<Place<'a>> {
    if !release.is_visible() {
        return Vec::new();
    }
    let input = release.input;
    let of_page = |siblings: &'a [RepositoryComponent]| {
        let prefixes: Vec<Option<&str>> = siblings.iter().map(|sibling| sibling.tag_prefix.as_deref()).collect();
        let component = &siblings[tag_component(&input.tag, &prefixes)?];
        let tag = || Tag::parse_as(&input.tag, component.tag_prefix.as_deref(), component.versions);
        Some(Place { component, prerelease: input.prerelease.unwrap_or_else(|| tag().is_prerelease()) })
    };
    components.chunk_by(|one, other| one.page_id == other.page_id).filter_map(of_page).collect()
}

#[cfg(test)]
mod tests;
