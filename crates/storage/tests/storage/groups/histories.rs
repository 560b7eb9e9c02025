//! The histories of real projects as grouped pages, replayed release by release as they happened. Their tags lie beside the
//! project, where they are there at all.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use chrono::TimeDelta;
use releasepage_domain::{
    bump::Bump,
    group::Grouping,
    release::{ReleaseArrival, ReleaseInput},
    tag::tag_component,
    time::UtcTime,
};
use releasepage_storage::{
    database::change::Change,
    groups::{
        closing::group_close_due,
        lists::groups_list,
        timeline::{PageGroup, TimelineEntry, TimelinePlace, page_timeline},
    },
    pages::edits::{PageChange, page_update},
};

use crate::support::{Database, at, both, context, release_input};

/// A day's releases are one version.
const DAY: i32 = 24 * 60;

/// The tags of a repository with their times, oldest first; `None` where they are not there.
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
fn real_tags(repository: &str) -> Option<Vec<(String, UtcTime)>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let path = std::env::var_os("RELEASEPAGE_FIXTURES").map_or_else(beside, PathBuf::from).join("tags.tsv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: the tags of real projects are not there");
        return None;
    };
    let rows = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [of, tag, time] = fields[..] else { panic!("{line}: not three fields") };
        (of == repository).then(|| (tag.to_owned(), at(time)))
    });
    let mut tags: Vec<(String, UtcTime)> = rows.collect();
    tags.sort_by(|one, other| (one.1, &one.0).cmp(&(other.1, &other.0)));
    Some(tags)
}

/// A page that puts a day's releases of a repository together, as it looks after the whole history: its groups that
/// readers see, oldest first, and the tags of the releases that are in none.
async fn replayed(
    database: &Database,
    repository: &str,
    prefixes: &[Option<&str>],
    tags: &[(String, UtcTime)],
) -> (Vec<PageGroup>, Vec<String>) {
    let organization_id = database.owner("owner@example.com").await.organization_id;
    let page_id = database.page(organization_id, "Replayed").await.id;
    let repository_id = database.repository(organization_id, repository).await.id;
    for prefix in prefixes {
        database.component(organization_id, &page_id, repository, *prefix).await;
    }
    let change = PageChange { group_window_minutes: Change::Set(DAY), ..PageChange::default() };
    let change = PageChange { grouping: Change::Set(Grouping::Auto), ..change };
    page_update(&database.store, organization_id, page_id.clone(), change, tags[0].1).await.unwrap();
    let open = async || {
        let newest = groups_list(&database.store, organization_id, page_id.clone(), None, None, 1).await.unwrap();
        newest.rows.into_iter().next().and_then(|group| Some((group.id, group.closes_at?)))
    };
    let close = async |now: UtcTime| {
        if let Some((id, closes_at)) = open().await
            && closes_at <= now
        {
            group_close_due(&database.store, id, context(closes_at)).await.unwrap();
        }
    };
    for (tag, time) in tags {
        close(*time).await;
        let input = ReleaseInput { published_at: *time, ..release_input(tag) };
        database.arrive_at(repository_id, input, ReleaseArrival::Repeatable, *time).await.unwrap();
    }
    close(at("2099-01-01T00:00:00Z")).await;
    let (mut groups, mut alone) = (Vec::new(), Vec::new());
    for entry in page_timeline(&database.store, page_id, TimelinePlace::Newest, 10_000).await.unwrap().entries {
        match entry {
            TimelineEntry::Group(group) => groups.push(group),
            TimelineEntry::Release(release) => alone.push(release.tag),
        }
    }
    groups.reverse();
    (groups, alone)
}

/// The members of a group in words: `river v0.43.0`.
fn members(group: &PageGroup) -> Vec<String> {
    group.members.iter().map(|member| format!("{} {}", member.component.name, member.version)).collect()
}

/// Every release is in one group, or a pre-release by itself.
fn nothing_is_lost(groups: &[PageGroup], alone: &[String], tags: usize) {
    let grouped: usize = groups.iter().map(|group| group.members.len()).sum();
    assert_eq!(grouped + alone.len(), tags);
    assert!(groups.iter().flat_map(|group| &group.members).all(|member| !member.prerelease));
    assert!(groups.is_sorted_by_key(|group| group.published_at));
}

both! {
    async fn modules_that_are_released_together_are_one_version(database: &Database) {
        let Some(tags) = real_tags("riverqueue/river") else { return };
        let prefixes = [
            None,
            Some("cmd/river/v"),
            Some("riverdriver/v"),
            Some("riverdriver/riverdatabasesql/v"),
            Some("riverdriver/riverpgxv5/v"),
            Some("riverdriver/riversqlite/v"),
            Some("rivershared/v"),
            Some("rivertype/v"),
        ];
        let (groups, alone) = replayed(database, "acme/mono", &prefixes, &tags).await;
        nothing_is_lost(&groups, &alone, tags.len());
        assert!(alone.iter().all(|tag| tag.contains("-rc.")), "{alone:?}");
        // Once the project had settled on that, whoever reads one version reads the same of each module.
        let settled = groups.iter().skip_while(|group| group.bump == Bump::Patch);
        for group in settled.filter(|group| group.bump == Bump::Minor) {
            let mut modules: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
            for member in &group.members {
                modules.entry(member.component.id).or_default().push(&member.version);
            }
            let versions: BTreeSet<_> = modules.into_values().collect();
            assert_eq!(versions.len(), 1, "{:?}", members(group));
        }
        let last = groups.last().expect("groups");
        assert_eq!((last.version.as_str(), last.members.len()), ("v0.44.0", 8));
        assert_eq!(groups.len(), 78);
    }

    async fn crates_of_a_monorepo_are_one_version_by_day(database: &Database) {
        let Some(tags) = real_tags("actix/actix-web") else { return };
        let prefixes = [
            None, Some("web-v"), Some("http-v"), Some("http-test-v"), Some("awc-v"), Some("files-v"), Some("multipart-v"),
            Some("multipart-derive-v"), Some("codegen-v"), Some("router-v"), Some("test-v"), Some("actors-v"),
        ];
        let taken: Vec<_> = tags.into_iter().filter(|(tag, _)| tag_component(tag, &prefixes).is_some()).collect();
        let (groups, alone) = replayed(database, "acme/mono", &prefixes, &taken).await;
        nothing_is_lost(&groups, &alone, taken.len());
        let multipart = groups.iter().find(|group| members(group).contains(&"multipart v0.7.2".to_owned()));
        assert_eq!(
            members(multipart.expect("its group")),
            ["multipart v0.7.0", "multipart v0.7.2", "multipart v0.7.1", "multipart-derive v0.7.0"],
            "component by component, what matters most first"
        );
        let last = groups.last().expect("groups");
        assert_eq!(members(last), ["web v4.15.0"]);
    }

    async fn a_day_is_one_version(database: &Database) {
        let Some(tags) = real_tags("svix/svix-webhooks") else { return };
        let (groups, alone) =
            replayed(database, "acme/mono", &[None, Some("server-v"), Some("bridge-v")], &tags).await;
        nothing_is_lost(&groups, &alone, tags.len());
        let last_of = |group: &PageGroup| group.members.iter().map(|member| member.published_at).max();
        let first_of = |group: &PageGroup| group.members.iter().map(|member| member.published_at).min();
        for pair in groups.windows(2) {
            let (end, start) = (last_of(&pair[0]).expect("members"), first_of(&pair[1]).expect("members"));
            assert!(start - end >= TimeDelta::minutes(DAY.into()), "{:?} {:?}", members(&pair[0]), members(&pair[1]));
        }
        let last: Vec<_> = groups.iter().rev().take(2).map(|group| (group.version.as_str(), members(group))).collect();
        assert_eq!(
            last,
            [
                ("v0.157.0", vec!["mono v2.0.0".to_owned()]),
                ("v0.156.0", vec!["server v1.100.0".to_owned(), "bridge v1.100.0".to_owned()]),
            ]
        );
    }
}
