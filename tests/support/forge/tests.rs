use reqwest::{Client, Response};
use serde_json::Value;

use super::*;

async fn get(url: &str, headers: &[(&str, &str)]) -> Result<Response, reqwest::Error> {
    let client = Client::builder().no_proxy().build().unwrap();
    let request = headers.iter().fold(client.get(url), |request, (name, value)| request.header(*name, *value));
    request.send().await
}

async fn status(url: &str, headers: &[(&str, &str)]) -> u16 {
    get(url, headers).await.unwrap().status().as_u16()
}

fn header(answer: &Response, name: &str) -> String {
    answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

async fn tags(answer: Response) -> Vec<String> {
    let listed: Vec<Value> = answer.json().await.unwrap();
    listed.iter().map(|release| release["tag_name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn releases_are_listed_by_page_the_newest_first() {
    let forge = ForgeServer::start();
    for (kind, path, size) in [
        (ForgeKind::Github, "repos/acme/api/releases", "per_page"),
        (ForgeKind::Gitlab, "projects/acme%2Fapi/releases", "per_page"),
        (ForgeKind::Gitea, "repos/acme/api/releases", "limit"),
    ] {
        let repository = forge.repository(kind, "acme/api").with_releases(3);
        let url = format!("{}{path}?{size}=2", forge.api_url(kind));
        let first = get(&url, &[]).await.unwrap();
        let link = header(&first, "link");
        assert!(link.contains(&format!("?{size}=2&page=2>; rel=\"next\"")), "{link}");
        assert_eq!(tags(first).await, ["v0.3.0", "v0.2.0"]);
        let second = get(&format!("{url}&page=2"), &[]).await.unwrap();
        assert_eq!(header(&second, "link"), "");
        assert_eq!(tags(second).await, ["v0.1.0"]);
        repository.publish("v1.0.0");
        repository.edit("v1.0.0", |release| release.draft = true);
        repository.delete("v0.3.0");
        assert_eq!(tags(get(&url, &[]).await.unwrap()).await, ["v0.2.0", "v0.1.0"], "{kind:?}");
        assert_eq!(status(&format!("{}repos/acme/web/releases", forge.api_url(kind)), &[]).await, 404);
    }
    assert_eq!(forge.requests().len(), 12);
}

#[tokio::test]
async fn what_has_not_changed_costs_nothing() {
    let forge = ForgeServer::start();
    let repository = forge.repository(ForgeKind::Github, "acme/api").with_releases(1);
    forge.allow(2, 2_000_000_000);
    let url = format!("{}repos/acme/api/releases", forge.api_url(ForgeKind::Github));
    let first = get(&url, &[]).await.unwrap();
    let etag = header(&first, "etag");
    assert_eq!(header(&first, "x-ratelimit-remaining"), "1");
    let condition = [("If-None-Match", etag.as_str())];
    assert_eq!(status(&url, &condition).await, 304);
    repository.edit("v0.1.0", |release| release.notes = "changed".into());
    assert_eq!(status(&url, &condition).await, 200);
    assert_eq!(status(&url, &[]).await, 403);
}

#[tokio::test]
async fn what_is_private_wants_a_token() {
    let forge = ForgeServer::start();
    forge.repository(ForgeKind::Gitlab, "acme/api").with_token("sesame");
    let url = format!("{}projects/acme%2Fapi/releases", forge.api_url(ForgeKind::Gitlab));
    for (headers, expected) in
        [(&[][..], 404), (&[("private-token", "wrong")], 401), (&[("private-token", "sesame")], 200)]
    {
        assert_eq!(status(&url, headers).await, expected);
    }
    let requests = forge.requests();
    assert_eq!(requests[2].header("private-token"), Some("sesame"));
    assert_eq!((requests[2].status, requests[2].target.as_str()), (200, "/api/v4/projects/acme%2Fapi/releases"));
}

#[tokio::test]
async fn faults_come_in_their_turn() {
    let forge = ForgeServer::start();
    forge.repository(ForgeKind::Gitea, "acme/api").with_releases(1);
    let url = format!("http://{}/api/v1/repos/acme/api/releases", forge.host());
    forge.fail_next(ForgeFault::Status(500));
    forge.fail_after(1, ForgeFault::RetryAfter(429, 7));
    forge.fail_next(ForgeFault::Garbage);
    forge.fail_next(ForgeFault::BreakOff);
    forge.fail_next(ForgeFault::Hold);
    assert_eq!(status(&url, &[]).await, 500);
    assert_eq!(status(&url, &[]).await, 200);
    assert_eq!(header(&get(&url, &[]).await.unwrap(), "retry-after"), "7");
    assert!(get(&url, &[]).await.unwrap().json::<Value>().await.is_err());
    assert!(get(&url, &[]).await.unwrap().bytes().await.is_err());
    let held = tokio::spawn(async move { status(&url, &[]).await });
    forge.release();
    assert_eq!(held.await.unwrap(), 200);
}
