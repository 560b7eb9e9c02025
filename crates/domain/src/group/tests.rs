use chrono::Duration;
use proptest::prelude::*;

use super::*;
use crate::time::time_parse;

fn version(text: &str) -> GroupVersion {
    GroupVersion::parse("version", text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

#[test]
fn which_versions_a_group_can_have() {
    for good in ["v0.1.0", "0.1.0", "v0.0.0", "2024.10.1", "v999999999.0.0"] {
        assert_eq!(version(good).to_string(), good);
    }
    for bad in [
        "",
        "v",
        "1",
        "v1.2",
        "1.2.3.4",
        "v1.2.3-rc.1",
        "1.2.3+5",
        "V1.2.3",
        "vv1.2.3",
        "v01.2.3",
        "v1.02.3",
        "v1.2.",
        "v1..2",
        " v1.2.3",
        "v1.2.3 ",
        "v1.2.x",
        "v-1.2.3",
        "v+1.2.3",
        "v1234567890.0.0",
        "v1.2.٣",
    ] {
        let fault = GroupVersion::parse("version", bad).expect_err(bad);
        assert_eq!(fault.field, "version", "{bad}");
    }
}

#[test]
fn how_a_version_is_raised() {
    for (highest, bump, next) in [
        (None, Bump::Major, "v0.1.0"),
        (Some("v0.1.0"), Bump::Patch, "v0.1.1"),
        (Some("v0.1.3"), Bump::Minor, "v0.2.0"),
        (Some("v0.9.9"), Bump::Major, "v0.10.0"),
        (Some("v1.4.7"), Bump::Patch, "v1.4.8"),
        (Some("v1.4.7"), Bump::Minor, "v1.5.0"),
        (Some("v1.4.7"), Bump::Major, "v2.0.0"),
        (Some("1.4.7"), Bump::Major, "v2.0.0"),
        (Some("v1.4.7"), Bump::Prerelease, "v1.4.8"),
    ] {
        assert_eq!(group_version_next(highest.map(version), bump, version("v0.1.0")).to_string(), next, "{highest:?}");
    }
    let unprefixed = group_version_next(Some(version("v0.1.0")), Bump::Minor, version("1.0.0"));
    assert_eq!(unprefixed.to_string(), "0.2.0", "written like the initial version");
}

#[test]
fn windows() {
    for good in [0, 1, 60, 10_080] {
        assert_eq!(group_window_check("group_window_minutes", good).map(i64::from), Ok(good));
    }
    for bad in [-1, 10_081, i64::MAX, i64::MIN] {
        assert!(group_window_check("group_window_minutes", bad).is_err(), "{bad}");
    }
}

#[test]
fn who_speaks_for_a_group() {
    let noon = time_parse("2024-05-10T12:00:00Z").expect("a time");
    let member = |release_id: &str, bump, hours| GroupMemberRank {
        component: 1,
        release_id: release_id.to_owned(),
        bump,
        published_at: noon + Duration::hours(hours),
    };
    let lead = |members: &[GroupMemberRank]| group_lead(members).map(|member| member.release_id.clone());
    assert_eq!(lead(&[]), None);
    let (patch, old, new) = (member("p", Bump::Patch, 9), member("o", Bump::Minor, 0), member("n", Bump::Minor, 1));
    assert_eq!(lead(&[patch.clone(), old.clone()]).as_deref(), Some("o"), "the highest bump");
    assert_eq!(lead(&[new.clone(), old, patch]).as_deref(), Some("n"), "the newest of these");
    let twin = member("z", Bump::Minor, 1);
    assert_eq!(lead(&[twin, new]).as_deref(), Some("z"), "the highest id of these");
}

#[test]
fn history_joins_no_group() {
    let now = time_parse("2024-05-10T12:00:00Z").expect("a time");
    for (promoted, notify, days, joins) in [
        (false, None, 0, true),
        (false, None, 7, true),
        (false, None, 8, false),
        (false, Some(false), 1, true),
        (false, Some(false), 8, false),
        (false, Some(true), 800, true),
        (true, None, 800, true),
    ] {
        let published_at = now - Duration::days(days);
        assert_eq!(release_joins_group(promoted, notify, published_at, now), joins, "{promoted} {notify:?} {days}");
    }
}

fn bumps() -> impl Strategy<Value = Bump> {
    prop::sample::select(vec![Bump::Major, Bump::Minor, Bump::Patch])
}

/// Makes versions whose first number is too short for a date, which would be no version.
fn versions() -> impl Strategy<Value = GroupVersion> {
    (any::<bool>(), [0..9_999_999_u64, 0..1_000_000_000, 0..1_000_000_000])
        .prop_map(|(has_v, numbers)| GroupVersion { has_v, numbers })
}

proptest! {
    #[test]
    fn any_order_of_joins_gives_the_same_version(
        (members, shuffled) in prop::collection::vec(bumps(), 1..8)
            .prop_flat_map(|members| (Just(members.clone()), Just(members).prop_shuffle())),
        highest in prop::option::of(versions()),
    ) {
        let next = |members: Vec<Bump>| {
            group_version_next(highest, group_bump(members).expect("a member"), GroupVersion::default())
        };
        prop_assert_eq!(next(members), next(shuffled));
    }

    #[test]
    fn a_member_more_never_makes_a_version_lower(
        members in prop::collection::vec(bumps(), 1..8), more in bumps(), highest in versions(),
    ) {
        let next = |members: &[Bump]| {
            let bump = group_bump(members.iter().copied()).expect("a member");
            group_version_next(Some(highest), bump, highest).sort_key()
        };
        let with_more = [members.clone(), vec![more]].concat();
        prop_assert!(next(&members) <= next(&with_more));
    }

    #[test]
    fn the_next_version_is_higher_and_reads_back(highest in versions(), bump in bumps()) {
        let next = group_version_next(Some(highest), bump, GroupVersion::default());
        prop_assert!(next.sort_key() > highest.sort_key());
        prop_assert_eq!(next.to_string().parse(), Ok(next));
        let as_tag = crate::tag::Tag::parse(&next.to_string(), None).version().map(Version::sort_key);
        prop_assert_eq!(as_tag, Some(next.sort_key()), "clients read it like any other version");
    }

    #[test]
    fn versions_sort_as_their_numbers(one in versions(), other in versions()) {
        prop_assert_eq!(one.numbers.cmp(&other.numbers), one.sort_key().cmp(&other.sort_key()));
    }

    #[test]
    fn no_text_is_too_strange(text in ".*") {
        if let Ok(version) = GroupVersion::parse("version", &text) {
            prop_assert_eq!(version.to_string(), text);
        }
    }
}

#[test]
fn what_an_editor_may_do() {
    use GroupState::{Closed, Open, Withdrawn};
    use Grouping::{Auto, Manual, Off};
    for (grouping, is_by_hand) in [(Off, false), (Auto, false), (Manual, true)] {
        assert_eq!(group_new_check(grouping).is_ok(), is_by_hand, "{grouping}");
        for (state, is_numbered) in [(Open, false), (Closed, true), (Withdrawn, false)] {
            let may = group_version_check(grouping, state).is_ok();
            assert_eq!(may, is_by_hand && is_numbered, "{grouping} {state}");
        }
    }
    for (state, may) in [(Open, true), (Closed, true), (Withdrawn, false)] {
        assert_eq!(group_edit_check(state).is_ok(), may, "{state}");
    }
    for candidate in
        [GroupCandidate::Repeated, GroupCandidate::Unseen, GroupCandidate::Prerelease, GroupCandidate::Taken]
    {
        let fault = group_candidate_check("release_ids.0", candidate).expect_err("not free");
        assert_eq!(fault.field, "release_ids.0");
    }
    assert!(group_candidate_check("release_ids.0", GroupCandidate::Free).is_ok());
}
