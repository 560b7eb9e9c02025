//! The order of versions and of their keys, over generated tags.

use std::cmp::Ordering;

use proptest::prelude::*;
use releasepage_domain::{tag::Tag, version::Version};

/// Few different parts, so that generated versions often have some in common.
const NUMBER: &str = "0{0,2}(0|1|2|9|10|99|184467440737095516(15|16)|[1-9][0-9]{20,60})";
const IDENTIFIER: &str = "(0|1|2|10|rc|rc1|RC|a|a-b|-|beta2b|é)";

/// Texts that may be versions, in all spellings.
fn version_text() -> impl Strategy<Value = String> {
    let release = format!("v?{NUMBER}(\\.{NUMBER}){{0,3}}");
    let prerelease = format!("(-{IDENTIFIER}(\\.{IDENTIFIER}){{0,3}}|rc{NUMBER}|\\.Final|\\.beta-1)?");
    let text = format!("{release}{prerelease}(\\+[a-z0-9]{{1,3}})?");
    proptest::string::string_regex(&text).expect("a valid expression")
}

fn version() -> impl Strategy<Value = Version> {
    version_text().prop_filter_map("no version", |text| Version::parse(&text))
}

/// Tags with and without names, and plain nonsense.
fn tag_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => ("(|web-|cmd/tool/|tool@|release-|prototype_)", version_text()).prop_map(|(name, version)| name + &version),
        1 => "[-@/_ .v0-9a-z+(é]{0,12}",
        1 => any::<String>(),
    ]
}

proptest! {
    #[test]
    fn the_order_is_total(a in version(), b in version(), c in version()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
        let mut ascending = [&a, &b, &c];
        ascending.sort();
        prop_assert!(ascending[0] <= ascending[2], "{ascending:?}");
    }

    #[test]
    fn keys_compare_as_versions(a in version(), b in version()) {
        prop_assert_eq!(a.sort_key().as_bytes().cmp(b.sort_key().as_bytes()), a.cmp(&b), "{:?} {:?}", a, b);
    }

    #[test]
    fn numbers_compare_as_numbers(a in any::<[u64; 4]>(), b in any::<[u64; 4]>(), alike in 0..4_usize) {
        let mut b = b;
        b[..alike].copy_from_slice(&a[..alike]);
        let version = |numbers: [u64; 4]| Version::parse(&numbers.map(|number| number.to_string()).join("."));
        prop_assert_eq!(version(a).cmp(&version(b)), a.cmp(&b));
    }

    #[test]
    fn a_prerelease_comes_before_its_release_and_a_repair_behind_it(
        numbers in (0..999_999_u64, 0..99_999_999_u64, 0..99_999_999_u64),
        unfinished in "(alpha|beta|rc|pre|preview|dev|nightly|canary|snapshot|milestone)[0-9]{0,2}",
        identifier in IDENTIFIER,
        repair in "p[1-9]|[d-z]|-[1-9][0-9]?|\\.post[0-9]|-hotfix|\\.SP[1-9]|_r[0-9]{1,2}",
        flavour in "-jre|-ee|-LTS|-stable|\\.Final|-linux-amd64",
    ) {
        let (major, minor, patch) = numbers;
        let parse = |patch: u64, end: &str| Version::parse(&format!("{major}.{minor}.{patch}{end}")).expect("a version");
        let release = parse(patch, "");
        let prerelease = parse(patch, &format!("-{unfinished}.{identifier}"));
        prop_assert!(prerelease.is_prerelease() && prerelease < release);
        prop_assert!(patch == 0 || prerelease > parse(patch - 1, &repair));
        let later: Version = parse(patch, &repair);
        prop_assert!(!later.is_prerelease() && later > release && later < parse(patch + 1, "-alpha"));
        prop_assert_eq!(parse(patch, &flavour), release);
    }

    #[test]
    fn keys_of_tags_rank_unversioned_versions_and_names(a in tag_text(), b in tag_text()) {
        let (a, b) = (Tag::parse(&a, None), Tag::parse(&b, None));
        let keys = a.sort_key().as_bytes().cmp(b.sort_key().as_bytes());
        // `None` is the lowest option. For equal versions, a name may still decide.
        match a.version().cmp(&b.version()) {
            Ordering::Equal => prop_assert!(a.version().is_some() || keys == Ordering::Equal),
            order => prop_assert_eq!(keys, order),
        }
    }

    #[test]
    fn whatever_the_tag_and_the_prefix_the_shown_text_is_its_end(
        name in "[a-z]{0,3}[-/@_]?v?", rest in tag_text(), prefix in "[a-z]{1,3}[-/@_]?v?",
    ) {
        for tag in [format!("{name}{rest}"), format!("{prefix}{rest}")] {
            let shown = Tag::parse(&tag, Some(&prefix)).shown();
            prop_assert!(tag.ends_with(shown) && shown.is_empty() == tag.is_empty(), "{tag:?} {prefix:?} {shown:?}");
        }
    }
}
