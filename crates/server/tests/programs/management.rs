//! `/v1/me`, repositories, projects, pages, components and API access.

use serde_json::{Value, json};

use crate::support::{Server, settings};

#[actix_web::test]
async fn a_token_tells_whose_it_is() {
    let server = Server::new().await;
    let me = server.acme_with("read publish").await.get("/v1/me").await.with(200);
    assert_eq!(me.header("x-releasepage-media-type"), "releasepage.v1");
    assert_eq!(me.header("content-type"), "application/json; charset=utf-8");
    let me = me.json();
    assert_eq!(me["user"]["email"], "owner@acme.example.com");
    assert_eq!(me["organization"]["name"], "Acme");
    assert_eq!((&me["role"], &me["scopes"]), (&json!("owner"), &json!(["read", "publish"])));
    assert_eq!(me["token"]["name"], "tests");
}

#[actix_web::test]
async fn only_a_token_with_the_right_scope_may() {
    let server = Server::new().await;
    for (program, code, told) in [
        (server.stranger(), "key-missing", "A personal access token is needed"),
        (server.bearer("rp_pat_nonsense"), "key-invalid", "The personal access token is invalid"),
        (server.bearer("nonsense"), "key-invalid", "The client API key is invalid"),
        (server.pair("a", "b"), "key-missing", "A personal access token is needed"),
    ] {
        let refusal = program.get("/v1/me").await.with(403);
        assert_eq!(refusal.json()["error"], code);
        assert_eq!(refusal.causes(), ["authorization"]);
        let description = refusal.json()["error_description"].as_str().map(str::to_owned).unwrap();
        assert!(description.starts_with(told), "{description}");
    }
    let reader = server.acme_with("read").await;
    let publisher = server.acme_with("publish").await;
    let manager = server.acme_with("manage").await;
    reader.get("/v1/pages").await.with(200);
    let repository = json!({ "name": "acme/api", "origin": "api" });
    for (program, path, body) in [
        (&reader, "/v1/pages", json!({ "title": "Acme" })),
        (&reader, "/v1/repositories/1/releases", json!({ "version": "1.0.0" })),
        (&publisher, "/v1/repositories", repository.clone()),
        (&publisher, "/v1/projects", json!({ "name": "App" })),
    ] {
        let refusal = program.post(path, body).await.with(403).json();
        assert_eq!(refusal["error"], "forbidden", "{path}");
    }
    let id = manager.post("/v1/repositories", repository).await.with(201).json()["id"].clone();
    publisher.post(&format!("/v1/repositories/{id}/releases"), json!({ "version": "1.0.0" })).await.with(201);
}

#[actix_web::test]
async fn addresses_of_subscribers_are_for_who_manages() {
    let server = Server::new().await;
    server.acme().post("/v1/repositories", json!({ "name": "acme/api", "origin": "api" })).await.with(201);
    let page = server.page_with("acme/api").await;
    let new = json!({ "email": "reader@example.com", "confirm": "mail" });
    let subscriber = server.acme().post(&format!("/v1/pages/{page}/subscribers"), new).await.with(201).json();
    let paths = [
        (format!("/v1/pages/{page}/subscribers"), 200),
        (format!("/v1/pages/{page}/subscribers/{}", subscriber["id"]), 200),
        (format!("/v1/pages/{page}/subscribers/export"), 200),
        (format!("/v1/pages/{page}/deliveries"), 200),
        ("/v1/releases/abcdefg/deliveries".to_owned(), 404),
        ("/v1/mailbox".to_owned(), 200),
    ];
    let manager = server.acme_with("manage").await;
    for scopes in ["read", "publish"] {
        let program = server.acme_with(scopes).await;
        for (path, _) in &paths {
            let refusal = program.get(path).await.with(403);
            assert_eq!(refusal.json()["error"], "forbidden", "{scopes} {path}");
            assert!(!refusal.text.contains("reader@"), "{scopes} {path}");
        }
    }
    for (path, status) in &paths {
        manager.get(path).await.with(*status);
    }
}

#[actix_web::test]
async fn a_token_is_limited() {
    let mut few = settings();
    few.token_per_minute = 2;
    let server = Server::with(few).await;
    for remaining in ["1", "0"] {
        assert_eq!(server.acme().get("/v1/me").await.with(200).header("x-ratelimit-remaining"), remaining);
    }
    let refusal = server.acme().get("/v1/me").await.with(429);
    assert_eq!((refusal.header("retry-after"), &refusal.json()["error"]), ("60", &json!("rate-limited")));
    server.other().get("/v1/me").await.with(200);
}

#[actix_web::test]
async fn repositories() {
    let server = Server::new().await;
    let acme = server.acme();
    let created = acme.post("/v1/repositories", json!({ "name": "acme/api", "origin": "api" })).await.with(201);
    let repository = created.json();
    let path = format!("/v1/repositories/{}", repository["id"]);
    assert_eq!(created.header("location"), path);
    let expected = json!({
        "id": repository["id"], "name": "acme/api", "origin": "api", "hook_url": null, "source_id": null,
        "last_delivery": null, "source": null, "revision": 1, "created_at": "2024-05-01T12:00:00Z",
    });
    assert_eq!(repository, expected);
    assert_eq!(acme.get(&path).await.with(200).json(), expected);
    server.other().get(&path).await.with(404);
    let taken = acme.post("/v1/repositories", json!({ "name": "ACME/API", "origin": "api" })).await.with(409);
    assert_eq!((&taken.json()["error"], taken.causes()), (&json!("conflict"), vec!["name".to_owned()]));
    server.other().post("/v1/repositories", json!({ "name": "acme/api", "origin": "api" })).await.with(201);
    for origin in ["bitbucket", "GitHub", ""] {
        let refusal = acme.post("/v1/repositories", json!({ "name": "acme/web", "origin": origin })).await.with(400);
        assert_eq!(refusal.causes(), ["origin"]);
        let description = refusal.json()["error_description"].as_str().unwrap().to_owned();
        assert!(description.contains("must be api, github, gitlab, gitea (for Forgejo too), gogs or generic"));
    }
}

#[actix_web::test]
async fn a_repository_of_every_forge_has_a_webhook_and_a_secret() {
    let server = Server::new().await;
    let acme = server.acme();
    for (origin, secret_length) in [("github", 27), ("gitea", 27), ("gogs", 27), ("gitlab", 50), ("generic", 50)] {
        let body = json!({ "name": format!("acme/{origin}"), "origin": origin });
        let created = acme.post("/v1/repositories", body).await.with(201).json();
        let url = format!("https://releases.example.com/hooks/{origin}/{}", created["id"]);
        assert_eq!(created["hook_url"], url);
        let rotate = format!("/v1/repositories/{}/rotate", created["id"]);
        let rotated = acme.post(&rotate, json!({})).await.with(200).json();
        for answer in [&created, &rotated] {
            let secret = answer["hook_secret"].as_str().unwrap();
            assert_eq!((secret.len(), secret.starts_with("whsec_")), (secret_length, secret_length == 50), "{origin}");
        }
        assert_ne!(created["hook_secret"], rotated["hook_secret"]);
    }
}

#[actix_web::test]
async fn a_repository_of_github_has_a_webhook() {
    let server = Server::new().await;
    let acme = server.acme();
    let created =
        acme.post("/v1/repositories", json!({ "name": "acme/api", "origin": "github" })).await.with(201).json();
    let path = format!("/v1/repositories/{}", created["id"]);
    assert_eq!(created["hook_url"], format!("https://releases.example.com/hooks/github/{}", created["id"]));
    assert_eq!(created["hook_secret"].as_str().unwrap().len(), 27);
    let mut without = created.clone();
    without.as_object_mut().unwrap().remove("hook_secret");
    assert_eq!(acme.get(&path).await.with(200).json(), without);
    assert_eq!(acme.get("/v1/repositories").await.with(200).json()["data"][0], without);
    server.other().post(&format!("{path}/rotate"), json!({})).await.with(404);
    let rotated = acme.post(&format!("{path}/rotate"), json!({})).await.with(200).json();
    assert_ne!(rotated["hook_secret"], created["hook_secret"]);
}

#[actix_web::test]
async fn a_repository_is_edited_and_deleted() {
    let server = Server::new().await;
    let acme = server.acme();
    let add = async |name: &str, origin: &str| {
        let body = json!({ "name": name, "origin": origin });
        format!("/v1/repositories/{}", acme.post("/v1/repositories", body).await.with(201).json()["id"])
    };
    let (github, api) = (add("acme/api", "github").await, add("acme/web", "api").await);
    let edited =
        acme.patch(&github, json!({ "name": "acme/server", "source_id": 7, "revision": 1 })).await.with(200).json();
    assert_eq!(
        (&edited["name"], &edited["source_id"], &edited["revision"]),
        (&json!("acme/server"), &json!(7), &json!(2))
    );
    acme.patch(&github, json!({ "name": "acme/late", "revision": 1 })).await.with(409);
    assert_eq!(acme.patch(&github, json!({ "name": "ACME/web" })).await.with(409).causes(), ["name"]);
    acme.patch(&github, json!({ "name": "Acme/Server" })).await.with(200);
    assert_eq!(acme.patch(&github, json!({ "name": "Acme/Server", "source_id": null })).await.json()["revision"], 4);
    acme.patch(&api, json!({ "source_id": 7 })).await.with(409);
    let wrong = json!({ "name": "x", "source_id": 0, "revision": "1", "origin": "api" });
    assert_eq!(acme.patch(&github, wrong).await.with(400).causes(), ["revision", "name", "source_id", "origin"]);
    server.other().patch(&github, json!({ "name": "acme/mine" })).await.with(404);
    server.other().delete(&github).await.with(404);
    acme.delete(&github).await.with(204);
    acme.get(&github).await.with(404);
    let shown = add("acme/shown", "api").await;
    server.page_with("acme/shown").await;
    acme.delete(&shown).await.with(409);
}

#[actix_web::test]
async fn lists_go_on_where_they_ended() {
    let server = Server::new().await;
    let acme = server.acme();
    for number in 0..5 {
        acme.post("/v1/repositories", json!({ "name": format!("acme/r{number}"), "origin": "api" })).await.with(201);
        acme.post("/v1/projects", json!({ "name": format!("p{number}") })).await.with(201);
        acme.post("/v1/pages", json!({ "title": format!("Page {number}") })).await.with(201);
    }
    for (list, whole) in [("/v1/repositories", 10), ("/v1/projects", 5), ("/v1/pages", 5)] {
        let mut seen: Vec<Value> = Vec::new();
        let mut path = format!("{list}?limit=2");
        loop {
            let part = acme.get(&path).await.with(200).json();
            let data = part["data"].as_array().unwrap();
            assert!((1..=2).contains(&data.len()));
            assert!(data.iter().all(|one| !seen.contains(one)), "{list}");
            seen.extend(data.iter().cloned());
            let Some(next) = part["next"].as_str() else { break };
            path = format!("{list}?limit=2&cursor={next}");
        }
        assert_eq!(seen.len(), whole, "{list}");
        assert_eq!(server.other().get(list).await.json(), json!({ "data": [], "next": null }));
        assert_eq!(acme.get(&format!("{list}?limit=0")).await.with(400).causes(), ["limit"]);
        assert_eq!(acme.get(&format!("{list}?cursor=x&limit=x")).await.with(400).causes(), ["limit", "cursor"]);
    }
}

#[actix_web::test]
async fn projects() {
    let server = Server::new().await;
    let acme = server.acme();
    let created = acme.post("/v1/projects", json!({ "name": "iOS app" })).await.with(201);
    let project = created.json();
    assert_eq!((&project["name"], &project["repo"]), (&json!("iOS app"), &json!("acme/ios-app")));
    assert!(project["api_key"].as_str().unwrap().starts_with("standard."));
    assert!(project["secret_key"].is_string());
    let path = format!("/v1/projects/{}", project["app_id"]);
    assert_eq!(created.header("location"), path);
    let shown = acme.get(&path).await.with(200).json();
    assert_eq!((&shown["api_key"], shown.get("secret_key")), (&project["api_key"], None));
    assert_eq!(acme.get(&format!("/v1/repositories/{}", project["app_id"])).await.json()["origin"], "api");
    server.other().get(&path).await.with(404);
    server.other().post(&format!("{path}/rotate"), json!({})).await.with(404);
    let again = acme.post("/v1/projects", json!({ "name": "iOS app" })).await.with(201).json();
    assert_ne!(again["repo"], project["repo"]);
}

#[actix_web::test]
async fn projects_are_renamed_and_end() {
    let server = Server::new().await;
    let acme = server.acme();
    let (project, pipeline) = server.project("iOS app").await;
    let path = format!("/v1/projects/{}", project["app_id"]);
    let renamed = acme.patch(&path, json!({ "revision": 1, "name": " Phones " })).await.with(200).json();
    assert_eq!((&renamed["name"], &renamed["repo"]), (&json!("Phones"), &json!("acme/ios-app")));
    assert_eq!((&renamed["revision"], renamed.get("secret_key")), (&json!(2), None));
    let stale = acme.patch(&path, json!({ "revision": 1, "name": "Late" })).await.with(409);
    assert_eq!(stale.json()["error"], "conflict");
    assert_eq!(acme.patch(&path, json!({ "revision": 2 })).await.with(200).json(), renamed);
    assert_eq!(acme.get(&path).await.with(200).json(), renamed);
    pipeline.get("/api/2/release").await.with(200);
    assert_eq!(acme.delete(&path).await.with(204).text, "");
    pipeline.get("/api/2/release").await.with(401);
    acme.get(&path).await.with(404);
    acme.delete(&path).await.with(404);
    acme.get(&format!("/v1/repositories/{}", project["app_id"])).await.with(200);
}

#[actix_web::test]
async fn pages() {
    let server = Server::new().await;
    let acme = server.acme();
    let created = acme.post("/v1/pages", json!({ "title": "Acme App", "description": "What is new" })).await.with(201);
    let page = created.json();
    let id = page["id"].as_str().unwrap();
    let path = format!("/v1/pages/{id}");
    assert_eq!(created.header("location"), path);
    let expected = json!({
        "id": id, "slug": "acme-app", "url": "https://releases.example.com/p/acme-app", "title": "Acme App",
        "description": "What is new", "published": false, "grouping": "off", "group_window_minutes": 0,
        "group_initial_version": "v0.1.0", "unversioned_as": "minor",
        "api_enabled": false, "revision": 1, "created_at": "2024-05-01T12:00:00Z", "updated_at": "2024-05-01T12:00:00Z",
    });
    assert_eq!(page, expected);
    let edit =
        json!({ "revision": 1, "description": null, "published": true, "slug": "app", "unversioned_as": "patch" });
    let edited = acme.patch(&path, edit).await.with(200).json();
    assert_eq!((&edited["description"], &edited["published"]), (&Value::Null, &json!(true)));
    assert_eq!(
        (&edited["title"], &edited["slug"], &edited["revision"]),
        (&json!("Acme App"), &json!("app"), &json!(2))
    );
    let stale = acme.patch(&path, json!({ "revision": 1, "title": "Late" })).await.with(409).json();
    assert_eq!(stale["error"], "conflict");
    assert_eq!(acme.get(&path).await.with(200).json(), edited);
    server.other().get(&path).await.with(404);
    server.other().patch(&path, json!({ "title": "Mine" })).await.with(404);
    let taken = server.other().post("/v1/pages", json!({ "title": "Other", "slug": "app" })).await.with(409);
    assert_eq!(taken.causes(), ["slug"]);
}

#[actix_web::test]
async fn a_page_is_deleted_in_two_steps() {
    let server = Server::new().await;
    let acme = server.acme();
    let repository = json!({ "name": "acme/api", "origin": "api" });
    let repository = acme.post("/v1/repositories", repository).await.with(201).json()["id"].clone();
    let id = server.page_with("acme/api").await;
    let path = format!("/v1/pages/{id}");
    let keys =
        acme.put(&format!("{path}/api-access"), json!({ "enabled": true })).await.with(200).json()["keys"].clone();
    let reader = server.bearer(keys["live"].as_str().unwrap());
    acme.post(&format!("/v1/repositories/{repository}/releases"), json!({ "version": "1.0.0" })).await.with(201);
    let refused = acme.delete(&path).await.with(409).json();
    assert_eq!(refused["error"], "conflict");
    assert!(refused["error_description"].as_str().unwrap().contains("published"), "{refused}");
    reader.get(&format!("{path}/version")).await.with(200);

    acme.patch(&path, json!({ "published": false })).await.with(200);
    assert_eq!(acme.delete(&path).await.with(204).text, "");
    acme.get(&path).await.with(404);
    acme.delete(&path).await.with(404);
    assert_eq!(reader.get(&format!("{path}/version")).await.with(403).json()["error"], "key-invalid");
    assert_eq!(acme.get("/v1/pages").await.json()["data"], json!([]));
    assert_eq!(server.announcements().await, 0, "what waited for its mail is not sent");
    let releases = acme.get(&format!("/v1/repositories/{repository}/releases")).await.json();
    assert_eq!(releases["data"][0]["state"], "published");
    acme.post("/v1/pages", json!({ "title": "Acme", "slug": "acme" })).await.with(201);
}

#[actix_web::test]
async fn components() {
    let server = Server::new().await;
    let acme = server.acme();
    acme.post("/v1/repositories", json!({ "name": "acme/mono", "origin": "api" })).await.with(201);
    let page = acme.post("/v1/pages", json!({ "title": "Acme" })).await.with(201).json();
    let list = format!("/v1/pages/{}/components", page["id"].as_str().unwrap());
    let new = json!({ "repo": "Acme/Mono", "name": "Web", "tag_prefix": "web-v" });
    let created = acme.post(&list, new.clone()).await.with(201);
    let component = created.json();
    assert_eq!((&component["repo"], &component["name"]), (&json!("acme/mono/web"), &json!("Web")));
    let path = format!("{list}/{}", component["id"]);
    assert_eq!(created.header("location"), path);
    assert_eq!(acme.get(&path).await.with(200).json(), component);
    assert_eq!(acme.get(&list).await.with(200).json(), json!({ "data": [component], "next": null }));
    assert_eq!(acme.post(&list, new).await.with(409).causes(), ["repo"]);
    let renamed = acme.patch(&path, json!({ "revision": 1, "name": "The web" })).await.with(200).json();
    assert_eq!((&renamed["name"], &renamed["revision"]), (&json!("The web"), &json!(2)));
    acme.patch(&path, json!({ "revision": 1, "name": "Late" })).await.with(409);
    assert_eq!(acme.patch(&path, json!({ "name": null })).await.with(200).json()["name"], "web");
    assert_eq!(acme.patch(&path, json!({ "tag_prefix": null })).await.with(400).causes(), ["tag_prefix"]);
    for (method, answer) in [
        ("get", server.other().get(&path).await),
        ("list", server.other().get(&list).await),
        ("patch", server.other().patch(&path, json!({ "name": "Mine" })).await),
        ("delete", server.other().delete(&path).await),
        ("post", server.other().post(&list, json!({ "repo": "acme/mono" })).await),
    ] {
        assert_eq!(answer.status, 404, "{method}");
    }
    let gone = acme.delete(&path).await.with(204);
    assert_eq!(gone.text, "");
    acme.get(&path).await.with(404);
    acme.delete(&path).await.with(404);
}

#[actix_web::test]
async fn api_access() {
    let server = Server::new().await;
    let acme = server.acme();
    let page = acme.post("/v1/pages", json!({ "title": "Acme", "published": true })).await.with(201).json();
    let id = page["id"].as_str().unwrap();
    let path = format!("/v1/pages/{id}/api-access");
    let off = json!({ "enabled": false, "page_id": id, "keys": null, "rate_limit": 60, "counted_by": "key" });
    assert_eq!(acme.get(&path).await.with(200).json(), off);
    let on = acme.put(&path, json!({ "enabled": true })).await.with(200).json();
    assert_eq!((&on["enabled"], &on["page_id"]), (&json!(true), &json!(id)));
    let live = on["keys"]["live"].as_str().unwrap();
    assert!(live.starts_with("live.") && on["keys"]["test"].as_str().unwrap().starts_with("test."));
    let version = format!("/v1/pages/{id}/version");
    server.bearer(live).get(&version).await.with(200);
    let limited = json!({ "enabled": true, "rate_limit": 7, "counted_by": "client" });
    let limited = acme.put(&path, limited).await.with(200).json();
    assert_eq!(
        (&limited["rate_limit"], &limited["counted_by"], &limited["keys"]),
        (&json!(7), &json!("client"), &on["keys"])
    );
    assert_eq!(server.bearer(live).get(&version).await.with(200).header("x-ratelimit-limit"), "7");
    acme.put(&path, json!({ "enabled": false })).await.with(200);
    assert_eq!(server.bearer(live).get(&version).await.with(403).json()["error"], "api-disabled");
    acme.put(&path, json!({ "enabled": true })).await.with(200);
    server.bearer(live).get(&version).await.with(200);
    let rotated = acme.post(&format!("{path}/rotate"), json!({})).await.with(200).json();
    assert_eq!(server.bearer(live).get(&version).await.with(403).json()["error"], "key-invalid");
    server.bearer(rotated["keys"]["live"].as_str().unwrap()).get(&version).await.with(200);
    for answer in [
        server.other().get(&path).await,
        server.other().put(&path, json!({ "enabled": true })).await,
        server.other().post(&format!("{path}/rotate"), json!({})).await,
    ] {
        assert_eq!(answer.status, 404);
    }
    assert_eq!(server.bearer(live).get("/v1/me").await.with(403).json()["error"], "forbidden");
}
