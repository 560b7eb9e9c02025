//! The rules for tags, applied to the tags of real projects. They are fixtures outside the project.

use std::{collections::BTreeMap, path::PathBuf, sync::LazyLock};

use releasepage_domain::{
    bump::Bump,
    component_suggestion::component_suggestions,
    history::{ComponentRelease, HistoryRelease, component_history, component_latest},
    tag::{Tag, tag_component},
    time::{UtcTime, time_parse},
    version::VersionRule,
};

/// The tags with their times, by repository.
struct RealTags(BTreeMap<String, Vec<(String, UtcTime)>>);

/// The tags are loaded once, so that a missing file is reported once.
static REAL_TAGS: LazyLock<Option<RealTags>> = LazyLock::new(RealTags::load);

impl RealTags {
    /// Reads `tags.tsv` in the directory that `RELEASEPAGE_FIXTURES` names, or else in the usual one.
    #[expect(clippy::print_stdout, reason = "a skipped test must be visible")]
    fn load() -> Option<Self> {
        let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
        let path = std::env::var_os("RELEASEPAGE_FIXTURES").map_or_else(beside, PathBuf::from).join("tags.tsv");
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("skipped: the tags of real projects are not there");
            return None;
        };
        let mut repositories: BTreeMap<String, Vec<(String, UtcTime)>> = BTreeMap::new();
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [repository, tag, time] = fields[..] else { panic!("{line}: not three fields") };
            let time = time_parse(time).unwrap_or_else(|| panic!("{line}: no time"));
            repositories.entry(repository.to_owned()).or_default().push((tag.to_owned(), time));
        }
        Some(Self(repositories))
    }

    /// Returns the history of the component with `prefix`, on a page that divides its repository by `prefixes`.
    fn component(
        &self,
        repository: &str,
        prefixes: &[Option<&str>],
        prefix: Option<&str>,
    ) -> Vec<ComponentRelease<'_>> {
        let component = prefixes.iter().position(|candidate| *candidate == prefix).expect("one of the prefixes");
        let own = self.0[repository].iter().filter(|(tag, _)| tag_component(tag, prefixes) == Some(component));
        let releases: Vec<HistoryRelease<'_>> = own
            .map(|(tag, time)| HistoryRelease {
                id: tag,
                tag,
                platforms: "[]",
                published_at: *time,
                prerelease: None,
                fixed: None,
            })
            .collect();
        component_history(&releases, prefix, VersionRule::Lenient, Bump::Minor)
    }
}

const RIVER: [Option<&str>; 8] = [
    None,
    Some("cmd/river/"),
    Some("riverdriver/"),
    Some("riverdriver/riverdatabasesql/"),
    Some("riverdriver/riverpgxv5/v"),
    Some("riverdriver/riversqlite/"),
    Some("rivershared/"),
    Some("rivertype/"),
];

const ACTIX: [Option<&str>; 7] =
    [None, Some("web-v"), Some("http-"), Some("http-test-"), Some("awc-v"), Some("multipart-"), Some("codegen-v")];

#[test]
fn the_latest_is_what_a_reader_of_the_project_would_name() {
    let Some(tags) = &*REAL_TAGS else { return };
    let whole: &[Option<&str>] = &[None];
    for (repository, prefixes, prefix, latest) in [
        ("LemmyNet/lemmy", whole, None, "0.19.20"),
        ("ReleasePage/developers", whole, None, "v1.3.3"),
        ("ReleasePage/version.js", whole, None, "v1.1.3"),
        ("atuinsh/atuin", whole, None, "v18.19.0"),
        ("diesel-rs/diesel", whole, None, "v2.3.12"),
        ("knadh/listmonk", whole, None, "v6.2.0"),
        ("lettre/lettre", whole, None, "v0.11.21"),
        ("meilisearch/meilisearch", whole, None, "v1.50.0"),
        ("octokit/webhooks", whole, None, "v7.6.1"),
        ("svix/svix-webhooks", whole, None, "v2.0.0"),
        ("svix/svix-webhooks", &[None, Some("server-v")], Some("server-v"), "v1.100.0"),
        // The plain tag is a few seconds older than those of the other modules.
        ("riverqueue/river", whole, None, "v0.43.0"),
        ("riverqueue/river", &RIVER, None, "v0.43.0"),
        ("riverqueue/river", &RIVER, Some("riverdriver/riverpgxv5/v"), "v0.43.0"),
        ("actix/actix-web", whole, None, "web-v4.15.0"),
        // The last plain tag of this repository is from 2019.
        ("actix/actix-web", &ACTIX, None, "v0.7.19"),
        ("actix/actix-web", &ACTIX, Some("web-v"), "v4.15.0"),
        ("actix/actix-web", &ACTIX, Some("http-"), "v3.13.3"),
        ("actix/actix-web", &ACTIX, Some("http-test-"), "v3.2.0"),
        ("actix/actix-web", &ACTIX, Some("codegen-v"), "v4.3.0"),
    ] {
        let history = tags.component(repository, prefixes, prefix);
        let shown = component_latest(&history).map(|place| Tag::parse(place.release.tag, prefix).shown());
        assert_eq!(shown, Some(latest), "{repository} {prefix:?}");
    }
}

#[test]
fn bumps_are_what_the_projects_meant() {
    let Some(tags) = &*REAL_TAGS else { return };
    for (repository, tag, bump) in [
        ("LemmyNet/lemmy", "v0.0.7.3", Bump::Patch),
        ("LemmyNet/lemmy", "v0.1.0", Bump::Minor),
        ("LemmyNet/lemmy", "v0.5.9", Bump::Patch),
        ("LemmyNet/lemmy", "0.19.19-jemalloc", Bump::Prerelease),
        ("LemmyNet/lemmy", "0.19.20", Bump::Patch),
        ("ReleasePage/developers", "v1.0", Bump::Major),
        ("ReleasePage/developers", "v1.2", Bump::Minor),
        ("atuinsh/atuin", "v11.0.0", Bump::Major),
        ("atuinsh/atuin", "nucleo-v0.2.1", Bump::Patch),
        ("atuinsh/atuin", "weekly", Bump::Prerelease),
        ("diesel-rs/diesel", "v1.0.0-beta1", Bump::Prerelease),
        ("diesel-rs/diesel", "v1.0.0", Bump::Major),
        ("diesel-rs/diesel", "0.16.1", Bump::Patch),
        ("diesel-rs/diesel", "v2.2.x", Bump::Minor),
        ("lettre/lettre", "v0.10.0", Bump::Minor),
        ("lettre/lettre", "v0.8.4", Bump::Patch),
        ("meilisearch/meilisearch", "v0.19.0rc4", Bump::Prerelease),
        ("meilisearch/meilisearch", "v1.0.0", Bump::Major),
        ("meilisearch/meilisearch", "v1.2.1", Bump::Patch),
        ("meilisearch/meilisearch", "v1.4.0", Bump::Minor),
        ("svix/svix-webhooks", "v1.4.12", Bump::Major),
        ("svix/svix-webhooks", "v2.0.0", Bump::Major),
        ("riverqueue/river", "cmd/river/v0.41.1", Bump::Patch),
    ] {
        let history = tags.component(repository, &[None], None);
        let place = history.iter().find(|place| place.release.tag == tag).unwrap_or_else(|| panic!("no {tag}"));
        assert_eq!(place.bump, bump, "{repository} {tag}");
    }
}

#[test]
fn few_tags_are_unversioned_and_no_prototype_is_a_release() {
    let Some(tags) = &*REAL_TAGS else { return };
    assert_eq!(tags.0.values().map(Vec::len).sum::<usize>(), 3_255);
    let all = tags.0.values().flatten().map(|(tag, _)| tag.as_str());
    let (prototypes, others): (Vec<&str>, Vec<&str>) = all.partition(|tag| tag.starts_with("prototype-"));
    assert!(prototypes.iter().all(|tag| Tag::parse(tag, None).is_prerelease()));
    let mut unversioned: Vec<&str> =
        others.into_iter().filter(|tag| Tag::parse(tag, None).version().is_none()).collect();
    unversioned.sort_unstable();
    assert_eq!(unversioned, ["awc", "latest", "nightly", "remove", "ser", "v2.2.x", "weekly"]);
}

#[test]
fn every_module_of_a_monorepo_has_its_own_tags() {
    let Some(tags) = &*REAL_TAGS else { return };
    for (tag, _) in &tags.0["riverqueue/river"] {
        let component = tag_component(tag, &RIVER).unwrap_or_else(|| panic!("{tag} belongs to no component"));
        let shown = Tag::parse(tag, RIVER[component]).shown();
        let part = tag.strip_suffix(shown).expect("the shown text is the end of a tag");
        let prefix = RIVER[component].unwrap_or_default();
        assert_eq!(part, prefix.strip_suffix('v').unwrap_or(prefix), "{tag}");
        assert!(shown.starts_with('v'), "{tag} is shown as {shown}");
    }
}

#[test]
fn parts_are_suggested_as_their_project_cuts_them() {
    let Some(tags) = &*REAL_TAGS else { return };
    let suggested = |repository: &str| {
        let tags = tags.0[repository].iter().map(|(tag, at)| (tag.as_str(), *at));
        component_suggestions(tags).into_iter().map(|found| (found.tag_prefix, found.latest)).collect::<Vec<_>>()
    };
    let named = |found: &[(Option<String>, String)]| {
        let name =
            |(prefix, latest): &(Option<String>, String)| format!("{} {latest}", prefix.as_deref().unwrap_or("-"));
        found.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(
        named(&suggested("riverqueue/river")),
        [
            "- v0.43.0",
            "riverdriver/riverpgxv5/v riverdriver/riverpgxv5/v0.43.0",
            "riverdriver/riverdatabasesql/v riverdriver/riverdatabasesql/v0.43.0",
            "riverdriver/v riverdriver/v0.43.0",
            "cmd/river/v cmd/river/v0.43.0",
            "rivertype/v rivertype/v0.43.0",
            "rivershared/v rivershared/v0.43.0",
            "riverdriver/riversqlite/v riverdriver/riversqlite/v0.43.0",
        ]
    );
    let actix = suggested("actix/actix-web");
    assert_eq!(actix.len(), 23);
    assert_eq!(
        named(&actix[..4]),
        ["- v0.7.19", "http-v http-v3.13.3", "web-v web-v4.15.0", "awc-v awc-v3.8.2"],
        "those with the most tags come first"
    );
    assert_eq!(suggested("LemmyNet/lemmy"), []);
}

/// The results of the rules for every tag, as one number for each repository: FNV-1a over lines of tag, shown text,
/// version key, bump, pre-release and latest. The tags themselves are not part of the project.
#[test]
fn what_the_rules_say_of_real_tags_stays() {
    let Some(tags) = &*REAL_TAGS else { return };
    let said = |repository: &String| {
        let history = tags.component(repository, &[None], None);
        let latest = component_latest(&history).map(|place| place.release.tag);
        let line = |place: &ComponentRelease<'_>| {
            let tag = place.release.tag;
            let shown = Tag::parse(tag, None).shown();
            let (key, bump, prerelease) = (&place.version_key, place.bump.as_str(), place.prerelease);
            format!("{tag}\t{shown}\t{key}\t{bump}\t{prerelease}\t{}\n", latest == Some(tag))
        };
        let text: String = history.iter().map(line).collect();
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        format!("{repository} {:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, fnv))
    };
    assert_eq!(
        tags.0.keys().map(said).collect::<Vec<_>>(),
        [
            "LemmyNet/lemmy d8ee0b6ce7d81095",
            "ReleasePage/developers 0cf58c6c79796b53",
            "ReleasePage/reload.js 4778c80648efe1d5",
            "ReleasePage/version.js 6bf5257b6758841c",
            "actix/actix-web b7e288d1d93b7be3",
            "atuinsh/atuin ab11dc329473e0df",
            "diesel-rs/diesel c4f14ffb160fef2f",
            "knadh/listmonk d30c14463eb3df6d",
            "lettre/lettre 48629fdd7258d8eb",
            "meilisearch/meilisearch 919d66f8a6795491",
            "octokit/webhooks 23ca0cb6b36f1d05",
            "riverqueue/river a8eef8b2ae3c50e8",
            "svix/svix-webhooks fedab01fbf231cc4",
        ]
    );
}
