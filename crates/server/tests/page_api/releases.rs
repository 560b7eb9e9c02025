//! `releases`, `releases/{id}` and `changes`.

use serde_json::{Value, json};

use crate::support::{Answer, TestPage, TestServer};

async fn page_with_history(server: &TestServer) -> TestPage {
    let page = server.page("Acme").await;
    let api = server.component(&page, "acme/api", "API").await;
    server.release(api, "v1.0.0", "2024-05-01T10:00:00Z", "First").await;
    server.release(api, "v1.1.0", "2024-05-02T10:00:00Z", "Adds **bold** searching").await;
    server.release(api, "v2.0.0-rc.1", "2024-05-03T10:00:00Z", "Try").await;
    server.release(api, "v2.0.0", "2024-05-04T10:00:00Z", "Breaks <script>alert(1)</script>").await;
    let portal = server.component(&page, "acme/portal", "Portal").await;
    server.release(portal, "v0.1.0", "2024-05-05T10:00:00Z", "").await;
    page
}

fn versions(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|release| release["version"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn lists_are_filtered() {
    let server = TestServer::start().await;
    let page = page_with_history(&server).await;
    for (query, found) in [
        ("releases", &["v0.1.0", "v2.0.0", "v2.0.0-rc.1", "v1.1.0", "v1.0.0"][..]),
        ("releases?repo=acme/portal", &["v0.1.0"]),
        ("releases?bump=prerelease", &["v2.0.0-rc.1"]),
        ("releases?since=2024-05-04T10:00:00Z", &["v0.1.0", "v2.0.0"]),
        ("releases?q=SEARCHING", &["v1.1.0"]),
        ("releases?q=nowhere", &[]),
        ("releases?q=%25", &[]),
        ("releases?q=", &["v0.1.0", "v2.0.0", "v2.0.0-rc.1", "v1.1.0", "v1.0.0"]),
        ("releases?limit=1", &["v0.1.0"]),
    ] {
        let answer = server.get(&page.path(query), &[]).await;
        assert_eq!(versions(&answer.json()["data"]), found, "{query}");
    }
    for (query, fields) in [
        ("releases?repo=acme/none&limit=0&bump=x&since=yesterday", &["limit", "repo", "bump", "since"][..]),
        ("releases?limit=101", &["limit"]),
        ("releases?cursor=nonsense", &["cursor"]),
        ("releases?q=a%00b", &["q"]),
        ("releases?q=a%FF", &["q"]),
        ("releases?q=b&repo=%C3%28&other=%ff", &["repo"]),
        (&format!("releases?q={}", "x".repeat(1_001)), &["q"]),
        (&format!("releases?cursor={}", "0".repeat(201)), &["cursor"]),
    ] {
        server.get(&page.path(query), &[]).await.assert_error(400, "request-invalid", fields);
    }
}

#[actix_web::test]
async fn lists_are_followed_to_their_end() {
    let server = TestServer::start().await;
    let page = page_with_history(&server).await;
    let mut path = page.path("releases?limit=2&repo=acme%2Fapi");
    let mut found = Vec::new();
    loop {
        let answer: Answer = server.get(&path, &[("Authorization", &page.keys.live)]).await;
        found.extend(versions(&answer.json()["data"]).into_iter().map(ToOwned::to_owned));
        assert!(!answer.header("link").contains("live."), "the key stays out of the link");
        let Some((link, _)) = answer.header("link").split_once(">; rel=\"next\"") else {
            assert_eq!(answer.json()["next"], Value::Null);
            break;
        };
        path = link.strip_prefix("<https://releases.example.com").unwrap().to_owned();
    }
    assert_eq!(found, ["v2.0.0", "v2.0.0-rc.1", "v1.1.0", "v1.0.0"]);
}

#[actix_web::test]
async fn one_release_has_its_notes_twice() {
    let server = TestServer::start().await;
    let page = page_with_history(&server).await;
    let list = server.get(&page.path("releases?q=bold"), &[]).await.json();
    let listed = &list["data"][0];
    let id = listed["id"].as_str().unwrap();
    assert_eq!(listed["permalink"], format!("https://releases.example.com/p/acme/releases/{id}"));
    assert_eq!(listed["summary"], "Adds bold searching");
    let release = server.get(&page.path(&format!("releases/{id}")), &[]).await.json();
    assert_eq!(release["version"], "v1.1.0");
    assert_eq!(release["notes"], "Adds **bold** searching");
    assert_eq!(release["notes_html"].as_str().unwrap().trim(), "<p>Adds <strong>bold</strong> searching</p>");
    for id in ["xxxxxxx", "%00", "a%2Fb", "XXXXXXX"] {
        server.get(&page.path(&format!("releases/{id}")), &[]).await.assert_error(404, "not-found", &[]);
    }
}

#[actix_web::test]
async fn changes_begin_with_what_breaks() {
    let server = TestServer::start().await;
    let page = page_with_history(&server).await;
    let answer = server.get(&page.path("changes?repo=acme/api&from=v1.0.0"), &[]).await.json();
    assert_eq!(versions(&answer["changes"]), ["v2.0.0", "v1.1.0"]);
    assert_eq!((&answer["to"], &answer["breaking"]), (&json!("v2.0.0"), &json!(true)));
    assert_eq!(answer["changes"][1]["notes"], "Adds **bold** searching");
    let answer = server.get(&page.path("changes?repo=acme/api&from=v0.9&to=v1.1.0"), &[]).await.json();
    assert_eq!(versions(&answer["changes"]), ["v1.0.0", "v1.1.0"], "v1.0.0 is major");
    for (from, to, found, end) in [
        ("v1.1.0", "&to=v2.0.0-rc.1", &["v2.0.0-rc.1"][..], "v2.0.0-rc.1"),
        ("v2.0.0-rc.1", "", &["v2.0.0"], "v2.0.0"),
        ("v1.0.5", "&to=1.5", &["v1.1.0"], "1.5"),
        ("v2.0.0", "", &[], "v2.0.0"),
        ("v9", "", &[], "v2.0.0"),
    ] {
        let answer = server.get(&page.path(&format!("changes?repo=acme/api&from={from}{to}")), &[]).await.json();
        assert_eq!(versions(&answer["changes"]), found, "{from} {to}");
        assert_eq!(answer["to"], end, "{from} {to}");
    }
    server.component(&page, "acme/new", "New").await;
    let nothing = server.get(&page.path("changes?repo=acme/new&from=v1.0.0"), &[]).await.json();
    assert_eq!((&nothing["to"], &nothing["breaking"], &nothing["changes"]), (&json!(null), &json!(false), &json!([])));
    for (query, fields) in [
        ("changes", &["repo", "from"][..]),
        ("changes?from=v1.0.0", &["repo"]),
        ("changes?from=v1.0.0&repo=acme/none", &["repo"]),
        ("changes?from=words&repo=acme/api", &["from"]),
        ("changes?from=v2.0.0&to=v1.0.0&repo=acme/api", &["to"]),
        ("changes?from=%FF&to=v1%0A&repo=acme/api", &["from", "to"]),
        (&format!("changes?from={}&repo=acme/api", "1.".repeat(101)), &["from"]),
    ] {
        server.get(&page.path(query), &[]).await.assert_error(400, "request-invalid", fields);
    }
}
