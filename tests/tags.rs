//! The tags of real projects, published as by their pipelines, and the versions that readers see. The tags are in a
//! directory beside the project and may be missing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::page::Page;
use crate::support::project::Project;

/// The number of pipelines that publish at once.
const PIPELINES: usize = 32;

/// Monorepos and the tag prefixes of their components.
const PARTS: [(&str, &[Option<&str>]); 2] = [
    (
        "riverqueue/river",
        &[None, Some("cmd/river/"), Some("riverdriver/"), Some("riverdriver/riverpgxv5/v"), Some("rivershared/")],
    ),
    ("actix/actix-web", &[None, Some("web-v"), Some("http-"), Some("http-test-"), Some("codegen-v")]),
];

/// The tags with their times, by repository.
type RealTags = BTreeMap<String, Vec<(String, String)>>;

/// Reads `tags.tsv` from the directory that `RELEASEPAGE_FIXTURES` names, or from the default one.
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
fn real_tags() -> Option<RealTags> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let path = std::env::var_os("RELEASEPAGE_FIXTURES").map_or_else(beside, PathBuf::from).join("tags.tsv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: the tags of real projects are not there");
        return None;
    };
    let mut tags = RealTags::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [repository, tag, time] = fields[..] else { panic!("{line}: not three fields") };
        tags.entry(repository.to_owned()).or_default().push((tag.to_owned(), time.to_owned()));
    }
    Some(tags)
}

/// Publishes every tag through the Releases API, many at once and in no order.
async fn publish_all(tags: &RealTags, projects: &BTreeMap<String, Project>) -> usize {
    let turns = Arc::new(Semaphore::new(PIPELINES));
    let mut publishing = JoinSet::new();
    for (repository, tags) in tags {
        for (tag, time) in tags {
            let (project, turns) = (projects[repository].clone(), Arc::clone(&turns));
            let release = json!({ "version": tag, "release_start": time, "title": tag });
            publishing.spawn(async move {
                let _turn = turns.acquire_owned().await.expect("the turns are never closed");
                let answer = project.release(&release).await.expect(200).json();
                assert_eq!(answer["release"]["version"], release["version"]);
            });
        }
    }
    publishing.join_all().await.len()
}

/// The bump of each release of a component, by its tag.
async fn bumps(page: &Page, repo: &str) -> BTreeMap<String, String> {
    let mut bumps = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let part = page.get(&format!("releases?limit=100&repo={repo}&cursor={cursor}")).await.expect(200).json();
        for release in part["data"].as_array().expect("a list") {
            let text = |member: &str| release[member].as_str().expect("a text").to_owned();
            bumps.insert(text("tag"), text("bump"));
        }
        match part["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return bumps,
        }
    }
}

/// A page of all repositories. Monorepos have a component for each of their parts.
async fn page_of_all(app: &App, projects: &BTreeMap<String, Project>) -> Page {
    let mut page = app.page("All").with_rate_limit(1_000_000);
    for (repository, project) in projects {
        let parts = PARTS.iter().find(|(monorepo, _)| monorepo == repository);
        for prefix in parts.map_or(&[None][..], |(_, prefixes)| prefixes) {
            page = page.with_project_part(project, json!({ "tag_prefix": prefix }));
        }
    }
    page.await
}

both_databases! {
    async fn tags_of_real_projects_give_what_their_readers_call_right(setup: Setup) {
        let Some(tags) = real_tags() else { return };
        // The pipelines of a decade run within a minute. So the test needs high rate limits and no waits.
        let setup = setup.with("limits.token_requests_per_minute", 1_000_000).with("database.wait_seconds", 60);
        let app = setup.with("log.filter", "info").start().await;
        let mut projects = BTreeMap::new();
        for repository in tags.keys() {
            projects.insert(repository.clone(), app.project(repository).await);
        }
        let page = page_of_all(&app, &projects).await;
        assert_eq!(publish_all(&tags, &projects).await, 3_255);

        for (repository, part, version) in [
            ("LemmyNet/lemmy", "", "0.19.20"),
            ("ReleasePage/developers", "", "v1.3.3"),
            ("ReleasePage/version.js", "", "v1.1.3"),
            ("atuinsh/atuin", "", "v18.19.0"),
            ("diesel-rs/diesel", "", "v2.3.12"),
            ("knadh/listmonk", "", "v6.2.0"),
            ("lettre/lettre", "", "v0.11.21"),
            ("meilisearch/meilisearch", "", "v1.50.0"),
            ("octokit/webhooks", "", "v7.6.1"),
            ("svix/svix-webhooks", "", "v2.0.0"),
            ("riverqueue/river", "", "v0.43.0"),
            ("riverqueue/river", "/riverdriver/riverpgxv5", "v0.43.0"),
            // The plain tags of this repository ended in 2019.
            ("actix/actix-web", "", "v0.7.19"),
            ("actix/actix-web", "/web", "v4.15.0"),
            ("actix/actix-web", "/http", "v3.13.3"),
            ("actix/actix-web", "/http-test", "v3.2.0"),
            ("actix/actix-web", "/codegen", "v4.3.0"),
        ] {
            let repo = format!("{}{part}", projects[repository].repo());
            assert_eq!(page.latest(&repo).await.as_deref(), Some(version), "{repository}{part}");
        }

        for (repository, wanted) in [
            ("LemmyNet/lemmy", &[("v0.0.7.3", "patch"), ("v0.1.0", "minor"), ("0.19.19-jemalloc", "prerelease")][..]),
            ("atuinsh/atuin", &[("v11.0.0", "major"), ("nucleo-v0.2.1", "patch"), ("weekly", "prerelease")]),
            ("diesel-rs/diesel", &[("v1.0.0-beta1", "prerelease"), ("v1.0.0", "major"), ("v2.2.x", "minor")]),
            ("lettre/lettre", &[("v0.10.0", "minor"), ("v0.8.4", "patch")]),
            ("meilisearch/meilisearch", &[("v0.19.0rc4", "prerelease"), ("v1.0.0", "major"), ("v1.2.1", "patch")]),
            ("svix/svix-webhooks", &[("v1.4.12", "major"), ("v2.0.0", "major")]),
        ] {
            let bumps = bumps(&page, projects[repository].repo()).await;
            assert_eq!(bumps.len(), tags[repository].len(), "{repository}: all of them are there");
            for (tag, bump) in wanted {
                assert_eq!(bumps[*tag], *bump, "{repository} {tag}");
            }
        }
    }
}
