//! Families of tags from many projects, with the latest release and the bumps that a reader of the project expects.

use chrono::{Duration, NaiveDateTime};
use releasepage_domain::{
    bump::Bump,
    history::{HistoryRelease, component_history, component_latest},
    version::VersionRule,
};

/// Checks a family of tags, listed in the order of their publication, a day apart. No tag is marked as a pre-release.
/// `latest` is empty if the family has no latest release.
fn check(family: &str, tags: &[&str], latest: Option<&str>, bumps: &[(&str, &str)]) {
    let release = |(day, tag): (usize, &&'static str)| -> HistoryRelease<'static> {
        HistoryRelease {
            id: tag,
            tag,
            platforms: "[]",
            published_at: NaiveDateTime::default() + Duration::days(i64::try_from(day).expect("there are few tags")),
            prerelease: None,
            fixed: None,
        }
    };
    let tags: Vec<&'static str> = tags.iter().map(|tag| &*Box::leak((*tag).to_owned().into_boxed_str())).collect();
    let releases: Vec<_> = tags.iter().enumerate().map(release).collect();
    let history = component_history(&releases, None, VersionRule::Lenient, Bump::Minor);
    if let Some(latest) = latest {
        let found = component_latest(&history).map(|place| place.release.tag).unwrap_or_default();
        assert_eq!(found, latest, "the latest of {family}");
    }
    for (tag, bump) in bumps {
        let place = history.iter().find(|place| place.release.tag == *tag).unwrap_or_else(|| panic!("no {tag}"));
        assert_eq!(place.bump.as_str(), *bump, "{family}: {tag}");
    }
}

#[test]
fn families_written_for_this() {
    for (tags, latest, bumps) in [
        (&["V_9_7_P1", "V_9_8", "V_9_8_P1"][..], "V_9_8_P1", &[("V_9_8_P1", "patch")][..]),
        (
            &["REL_16_BETA1", "REL_15_4", "REL_16_RC1", "REL_16_0"],
            "REL_16_0",
            &[("REL_16_BETA1", "prerelease"), ("REL_16_RC1", "prerelease"), ("REL_16_0", "major")],
        ),
        (&["VER-2-13-1", "VER-2-13-2", "VER-2-12-9"], "VER-2-13-2", &[("VER-2-13-2", "patch")]),
        (&["v6.7", "v6.8-rc1", "v6.8-rc9", "v6.8"], "v6.8", &[("v6.8-rc1", "prerelease"), ("v6.8", "minor")]),
        (
            &["boost-1.83.0", "boost-1.84.0.beta1", "boost-1.84.0"],
            "boost-1.84.0",
            &[("boost-1.84.0.beta1", "prerelease"), ("boost-1.84.0", "minor")],
        ),
        (
            &["llvmorg-17.0.5", "llvmorg-18-init", "llvmorg-18.1.0-rc1", "llvmorg-17.0.6"],
            "llvmorg-17.0.6",
            &[("llvmorg-17.0.6", "patch")],
        ),
        (
            &["OTP-26.2", "OTP-27.0-rc1", "OTP-26.2.1"],
            "OTP-26.2.1",
            &[("OTP-27.0-rc1", "prerelease"), ("OTP-26.2.1", "patch")],
        ),
        (&["v9.1.0000", "v9.1.0001", "v9.1.0010"], "v9.1.0010", &[("v9.1.0010", "patch")]),
        (
            &["120.0.6099.109", "120.0.6099.129", "121.0.6167.85"],
            "121.0.6167.85",
            &[("120.0.6099.129", "patch"), ("121.0.6167.85", "major")],
        ),
        (&["jdk-21+35", "jdk-21.0.1+12", "jdk-21.0.2+13", "jdk-22+10"], "jdk-22+10", &[("jdk-21.0.2+13", "patch")]),
        (&["jdk8u392-b08", "jdk8u402-b05", "jdk8u402-b06", "jdk8u402-ga"], "jdk8u402-ga", &[("jdk8u402-b05", "patch")]),
        (
            &["v16.9.0-ee", "v16.9.1-ee", "v16.10.0-rc42-ee"],
            "v16.9.1-ee",
            &[("v16.9.1-ee", "patch"), ("v16.10.0-rc42-ee", "prerelease")],
        ),
        (&["v28.0.1", "v28.0.2rc1", "v28.0.2"], "v28.0.2", &[("v28.0.2rc1", "prerelease"), ("v28.0.2", "patch")]),
        (&["3.6.1", "3.7.0-rc4", "3.7.0"], "3.7.0", &[("3.7.0-rc4", "prerelease"), ("3.7.0", "minor")]),
        (
            &["4.0.0.Alpha1", "4.0.0.CR1", "4.0.0.Final", "4.0.0.SP1", "4.1.0-SNAPSHOT"],
            "4.0.0.SP1",
            &[
                ("4.0.0.Final", "major"),
                ("4.0.0.CR1", "prerelease"),
                ("4.0.0.SP1", "patch"),
                ("4.1.0-SNAPSHOT", "prerelease"),
            ],
        ),
        (
            &["1.0-alpha-1", "1.0-m2", "1.0", "1.1.RELEASE"],
            "1.1.RELEASE",
            &[("1.0-alpha-1", "prerelease"), ("1.0-m2", "prerelease"), ("1.1.RELEASE", "minor")],
        ),
        (
            &["1.0a1", "1.0b2", "1.0rc1", "1.0.dev0", "1.0", "1.0.post1"],
            "1.0.post1",
            &[
                ("1.0a1", "prerelease"),
                ("1.0b2", "prerelease"),
                ("1.0.dev0", "prerelease"),
                ("1.0", "major"),
                ("1.0.post1", "patch"),
            ],
        ),
        (
            &["v7.1.0", "v7.1.1.pre1", "v7.1.1.rc1", "v7.1.1"],
            "v7.1.1",
            &[("v7.1.1.pre1", "prerelease"), ("v7.1.1", "patch")],
        ),
        (
            &["2024-01-15", "1.0.0", "2024-02-01", "20240301.1", "r12345"],
            "1.0.0",
            &[("1.0.0", "major"), ("2024-02-01", "minor")],
        ),
        (&["20240115.1", "20240116.1"], "20240116.1", &[]),
        (&["2023.11.3", "2024.02.0", "2024.02.1"], "2024.02.1", &[("2024.02.0", "major"), ("2024.02.1", "patch")]),
        (&["1_36_0", "1_36_1", "1_35_9"], "1_36_1", &[("1_36_1", "patch")]),
        (&["R_2_5_0", "R_2_6_0"], "R_2_6_0", &[("R_2_6_0", "minor")]),
        (&["v2.6_beta1", "v2.6_rc2", "v2.6.0"], "v2.6.0", &[("v2.6_rc2", "prerelease")]),
        (
            &["32.0.0-android", "32.0.0-jre", "32.1.0-android", "32.1.0-jre"],
            "32.1.0-jre",
            &[("32.1.0-android", "minor"), ("32.1.0-jre", "minor")],
        ),
        (
            &["GE-Proton9-1", "GE-Proton9-2", "GE-Proton10-1", "GE-Proton8-33"],
            "GE-Proton10-1",
            &[("GE-Proton9-2", "minor"), ("GE-Proton10-1", "major"), ("GE-Proton8-33", "minor")],
        ),
        (&["GE-Proton9.1", "GE-Proton10.1", "GE-Proton8.33"], "GE-Proton10.1", &[("GE-Proton10.1", "major")]),
        (&["foo-bar9-1", "foo-bar10-1", "foo-bar8-3"], "foo-bar10-1", &[("foo-bar10-1", "major")]),
        (&["bar9-1", "bar10-1", "bar8-3"], "bar10-1", &[("bar10-1", "major")]),
        (&["v1.0.0-incubating", "v1.1.0-incubating"], "v1.1.0-incubating", &[("v1.1.0-incubating", "minor")]),
    ] {
        check(tags[0], tags, Some(latest), bumps);
    }
}

/// The families in the directory of fixtures.
#[test]
#[expect(clippy::print_stdout, reason = "a skipped test must be visible")]
fn families_of_real_projects() {
    let beside = || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let fixtures = std::env::var_os("RELEASEPAGE_FIXTURES").map_or_else(beside, std::path::PathBuf::from);
    let Ok(text) = std::fs::read_to_string(fixtures.join("cases/versions/families.json")) else {
        println!("skipped: the families of tags are not there");
        return;
    };
    let families: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let families = families["families"].as_array().expect("a list");
    assert!(families.len() > 20);
    for family in families {
        let tags: Vec<&str> = family["tags"].as_array().expect("tags").iter().filter_map(|tag| tag.as_str()).collect();
        let bumps = family["bumps"].as_object().expect("bumps");
        let bumps: Vec<(&str, &str)> =
            bumps.iter().map(|(tag, bump)| (tag.as_str(), bump.as_str().expect("a bump"))).collect();
        check(family["family"].as_str().expect("a name"), &tags, family["latest"].as_str(), &bumps);
    }
}
