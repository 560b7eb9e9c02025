//! The history of a component: the rank and the bump of each release, and the latest one.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::{
    bump::Bump,
    tag::Tag,
    time::UtcTime,
    version::{Version, VersionRule},
};

/// The version of the rules that read tags, rank releases and compute bumps. Each change of the rules raises it. After
/// an upgrade, results of lower versions are computed again.
pub const VERSION_RULES: i64 = 2;

/// A published release of a component. Drafts, scheduled and withdrawn releases are not part of its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryRelease<'a> {
    /// Its id, unique in the history.
    pub id: &'a str,
    /// The whole tag, with the component's prefix.
    pub tag: &'a str,
    /// The key of its platform set. Releases of one tag with different keys are variants.
    pub platforms: &'a str,
    /// The time when it was published. The order of arrival does not matter.
    pub published_at: UtcTime,
    /// The author's mark: a pre-release or not. `None` if the author did not say, so that the tag decides.
    pub prerelease: Option<bool>,
    /// The bump with which it was announced or grouped. It no longer changes.
    pub fixed: Option<Bump>,
}

/// A release with its place in its component's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentRelease<'a> {
    /// The release itself.
    pub release: HistoryRelease<'a>,
    /// A key that compares by bytes as the releases rank, see [`Tag::sort_key`].
    pub version_key: String,
    /// The size of the release for the component's readers.
    pub bump: Bump,
    /// True for a pre-release, which is never the latest. It can be true although `bump` was fixed as something else
    /// before.
    pub prerelease: bool,
}

/// Computes the place of every release of a component and returns them in the given order. It takes `O(n log n)`.
///
/// `tag_prefix` and `rule` belong to the component. `unversioned_as` is the page's bump for tags without a version.
///
/// A release is compared with the highest lower version that was published before it, without pre-releases. If there is
/// none, the form of its version decides. If several releases have the same time, lower versions count as published
/// before.
pub fn component_history<'a>(
    releases: &[HistoryRelease<'a>],
    tag_prefix: Option<&str>,
    rule: VersionRule,
    unversioned_as: Bump,
) -> Vec<ComponentRelease<'a>> {
    let tags: Vec<Tag<'a>> = releases.iter().map(|release| Tag::parse_as(release.tag, tag_prefix, rule)).collect();
    let bumps = bumps(releases, &tags, unversioned_as);
    let place = |((&release, tag), bump): ((&HistoryRelease<'a>, &Tag<'a>), Bump)| ComponentRelease {
        release,
        version_key: tag.sort_key(),
        bump: release.fixed.unwrap_or(bump),
        prerelease: bump == Bump::Prerelease,
    };
    releases.iter().zip(&tags).zip(bumps).map(place).collect()
}

/// Returns the bump of each release in the given order, as if none were fixed.
fn bumps(releases: &[HistoryRelease<'_>], tags: &[Tag<'_>], unversioned_as: Bump) -> Vec<Bump> {
    let mut by_time: Vec<usize> = (0..releases.len()).collect();
    by_time.sort_by_key(|&index| (releases[index].published_at, tags[index].version(), releases[index].tag));
    let mut before = Before::default();
    let mut bumps = vec![unversioned_as; releases.len()];
    for index in by_time {
        let (release, tag) = (&releases[index], &tags[index]);
        if release.prerelease.unwrap_or_else(|| tag.is_prerelease()) {
            bumps[index] = Bump::Prerelease;
        } else if let Some(version) = tag.version() {
            bumps[index] = before.bump(version, release.tag);
            before.add(version, release.tag);
        }
    }
    bumps
}

/// The versions that were published before, each with the first tag that had it.
#[derive(Default)]
struct Before<'a> {
    released: BTreeMap<&'a Version, &'a str>,
    /// The versions that do not look like a pre-release. `2.0.0` is compared with these, even if the author called
    /// `2.0.0-rc.1` a release.
    finished: BTreeSet<&'a Version>,
}

impl<'a> Before<'a> {
    fn bump(&self, version: &Version, tag: &str) -> Bump {
        // A second repair without a number of its own (`-hotfix`, then `-hotfix.1`) is a patch.
        if version.is_later() && self.released.get(version).is_some_and(|&first| first != tag) {
            return Bump::Patch;
        }
        let lower = if version.is_prerelease() {
            self.released.range::<Version, _>(..version).next_back().map(|(&lower, _)| lower)
        } else {
            self.finished.range::<Version, _>(..version).next_back().copied()
        };
        lower.map_or_else(|| bump_by_shape(version), |lower| bump_between(lower, version))
    }

    fn add(&mut self, version: &'a Version, tag: &'a str) {
        self.released.entry(version).or_insert(tag);
        if !version.is_prerelease() {
            self.finished.insert(version);
        }
    }
}

/// Returns the bump from one version to a higher one, by the most significant number that differs. The third and the
/// fourth number mean a repair. So does a suffix.
fn bump_between(lower: &Version, higher: &Version) -> Bump {
    if lower.epoch() != higher.epoch() {
        return Bump::Major;
    }
    match lower.numbers().iter().zip(higher.numbers()).position(|(one, other)| one != other) {
        Some(0) => Bump::Major,
        Some(1) => Bump::Minor,
        _ => Bump::Patch,
    }
}

/// Returns the bump of a version without a lower one: x.0.0 is major, x.y.0 is minor, and anything else is a patch.
fn bump_by_shape(version: &Version) -> Bump {
    if version.is_repair() {
        return Bump::Patch;
    }
    let [_, minor, patch, fourth] = version.numbers();
    match (minor.is_zero(), patch.is_zero() && fourth.is_zero()) {
        (true, true) => Bump::Major,
        (false, true) => Bump::Minor,
        (_, false) => Bump::Patch,
    }
}

/// Returns the latest of a component's releases. It is never a pre-release. It has the highest version, and it is the
/// newest of that version's variants. Tag, platforms and id make the order total. Unversioned releases rank below all
/// versions, by time.
pub fn component_latest<'a, 'b>(history: &'b [ComponentRelease<'a>]) -> Option<&'b ComponentRelease<'a>> {
    history.iter().filter(|place| !place.prerelease).max_by(|one, other| component_release_order(one, other))
}

/// Compares releases of a component by version, time, tag, platforms and id. The lowest comes first.
pub fn component_release_order(one: &ComponentRelease<'_>, other: &ComponentRelease<'_>) -> Ordering {
    fn rank<'r>(place: &'r ComponentRelease<'_>) -> (&'r str, UtcTime, &'r str, &'r str, &'r str) {
        let release = &place.release;
        (&place.version_key, release.published_at, release.tag, release.platforms, release.id)
    }
    rank(one).cmp(&rank(other))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    /// Makes a release of the given day of May 2024. Its id is its tag.
    fn release(tag: &str, day: u32) -> HistoryRelease<'_> {
        let date = NaiveDate::from_ymd_opt(2024, 5, day).expect("a day of May");
        let published_at = date.and_hms_opt(12, 0, 0).expect("noon");
        HistoryRelease { id: tag, tag, platforms: "[]", published_at, prerelease: None, fixed: None }
    }

    fn bumps_of(releases: &[HistoryRelease<'_>]) -> Vec<&'static str> {
        component_history(releases, None, VersionRule::Lenient, Bump::Minor)
            .iter()
            .map(|place| place.bump.as_str())
            .collect()
    }

    fn latest_of<'a>(releases: &[HistoryRelease<'a>]) -> Option<&'a str> {
        component_latest(&component_history(releases, None, VersionRule::Lenient, Bump::Minor))
            .map(|place| place.release.id)
    }

    #[test]
    fn a_bump_compares_with_the_highest_lower_version_published_before() {
        let history = [
            (release("v1.4.8", 1), "patch"),
            (release("v1.5.0", 2), "minor"),
            (release("v2.0.0-rc.2", 3), "prerelease"),
            (release("v2.0.0", 4), "major"),
            (release("v1.4.9", 5), "patch"),
            (release("v1.6.0", 6), "minor"),
            (release("v2.0.0.1", 7), "patch"),
            (release("v2.3.1", 8), "minor"),
            (release("v4.0.5", 9), "major"),
            (release("v3.1.0", 10), "major"),
            (release("nightly", 11), "prerelease"),
            (release("yesterday", 12), "minor"),
            (release("v4.0.6", 13), "patch"),
        ];
        let (releases, expected): (Vec<_>, Vec<_>) = history.into_iter().unzip();
        assert_eq!(bumps_of(&releases), expected);
        assert_eq!(latest_of(&releases), Some("v4.0.6"));
    }

    #[test]
    fn shape_decides_where_nothing_is_lower() {
        for (tag, bump) in [
            ("v1.0.0", "major"),
            ("v2", "major"),
            ("v0.3.0", "minor"),
            ("v1.2", "minor"),
            ("v1.2.3", "patch"),
            ("v1.0.1", "patch"),
            ("v1.0.0.1", "patch"),
            ("v1.0.0-rc.1", "prerelease"),
        ] {
            assert_eq!(bumps_of(&[release(tag, 1)]), [bump], "{tag}");
            // Later releases and pre-releases are not compared with.
            assert_eq!(bumps_of(&[release(tag, 2), release("v0.0.1", 3), release("v0.0.1-rc.1", 1)])[0], bump, "{tag}");
        }
    }

    #[test]
    fn of_one_moment_lower_versions_come_before() {
        assert_eq!(
            bumps_of(&[release("v1.1.0", 1), release("v1.0.0", 1), release("v1.1.1", 1)]),
            ["minor", "major", "patch"]
        );
    }

    #[test]
    fn variants_of_one_version_have_the_same_bump_and_the_newest_is_the_latest() {
        let releases = [
            release("v1.0.0", 1),
            HistoryRelease { id: "ios", platforms: r#"["iOS"]"#, ..release("v1.1.0", 2) },
            HistoryRelease { id: "android", platforms: r#"["Android"]"#, ..release("v1.1.0", 3) },
        ];
        assert_eq!(bumps_of(&releases), ["major", "minor", "minor"]);
        assert_eq!(latest_of(&releases), Some("android"));
    }

    #[test]
    fn a_flag_makes_a_prerelease_and_a_fixed_bump_stays() {
        let flagged = HistoryRelease { prerelease: Some(true), ..release("v2.0.0", 2) };
        let fixed = HistoryRelease { fixed: Some(Bump::Major), ..release("v1.0.1", 3) };
        let told_before_flagged =
            HistoryRelease { fixed: Some(Bump::Minor), prerelease: Some(true), ..release("v3.0.0", 4) };
        let releases = [release("v1.0.0", 1), flagged, fixed, told_before_flagged];
        assert_eq!(bumps_of(&releases), ["major", "prerelease", "major", "minor"]);
        assert_eq!(latest_of(&releases), Some("v1.0.1"));
    }

    #[test]
    fn what_the_author_says_decides() {
        let said = |tag, day, prerelease| HistoryRelease { prerelease, ..release(tag, day) };
        let releases =
            [said("v1.0.0", 1, Some(false)), said("v2.0.0-rc.1", 2, Some(false)), said("v2.0.0-rc.2", 3, Some(false))];
        assert_eq!(bumps_of(&releases), ["major", "major", "patch"]);
        assert_eq!(latest_of(&releases), Some("v2.0.0-rc.2"));
        let finished = [&releases[..], &[release("v2.0.0", 4)]].concat();
        assert_eq!(bumps_of(&finished)[3], "major", "compared with 1.0.0");
        assert_eq!(latest_of(&finished), Some("v2.0.0"));
        assert_eq!(
            bumps_of(&[said("nightly", 1, Some(false)), said("v1.1.1w", 2, Some(true))]),
            ["minor", "prerelease"]
        );
    }

    #[test]
    fn repairs_behind_a_version_are_patches() {
        for tags in [
            ["1.1.1", "1.1.1v", "1.1.1w"],
            ["9.7p1", "9.7p2", "9.7p10"],
            ["v1.2.3", "v1.2.3-hotfix.1", "v1.2.3-hotfix"],
            ["v1.2.3", "v1.2.3-hotfix", "v1.2.3-hotfix.1"],
            ["1.2.0-acme.1", "1.2.0-acme.2", "1.2.0-acme.3"],
            ["8.0-1", "8.0-9", "8.0-10"],
            ["jdk8u392-b08", "jdk8u402-b05", "jdk8u402-b06"],
        ] {
            let releases = [release(tags[0], 1), release(tags[1], 2), release(tags[2], 3)];
            assert_eq!(bumps_of(&releases)[1..], ["patch", "patch"], "{tags:?}");
            assert_eq!(latest_of(&releases), Some(tags[2]), "{tags:?}");
        }
        assert_eq!(bumps_of(&[release("2.0", 1), release("1!1.0", 2)]), ["major", "major"]);
    }

    #[test]
    fn unversioned_releases_rank_by_time_below_all_versions() {
        let (old, new) = (release("zulu", 1), release("alfa", 9));
        assert_eq!(latest_of(&[new, old]), Some("alfa"));
        assert_eq!(latest_of(&[new, release("v0.0.1", 2), old]), Some("v0.0.1"));
        assert_eq!(latest_of(&[release("v1.0.0-rc.1", 1)]), None);
        assert_eq!(latest_of(&[]), None);
        let as_prerelease = component_history(&[old], None, VersionRule::Lenient, Bump::Prerelease);
        assert_eq!(component_latest(&as_prerelease), None);
    }
}
