//! Tags: the version in a tag, the part that readers see, and the component that it belongs to.

use crate::version::{Style, Version, VersionRule, name_is_platform, name_is_unfinished};

/// The characters that may separate a name and a version.
const SEPARATORS: [char; 5] = ['-', '@', '/', '_', ' '];

/// Names that mean only "release". A tag with one of them is as plain as a tag without a name.
const GENERIC_NAMES: [&str; 7] = ["", "v", "ver", "version", "rel", "release", "releases"];

/// A tag as one component reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    shown: &'a str,
    reading: Reading,
}

/// The content of a tag, independent of any component.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reading {
    version: Option<Version>,
    /// True if the tag names a part of its repository, other than the component's own part.
    named: bool,
    /// True if its words say that it is unfinished. That is the first word or, without a version, the last one.
    unfinished: bool,
}

impl<'a> Tag<'a> {
    /// Reads a tag. `prefix` is the component's own tag prefix. Any other name before the version is skipped to find
    /// the version, but readers see it.
    pub fn parse(tag: &'a str, prefix: Option<&str>) -> Self {
        Self::parse_as(tag, prefix, VersionRule::Lenient)
    }

    /// Reads a tag by the component's own rule.
    pub fn parse_as(tag: &'a str, prefix: Option<&str>, rule: VersionRule) -> Self {
        let shown = prefix.and_then(|prefix| prefix_strip(tag, prefix)).unwrap_or(tag);
        Self { shown, reading: Reading::of(shown, rule) }
    }

    /// Returns the text that readers see and clients compare (`releasepage-v1.md`, version): the tag without the
    /// component's own prefix. A `v` of the version stays, even if the prefix ends in it. So `web-v4.5.0` is shown as
    /// `v4.5.0` for the prefixes `web-` and `web-v`.
    pub fn shown(&self) -> &'a str {
        self.shown
    }

    /// Returns the version. `None` if the tag is unversioned.
    pub fn version(&self) -> Option<&Version> {
        self.reading.version.as_ref()
    }

    /// True if the tag itself says that it is a pre-release, by its version or its words. The author's own mark counts
    /// more.
    pub fn is_prerelease(&self) -> bool {
        self.reading.unfinished || self.version().is_some_and(Version::is_prerelease)
    }

    /// Returns a text that compares by bytes as the releases of a component rank. Unversioned releases are the lowest
    /// and all equal. The others are in the order of their versions. For the same version, a plain tag is higher than
    /// one that names a part: `v0.11.2` is above `driver/v0.11.2`.
    pub fn sort_key(&self) -> String {
        match self.version() {
            None => "u".to_owned(),
            Some(version) => format!("v{}{}", version.sort_key(), if self.reading.named { '0' } else { '1' }),
        }
    }
}

/// Returns the component that a tag belongs to, as an index into `prefixes`. These are the tag prefixes of all
/// components that a page has of the tag's repository.
///
/// - The component with the longest matching prefix takes the tag, unless the rest names a further part.
///   `http-test-v3.0.0` does not belong to `http-`.
/// - A component without a prefix takes the other tags. If there are components with prefixes, it takes only the plain
///   tags (`v1.2.0`, `release-1.2.0`, `nightly`). Parts without a component (`driver/v1.2.0`) then belong to no
///   component, since they are not the main product. A single component takes everything.
pub fn tag_component(tag: &str, prefixes: &[Option<&str>]) -> Option<usize> {
    let own = prefixes.iter().enumerate().filter_map(|(index, prefix)| {
        let prefix = prefix.filter(|prefix| prefix_takes(tag, prefix))?;
        Some((prefix.len(), index))
    });
    if let Some((_, index)) = own.max() {
        return Some(index);
    }
    let rest = prefixes.iter().position(Option::is_none)?;
    let cut = prefixes.iter().any(Option::is_some);
    (!cut || !Reading::of(tag, VersionRule::Lenient).named).then_some(rest)
}

/// Returns the part of its repository that a tag names, independent of any component. It also says if the version has a
/// `v`: `(web-, true)` for `web-v4.5.0`, `(cmd/river/, true)` for `cmd/river/v0.11.2`. `None` if the tag names no part,
/// has no version, or is unfinished.
pub fn tag_part(tag: &str) -> Option<(&str, bool)> {
    let tag = tag.trim();
    let reading = Reading::of(tag, VersionRule::Lenient);
    if !reading.named || reading.unfinished {
        return None;
    }
    let (name, _) = name_split(tag, reading.unfinished, VersionRule::Lenient)?;
    let behind = name.len() + 1;
    Some((&tag[..behind], tag[behind..].starts_with(['v', 'V'])))
}

/// True if a tag belongs to the part that `prefix` names.
fn prefix_takes(tag: &str, prefix: &str) -> bool {
    prefix_strip(tag, prefix).is_some_and(|rest| {
        let reading = Reading::of(rest, VersionRule::Lenient);
        !reading.named || reading.version.is_none()
    })
}

/// Returns the rest of a tag after a prefix. `None` if the tag does not begin with it, or nothing follows.
fn prefix_strip<'a>(tag: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = tag.strip_prefix(prefix)?;
    let stem = prefix.strip_suffix(['v', 'V']).filter(|stem| stem.is_empty() || stem.ends_with(SEPARATORS));
    if let Some(stem) = stem.filter(|_| rest.starts_with(|c: char| c.is_ascii_digit())) {
        return Some(&tag[stem.len()..]);
    }
    Some(rest.trim_start_matches(SEPARATORS)).filter(|rest| !rest.is_empty())
}

impl Reading {
    fn of(text: &str, rule: VersionRule) -> Self {
        let text = text.trim();
        let plain = Style { hyphens: true, ..Style::PLAIN };
        if let Some(version) = Version::parse_as(text, plain, rule) {
            return Self { version: Some(version), named: false, unfinished: false };
        }
        let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let unfinished = words.next().is_some_and(name_is_unfinished);
        if let Some((name, version)) = name_split(text, unfinished, rule) {
            return Self { version: Some(version), named: !name_is_generic(name), unfinished };
        }
        if let Some((name, version)) = glued_split(text, unfinished, rule) {
            let named = text.contains('/') || name.contains(SEPARATORS) && !name_is_generic(name);
            return Self { version: Some(version), named, unfinished };
        }
        let unfinished = unfinished || words.next_back().is_some_and(name_is_unfinished);
        Self { version: None, named: text.contains('/'), unfinished }
    }
}

/// Splits a tag into the name and the version after it, at the first place where a version follows. A number in the
/// name of a pre-release (`tool-1.9.0-fix-v2.1`) is then not read as the version. After an `unfinished` name,
/// everything after the numbers is part of a pre-release.
fn name_split(text: &str, unfinished: bool, rule: VersionRule) -> Option<(&str, Version)> {
    let last_part = text.rfind('/').unwrap_or(0);
    let separators = text[last_part..].char_indices().filter(|(_, c)| SEPARATORS.contains(c));
    separators.map(|(offset, _)| last_part + offset).find_map(|at| {
        let (name, behind) = (&text[..at], &text[at + 1..]);
        // After a number, the rest of a date or a counter follows (`release-2024-10-01.2`), unless there is a `v`.
        let last_word = name.rsplit(SEPARATORS).next().unwrap_or_default();
        let counted = !last_word.is_empty() && last_word.bytes().all(|byte| byte.is_ascii_digit());
        // The number at the end of `REL9` is the first one of `9_6_24`, and that of `Proton9` the first one of `9-1`.
        let glued = text[at..].starts_with(['_', '-']) && last_word.ends_with(|c: char| c.is_ascii_digit());
        if (counted || glued && !behind.contains('.')) && !behind.starts_with(['v', 'V']) {
            return None;
        }
        // A single number is more often a counter than a version (`build-184`). The numbers of `core-8-6-13` are a
        // version, but those of `docker-alpine-3-21` are part of a name.
        let one_word = !name[last_part..].trim_start_matches('/').contains('-');
        let style = Style { least: 2, hyphens: one_word && !unfinished, unfinished };
        Version::parse_as(behind, style, rule).map(|version| (name, version))
    })
}

/// Splits a tag into the name and a version that directly follows its letters: `go1.22.0`, `n7.0`, `REL9_6_24`,
/// `GE-Proton9-1`. It begins with the first number of the tag's last part.
fn glued_split(text: &str, unfinished: bool, rule: VersionRule) -> Option<(&str, Version)> {
    let part = text.rsplit('/').next().unwrap_or(text);
    let (name, behind) = part.split_at(part.find(|c: char| c.is_ascii_digit())?);
    let word = name.rsplit(SEPARATORS).next().unwrap_or_default();
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    // In `prototype-upgrade1_2`, `web-rc1.2` and `docker-alpine3.21`, the number is not that of the product.
    let is_of_product = || !unfinished && !name_is_unfinished(word) && !name_is_platform(word);
    if word.len() < name.len() && !is_of_product() {
        return None;
    }
    let style = Style { least: 2, hyphens: true, unfinished: false };
    Version::parse_as(behind, style, rule).map(|version| (name, version))
}

fn name_is_generic(name: &str) -> bool {
    let name = name.trim_matches(SEPARATORS);
    GENERIC_NAMES.iter().any(|generic| name.eq_ignore_ascii_case(generic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_skipped() {
        for (tag, version) in [
            ("web-v4.5.0", "4.5.0"),
            ("cmd/river/v0.11.2", "0.11.2"),
            ("driver/pgxv5/v0.11.2-rc.1", "0.11.2-rc.1"),
            ("release-2024.10.1", "2024.10.1"),
            ("Release 2.4", "2.4"),
            ("@scope/tool@1.2.3", "1.2.3"),
            ("tool@1.2.3-beta.1", "1.2.3-beta.1"),
            ("log4x-2.17.1", "2.17.1"),
            ("macros_v2.0.2", "2.0.2"),
            ("http-test-v3.0.0-beta.1", "3.0.0-beta.1"),
            ("tool-1.9.0-fix-v2.1", "1.9.0-fix-v2.1"),
            ("part-2-v1.0.1", "1.0.1"),
            ("v0.19.0rc3", "0.19.0-rc.3"),
            ("curl-8_1_0", "8.1.0"),
            ("REL_16_3", "16.3"),
            ("REL_16_BETA1", "16.0.BETA1"),
            ("REL9_6_24", "9.6.24"),
            ("VER-2-13-2", "2.13.2"),
            ("core-8-6-13", "8.6.13"),
            ("core-9-0-b1", "9.0-b1"),
            ("release-74-1", "74.1"),
            ("OpenSSL_1_1_1w", "1.1.1w"),
            ("V_9_8_P1", "9.8p1"),
            ("go1.22rc2", "1.22rc2"),
            ("n7.0", "7.0"),
            ("n7.1-dev", "7.1-dev"),
            ("jdk8u402-b06", "8u402"),
            ("jdk-21.0.2+13", "21.0.2"),
            ("jdk-21+35", "21"),
            ("OTP-27-rc1", "27-rc1"),
            ("android-14.0.0_r33", "14.0.0_r33"),
            ("NSS_3_98_RTM", "3.98"),
            ("releases/gcc-13.2.0", "13.2.0"),
            ("release/n7.0", "7.0"),
            ("8-1-0", "8.1.0"),
            ("GE-Proton9-1", "9.1"),
            ("GE-Proton10.1", "10.1"),
            ("foo-bar9-1", "9.1"),
            ("foo-bar9_1_2", "9.1.2"),
            ("bar9-1", "9.1"),
            ("bar9-1-rc1", "9.1-rc1"),
            ("bar9-1-2", "9.1.2"),
            ("bar-9-1-2", "9.1.2"),
            ("log4j-2-17-1", "2.17.1"),
            ("log4-2.17.1", "2.17.1"),
            ("wine/GE-Proton8-33", "8.33"),
        ] {
            assert_eq!(Tag::parse(tag, None).version(), Version::parse(version).as_ref(), "{tag}");
            assert_eq!(Tag::parse(tag, None).shown(), tag);
        }
    }

    #[test]
    fn unversioned() {
        for tag in [
            "latest",
            "weekly",
            "web",
            "20241001",
            "release-20241001",
            "2024-10-01",
            "release-2024-10-01.2",
            "20240115.1",
            "release-20230510.1905",
            "2024_01_15",
            "r12345",
            "r1234567-1",
            "v2.2.x",
            "docker-alpine-3-21-2",
            "prototype-docker-alpine-3-21-2",
            "prototype-sorting-184",
            "prototype-image-3-15-v2",
            "upgrade-v1-2-to-v1-3",
            "driver/stable",
            "release2024-10-01",
            "docker-alpine3-21",
            "docker-alpine3.21",
            "web-rc1.2",
            "prototype-upgrade1_2",
            "prototype-upgrade-offline-v1_9-v1_10-0",
            "sprint9-some-branch",
            "GE-Proton9",
            "-",
            "",
        ] {
            let read = Tag::parse(tag, None);
            assert_eq!(read.version(), None, "{tag}");
            assert!(read.sort_key() < Tag::parse("0.0.0-0", None).sort_key(), "{tag}");
        }
    }

    #[test]
    fn prereleases_by_word() {
        for tag in [
            "nightly",
            "weekly",
            "nightly-2024-10-01",
            "prototype-search-3",
            "prototype-v1.9.0",
            "Beta 2.0",
            "driver/nightly",
            "20240115-rc1",
        ] {
            assert!(Tag::parse(tag, None).is_prerelease(), "{tag}");
        }
        for tag in ["latest", "v1.2", "web-v1.2.3", "betamax-v1.0.0", "tools/beta-tester-1.0.0", "test-v0.1.0"] {
            assert!(!Tag::parse(tag, None).is_prerelease(), "{tag}");
        }
        assert!(!Tag::parse("preview-v1.2.0", Some("preview-")).is_prerelease(), "its own prefix does not count");
        assert!(Tag::parse("web-nightly", Some("web-")).is_prerelease());
    }

    #[test]
    fn shown_without_the_own_prefix() {
        for (tag, prefix, shown) in [
            ("web-v4.5.0", "web-", "v4.5.0"),
            ("web-v4.5.0", "web-v", "v4.5.0"),
            ("web-v4.5.0", "web", "v4.5.0"),
            ("rt-0.1.0", "rt-", "0.1.0"),
            ("cmd/river/v0.11.2", "cmd/river/", "v0.11.2"),
            ("cmd/river/v0.11.2", "cmd/river", "v0.11.2"),
            ("v1.2.0", "v", "v1.2.0"),
            ("dev1.2.0", "dev", "1.2.0"),
            ("go1.22.3", "go", "1.22.3"),
            ("build-42", "build-", "42"),
            ("web-nightly", "web-", "nightly"),
            ("web-", "web-", "web-"),
            ("http-v1.0.0", "web-", "http-v1.0.0"),
        ] {
            assert_eq!(Tag::parse(tag, Some(prefix)).shown(), shown, "{tag} with {prefix}");
        }
        assert_eq!(Tag::parse("build-42", Some("build-")).version(), Version::parse("42").as_ref());
        assert_eq!(Tag::parse("go1.22.3", Some("go")).version(), Version::parse("1.22.3").as_ref());
    }

    #[test]
    fn a_strict_component_has_semantic_versions_alone() {
        let read = |tag| Tag::parse_as(tag, None, VersionRule::Strict);
        for tag in ["v1.2.3", "web-v1.2.3", "@scope/tool@1.2.3+5", "go1.2.3"] {
            assert!(read(tag).version().is_some() && !read(tag).is_prerelease(), "{tag}");
        }
        for tag in ["v1.2.3-1", "v1.2.3-hotfix", "web-v1.2.3-jre"] {
            assert!(read(tag).version().is_some() && read(tag).is_prerelease(), "{tag}");
        }
        for tag in ["v1.2", "1.1.1w", "REL_16_3", "curl-8_1_0", "1!2.0.0"] {
            assert!(read(tag).version().is_none() && !read(tag).is_prerelease(), "{tag}");
        }
    }

    #[test]
    fn plain_tags_rank_above_named_ones_of_the_same_version_only() {
        let key = |tag| Tag::parse(tag, None).sort_key();
        assert!(key("v0.11.2") > key("driver/v0.11.2"));
        assert_eq!(key("release-0.11.2"), key("v0.11.2"));
        assert!(key("driver/v0.11.3") > key("v0.11.2"));
        assert!(key("driver/v0.11.3-rc.1.1") > key("v0.11.3-rc.1"));
    }

    #[test]
    fn parts_by_their_tags() {
        for (tag, part) in [
            ("web-v4.5.0", Some(("web-", true))),
            ("server-0.1.0", Some(("server-", false))),
            ("cmd/river/v0.11.2", Some(("cmd/river/", true))),
            ("@scope/tool@1.2.3-beta.1", Some(("@scope/tool@", false))),
            ("v1.2.0", None),
            ("release-1.2.0", None),
            ("nightly-v1.2.0", None),
            ("cmd/river/stable", None),
        ] {
            assert_eq!(tag_part(tag), part, "{tag}");
        }
    }

    #[test]
    fn belonging() {
        let monorepo = [None, Some("http-"), Some("http-test-v"), Some("cmd/"), Some("cmd/tool/")];
        for (tag, component) in [
            ("v1.0.0", Some(0)),
            ("release-1.0.0", Some(0)),
            ("nightly", Some(0)),
            ("http-v1.0.0", Some(1)),
            ("http-nightly", Some(1)),
            ("http-test-v1.0.0", Some(2)),
            ("cmd/tool/v1.0.0", Some(4)),
            ("cmd/v1.0.0", Some(3)),
            ("cmd/other/v1.0.0", None),
            ("http-client-v1.0.0", None),
            ("web-v1.0.0", None),
            ("http-", Some(0)),
        ] {
            assert_eq!(tag_component(tag, &monorepo), component, "{tag}");
        }
        assert_eq!(tag_component("web-v1.0.0", &[None]), Some(0), "a single component takes everything");
        assert_eq!(tag_component("v1.0.0", &[Some("web-")]), None);
        assert_eq!(tag_component("web-view-1.0.0", &[Some("web-v")]), None);
        assert_eq!(tag_component("v1.0.0", &[]), None);
    }
}
