//! Ranges of changes between the version that a reader runs and another one (`releasepage-v1.md`, changes).

use crate::{
    fault::{Fault, Faults},
    tag::Tag,
    time::UtcTime,
    version::{Version, VersionRule},
};

/// A place in the order of a component's releases. Versions are in their own order, unversioned releases by time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The [`Tag::sort_key`] of the version.
    pub version_key: String,
    /// The time when an unversioned release was published. `None` for every version.
    pub published_at: Option<UtcTime>,
}

/// One end of a range of versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangesEnd {
    /// The place of this end.
    pub place: Place,
    /// True if it is a pre-release.
    pub prerelease: bool,
}

impl ChangesEnd {
    /// Returns the end at a published release, from its version key.
    pub fn of_release(version_key: String, published_at: UtcTime, prerelease: bool) -> Self {
        let published_at = (version_key == unversioned_key()).then_some(published_at);
        Self { place: Place { version_key, published_at }, prerelease }
    }

    /// Returns the end at a version that was never published, or was withdrawn.
    ///
    /// # Errors
    ///
    /// A fault of `field`, if the name contains no version.
    pub fn of_version(field: &str, name: &str, rule: VersionRule) -> Result<Self, Fault> {
        let tag = Tag::parse_as(name, None, rule);
        if tag.version().is_none() {
            return Err(Fault::invalid(field, "must be a version such as v1.0.0, or the tag of a published release"));
        }
        Ok(Self { place: Place { version_key: tag.sort_key(), published_at: None }, prerelease: tag.is_prerelease() })
    }
}

/// Returns the version key that all unversioned releases share.
fn unversioned_key() -> String {
    Tag::parse("", None).sort_key()
}

/// The releases between two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangesRange {
    /// The place before the range. A release at this place is not part of it.
    pub after: Place,
    /// The last place in the range. A release at this place is part of it.
    pub until: Place,
    /// True if pre-releases belong to the range.
    pub prereleases: bool,
}

impl ChangesRange {
    /// Returns the range between two versions that the reader named. Pre-releases belong to it only if `to` is one.
    ///
    /// # Errors
    ///
    /// A fault of `to`, if it comes before `from`.
    pub fn between(from: ChangesEnd, to: ChangesEnd) -> Result<Self, Fault> {
        if to.place < from.place {
            return Err(Fault::invalid("to", "must not be a version before from"));
        }
        Ok(Self { after: from.place, until: to.place, prereleases: to.prerelease })
    }

    /// Returns the range up to a component's latest version. It is empty if the reader's version is higher.
    pub fn to_latest(from: ChangesEnd, latest: ChangesEnd) -> Self {
        Self { after: from.place, until: latest.place, prereleases: false }
    }
}

/// The groups of a page between two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRange {
    /// The [`Version::sort_key`] before the range. A group of this version is not part of it.
    pub after: String,
    /// The last [`Version::sort_key`] in the range. A group of this version is part of it.
    pub until: String,
}

impl GroupRange {
    /// Returns the range between two versions that the reader named. No group needs to have them.
    ///
    /// # Errors
    ///
    /// A fault of each text that is not a version, and of `to` if it comes before `from`.
    pub fn between(from: &str, to: &str) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let after = faults.take(group_version_key("from", from));
        let until = faults.take(group_version_key("to", to));
        if after.as_ref().zip(until.as_ref()).is_some_and(|(after, until)| until < after) {
            faults.push(Fault::invalid("to", "must not be a version before from"));
        }
        faults.finish(|| Some(Self { after: after?, until: until? }))
    }

    /// Returns the range up to the latest group's version. It is empty if the reader's version is higher.
    ///
    /// # Errors
    ///
    /// A fault of each text that is not a version.
    pub fn to_latest(from: &str, latest: &str) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let after = faults.take(group_version_key("from", from));
        let until = faults.take(group_version_key("to", latest));
        faults.finish(|| Some(Self { after: after?, until: until? }))
    }
}

fn group_version_key(field: &str, name: &str) -> Result<String, Fault> {
    let key = Tag::parse(name, None).version().map(Version::sort_key);
    key.ok_or_else(|| Fault::invalid(field, "must be a version such as v1.0.0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::time_parse;

    /// Releases and the days when they were published, highest version first.
    const HISTORY: [(&str, u32); 9] = [
        ("v3.0.0-rc.1", 9),
        ("v2.1.0", 8),
        ("v2.0.0", 6),
        ("v2.0.0-rc.1", 5),
        ("v1.4.1", 7),
        ("v1.4.0", 4),
        ("v1.0.0", 3),
        ("weeklies-b", 2),
        ("weeklies-a", 1),
    ];

    fn release((tag, day): (&str, u32)) -> ChangesEnd {
        let tag = Tag::parse(tag, None);
        let published_at = time_parse(&format!("2024-05-0{day}T00:00:00Z")).expect("a time");
        ChangesEnd::of_release(tag.sort_key(), published_at, tag.is_prerelease())
    }

    fn named(field: &str, name: &str) -> Result<ChangesEnd, Fault> {
        let published = HISTORY.into_iter().find(|(tag, _)| *tag == name).map(release);
        published.map_or_else(|| ChangesEnd::of_version(field, name, VersionRule::Lenient), Ok)
    }

    fn found(range: &ChangesRange) -> Vec<&'static str> {
        let holds = |end: &ChangesEnd| {
            end.place > range.after && end.place <= range.until && (range.prereleases || !end.prerelease)
        };
        HISTORY.into_iter().filter(|&row| holds(&release(row))).map(|(tag, _)| tag).collect()
    }

    #[test]
    fn what_lies_between() {
        for (from, to, between) in [
            ("1.2", "v1.4.0", &["v1.4.0"][..]),
            ("v1.4.0", "v2.0.0", &["v2.0.0", "v1.4.1"]),
            ("v1.4.0", "v2.0.5", &["v2.0.0", "v1.4.1"]),
            ("v1.4.1", "v2.0.0-rc.1", &["v2.0.0-rc.1"]),
            ("v2.0.0", "v2.0.0", &[]),
            ("weeklies-a", "v1.0.0", &["v1.0.0", "weeklies-b"]),
            ("weeklies-a", "weeklies-b", &["weeklies-b"]),
            ("v2.0.0-rc.1", "v2.0.0", &["v2.0.0"]),
        ] {
            let (start, end) = (named("from", from).expect("a version"), named("to", to).expect("a version"));
            let range = ChangesRange::between(start, end).expect("a range");
            assert_eq!(found(&range), between, "{from} {to}");
        }
    }

    #[test]
    fn what_is_new_since() {
        let latest = || release(("v2.1.0", 8));
        for (from, new) in [
            ("v1.0.0", &["v2.1.0", "v2.0.0", "v1.4.1", "v1.4.0"][..]),
            ("v2.0.0-rc.1", &["v2.1.0", "v2.0.0"]),
            ("v2.1.0", &[]),
            ("v9", &[]),
        ] {
            let range = ChangesRange::to_latest(named("from", from).expect("a version"), latest());
            assert_eq!(found(&range), new, "{from}");
        }
    }

    #[test]
    fn what_stands_nowhere_is_refused() {
        for name in ["words", "weeklies-c", ""] {
            let fault = named("from", name).expect_err("no version");
            assert_eq!(fault.field, "from", "{name}");
        }
        for (from, to) in [("v2.0.0", "v1.0.0"), ("v1.0.0", "weeklies-a"), ("weeklies-b", "weeklies-a")] {
            let (start, end) = (named("from", from).expect("a version"), named("to", to).expect("a version"));
            assert_eq!(ChangesRange::between(start, end).expect_err("the order is wrong").field, "to", "{from} {to}");
        }
    }

    #[test]
    fn groups_between_versions() {
        let holds = |range: &GroupRange, version: &str| {
            let key = version.parse::<crate::group::GroupVersion>().expect("a version").sort_key();
            key > range.after && key <= range.until
        };
        for (from, to, inside, outside) in [
            ("v0.1.0", "v0.3.0", &["v0.1.1", "0.2.0", "v0.3.0"][..], &["v0.1.0", "v0.3.1"][..]),
            ("0.1", "v0.2.0-rc.1", &["v0.1.1"], &["v0.1.0", "v0.2.0"]),
            ("v0.2.0-rc.1", "1", &["v0.2.0", "v0.10.0", "v1.0.0"], &["v0.1.9", "v1.0.1"]),
            ("v1.0.0", "v1.0.0", &[], &["v1.0.0"]),
        ] {
            let range = GroupRange::between(from, to).expect("a range");
            assert!(inside.iter().all(|version| holds(&range, version)), "{from} {to}");
            assert!(!outside.iter().any(|version| holds(&range, version)), "{from} {to}");
        }
        let ahead = GroupRange::to_latest("v9.0.0", "v1.0.0").expect("a range");
        assert!(!holds(&ahead, "v1.0.0") && !holds(&ahead, "v9.0.0"));
        for (from, to, fields) in
            [("words", "v1.0.0", &["from"][..]), ("words", "more", &["from", "to"]), ("v2.0.0", "v1.0.0", &["to"])]
        {
            let faults = GroupRange::between(from, to).expect_err("no range");
            assert_eq!(faults.as_slice().iter().map(|fault| &*fault.field).collect::<Vec<_>>(), fields, "{from} {to}");
        }
        assert!(GroupRange::to_latest("words", "v1.0.0").is_err());
    }
}
