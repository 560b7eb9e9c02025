//! Imports of changelogs, by command and by the API. An import tells nobody. A repeated import changes nothing.

use std::path::PathBuf;

use reqwest::{Body, Method};
use serde_json::{Value, json};

use crate::support::api::Answer;
use crate::support::app::App;
use crate::support::both_databases;
use crate::support::page::{Page, PageBuilder};
use crate::support::process::{fails, run, succeeds};
use crate::support::setup::Setup;
use crate::support::wait::eventually;

const CHANGELOG: &str = "\
# Changelog

## [Unreleased]

- Not yet.

## [1.2.0] - 2024-08-10

### Added

- **Search** in notes, see [#12].

## [1.1.0] - 2024-07-01 [YANKED]

## 1.0.1

- Mends the first one.

## [1.0.0] - 2024-06-01

The first one.

## 0.9.x

- Lost.

## [0.9.0] - 2999-01-01

[#12]: https://example.com/issues/12
";

/// The path of an import into a repository of a page.
fn path(page: &Page, repo: &str, query: &str) -> String {
    format!("/v1/repositories/{}/import/changelog{query}", page.repositories[repo])
}

async fn import(app: &App, path: &str, changelog: impl Into<Body>) -> Answer {
    app.api().send(app.api().request(Method::POST, path).header("Content-Type", "text/markdown").body(changelog)).await
}

/// The counts of an import: added, changed, same, kept, refused.
fn counts(imported: &Value) -> [i64; 5] {
    ["added", "changed", "same", "kept", "refused"].map(|member| imported[member].as_i64().expect("a number"))
}

/// The releases of a repository, newest first: version, the day and time, notes.
async fn releases(app: &App, page: &Page, repo: &str) -> Vec<(String, String, Option<String>)> {
    let path = format!("/v1/repositories/{}/releases?limit=100", page.repositories[repo]);
    let list = app.api().get(&path).await.expect(200).json();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let release = |one: &Value| {
        (text(&one["version"]).expect("a version"), text(&one["published_at"]).expect("a time"), text(&one["notes"]))
    };
    list["data"].as_array().expect("a list").iter().map(release).collect()
}

both_databases! {
    async fn changelog_becomes_releases_and_nobody_is_mailed(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        page.publish("acme/api", "v0.1.0").await;
        reader.mail("v0.1.0").await;
        let expected = json!({
            "dry_run": true,
            "added": 3,
            "changed": 0,
            "same": 0,
            "kept": 1,
            "refused": 1,
            "versions": [
                { "line": 7, "version": "1.2.0", "tag": "v1.2.0", "date": "2024-08-10", "result": "added", "reason": null },
                { "line": 13, "version": "1.1.0", "tag": "v1.1.0", "date": "2024-07-01", "result": "kept", "reason": "it was yanked" },
                { "line": 15, "version": "1.0.1", "tag": "v1.0.1", "date": null, "result": "added", "reason": null },
                { "line": 19, "version": "1.0.0", "tag": "v1.0.0", "date": "2024-06-01", "result": "added", "reason": null },
                { "line": 27, "version": "0.9.0", "tag": "v0.9.0", "date": "2999-01-01", "result": "refused", "reason": "its day is still to come" },
            ],
            "unreleased": [3],
            "warnings": [
                { "line": 23, "message": "the section \"0.9.x\" is left out: it is no version that can be compared" },
            ],
        });
        let dry = import(&app, &path(&page, "acme/api", "?dry_run=true"), CHANGELOG).await.expect(200).json();
        assert_eq!(dry, expected);
        assert_eq!(releases(&app, &page, "acme/api").await.len(), 1, "a dry run stores nothing");

        let done = import(&app, &path(&page, "acme/api", ""), CHANGELOG).await.expect(200).json();
        assert_eq!((counts(&done), &done["dry_run"]), ([3, 0, 0, 1, 1], &json!(false)));
        let stored = releases(&app, &page, "acme/api").await;
        let told: Vec<_> = stored[1..].iter().map(|(tag, time, _)| (tag.as_str(), time.as_str())).collect();
        assert_eq!(told, [
            ("v1.2.0", "2024-08-10T00:00:00Z"), ("v1.0.1", "2024-06-01T00:00:01Z"), ("v1.0.0", "2024-06-01T00:00:00Z"),
        ]);
        let notes = "### Added\n\n- **Search** in notes, see [#12].\n\n[#12]: https://example.com/issues/12";
        assert_eq!(stored[1].2.as_deref(), Some(notes));
        assert_eq!(page.latest("acme/api").await.as_deref(), Some("v1.2.0"));

        // A repeated import changes nothing. A corrected changelog corrects the release.
        let again = import(&app, &path(&page, "acme/api", ""), CHANGELOG).await.expect(200).json();
        assert_eq!(counts(&again), [0, 0, 3, 1, 1]);
        let mended = CHANGELOG.replace("The first one.", "The very first one.");
        let mended = import(&app, &path(&page, "acme/api", ""), mended).await.expect(200).json();
        assert_eq!(counts(&mended), [0, 1, 2, 1, 1]);
        page.publish("acme/api", "v1.3.0").await;
        reader.mail("v1.3.0").await;
        assert_eq!(reader.subjects().len(), 3, "the confirmation and two releases: {:?}", reader.subjects());
    }
}

both_databases! {
    async fn tags_of_a_monorepo_are_made_as_asked(app: App) {
        let page = app.page("Acme").with_component_of(json!({ "repo": "acme/mono", "tag_prefix": "web-v" })).await;
        let format = "?tag_format=web-v%7Bversion%7D&undated=2024-01-31";
        let done = import(&app, &path(&page, "acme/mono", format), "## 1.1.0\n\n- b\n\n## v1.0.0\n").await.expect(200).json();
        assert_eq!(counts(&done), [2, 0, 0, 0, 0], "{done}");
        let stored = releases(&app, &page, "acme/mono").await;
        let told: Vec<_> = stored.iter().map(|(tag, time, _)| (tag.as_str(), time.as_str())).collect();
        assert_eq!(told, [("web-v1.1.0", "2024-01-31T00:00:01Z"), ("web-v1.0.0", "2024-01-31T00:00:00Z")]);
        assert_eq!(page.latest("acme/mono/web").await.as_deref(), Some("v1.1.0"));
    }
}

both_databases! {
    async fn changelog_that_cannot_be_imported_is_refused_by_name(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        for (query, body, causes) in [
            ("", &b""[..], &["body"][..]),
            ("", b"# About\n\nText.", &["body"]),
            ("", b"## 1.0.0\n\n\xff", &["body"]),
            ("?dry_run=perhaps&tag_format=web&undated=2024-02-30", b"# About", &["dry_run", "tag_format", "undated", "body"]),
            ("?tag_format=%7Bversion%7D%7Bname%7D", CHANGELOG.as_bytes(), &["tag_format"]),
        ] {
            let answer = import(&app, &path(&page, "acme/api", query), body.to_vec()).await.expect(400).json();
            let named: Vec<_> = answer["error_causes"].as_array().expect("a list").iter().map(|cause| &cause["field"]).collect();
            let is_named = |cause: &&str| named.iter().any(|name| *name == cause);
            assert!(causes.iter().all(is_named) && named.len() == causes.len(), "{query}: {answer}");
        }
        let answer = import(&app, &path(&page, "acme/api", ""), &b"## 1.0.0\n\n\xff"[..]).await.text();
        assert!(answer.contains("line 3"), "{answer}");
        let large = format!("{CHANGELOG}{}", "x".repeat(5 * 1024 * 1024));
        import(&app, &path(&page, "acme/api", ""), large).await.expect(413);
        app.api().post(&path(&page, "acme/api", ""), &json!({})).await.expect(415);
        import(&app, "/v1/repositories/4711/import/changelog", CHANGELOG).await.expect(404);
        let scopes = json!({ "name": "reads", "scopes": ["read"] });
        let token = app.api().post("/v1/tokens", &scopes).await.expect(201).json()["token"].as_str().expect("a token").to_owned();
        let reading = app.api().with_token(&token);
        let request = reading.request(Method::POST, &path(&page, "acme/api", "")).header("Content-Type", "text/markdown");
        reading.send(request.body(CHANGELOG)).await.expect(403);
        // A version that cannot be stored does not stop the others.
        let notes = format!("## 1.1.0 - 2024-02-01\n\na\0b\n\n## 1.0.0 - 2024-01-01\n\n{}", "x".repeat(1024));
        let done = import(&app, &path(&page, "acme/api", ""), notes).await.expect(200).json();
        assert_eq!((counts(&done), &done["versions"][0]["line"]), ([1, 0, 0, 0, 1], &json!(1)), "{done}");
        assert_eq!(releases(&app, &page, "acme/api").await.len(), 1);
    }
}

both_databases! {
    async fn command_imports_shows_and_ends_as_it_went(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        let good = CHANGELOG.replace("2999-01-01", "2024-05-01");
        let arguments = ["import", "changelog", "-", "--repository", "Acme/API", "--dry-run"];
        let dry = succeeds(&run(&arguments, app.settings(), &good));
        let expected = "\
TAG    DATE        RESULT   NOTES
1.2.0  2024-08-10  added    Search in notes, see #12.
1.1.0  2024-07-01  kept     line 13: it was yanked
1.0.1  -           added    Mends the first one.
1.0.0  2024-06-01  added    The first one.
0.9.0  2024-05-01  added
line 23: the section \"0.9.x\" is left out: it is no version that can be compared
Not released yet, and left out: line 3
5 versions: 4 added, 1 kept would be so; nothing was changed.
";
        assert_eq!(dry, expected);
        assert!(releases(&app, &page, "acme/api").await.is_empty());

        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("CHANGELOG.md").display().to_string();
        std::fs::write(&file, &good).expect("a file is written");
        let arguments = ["import", "changelog", &file, "--repository", "acme/api", "--tag-format", "api-{version}"];
        assert!(succeeds(&run(&arguments, app.settings(), "")).ends_with("5 versions: 4 added, 1 kept.\n"));
        assert!(succeeds(&run(&arguments, app.settings(), "")).ends_with("5 versions: 4 same, 1 kept.\n"));
        assert_eq!(releases(&app, &page, "acme/api").await[0].0, "api-1.2.0");

        // The command prints the refused entry and fails. It imported the rest.
        let refused = run(&["import", "changelog", "-", "--repository", "acme/api"], app.settings(), "## 2.0.0 - 2999-01-01\n## 1.5.0 - 2024-01-01");
        assert_eq!(refused.status.code(), Some(1));
        let (told, sentence) = (String::from_utf8_lossy(&refused.stdout), String::from_utf8_lossy(&refused.stderr));
        assert!(told.contains("api-2.0.0  2999-01-01  refused  line 1: its day is still to come"), "{told}");
        assert!(sentence.contains("1 of 2 versions cannot be imported"), "{sentence}");
        assert_eq!(releases(&app, &page, "acme/api").await.len(), 5);
    }
}

both_databases! {
    async fn command_that_cannot_import_says_why(app: App) {
        let page = app.page("Acme").with_component("acme/api").await;
        app.page("Web").with("slug", "web").with_component("acme/web").await;
        let command = |repository, more: &[&str], input| {
            let arguments = [&["import", "changelog", "-", "--repository", repository][..], more].concat();
            run(&arguments, app.settings(), input)
        };
        let there = "there is no repository acme/apo: there is acme/api (of Acme), acme/web (of Acme)";
        fails(&command("acme/apo", &[], CHANGELOG), there);
        fails(&command("acme/api", &["--organization", "Nobody"], CHANGELOG), "no repository acme/api of the organization Nobody");
        fails(&command("acme/api", &[], "# About"), "- names no version");
        fails(&run(&["import", "changelog", "/nowhere/CHANGELOG.md", "--repository", "acme/api"], app.settings(), ""), "cannot be read");
        for (repository, more) in [
            ("acme", &[][..]),
            ("acme/api", &["--tag-format", "v"]),
            ("acme/api", &["--undated", "yesterday"]),
            ("acme/api", &["--unknown"]),
        ] {
            assert_eq!(command(repository, more, CHANGELOG).status.code(), Some(2), "{repository} {more:?}");
        }

        // A repository of that name in another organization.
        let second = ["owner", "create", "--email", "eve@acme.example", "--organization", "Second", "--json"];
        let created: Value = serde_json::from_str(&succeeds(&run(&second, app.settings(), ""))).expect("JSON");
        let theirs = app.api().with_token(created["token"].as_str().expect("a token"));
        theirs.post("/v1/repositories", &json!({ "name": "acme/api", "origin": "api" })).await.expect(201);
        let both = fails(&command("acme/api", &[], CHANGELOG), "say which with --organization");
        assert!(both.contains("is a repository of Acme (acme) and of Second (second)"), "{both}");
        let told = succeeds(&command("acme/api", &["--organization", "second"], "## 1.0.0 - 2024-01-01"));
        assert!(told.ends_with("1 version: 1 added.\n"), "{told}");
        assert!(releases(&app, &page, "acme/api").await.is_empty());
    }
}

/// Imports the changelogs of real projects by command, if they are installed. Each has a repository of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
async fn real_changelogs_are_imported_whole() {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let directory = std::env::var_os("RELEASEPAGE_FIXTURES").map_or_else(beside, PathBuf::from).join("changelogs");
    if !directory.is_dir() {
        println!("skipped: the changelogs of real projects are not there");
        return;
    }
    let app = Setup::on_sqlite().start().await;
    let page = ["acme/actix", "acme/diesel", "acme/lettre", "acme/river"]
        .into_iter()
        .fold(app.page("Acme"), PageBuilder::with_component)
        .with_rate_limit(1_000_000)
        .await;
    for (name, repo, more, versions, latest) in [
        ("actix-web.md", "acme/actix", &["--undated", "2024-01-01"][..], 93, "4.15.0"),
        ("diesel.md", "acme/diesel", &[], 97, "2.3.12"),
        ("lettre.md", "acme/lettre", &[], 37, "v0.11.21"),
        ("river.md", "acme/river", &[], 88, "0.43.0"),
    ] {
        let file = directory.join(name).display().to_string();
        let arguments = [&["import", "changelog", &file, "--repository", repo][..], more].concat();
        let told = succeeds(&run(&arguments, app.settings(), ""));
        assert!(told.ends_with(&format!("{versions} versions: {versions} added.\n")), "{told}");
        // Once a second, the server looks for changes by others.
        eventually("readers see the latest", async || page.latest(repo).await.filter(|shown| shown == latest)).await;
        let again = succeeds(&run(&arguments, app.settings(), ""));
        assert!(again.ends_with(&format!("{versions} versions: {versions} same.\n")), "{again}");
    }
}
