//! Releases fetched from a forge: the backfill of a new repository, and polling for releases that its webhook missed.

mod source;

use std::collections::BTreeSet;

use chrono::{Duration, Utc};
use serde_json::{Value, json};

use crate::support::both_databases;
use crate::support::forge::{ForgeFault, ForgeKind, ForgeServer};
use crate::support::page::Page;
use crate::support::wait::eventually;
use source::{Source, allowing, polls_run};

/// Waits until readers see this version as the latest.
async fn shows(page: &Page, repo: &str, version: &str) {
    let what = format!("readers see {version}");
    eventually(&what, async || (page.latest(repo).await.as_deref() == Some(version)).then_some(())).await;
}

both_databases! {
    async fn history_comes_in_and_mails_nobody(setup: Setup) {
        let forge = ForgeServer::start();
        let app = allowing(setup, &forge).start().await;
        for (kind, count) in [(ForgeKind::Github, 230), (ForgeKind::Gitlab, 120), (ForgeKind::Gitea, 60)] {
            let name = format!("acme/{kind:?}");
            forge.repository(kind, &name).with_releases(count);
            let page = app.page(&format!("{kind:?}")).with_rate_limit(1_000_000).await;
            let source = Source::add(&app, &forge, kind, &name).await;
            app.api().post(&format!("/v1/pages/{}/components", page.id), &json!({ "repo": name })).await.expect(201);
            let reader = app.subscriber(&page, &format!("{kind:?}@example.com")).await;
            let told = source.done().await;
            assert_eq!(told["backfill"], json!({ "state": "done", "fetched": count, "added": count, "refused": 0 }));
            shows(&page, &name, &format!("v0.{count}.0")).await;
            assert_eq!(source.tags().await.len(), count);
            // The release that a person publishes next shows that no mail was sent before.
            let release = json!({ "version": "v1.0.0", "title": "By hand" });
            app.api().post(&format!("{}/releases", source.path), &release).await.expect(201);
            reader.mail("v1.0.0").await;
            assert_eq!(reader.mails().len(), 2, "{:?}", reader.subjects());
        }
    }
}

both_databases! {
    async fn interrupted_backfill_goes_on_where_it_was(setup: Setup) {
        let forge = ForgeServer::start();
        forge.repository(ForgeKind::Github, "acme/api").with_releases(550);
        forge.fail_after(3, ForgeFault::Hold);
        let setup = allowing(setup, &forge).with("jobs.lease_seconds", 2).with("jobs.heartbeat_seconds", 1);
        let mut app = setup.start().await;
        let source = Source::add(&app, &forge, ForgeKind::Github, "acme/api").await;
        eventually("three pages came in", async || (forge.requests().len() == 4).then_some(())).await;
        app.kill();
        forge.release();
        app.restart().await;
        let told = source.done().await;
        assert_eq!(told["backfill"]["added"], 550);
        assert_eq!(source.tags().await.len(), 550);
        let asked: Vec<String> = forge.requests().into_iter().map(|request| request.target).collect();
        let of_page = |page: u32| asked.iter().filter(|target| target.ends_with(&format!("&page={page}"))).count();
        assert_eq!((of_page(2), of_page(3), of_page(5), of_page(6)), (1, 1, 1, 1), "{asked:?}");
        assert_eq!(asked.len(), 7, "the first page once, the fourth twice: {asked:?}");
    }
}

both_databases! {
    async fn what_goes_wrong_is_tried_again_and_nothing_is_lost(setup: Setup) {
        let forge = ForgeServer::start();
        forge.repository(ForgeKind::Github, "acme/api").with_releases(250);
        forge.fail_next(ForgeFault::Status(500));
        forge.fail_after(1, ForgeFault::BreakOff);
        forge.fail_next(ForgeFault::Garbage);
        forge.fail_after(1, ForgeFault::RetryAfter(429, 1));
        let app = allowing(setup, &forge).start().await;
        let source = Source::add(&app, &forge, ForgeKind::Github, "acme/api").await;
        let told = source.done().await;
        assert_eq!((&told["backfill"]["added"], &told["result"]), (&json!(250), &json!("ok")));
        assert_eq!(source.tags().await.len(), 250);
        let statuses: Vec<u16> = forge.requests().into_iter().map(|request| request.status).collect();
        assert_eq!(statuses, [500, 200, 0, 200, 200, 429, 200]);
    }
}

both_databases! {
    async fn rate_limit_is_honoured(setup: Setup) {
        let forge = ForgeServer::start();
        forge.repository(ForgeKind::Github, "acme/api").with_releases(350);
        let reset = (Utc::now() + Duration::seconds(4)).timestamp();
        forge.allow(2, reset);
        let app = allowing(setup, &forge).start().await;
        let source = Source::add(&app, &forge, ForgeKind::Github, "acme/api").await;
        let told = eventually("it waits", async || {
            let told = source.told().await;
            (!told["wait_until"].is_null()).then_some(told)
        })
        .await;
        assert_eq!((&told["backfill"]["state"], &told["backfill"]["added"]), (&json!("running"), &json!(200)));
        forge.allow(1_000, reset + 3_600);
        source.done().await;
        let requests = forge.requests();
        assert!(requests.iter().all(|request| request.status == 200), "it never asked in vain");
        assert!(Utc::now().timestamp() >= reset);
        assert_eq!(source.tags().await.len(), 350);
    }
}

both_databases! {
    async fn poll_announces_what_the_webhook_missed(setup: Setup) {
        let forge = ForgeServer::start();
        let listed = forge.repository(ForgeKind::Github, "acme/api").with_releases(2);
        let app = allowing(setup, &forge).start().await;
        let page = app.page("Acme").with_rate_limit(1_000_000).await;
        let source = Source::add(&app, &forge, ForgeKind::Github, "acme/api").await;
        let component = json!({ "repo": "acme/api" });
        app.api().post(&format!("/v1/pages/{}/components", page.id), &component).await.expect(201);
        let reader = app.subscriber(&page, "reader@example.com").await;
        source.done().await;

        listed.publish("v1.0.0");
        listed.publish("v0.0.1");
        listed.edit("v0.0.1", |release| release.published_at = Utc::now() - Duration::days(8));
        polls_run(&app).await;
        reader.mail("v1.0.0").await;
        assert_eq!(source.tags().await.len(), 4);

        // If nothing is new, the forge need not send the list again.
        polls_run(&app).await;
        let unchanged = async || forge.requests().last().is_some_and(|request| request.status == 304).then_some(());
        eventually("the forge says that nothing is new", unchanged).await;

        listed.edit("v1.0.0", |release| {
            release.notes = "- mended".to_owned();
            release.updated_at = Utc::now() + Duration::seconds(10);
        });
        listed.publish("v1.0.1");
        polls_run(&app).await;
        reader.mail("v1.0.1").await;
        let releases = app.api().get(&format!("{}/releases", source.path)).await.expect(200).json();
        let notes = |version: &str| {
            let mut releases = releases["data"].as_array().expect("a list").iter();
            releases.find(|release| release["version"] == version).expect("the release")["notes"].clone()
        };
        assert_eq!(notes("v1.0.0"), "- mended");
        // The confirmation and two announcements. Neither the old release nor the edit is announced.
        assert_eq!(reader.mails().len(), 3, "{:?}", reader.subjects());
    }
}

both_databases! {
    async fn private_repository_needs_its_token_which_nobody_sees(setup: Setup) {
        const TOKEN: &str = "github_pat_open-sesame";
        let forge = ForgeServer::start();
        forge.repository(ForgeKind::Github, "acme/api").with_releases(3).with_token(TOKEN);
        let app = allowing(setup, &forge).start().await;
        let source = Source::add(&app, &forge, ForgeKind::Github, "acme/api").await;
        let told = source.is("failed").await;
        assert_eq!((&told["result"], &told["token_set"]), (&json!("refused"), &json!(false)));
        assert_eq!(told["message"], "the forge knows no repository of this name, or hides it from this token");
        assert_eq!(forge.requests().len(), 1, "it is not asked again and again");

        let answer = app.api().patch(&source.path, &json!({ "source": { "token": "wrong" } })).await.expect(200);
        assert_eq!(answer.json()["source"]["token_set"], true);
        polls_run(&app).await;
        eventually("the token is refused", async || {
            let told = source.told().await;
            (told["message"] == "the forge does not accept the token, or wants one").then_some(())
        })
        .await;
        let answer = app.api().patch(&source.path, &json!({ "source": { "token": TOKEN } })).await.expect(200);
        polls_run(&app).await;
        source.done().await;
        let sent = forge.requests().pop().expect("it was asked");
        assert_eq!(sent.header("authorization"), Some(&*format!("Bearer {TOKEN}")));
        assert_eq!(source.tags().await.len(), 3);
        let shown = app.api().get(&source.path).await.expect(200).text();
        for text in [answer.text(), shown, app.log().text()] {
            assert!(!text.contains("sesame"));
        }
        let cleared = app.api().patch(&source.path, &json!({ "source": { "token": null } })).await.expect(200);
        assert_eq!(cleared.json()["source"]["token_set"], false);
    }
}

both_databases! {
    async fn token_is_handed_to_no_other_host_than_it_was_given_for(setup: Setup) {
        const TOKEN: &str = "github_pat_open-sesame";
        let (forge, stranger) = (ForgeServer::start(), ForgeServer::start());
        forge.repository(ForgeKind::Github, "acme/api").with_releases(1).with_token(TOKEN);
        stranger.repository(ForgeKind::Github, "acme/api").with_releases(2);
        let hosts = format!("{},{}", forge.host(), stranger.host());
        let app = setup.with("egress.allowed_hosts", &hosts).start().await;
        let (home, elsewhere) = (forge.api_url(ForgeKind::Github), stranger.api_url(ForgeKind::Github));
        let source = Source::add_with(&app, "github", "acme/api", json!({ "api_url": home, "token": TOKEN })).await;
        source.done().await;
        let before = app.api().get(&source.path).await.expect(200).text();

        for api_url in [json!(elsewhere), json!(home.replace("http://", "https://")), Value::Null] {
            let change = json!({ "name": "acme/renamed", "source": { "api_url": api_url, "poll": false } });
            let refused = app.api().patch(&source.path, &change).await.expect(400).text();
            assert!(refused.contains("source.token") && refused.contains("another scheme, host or port"), "{refused}");
        }
        assert_eq!(app.api().get(&source.path).await.expect(200).text(), before, "nothing is stored");
        // Another path of the same forge is allowed too.
        for same in [format!("{home}/"), home.clone()] {
            let change = json!({ "source": { "api_url": same } });
            assert_eq!(app.api().patch(&source.path, &change).await.expect(200).json()["source"]["token_set"], true);
        }
        source.done().await;

        // A person who can write to the database, but has no secret key, gets no token either.
        app.execute(&format!("UPDATE repository_sources SET api_url = '{elsewhere}'"));
        polls_run(&app).await;
        eventually("the token opens for no other host", async || {
            let told = source.told().await;
            told["message"].as_str()?.starts_with("the token cannot be read").then_some(())
        })
        .await;
        assert_eq!(stranger.requests().len(), 0);

        app.execute(&format!("UPDATE repository_sources SET api_url = '{home}'"));
        let change = json!({ "source": { "api_url": elsewhere, "token": null } });
        assert_eq!(app.api().patch(&source.path, &change).await.expect(200).json()["source"]["token_set"], false);
        assert_eq!(source.done().await["backfill"]["fetched"], 2);
        assert!(stranger.requests().iter().all(|request| request.header("authorization").is_none()));
        let change = json!({ "source": { "api_url": home, "token": TOKEN } });
        app.api().patch(&source.path, &change).await.expect(200);
        source.done().await;
        assert!(!app.log().text().contains("sesame"));
    }
}

both_databases! {
    async fn addresses_inside_are_refused_and_the_owner_sees_why(setup: Setup) {
        let inside = ForgeServer::start();
        inside.repository(ForgeKind::Github, "acme/api").with_releases(1);
        let app = setup.start().await;
        for (number, api_url) in [
            "http://169.254.169.254/latest/meta-data".to_owned(),
            "http://[::ffff:169.254.169.254]/".to_owned(),
            "http://localhost:1/".to_owned(),
            inside.api_url(ForgeKind::Github),
        ]
        .iter()
        .enumerate()
        {
            let name = format!("acme/api-{number}");
            let source = Source::add_with(&app, "github", &name, json!({ "api_url": api_url })).await;
            let told = source.is("failed").await;
            assert_eq!(told["result"], "refused", "{api_url}");
            let message = told["message"].as_str().expect("a sentence");
            assert!(message.contains("private address"), "{api_url}: {message}");
        }
        assert_eq!(inside.requests().len(), 0);
    }
}

both_databases! {
    async fn one_that_cannot_be_used_is_shown_and_the_others_come_in(setup: Setup) {
        let forge = ForgeServer::start();
        let listed = forge.repository(ForgeKind::Github, "acme/api").with_releases(4);
        listed.edit("v0.2.0", |release| release.notes = "x".repeat(1024 * 1024 + 1));
        listed.edit("v0.3.0", |release| release.tag = "a\nb".to_owned());
        let app = allowing(setup, &forge).start().await;
        let source = Source::add(&app, &forge, ForgeKind::Github, "acme/api").await;
        let told = source.done().await;
        assert_eq!(told["backfill"], json!({ "state": "done", "fetched": 4, "added": 2, "refused": 2 }));
        let refused = told["refused"].as_array().expect("a list");
        let large = refused.iter().find(|refused| refused["release"] == "v0.2.0").expect("the large one");
        assert!(large["message"].as_str().is_some_and(|message| message.contains("1 MiB")), "{large}");
        assert_eq!(BTreeSet::from_iter(source.tags().await), BTreeSet::from(["v0.1.0", "v0.4.0"].map(str::to_owned)));
    }
}

both_databases! {
    async fn source_is_read_and_changed_by_the_owner(setup: Setup) {
        let forge = ForgeServer::start();
        forge.repository(ForgeKind::Gitea, "acme/api").with_releases(1);
        forge.repository(ForgeKind::Gitea, "other/api").with_releases(2);
        let app = allowing(setup, &forge).start().await;
        let source = Source::add(&app, &forge, ForgeKind::Gitea, "acme/api").await;
        source.done().await;
        let moved = app.api().patch(&source.path, &json!({ "source": { "name": "other/api", "poll": false } })).await;
        let moved = moved.expect(200).json()["source"].clone();
        assert_eq!((&moved["name"], &moved["poll"]), (&json!("other/api"), &json!(false)));
        let told = source.done().await;
        assert_eq!(told["backfill"]["fetched"], 2);
        let asked = forge.requests().len();
        app.api().post(&format!("{}/backfill", source.path), &Value::Null).await.expect(200);
        eventually("it is fetched again", async || (forge.requests().len() > asked).then_some(())).await;
        assert_eq!(source.done().await["backfill"]["added"], 0);

        let wrong = json!({ "api_url": "ftp://x", "name": "x", "token": "a b", "poll": "yes" });
        let fields = ["source.api_url", "source.name", "source.token", "source.poll"];
        let made = json!({ "name": "x", "origin": "x", "source": wrong });
        let answers = [
            app.api().post("/v1/repositories", &made).await.expect(400),
            app.api().patch(&source.path, &json!({ "source": wrong })).await.expect(400),
        ];
        for answer in answers {
            let text = answer.text();
            assert!(fields.iter().all(|field| text.contains(field)), "{text}");
        }
        let pipeline = json!({ "name": "acme/pipeline", "origin": "api", "source": { "poll": true } });
        app.api().post("/v1/repositories", &pipeline).await.expect(409);
        let project = app.project("iOS app").await;
        let path = format!("/v1/repositories/{}", project.app_id());
        app.api().patch(&path, &json!({ "source": { "poll": true } })).await.expect(409);
        app.api().post(&format!("{path}/backfill"), &Value::Null).await.expect(409);
        app.api().post("/v1/repositories/1/backfill", &Value::Null).await.expect(404);
    }
}
