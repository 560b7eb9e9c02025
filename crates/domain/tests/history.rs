//! The rule of bumps and of the latest release, over generated histories.

use std::collections::BTreeMap;

use chrono::{Duration, NaiveDateTime};
use proptest::prelude::*;
use releasepage_domain::{
    bump::Bump,
    history::{ComponentRelease, HistoryRelease, component_history, component_latest},
    tag::Tag,
    version::VersionRule,
};

/// A release that owns its texts.
#[derive(Clone, Debug)]
struct Row {
    id: String,
    tag: String,
    day: i64,
    prerelease: bool,
    fixed: Option<Bump>,
}

fn row() -> impl Strategy<Value = Row> {
    let tag = "(web-)?v[0-2](\\.[0-2]){0,3}(-rc\\.[0-2])?|nightly|edge-[0-9]";
    let fixed = proptest::option::weighted(0.1, proptest::sample::select(Bump::ALL));
    ("[a-z0-9]{12}", tag, 0..20_i64, proptest::bool::weighted(0.1), fixed)
        .prop_map(|(id, tag, day, prerelease, fixed)| Row { id, tag, day, prerelease, fixed })
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec(row(), 0..40)
}

fn history(rows: &[Row]) -> Vec<ComponentRelease<'_>> {
    let releases: Vec<HistoryRelease<'_>> = rows
        .iter()
        .map(|row| HistoryRelease {
            id: &row.id,
            tag: &row.tag,
            platforms: "[]",
            published_at: NaiveDateTime::default() + Duration::days(row.day),
            prerelease: row.prerelease.then_some(true),
            fixed: row.fixed,
        })
        .collect();
    component_history(&releases, None, VersionRule::Lenient, Bump::Minor)
}

/// Returns the version key and the bump of each release, independent of their order.
fn told<'a>(places: &[ComponentRelease<'a>]) -> BTreeMap<&'a str, (String, Bump)> {
    places.iter().map(|place| (place.release.id, (place.version_key.clone(), place.bump))).collect()
}

fn latest_id<'a>(places: &[ComponentRelease<'a>]) -> Option<&'a str> {
    component_latest(places).map(|place| place.release.id)
}

/// The rule as the documentation states it, without regard to speed: the highest lower version before, or else the form
/// of the version.
fn bump_by_definition(row: &Row, all: &[Row]) -> Bump {
    let parse = |row: &Row| {
        let tag = Tag::parse(&row.tag, None);
        let numbers = tag.version().is_some().then(|| numbers(&row.tag));
        (numbers, row.prerelease || tag.is_prerelease())
    };
    let own = match (row.fixed, parse(row)) {
        (Some(bump), _) => return bump,
        (None, (_, true)) => return Bump::Prerelease,
        (None, (None, false)) => return Bump::Minor,
        (None, (Some(numbers), false)) => numbers,
    };
    let before = all.iter().filter(|other| other.day <= row.day).map(parse);
    let lower =
        before.filter(|(_, prerelease)| !prerelease).filter_map(|(numbers, _)| numbers).filter(|n| *n < own).max();
    match (lower, own) {
        (Some(lower), own) if lower[0] != own[0] => Bump::Major,
        (Some(lower), own) if lower[1] != own[1] => Bump::Minor,
        (Some(_), _) => Bump::Patch,
        (None, [_, 0, 0, 0]) => Bump::Major,
        (None, [_, _, 0, 0]) => Bump::Minor,
        (None, _) => Bump::Patch,
    }
}

/// Returns the numbers of a generated tag, without its pre-release.
fn numbers(tag: &str) -> [u8; 4] {
    let mut numbers = [0; 4];
    let written = tag.split('-').find(|part| part.starts_with('v')).expect("a generated version has a v");
    for (number, digits) in numbers.iter_mut().zip(written.trim_start_matches('v').split('.')) {
        *number = digits.parse().expect("a generated number has one digit");
    }
    numbers
}

proptest! {
    #[test]
    fn bumps_are_as_defined(rows in rows()) {
        for (place, row) in history(&rows).iter().zip(&rows) {
            prop_assert_eq!(place.bump, bump_by_definition(row, &rows), "{:?}", row);
        }
    }

    #[test]
    fn the_order_of_arrival_does_not_matter((rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))) {
        prop_assert_eq!(told(&history(&rows)), told(&history(&shuffled)));
        prop_assert_eq!(latest_id(&history(&rows)), latest_id(&history(&shuffled)));
    }

    #[test]
    fn what_is_published_later_changes_no_bump(rows in rows(), later in row()) {
        let mut more = rows.clone();
        more.push(Row { day: 21, ..later });
        prop_assert_eq!(&history(&more)[..rows.len()], &history(&rows)[..]);
    }

    #[test]
    fn prereleases_and_unversioned_releases_change_nothing_else(rows in rows(), at in any::<prop::sample::Index>(), extra in row()) {
        for quiet in [Row { prerelease: true, ..extra.clone() }, Row { tag: "edge".to_owned(), ..extra }] {
            let mut more = rows.clone();
            let at = at.index(rows.len() + 1);
            more.insert(at, quiet);
            let mut places = history(&more);
            places.remove(at);
            prop_assert_eq!(places, history(&rows));
        }
    }

    #[test]
    fn the_latest_is_no_prerelease_and_nothing_is_higher(rows in rows()) {
        let places = history(&rows);
        let candidates = || places.iter().filter(|place| !place.prerelease);
        match component_latest(&places) {
            None => prop_assert_eq!(candidates().count(), 0),
            Some(latest) => {
                prop_assert!(!latest.prerelease);
                let version = |place: &ComponentRelease<'_>| Tag::parse(place.release.tag, None).version().cloned();
                for place in candidates() {
                    prop_assert!(version(place) <= version(latest), "{} over {}", place.release.tag, latest.release.tag);
                }
            }
        }
    }
}
