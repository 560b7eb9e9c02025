use chrono::Duration;
use proptest::prelude::*;

use super::{ReleaseConsequence::*, ReleaseState::*, *};
use crate::{release::Platforms, time::time_parse};

fn now() -> UtcTime {
    time_parse("2024-05-10T00:00:00Z").expect("valid")
}

fn input(tag: &str) -> ReleaseInput {
    ReleaseInput {
        tag: tag.into(),
        platforms: Platforms::default(),
        title: String::new(),
        notes: None,
        author: Some("ada".into()),
        published_at: now(),
        ends_at: None,
        prerelease: None,
        draft: false,
        notify: None,
        chart_visibility: false,
        params: serde_json::Map::new(),
    }
}

fn component(id: i64, page_id: &str, tag_prefix: Option<&str>, grouping: Grouping) -> RepositoryComponent {
    RepositoryComponent {
        id,
        page_id: page_id.into(),
        tag_prefix: tag_prefix.map(str::to_owned),
        versions: VersionRule::Lenient,
        unversioned_as: Bump::Minor,
        grouping,
    }
}

/// One page for each way of grouping.
fn components() -> Vec<RepositoryComponent> {
    vec![
        component(1, "alone", None, Grouping::Off),
        component(2, "auto", None, Grouping::Auto),
        component(3, "manual", None, Grouping::Manual),
    ]
}

fn view(state: ReleaseState, input: &ReleaseInput) -> ReleaseView<'_> {
    ReleaseView { state, input }
}

/// The consequences of an event, with the facts that storage hands in.
fn follow(
    before: ReleaseView<'_>,
    input: ReleaseInput,
    event: ReleaseEvent,
    is_quiet: bool,
    components: &[RepositoryComponent],
) -> Vec<ReleaseConsequence> {
    let step = release_step(before, input, event, now());
    release_consequences(&ReleaseChange {
        before: Some(before),
        after: view(step.state, &step.input),
        effect: step.effect,
        is_promoted: step.is_promoted,
        is_quiet,
        is_news: true,
        components,
        now: now(),
    })
}

fn published_anew(input: &ReleaseInput, is_news: bool) -> Vec<ReleaseConsequence> {
    release_consequences(&ReleaseChange {
        before: None,
        after: view(Published, input),
        effect: ReleaseEffect::Announce,
        is_promoted: false,
        is_quiet: false,
        is_news,
        components: &components(),
        now: now(),
    })
}

fn announce(component_id: i64, page_id: &str, prerelease: bool) -> ReleaseConsequence {
    Announce { component_id, page_id: page_id.into(), prerelease }
}

fn ends(page_id: &str) -> ReleaseConsequence {
    PrereleaseCancel { page_id: page_id.into() }
}

fn join(page_id: &str, notify: bool) -> ReleaseConsequence {
    GroupJoin { page_id: page_id.into(), notify }
}

#[test]
fn a_new_release_is_told_alone_or_with_its_group() {
    let told = |notify| {
        vec![Index, Recompute, ends("alone"), announce(1, "alone", false), ends("auto"), ends("manual")]
            .into_iter()
            .filter(|one| notify || !matches!(one, Announce { .. }))
            .chain([join("auto", notify)])
            .collect::<Vec<_>>()
    };
    assert_eq!(published_anew(&input("v1.0.0"), true), told(true));
    assert_eq!(published_anew(&ReleaseInput { notify: Some(false), ..input("v1.0.0") }, true), told(false));
    let old = ReleaseInput { published_at: now() - Duration::days(8), ..input("v1.0.0") };
    assert_eq!(published_anew(&old, true), [Index, Recompute, ends("alone"), ends("auto"), ends("manual")]);
    assert_eq!(published_anew(&ReleaseInput { notify: Some(true), ..old }, true), told(true));
    assert_eq!(published_anew(&input("v1.0.0"), false), [Index, Recompute, Silence]);
    let all = [announce(1, "alone", true), announce(2, "auto", true), announce(3, "manual", true)];
    assert_eq!(published_anew(&input("v1.0.0-rc.1"), true), [&[Index, Recompute], &all[..]].concat());
}

#[test]
fn what_is_not_visible_is_told_to_nobody() {
    let draft = ReleaseInput { draft: true, ..input("v1") };
    let later = ReleaseInput { published_at: now() + Duration::days(1), ..input("v1") };
    let at = later.published_at;
    for (before, given, event, expected) in [
        (view(Draft, &draft), draft.clone(), ReleaseEvent::Edit, vec![]),
        (view(Draft, &draft), ReleaseInput { title: "A".into(), ..draft.clone() }, ReleaseEvent::Edit, vec![Index]),
        (view(Draft, &draft), later.clone(), ReleaseEvent::Publish, vec![Schedule(at)]),
        (view(Scheduled, &later), later.clone(), ReleaseEvent::Withdraw, vec![Silence]),
        (view(Withdrawn, &later), later.clone(), ReleaseEvent::Publish, vec![Schedule(at)]),
    ] {
        assert_eq!(follow(before, given, event, false, &components()), expected, "{:?} {event:?}", before.state);
    }
}

#[test]
fn an_edit_tells_nobody() {
    let before = input("v1.0.0");
    let edit =
        |edited: ReleaseInput| follow(view(Published, &before), edited, ReleaseEvent::Edit, false, &components());
    assert_eq!(edit(ReleaseInput { notes: Some("- a".into()), ..before.clone() }), [Index, PagesRaise]);
    assert_eq!(edit(ReleaseInput { author: None, ..before.clone() }), [PagesRaise]);
    assert_eq!(edit(ReleaseInput { tag: "v1.0.1".into(), ..before.clone() }), [Index, Recompute]);
    assert_eq!(edit(ReleaseInput { published_at: now() - Duration::days(1), ..before.clone() }), [Recompute]);
}

#[test]
fn what_is_withdrawn_comes_back_in_silence() {
    let release = input("v1.0.0");
    let withdrawn = follow(view(Published, &release), release.clone(), ReleaseEvent::Withdraw, false, &components());
    assert_eq!(withdrawn, [Silence, Recompute, Cancel]);
    let back = follow(view(Withdrawn, &release), release.clone(), ReleaseEvent::Publish, true, &components());
    assert_eq!(back, [Recompute, join("auto", false)]);
    // It came back for a time that has come now.
    let due = follow(view(Scheduled, &release), release.clone(), ReleaseEvent::TimeComes, true, &components());
    assert_eq!(due, [Recompute, ends("alone"), ends("auto"), ends("manual"), join("auto", false)]);
}

#[test]
fn a_promotion_is_news_however_old() {
    let before = ReleaseInput { published_at: now() - Duration::days(90), prerelease: Some(true), ..input("v1.0.0") };
    let after = ReleaseInput { prerelease: Some(false), ..before.clone() };
    for event in [ReleaseEvent::Edit, ReleaseEvent::Arrive] {
        let told = follow(view(Published, &before), after.clone(), event, false, &components());
        let expected = [BumpFree, Recompute, ends("alone"), announce(1, "alone", false), ends("auto"), ends("manual")];
        assert_eq!(told, [&expected[..], &[join("auto", true)]].concat(), "{event:?}");
    }
    let silent = ReleaseInput { notify: Some(false), ..after };
    let told = follow(view(Published, &before), silent, ReleaseEvent::Edit, false, &components());
    assert!(!told.contains(&announce(1, "alone", false)) && told.contains(&join("auto", false)), "{told:?}");
}

#[test]
fn each_page_cuts_the_repository_in_its_own_way() {
    let components = [
        component(1, "a", None, Grouping::Off),
        component(2, "a", Some("web-"), Grouping::Off),
        component(3, "b", Some("cli-"), Grouping::Off),
        component(4, "c", Some("web-"), Grouping::Auto),
    ];
    let before = ReleaseInput { draft: true, ..input("web-v1.0.0") };
    let told = follow(view(Draft, &before), input("web-v1.0.0"), ReleaseEvent::Publish, false, &components);
    assert_eq!(told, [Recompute, ends("a"), announce(2, "a", false), ends("c"), join("c", true)]);
    // With another tag it comes to a page that did not show it.
    let moved = follow(view(Published, &before), input("cli-v1.0.0"), ReleaseEvent::Edit, false, &components);
    assert_eq!(moved, [Index, Recompute]);
    let moved = follow(view(Published, &input("cli-v1.0.0")), before, ReleaseEvent::Edit, false, &components);
    assert_eq!(moved, [Index, Recompute, join("c", false)]);
}

#[test]
fn who_made_a_release_stays_when_it_is_sent_again() {
    let before = input("v1");
    let again = ReleaseInput { author: Some("bot".into()), ..before.clone() };
    for (event, author) in [(ReleaseEvent::Arrive, "ada"), (ReleaseEvent::Edit, "bot")] {
        let step = release_step(view(Published, &before), again.clone(), event, now());
        assert_eq!(step.input.author.as_deref(), Some(author), "{event:?}");
    }
    let unknown = ReleaseInput { author: None, ..before };
    let step = release_step(view(Published, &unknown), again, ReleaseEvent::Arrive, now());
    assert_eq!(step.input.author.as_deref(), Some("bot"));
}

fn inputs() -> impl Strategy<Value = ReleaseInput> {
    let tags = prop::sample::select(vec!["v1.0.0", "v1.0.0-rc.1", "web-v1.0.0", "web-v2.0.0-beta", "nightly"]);
    let flags = (any::<Option<bool>>(), any::<Option<bool>>(), any::<bool>());
    (tags, flags, -20_i64..20).prop_map(|(tag, (prerelease, notify, draft), days)| ReleaseInput {
        prerelease,
        notify,
        draft,
        published_at: now() + Duration::days(days),
        ..input(tag)
    })
}

fn any_components() -> impl Strategy<Value = Vec<RepositoryComponent>> {
    let grouping = prop::sample::select(vec![Grouping::Off, Grouping::Auto, Grouping::Manual]);
    prop::collection::vec((grouping, any::<bool>()), 0..4).prop_map(|pages| {
        let mut components = Vec::new();
        for (page, (grouping, is_cut)) in pages.into_iter().enumerate() {
            let page_id = page.to_string();
            for prefix in [None, Some("web-")].into_iter().take(1 + usize::from(is_cut)) {
                components.push(component(components.len() as i64, &page_id, prefix, grouping));
            }
        }
        components
    })
}

proptest! {
    #[test]
    fn what_follows_is_in_order_and_told_once(
        before in inputs(),
        after in inputs(),
        state in prop::sample::select(vec![Draft, Scheduled, Published, Withdrawn]),
        event in prop::sample::select(vec![
            ReleaseEvent::Publish, ReleaseEvent::TimeComes, ReleaseEvent::Edit, ReleaseEvent::Withdraw, ReleaseEvent::Arrive,
        ]),
        is_quiet in any::<bool>(),
        components in any_components(),
    ) {
        let step = release_step(view(state, &before), after.clone(), event, now());
        let list = follow(view(state, &before), after, event, is_quiet, &components);
        let count = |is_meant: fn(&ReleaseConsequence) -> bool| list.iter().filter(|one| is_meant(one)).count();
        let is_telling = |one: &ReleaseConsequence| matches!(one, Announce { .. } | GroupJoin { .. } | PrereleaseCancel { .. });
        let is_showing = |one: &ReleaseConsequence| matches!(one, PagesRaise | Recompute);
        prop_assert!(count(is_showing) <= 1);
        prop_assert_eq!(count(|one| matches!(one, Schedule(_))), usize::from(step.state == Scheduled));
        // Readers see it before anybody is told of it, and nobody is told of what they do not see.
        let seen = list.iter().position(is_showing);
        let first_told = list.iter().position(is_telling);
        prop_assert!(first_told.is_none_or(|told| step.state == Published && seen.is_some_and(|seen| seen < told)));
        // A page is told of it alone or with its group, and once.
        let mut pages: Vec<&str> = list
            .iter()
            .filter_map(|one| match one {
                Announce { page_id, .. } | GroupJoin { page_id, .. } => Some(&**page_id),
                _ => None,
            })
            .collect();
        pages.sort_unstable();
        prop_assert!(pages.windows(2).all(|pair| pair[0] != pair[1]), "{:?}", list);
        if is_quiet && state != Published {
            prop_assert_eq!(count(|one| matches!(one, Announce { .. } | GroupJoin { notify: true, .. })), 0);
        }
    }
}
