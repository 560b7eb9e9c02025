//! Pages that show one version for several repositories: the API, the badge, the changes, the documents for readers,
//! and groups made by hand.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::page::Page;
use crate::support::process::{fails, run, succeeds};
use crate::support::wait::eventually;

/// A page of two repositories whose releases form groups, as the management API takes it.
async fn grouped(app: &App, grouping: &str) -> Page {
    app.page("Acme")
        .with_component_of(json!({ "repo": "acme/api", "name": "API" }))
        .with_component_of(json!({ "repo": "acme/web", "name": "Web" }))
        .with("grouping", grouping)
        .with_rate_limit(1_000_000)
        .await
}

/// The path of a page's groups in the management API.
fn groups(page: &Page) -> String {
    page.path("groups")
}

/// Publishes a release without an announcement, at this minute. Returns its id.
async fn publish_at(page: &Page, repo: &str, version: &str, minute: usize) -> String {
    let published_at = format!("2024-05-01T12:{minute:02}:00Z");
    let release = json!({
        "version": version, "title": format!("About {version}"), "notes": format!("Notes of *{repo} {version}*."),
        "author": "ada", "published_at": published_at,
    });
    id(&page.publish_release(repo, &release).await)
}

fn id(resource: &Value) -> String {
    match &resource["id"] {
        Value::String(id) => id.clone(),
        number => number.to_string(),
    }
}

/// Groups releases by hand.
async fn group_make(app: &App, page: &Page, version: &str, releases: &[&str]) -> Value {
    let body = json!({ "version": version, "release_ids": releases, "notify": false });
    app.api().post(&groups(page), &body).await.expect(201).json()
}

/// The changes, each as `repo version`.
async fn changes(page: &Page, query: &str) -> (Value, Vec<String>) {
    let mut answer = page.get(&format!("changes?{query}")).await.expect(200).json();
    let list = answer["changes"].take();
    let named = list.as_array().expect("a list").iter().map(|release| {
        let text = |member: &str| release[member].as_str().expect("a text").to_owned();
        format!("{} {}", text("repo"), text("version"))
    });
    (answer, named.collect())
}

both_databases! {
    async fn one_version_is_read_drawn_and_compared(app: App) {
        let page = grouped(&app, "manual").await;
        assert!(page.version().await.get("latestGrouped").is_none(), "there is no group");
        let mut ids = Vec::new();
        for (minute, (repo, version)) in
            [("acme/api", "v1.0.0"), ("acme/web", "v4.0.0"), ("acme/api", "v1.1.0"), ("acme/web", "v5.0.0")]
                .into_iter()
                .enumerate()
        {
            ids.push(publish_at(&page, repo, version, minute).await);
        }
        let (first, second) = ids.split_at(2);
        let alone = publish_at(&page, "acme/api", "v1.1.1", 4).await;
        group_make(&app, &page, "v0.1.0", &[&first[0], &first[1]]).await;
        let group = group_make(&app, &page, "v0.2.0", &[&second[0], &second[1]]).await;

        let version = page.version().await;
        let grouped = json!({
            "version": "v0.2.0", "authors": ["ada"], "published_at": "2024-05-01T12:03:00Z",
            "repos": ["acme/web", "acme/api"],
        });
        assert_eq!(version["latestGrouped"], grouped);
        assert_eq!(version["latest"].as_array().map(Vec::len), Some(2), "the components are there as ever");
        for (query, says) in
            [("", "Acme: v0.2.0"), ("?label=Ours", "Ours: v0.2.0"), ("?repo=acme/api", "API: v1.1.1")]
        {
            let badge = page.get(&format!("badge.svg{query}")).await.expect(200).text();
            assert!(badge.contains(&format!("aria-label=\"{says}\"")), "{query}: {badge}");
        }

        let releases = page.get("releases").await.expect(200).json();
        let in_group = |release: &str| {
            let data = releases["data"].as_array().expect("a list");
            data.iter().find(|entry| entry["id"] == release).expect("it is there")["group"].clone()
        };
        assert_eq!(in_group(&second[0]), json!({ "id": group["id"], "version": "v0.2.0" }));
        assert_eq!(in_group(&alone), Value::Null);
        let release = page.get(&format!("releases/{}", second[1])).await.expect(200).json();
        assert_eq!(release["group"]["version"], "v0.2.0");

        let (answer, all) = changes(&page, "from=v0.0.9").await;
        let expected = json!({ "repo": null, "from": "v0.0.9", "to": "v0.2.0", "breaking": true, "changes": null });
        assert_eq!(answer, expected);
        let breaking_first = ["acme/api v1.0.0", "acme/web v5.0.0", "acme/web v4.0.0", "acme/api v1.1.0"];
        assert_eq!(all, breaking_first, "then component by component");
        for (query, expected) in [
            ("from=v0.1.0", &["acme/web v5.0.0", "acme/api v1.1.0"][..]),
            ("from=0.1.7&to=v9", &["acme/web v5.0.0", "acme/api v1.1.0"]),
            ("from=v0.2.0", &[]),
            ("from=v7.0.0", &[]),
            ("from=v1.0.0&repo=acme/api", &["acme/api v1.1.1", "acme/api v1.1.0"]),
        ] {
            assert_eq!(changes(&page, query).await.1, expected, "{query}");
        }
        for (query, field) in [
            ("from=words", "from"),
            ("from=v1.0.0&to=v0.1.0", "to"),
            ("to=v0.1.0", "from"),
            ("from=v1&repo=acme/x", "repo"),
        ] {
            let refused = page.get(&format!("changes?{query}")).await.expect(400).json();
            assert_eq!(refused["error_causes"][0]["field"], field, "{query}: {refused}");
        }
    }
}

both_databases! {
    async fn without_groups_several_components_need_a_repo(app: App) {
        let page = grouped(&app, "off").await;
        publish_at(&page, "acme/api", "v1.0.0", 0).await;
        let refused = page.get("changes?from=v0.1.0").await.expect(400).json();
        assert_eq!(refused["error_causes"][0], json!({ "field": "repo", "error": "missing" }));
        let sentence = refused["error_description"].as_str().expect("a sentence");
        assert!(sentence.contains("acme/api, acme/web"), "{sentence}");
        assert!(page.version().await.get("latestGrouped").is_none());
        let release = page.get("releases").await.expect(200).json();
        assert_eq!(release["data"][0]["group"], Value::Null);
    }
}

both_databases! {
    async fn readers_see_one_version_and_what_is_in_it(app: App) {
        let page = grouped(&app, "manual").await;
        let api = publish_at(&page, "acme/api", "v1.1.0", 2).await;
        let web = publish_at(&page, "acme/web", "v5.0.0", 3).await;
        let alone = publish_at(&page, "acme/api", "v1.1.1", 4).await;
        let body = json!({ "version": "v0.2.0", "release_ids": [api, web], "notes": "Words about **all of it**." });
        let group = app.api().post(&groups(&page), &body).await.expect(201).json();
        let (group_id, browser) = (id(&group), app.browser());

        let shown = browser.open("/p/acme").await.expect(200).text();
        let href = format!("/p/acme/groups/{group_id}");
        let place = |words: &str| shown.find(words).unwrap_or_else(|| panic!("{words} is in {shown}"));
        assert!(place("latest-grouped") < place("<dl class=\"latest\">"), "the whole comes first");
        let newest = format!("/p/acme/releases/{alone}\">v1.1.1</a> <span class=\"bump");
        assert!(place(&newest) < place("all of it"), "newest first");
        assert!(place("all of it") < place("acme/web v5.0.0</em>"), "the editor's words come first");
        assert!(place("acme/web v5.0.0</em>") < place("acme/api v1.1.0</em>"), "breaking changes first");
        assert_eq!(shown.matches("<article").count(), 2, "a group and a release: {shown}");

        assert!(group["permalink"].as_str().is_some_and(|link| link.ends_with(&href)), "{group}");
        let own = browser.open(&href).await.expect(200).text();
        for words in ["v0.2.0", "all of it", &format!("/p/acme/releases/{api}"), &format!("/p/acme/releases/{web}")] {
            assert!(own.contains(words), "{words}: {own}");
        }
        let release = browser.open(&format!("/p/acme/releases/{web}")).await.expect(200).text();
        assert!(release.contains(&href) && release.contains("Part of"), "{release}");
        let release = browser.open(&format!("/p/acme/releases/{alone}")).await.expect(200).text();
        assert!(!release.contains("/groups/"), "{release}");
        for nothing in ["acme/groups/0", "acme/groups/x", "none/groups/1", "acme/groups/99999999999999999999"] {
            browser.open(&format!("/p/{nothing}")).await.expect(404);
        }

        app.api().delete(&format!("{}/{group_id}", groups(&page))).await.expect(204);
        browser.open(&href).await.expect(404);
        let shown = browser.open("/p/acme").await.expect(200).text();
        assert!(!shown.contains("/groups/") && !shown.contains("latest-grouped"), "{shown}");
        assert_eq!(shown.matches("<article").count(), 3, "its releases stand by themselves: {shown}");
        let version = page.version().await;
        assert!(version.get("latestGrouped").is_none(), "{version}");
        let badge = page.get("badge.svg").await.expect(200).text();
        assert!(badge.contains("Acme: v1.1.1"), "{badge}");
    }
}

both_databases! {
    async fn a_group_that_closes_by_itself_is_read_next(app: App) {
        let page = grouped(&app, "auto").await;
        let page_path = format!("/v1/pages/{}", page.id);
        let change = json!({ "group_window_minutes": 60, "group_initial_version": "1.0.0" });
        let changed = app.api().patch(&page_path, &change).await.expect(200).json();
        assert_eq!((&changed["grouping"], &changed["group_window_minutes"]), (&json!("auto"), &json!(60)));
        page.publish("acme/api", "v1.0.0").await;
        page.publish("acme/web", "v2.0.0").await;
        let open = app.api().get(&format!("{}?state=open", groups(&page))).await.expect(200).json();
        assert_eq!(open["data"][0]["releases"].as_array().map(Vec::len), Some(2), "{open}");
        assert_eq!((&open["data"][0]["version"], &open["data"][0]["permalink"]), (&Value::Null, &Value::Null));
        assert!(page.version().await.get("latestGrouped").is_none(), "it is open");
        app.execute("UPDATE groups SET closes_at = created_at WHERE state = 'open'");
        app.execute("UPDATE jobs SET run_at = created_at WHERE payload LIKE '%group_close%'");
        eventually("the version is read", async || {
            let version = page.version().await;
            (version["latestGrouped"]["version"] == "1.0.0").then_some(())
        })
        .await;

        // A repeated request finds no change and costs nothing. Taking back the last release of the group is a change.
        let first = page.get("version").await.expect(200);
        let api = page.with_key(&page.live_key);
        let ask = async || {
            let again = api.request(Method::GET, &page.path("version")).header("If-None-Match", first.header("etag"));
            api.send(again).await
        };
        ask().await.expect(304);
        let closed = app.api().get(&format!("{}?state=closed", groups(&page))).await.expect(200).json();
        for member in closed["data"][0]["releases"].as_array().expect("a list") {
            app.api().delete(&format!("/v1/releases/{}", id(member))).await.expect(204);
        }
        ask().await.expect(200);
        assert!(page.version().await.get("latestGrouped").is_none());
        let group = app.api().get(&format!("{}/{}", groups(&page), id(&closed["data"][0]))).await.expect(200).json();
        assert_eq!((&group["state"], &group["releases"][0]["shown"]), (&json!("closed"), &Value::Null));
    }
}

both_databases! {
    async fn a_group_made_by_hand_is_told_edited_and_taken_back(app: App) {
        let page = grouped(&app, "manual").await;
        let reader = app.subscriber(&page, "reader@example.com").await;
        let releases = [id(&page.publish("acme/api", "v1.0.0").await), id(&page.publish("acme/web", "v2.0.0").await)];
        let body = json!({ "version": "v1.0.0", "release_ids": releases, "notes": "All new." });
        let created = app.api().post(&groups(&page), &body).await.expect(201);
        let path = format!("{}/{}", groups(&page), id(&created.json()));
        assert_eq!(created.header("location"), path);
        let created = created.json();
        let standing = (&created["state"], &created["bump"], &created["notify"]);
        assert_eq!(standing, (&json!("closed"), &json!("major"), &json!(true)));
        let shown = json!({ "repo": "acme/web", "name": "Web", "version": "v2.0.0", "bump": "major" });
        assert_eq!(created["releases"][1]["shown"], shown);
        let mail = reader.mail("Acme v1.0.0").await;
        assert!(mail.link("/groups/").is_some() && mail.text.contains("All new."), "{}", mail.text);
        app.browser().open(&mail.link("/groups/").expect("a link")).await.expect(200);

        let edit = json!({ "revision": created["revision"], "version": "v1.0.1", "notes": null });
        let edited = app.api().patch(&path, &edit).await.expect(200).json();
        assert_eq!((&edited["version"], &edited["notes"]), (&json!("v1.0.1"), &Value::Null));
        assert_eq!(page.version().await["latestGrouped"]["version"], "v1.0.1");
        app.api().patch(&path, &edit).await.expect(409);
        let again = app.api().post(&groups(&page), &body).await.expect(409).json();
        assert_eq!(fields_of(&again), ["release_ids.0", "release_ids.1"], "they are in a group");
        app.api().delete(&path).await.expect(204);
        app.api().delete(&path).await.expect(204);
        app.api().patch(&path, &json!({ "notes": "x" })).await.expect(409);
        assert_eq!(app.api().get(&path).await.expect(200).json()["state"], "withdrawn");
        let anew = app.api().post(&groups(&page), &body).await.expect(201).json();
        assert_ne!(anew["id"], created["id"], "its releases were free for another one");
    }
}

both_databases! {
    async fn every_fault_of_a_group_is_named(app: App) {
        let page = grouped(&app, "manual").await;
        let release = id(&page.publish("acme/api", "v1.0.0").await);
        let group = group_make(&app, &page, "v1.0.0", &[&release]).await;
        let path = format!("{}/{}", groups(&page), id(&group));
        let many: Vec<String> = (0..501).map(|number| format!("a{number:06}")).collect();
        for (body, fields) in [
            (json!({}), &["version", "release_ids"][..]),
            (
                json!({ "version": 1, "release_ids": "x", "notes": 2, "notify": "yes" }),
                &["version", "release_ids", "notes", "notify"],
            ),
            (json!({ "version": "v1.0", "release_ids": [], "notes": "a\u{0}" }), &["version", "release_ids", "notes"]),
            (
                json!({ "version": "v1.0.0-rc.1", "release_ids": ["abc", release, "ABCDEFG"] }),
                &["version", "release_ids.0", "release_ids.2"],
            ),
            (json!({ "version": "v2.0.0", "release_ids": many }), &["release_ids"]),
            (
                json!({ "version": "v1.0.0", "release_ids": [release, "zzzzzzz"] }),
                &["version", "release_ids.0", "release_ids.1"],
            ),
            (json!({ "version": "v2.0.0", "release_ids": null, "notify": null }), &["release_ids"]),
        ] {
            let refused = app.api().post(&groups(&page), &body).await.expect(400).json();
            assert_eq!(fields_of(&refused), fields, "{body}: {refused}");
        }
        for (body, fields) in [
            (json!({ "version": null, "notes": 1, "revision": "x" }), &["revision", "version", "notes"][..]),
            (json!({ "version": "01.0.0" }), &["version"]),
            (json!({ "notes": "x".repeat(1024 * 1024 + 1) }), &["notes"]),
        ] {
            let refused = app.api().patch(&path, &body).await.expect(400).json();
            assert_eq!(fields_of(&refused), fields, "{body}: {refused}");
        }
        for (body, fields) in [
            (
                json!({ "grouping": "sometimes", "group_window_minutes": 10_081, "group_initial_version": "v1" }),
                &["grouping", "group_window_minutes", "group_initial_version"][..],
            ),
            (
                json!({ "grouping": null, "group_window_minutes": -1, "group_initial_version": 1 }),
                &["grouping", "group_window_minutes", "group_initial_version"],
            ),
            (json!({ "group_window_minutes": 1.5 }), &["group_window_minutes"]),
        ] {
            let refused = app.api().patch(&format!("/v1/pages/{}", page.id), &body).await.expect(400).json();
            assert_eq!(fields_of(&refused), fields, "{body}: {refused}");
        }
        for query in ["state=gone", "cursor=x", "limit=0"] {
            app.api().get(&format!("{}?{query}", groups(&page))).await.expect(400);
        }
        let elsewhere = "/v1/pages/0123456789ab/groups/1".to_owned();
        for nothing in [format!("{}/0", groups(&page)), format!("{}/x", groups(&page)), elsewhere] {
            app.api().get(&nothing).await.expect(404);
            app.api().delete(&nothing).await.expect(404);
        }
        let read_only = json!({ "name": "reader", "scopes": ["read"] });
        let token = app.api().post("/v1/tokens", &read_only).await.expect(201).json();
        let reader = app.api().with_token(token["token"].as_str().expect("a token"));
        reader.get(&path).await.expect(200);
        reader.delete(&path).await.expect(403);
        app.api().patch(&format!("/v1/pages/{}", page.id), &json!({ "grouping": "auto" })).await.expect(200);
        app.api().post(&groups(&page), &json!({ "version": "v2.0.0", "release_ids": [release] })).await.expect(409);
        app.api().patch(&path, &json!({ "version": "v3.0.0" })).await.expect(409);
    }
}

/// The fields that a refusal names.
fn fields_of(refused: &Value) -> Vec<&str> {
    let causes = refused["error_causes"].as_array().expect("a list");
    causes.iter().map(|cause| cause["field"].as_str().expect("a field")).collect()
}

both_databases! {
    async fn an_editor_groups_from_the_command_line(app: App) {
        let page = grouped(&app, "manual").await;
        publish_at(&page, "acme/api", "v1.0.0", 0).await;
        let web = publish_at(&page, "acme/web", "v4.0.0", 1).await;
        let command = |arguments: &[&str], input: &str| run(&[&["groups"], arguments].concat(), app.settings(), input);
        assert!(succeeds(&command(&["list", "--page", "acme"], "")).contains("has no group; its grouping is manual"));
        let first = ["create", "--page", "acme", "--version", "v1.0.0"];
        let create = [&first[..], &["--silent", "--notes-file", "-", "acme/api@v1.0.0", &web]].concat();
        let created = succeeds(&command(&create, "All *new*.\n"));
        for words in ["v1.0.0, closed, major", "acme/web@v4.0.0", "All *new*."] {
            assert!(created.contains(words), "{created}");
        }
        let group = created.split([' ', ':']).nth(1).expect("an id").to_owned();
        assert_eq!(page.version().await["latestGrouped"]["version"], "v1.0.0");
        let taken = fails(&command(&create, "x"), "version must be one that no other group of the page has");
        assert!(taken.contains("; acme/api@v1.0.0 must not be in another group"), "{taken}");

        let listed = succeeds(&command(&["list", "--page", "acme", "--state", "closed"], ""));
        assert!(listed.contains("acme/api@v1.0.0, acme/web@v4.0.0"), "{listed}");
        let edited = succeeds(&command(&["edit", "--page", "acme", &group, "--version", "v1.2.0", "--no-notes"], ""));
        assert!(edited.contains("v1.2.0, closed") && !edited.contains("All"), "{edited}");
        assert_eq!(succeeds(&command(&["show", "--page", "acme", &group], "")), edited);
        eventually("the server reads what another process wrote", async || {
            (page.version().await["latestGrouped"]["version"] == "v1.2.0").then_some(())
        })
        .await;
        assert!(succeeds(&command(&["withdraw", "--page", "acme", &group], "")).contains("is taken back"));
        fails(&command(&["edit", "--page", "acme", &group, "--no-notes"], ""), "was taken back");
        for (arguments, words) in [
            (&["list", "--page", "none"][..], "there is no page /p/none"),
            (&["show", "--page", "acme", "0"], "/p/acme has no group 0"),
            (&["create", "--page", "acme", "--version", "v2.0.0", "acme/api@v9.9", "x"], "no acme/api@v9.9 and no x"),
            (&["create", "--page", "acme", "--version", "v2.0.0", "zzzzzzz"], "zzzzzzz must be the id of a published"),
            (&["edit", "--page", "acme", &group, "--notes-file", "/none"], "/none cannot be read"),
        ] {
            fails(&command(arguments, ""), words);
        }
        for usage in [
            &["create", "--page", "acme", "--version", "1.0", "xbcehyc"][..],
            &["edit", "--page", "acme", "1"],
            &["list", "--page", "Not A Slug"],
            &["create", "--page", "acme", "--version", "v1.0.0"],
        ] {
            assert_eq!(command(usage, "").status.code(), Some(2), "{usage:?}");
        }
        let automatic = json!({ "grouping": "auto" });
        app.api().patch(&format!("/v1/pages/{}", page.id), &automatic).await.expect(200);
        let refused = command(&["create", "--page", "acme", "--version", "v2.0.0", &web], "");
        fails(&refused, "/p/acme: the page does not have its groups made by hand");
    }
}
