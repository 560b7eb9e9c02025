//! Releases of several components that readers see as one version (`docs/groups.md`).

use std::{cmp::Reverse, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    bump::Bump, conflict::Conflict, fault::Fault, release::HISTORY_AGE, text::UnknownName, time::UtcTime,
    version::Version,
};

/// The way in which a page groups releases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grouping {
    /// Off: readers see the releases of each component.
    #[default]
    Off,
    /// Each release joins the open group, or opens one. The server numbers the groups.
    Auto,
    /// An editor picks releases and version.
    Manual,
}

crate::text::named! {
    Grouping {
        Off => "off",
        Auto => "auto",
        Manual => "manual",
    }
}

/// The state of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GroupState {
    /// Releases join the group. It has no version yet, and readers see its releases one by one.
    Open,
    /// The group has its version, which no longer changes.
    Closed,
    /// An editor took the group back. Its releases can join another one.
    Withdrawn,
}

crate::text::named! {
    GroupState {
        Open => "open",
        Closed => "closed",
        Withdrawn => "withdrawn",
    }
}

/// The longest time that a group stays open after a release joined it: a week, in minutes.
pub const GROUP_WINDOW_MAX: i32 = 7 * 24 * 60;

/// The largest number of releases that an editor can put in one group.
pub const GROUP_MEMBERS_MAX: usize = 500;

/// The largest number of digits of each number in a version that somebody gives to a group.
const DIGITS_MAX: usize = 9;

/// Checks the time that a group stays open after a release joined it, in minutes.
pub fn group_window_check(field: &str, minutes: i64) -> Result<i32, Fault> {
    i32::try_from(minutes).ok().filter(|minutes| (0..=GROUP_WINDOW_MAX).contains(minutes)).ok_or_else(|| {
        Fault::invalid(
            field,
            format!("must be a whole number of minutes from 0 to {GROUP_WINDOW_MAX}, which is a week"),
        )
    })
}

/// The version of a group: three numbers of Semantic Versioning 2.0.0, with or without a `v` in front. Groups hold no
/// pre-releases, so nothing follows the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupVersion {
    has_v: bool,
    numbers: [u64; 3],
}

impl GroupVersion {
    /// Checks a version that somebody gave.
    pub fn parse(field: &str, text: &str) -> Result<Self, Fault> {
        let is_short = text.split(['.', 'v']).all(|number| number.len() <= DIGITS_MAX);
        text.parse().ok().filter(|_| is_short).ok_or_else(|| {
            Fault::invalid(
                field,
                "must be a semantic version of three numbers, such as v1.2.0; groups hold no pre-releases",
            )
        })
    }

    /// Returns a text that compares by bytes as versions do, see [`Version::sort_key`].
    pub fn sort_key(&self) -> String {
        Version::from_numbers(self.numbers).sort_key()
    }

    /// Returns the version raised by a bump. Below 1.0.0, a major bump raises the minor. A pre-release counts as a
    /// patch.
    fn raised(self, bump: Bump) -> Self {
        let [major, minor, patch] = self.numbers;
        // No version comes near the end of these numbers.
        let numbers = match bump {
            Bump::Major if major > 0 => [major.saturating_add(1), 0, 0],
            Bump::Major | Bump::Minor => [major, minor.saturating_add(1), 0],
            Bump::Patch | Bump::Prerelease => [major, minor, patch.saturating_add(1)],
        };
        Self { numbers, ..self }
    }
}

impl Default for GroupVersion {
    /// Returns the version of a page's first group, if its owner chose none: `v0.1.0`.
    fn default() -> Self {
        Self { has_v: true, numbers: [0, 1, 0] }
    }
}

impl fmt::Display for GroupVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(formatter, "{}{major}.{minor}.{patch}", if self.has_v { "v" } else { "" })
    }
}

impl FromStr for GroupVersion {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let (has_v, rest) = text.strip_prefix('v').map_or((false, text), |rest| (true, rest));
        let mut numbers = [0; 3];
        let mut parts = rest.split('.');
        for number in &mut numbers {
            *number = parts.next().and_then(number_strict).ok_or(UnknownName)?;
        }
        if parts.next().is_some() { Err(UnknownName) } else { Ok(Self { has_v, numbers }) }
    }
}

/// Parses digits without a leading zero (Semantic Versioning 2.0.0, section 2).
fn number_strict(digits: &str) -> Option<u64> {
    let is_strict = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| is_strict)
}

/// Returns the version of a page's next group. It is the highest version that any group of the page ever had, raised by
/// the group's bump. Without one, it is the initial version. It has a `v` if the initial version has one.
pub fn group_version_next(highest: Option<GroupVersion>, bump: Bump, initial: GroupVersion) -> GroupVersion {
    highest.map_or(initial, |highest| GroupVersion { has_v: initial.has_v, ..highest.raised(bump) })
}

/// Returns the bump of a group: the highest among its members. `None` without members.
pub fn group_bump(members: impl IntoIterator<Item = Bump>) -> Option<Bump> {
    // The highest bump has the lowest rank.
    members.into_iter().min_by_key(|bump| bump_rank(*bump))
}

/// Returns the order in which the members of a group are shown: breaking changes first, then new features, then
/// repairs.
pub fn bump_rank(bump: Bump) -> u8 {
    match bump {
        Bump::Major => 0,
        Bump::Minor => 1,
        Bump::Patch => 2,
        Bump::Prerelease => 3,
    }
}

/// The facts of a member that decide if it leads its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMemberRank {
    /// The component of the release.
    pub component: i64,
    /// The release.
    pub release_id: String,
    /// The size of the release for the component's readers.
    pub bump: Bump,
    /// The time when it was published.
    pub published_at: UtcTime,
}

/// Returns the most important member: the highest bump, then the newest, then the highest id.
pub fn group_lead(members: &[GroupMemberRank]) -> Option<&GroupMemberRank> {
    members.iter().min_by_key(|member| (bump_rank(member.bump), Reverse((member.published_at, &member.release_id))))
}

/// True if a release joins a group automatically when it becomes visible, or is `promoted` from a pre-release. Releases
/// too old to be announced do not join, unless their author said with `notify` that they are news.
pub fn release_joins_group(promoted: bool, notify: Option<bool>, published_at: UtcTime, now: UtcTime) -> bool {
    promoted || notify == Some(true) || now - published_at <= HISTORY_AGE
}

/// Checks that an editor makes the groups of a page.
pub fn group_new_check(grouping: Grouping) -> Result<(), Conflict> {
    match grouping {
        Grouping::Manual => Ok(()),
        Grouping::Off | Grouping::Auto => {
            Err(Conflict("the page does not have its groups made by hand: set its grouping to manual first"))
        }
    }
}

/// Checks that a group can be edited.
pub fn group_edit_check(state: GroupState) -> Result<(), Conflict> {
    match state {
        GroupState::Open | GroupState::Closed => Ok(()),
        GroupState::Withdrawn => Err(Conflict("the group was taken back: make a new one of its releases")),
    }
}

/// Checks that an editor gives a group its version.
pub fn group_version_check(grouping: Grouping, state: GroupState) -> Result<(), Conflict> {
    match (grouping, state) {
        (Grouping::Manual, GroupState::Closed) => Ok(()),
        _ => {
            Err(Conflict("the version of this group is not given by hand: that is for pages whose grouping is manual"))
        }
    }
}

/// A release that an editor names for a new group, as the page has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupCandidate {
    /// The editor named it before.
    Repeated,
    /// Readers do not see it on the page.
    Unseen,
    /// It is a pre-release there.
    Prerelease,
    /// Another group of the page has it.
    Taken,
    /// No group has it.
    Free,
}

/// Checks that a release can be a member of a new group.
pub fn group_candidate_check(field: &str, candidate: GroupCandidate) -> Result<(), Fault> {
    match candidate {
        GroupCandidate::Free => Ok(()),
        GroupCandidate::Repeated => Err(Fault::invalid(field, "must be named once")),
        GroupCandidate::Unseen => {
            Err(Fault::invalid(field, "must be the id of a published release that the page shows"))
        }
        GroupCandidate::Prerelease => Err(Fault::invalid(field, "must not be a pre-release: groups hold none")),
        GroupCandidate::Taken => Err(Fault::taken(field, "must not be in another group of the page")),
    }
}

#[cfg(test)]
mod tests;
