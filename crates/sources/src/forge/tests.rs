//! Tests of the forge client, against a server with scripted answers.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use releasepage_domain::{source_event::SourceEventKind, time::time_parse};
use releasepage_egress::{BODY_BYTES_MAX, EgressSettings};
use serde_json::json;

use super::*;

/// A forge that gives its answers in order and records the requests. It repeats the last answer.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let kept = asked.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(request) = request_read(&stream) else { continue };
                let mut asked = kept.lock().unwrap();
                let answer = &answers[asked.len().min(answers.len() - 1)];
                asked.push(request);
                // A write fails if the client closes early, which some tests expect.
                let _ = (&stream).write_all(answer.as_bytes());
            }
        });
        Self { address, asked }
    }

    fn repository(&self, forge: Forge) -> ForgeRepository {
        let api_url = format!("http://{}/api/", self.address).parse().unwrap();
        ForgeRepository { forge, api_url, name: "acme/tools/api".into(), token: Some("sesame".into()) }
    }

    fn client(&self) -> ForgeClient {
        let allowed_hosts = vec![self.address.to_string().parse().unwrap()];
        let egress = Egress::new(EgressSettings { allowed_hosts, ..EgressSettings::default() });
        ForgeClient::new(egress, Clock::of(now))
    }

    /// Asks for the first page, with up to 100 releases.
    async fn ask(&self, forge: Forge, etag: Option<&str>) -> Result<ForgePage, ForgeError> {
        self.client().releases_page(&self.repository(forge), &PageAddress::first(forge, 100), etag).await
    }
}

fn request_read(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        reader.read_line(&mut request).ok().filter(|read| *read > 0)?;
    }
    Some(request.to_ascii_lowercase())
}

fn answer(status: &str, headers: &[&str], body: &str) -> String {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

fn now() -> UtcTime {
    time_parse("2024-06-01T12:00:00Z").unwrap()
}

async fn ask(forge: Forge, answer: String) -> Result<ForgePage, ForgeError> {
    Server::start(vec![answer]).ask(forge, None).await
}

async fn releases(forge: Forge, body: &Value) -> Vec<Result<SourceEvent, ReleaseRefused>> {
    match ask(forge, answer("200 OK", &[], &body.to_string())).await {
        Ok(ForgePage::Releases(page)) => page.releases,
        other => panic!("{other:?}"),
    }
}

fn github() -> Value {
    json!({
        "id": 17, "tag_name": "v1.2.0", "name": "One", "draft": false, "prerelease": true, "body": "- a\r\n- b\r\n",
        "author": { "login": "ada" }, "created_at": "2024-05-01T10:00:00Z", "published_at": "2024-05-01T11:00:00Z",
        "updated_at": "2024-05-01T12:00:00Z", "assets": [],
    })
}

fn gitlab() -> Value {
    json!({
        "tag_name": "v1.2.0", "name": "One", "description": "- a\r\n- b", "author": { "id": 1, "username": "ada" },
        "created_at": "2024-05-01T10:00:00.123Z", "released_at": "2024-05-01T11:00:00.000Z", "upcoming_release": false,
    })
}

fn gitea() -> Value {
    json!({
        "id": 17, "tag_name": "v1.2.0", "name": "One", "body": "- a", "draft": false, "prerelease": false,
        "created_at": "2024-05-01T12:00:00+02:00", "published_at": "2024-05-01T13:00:00+02:00",
        "author": { "id": 1, "login": "ada", "email": "ada@example.com" },
    })
}

#[tokio::test]
async fn each_forge_is_asked_in_its_way() {
    for (forge, path, headers) in [
        (
            Forge::Github,
            "/api/repos/acme/tools/api/releases?per_page=100",
            &[
                "accept: application/vnd.github+json",
                "x-github-api-version: 2022-11-28",
                "authorization: bearer sesame",
            ][..],
        ),
        (
            Forge::Gitlab,
            "/api/projects/acme%2ftools%2fapi/releases?order_by=released_at&sort=desc&per_page=100",
            &["accept: application/json", "private-token: sesame"],
        ),
        (
            Forge::Gitea,
            "/api/repos/acme/tools/api/releases?limit=50",
            &["accept: application/json", "authorization: token sesame"],
        ),
    ] {
        let server = Server::start(vec![answer("200 OK", &[], "[]")]);
        server.ask(forge, Some("W/\"a\"")).await.unwrap();
        let asked = server.asked.lock().unwrap().remove(0);
        assert!(asked.starts_with(&format!("get {path} http/1.1\r\n")), "{asked}");
        for header in headers.iter().chain(&["if-none-match: w/\"a\""]) {
            assert!(asked.lines().any(|line| line == *header), "{header} in {asked}");
        }
        let mut repository = server.repository(forge);
        repository.token = None;
        server.client().releases_page(&repository, &PageAddress::first(forge, 1), None).await.unwrap();
        let asked = server.asked.lock().unwrap().remove(0);
        assert!(!asked.contains("sesame") && !asked.contains("token") && !asked.contains("if-none-match"), "{asked}");
    }
}

#[tokio::test]
async fn releases_are_read() {
    for (forge, release, kind, release_id, made_at, updated_at, notes, prerelease) in [
        (
            Forge::Github,
            github(),
            SourceEventKind::Edited,
            "17",
            None,
            time_parse("2024-05-01T12:00:00Z"),
            "- a\n- b\n",
            Some(true),
        ),
        (
            Forge::Gitlab,
            gitlab(),
            SourceEventKind::Amended,
            "v1.2.0",
            time_parse("2024-05-01T10:00:00.123Z"),
            None,
            "- a\n- b",
            None,
        ),
        (Forge::Gitea, gitea(), SourceEventKind::Amended, "17", None, None, "- a", Some(false)),
    ] {
        let event = releases(forge, &json!([release])).await.remove(0).unwrap();
        assert_eq!((event.kind, event.release_id.as_str()), (kind, release_id), "{forge:?}");
        assert_eq!((event.made_at, event.updated_at), (made_at, updated_at), "{forge:?}");
        let text = event.shown.unwrap();
        assert_eq!((text.tag.as_str(), text.title.as_str(), text.prerelease), ("v1.2.0", "One", prerelease));
        assert_eq!((text.notes.as_deref(), text.author.as_deref()), (Some(notes), Some("ada")));
        assert_eq!(text.published_at, time_parse("2024-05-01T11:00:00Z"));
    }
}

#[tokio::test]
async fn what_is_not_said_is_left_out() {
    for (forge, mut release, left_out) in [
        (Forge::Github, github(), &["name", "body", "author", "published_at", "updated_at"][..]),
        (Forge::Gitlab, gitlab(), &["name", "description", "author", "released_at"]),
        (Forge::Gitea, gitea(), &["name", "body", "author", "published_at"]),
    ] {
        for field in left_out {
            release[field] = Value::Null;
        }
        let event = releases(forge, &json!([release])).await.remove(0).unwrap();
        let text = event.shown.unwrap();
        assert_eq!((text.title.as_str(), text.notes, text.author), ("", None, None), "{forge:?}");
        let created_at = text.published_at.map(|time| time.and_utc().timestamp());
        assert_eq!(created_at, time_parse("2024-05-01T10:00:00Z").map(|time| time.and_utc().timestamp()));
    }
}

#[tokio::test]
async fn drafts_are_not_shown() {
    for (forge, mut release) in [(Forge::Github, github()), (Forge::Gitea, gitea())] {
        release["draft"] = true.into();
        release["published_at"] = Value::Null;
        release["tag_name"] = "".into();
        let event = releases(forge, &json!([release])).await.remove(0).unwrap();
        assert_eq!((event.kind, event.shown), (SourceEventKind::Edited, None), "{forge:?}");
    }
}

#[tokio::test]
async fn a_release_is_refused_for_itself() {
    for (forge, good, notes, name) in [
        (Forge::Github, github(), "body", "17"),
        (Forge::Gitlab, gitlab(), "description", "v1.2.0"),
        (Forge::Gitea, gitea(), "body", "17"),
    ] {
        let with = |field: &str, value: Value| {
            let mut release = good.clone();
            release[field] = value;
            release
        };
        let megabyte = "x".repeat(1024 * 1024);
        let body = json!([
            with(notes, format!("{megabyte}x").into()),
            with(notes, megabyte.into()),
            with("tag_name", "a\nb".into()),
            with("created_at", "yesterday".into()),
            [],
            good.clone(),
        ]);
        let releases = releases(forge, &body).await;
        let outcome = releases.iter().map(|release| {
            let refused = release.as_ref().err()?;
            let fields =
                refused.faults.as_slice().iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>().join(" ");
            Some((refused.release_id.as_deref(), refused.tag.as_deref(), fields))
        });
        let tag_faulty_id = Some(name).filter(|_| forge != Forge::Gitlab);
        let expected = [
            Some((Some(name), Some("v1.2.0"), notes.to_owned())),
            None,
            Some((tag_faulty_id, None, "tag_name".to_owned())),
            Some((Some(name), Some("v1.2.0"), "created_at".to_owned())),
            Some((None, None, "release".to_owned())),
            None,
        ];
        assert_eq!(outcome.collect::<Vec<_>>(), expected, "{forge:?}");
    }
}

#[test]
fn a_refusal_is_one_line() {
    let refused = ReleaseRefused {
        release_id: Some("17".into()),
        tag: Some("v1.2.0".into()),
        faults: Fault::invalid("body", "must be shorter").into(),
    };
    assert_eq!(refused.to_string(), "the release v1.2.0: body must be shorter");
    assert_eq!(ReleaseRefused { tag: None, ..refused.clone() }.to_string(), "the release 17: body must be shorter");
    let nameless = ReleaseRefused { tag: None, release_id: None, ..refused };
    assert_eq!(nameless.to_string(), "the release without a tag: body must be shorter");
}

#[tokio::test]
async fn pages_lead_to_each_other() {
    let link = "Link: <http://elsewhere.example/releases?per_page=100&page=2>; rel=\"next\", <http://elsewhere.example/releases?page=9>; rel=\"last\"";
    let body = json!([github()]).to_string();
    let server = Server::start(vec![
        answer("200 OK", &[link, "ETag: W/\"b\""], &body),
        answer("200 OK", &["Link: <http://elsewhere.example/releases?page=1>; rel=\"first\""], &body),
    ]);
    let Ok(ForgePage::Releases(first)) = server.ask(Forge::Github, None).await else { panic!("releases") };
    assert_eq!(first.etag.as_deref(), Some("W/\"b\""));
    let next = first.next.expect("a page after it");
    let repository = server.repository(Forge::Github);
    let Ok(ForgePage::Releases(second)) = server.client().releases_page(&repository, &next, None).await else {
        panic!("releases")
    };
    assert_eq!((second.releases.len(), second.next), (1, None));
    let asked = server.asked.lock().unwrap();
    assert!(asked[1].starts_with("get /api/repos/acme/tools/api/releases?per_page=100&page=2 "), "{}", asked[1]);
    assert!(asked[1].contains("authorization: bearer sesame"), "the token goes to its own forge");
}

#[tokio::test]
async fn large_pages_are_asked_for_in_smaller_ones() {
    let large = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", BODY_BYTES_MAX + 1);
    let small = answer("200 OK", &[], &json!([github()]).to_string());
    let server = Server::start(vec![large.clone(), large.clone(), small]);
    let Ok(ForgePage::Releases(page)) = server.ask(Forge::Github, None).await else { panic!("releases") };
    assert_eq!(page.releases.len(), 1);
    let asked: Vec<String> =
        server.asked.lock().unwrap().iter().filter_map(|asked| asked.split(' ').nth(1).map(str::to_owned)).collect();
    let sizes: Vec<&str> = asked.iter().filter_map(|path| path.split_once("per_page=")).map(|(_, size)| size).collect();
    assert_eq!(sizes, ["100", "50", "25"]);
    let error = ask(Forge::Github, large).await.unwrap_err();
    assert!(!error.retry() && error.to_string().ends_with("is larger than 10 MiB"), "{error}");
}

#[tokio::test]
async fn statuses() {
    let minute = time_parse("2024-06-01T12:01:00Z").unwrap();
    let hour = time_parse("2024-06-01T13:00:00Z").unwrap();
    let day = time_parse("2024-06-02T12:00:00Z").unwrap();
    let limited = |until| ForgeError::RateLimited { until };
    let unavailable = |status: u16, until| {
        let reason = format!("it answers with the status {status}");
        ForgeError::Unavailable { reason, until }
    };
    let broken = |reason: &str| ForgeError::Broken { reason: reason.to_owned() };
    let no_list = || broken("it is not a list of releases in JSON");
    let hour_reset = format!("X-RateLimit-Reset: {}", hour.and_utc().timestamp());
    let hour_gitlab = format!("RateLimit-Reset: {}", hour.and_utc().timestamp());
    for (status, headers, body, expected) in [
        ("401 Unauthorized", &[][..], "{}", ForgeError::Unauthorized),
        ("403 Forbidden", &["X-RateLimit-Remaining: 30", &hour_reset], "{}", ForgeError::Forbidden),
        ("403 Forbidden", &["X-RateLimit-Remaining: 0", &hour_reset], "{}", limited(hour)),
        ("403 Forbidden", &["Retry-After: 3600"], "{}", limited(hour)),
        ("403 Forbidden", &[], "{\"message\":\"You have exceeded a secondary rate limit.\"}", limited(minute)),
        ("429 Too Many Requests", &[], "", limited(minute)),
        ("429 Too Many Requests", &["RateLimit-Remaining: 0", &hour_gitlab], "", limited(hour)),
        ("429 Too Many Requests", &["RateLimit-Remaining: 0", "RateLimit-Reset: 60"], "", limited(minute)),
        ("429 Too Many Requests", &["Retry-After: Sat, 01 Jun 2024 13:00:00 GMT"], "", limited(hour)),
        ("429 Too Many Requests", &["Retry-After: Sat, 01 Jun 2019 13:00:00 GMT"], "", limited(now())),
        ("429 Too Many Requests", &["Retry-After: 4000000000"], "", limited(day)),
        ("429 Too Many Requests", &["Retry-After: 99999999999999999999"], "", limited(minute)),
        (
            "429 Too Many Requests",
            &["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 9999999999999999"],
            "",
            limited(minute),
        ),
        ("404 Not Found", &[], "{}", ForgeError::NotFound),
        ("408 Request Timeout", &[], "", unavailable(408, None)),
        ("500 Internal Server Error", &[], "<html>", unavailable(500, None)),
        ("503 Service Unavailable", &["Retry-After: 60"], "", unavailable(503, Some(minute))),
        ("304 Not Modified", &[], "", broken("its status is 304")),
        ("204 No Content", &[], "", broken("its status is 204")),
        ("451 Unavailable For Legal Reasons", &[], "", broken("its status is 451")),
        ("200 OK", &[], "<html>Sign in</html>", no_list()),
        ("200 OK", &[], "", no_list()),
        ("200 OK", &[], "{\"message\":\"ok\"}", no_list()),
        ("200 OK", &[], "[{\"id\":1},", no_list()),
        (
            "200 OK",
            &["Link: <https://a.example/releases>; rel=\"next\""],
            "[]",
            broken("the address of its next page has no query"),
        ),
    ] {
        let error = ask(Forge::Github, answer(status, headers, body)).await.unwrap_err();
        assert_eq!(error, expected, "{status} {headers:?} {body}");
    }
    let many = format!("[{}1]", "1,".repeat(RELEASES_MAX));
    let error = ask(Forge::Github, answer("200 OK", &[], &many)).await.unwrap_err();
    assert_eq!(error, broken("it lists more releases than were asked for"));
}

#[tokio::test]
async fn unchanged_pages_and_used_up_limits() {
    let hour = time_parse("2024-06-01T13:00:00Z").unwrap();
    let reset = format!("X-RateLimit-Reset: {}", hour.and_utc().timestamp());
    for (left, pause_until) in [("X-RateLimit-Remaining: 1", None), ("X-RateLimit-Remaining: 0", Some(hour))] {
        let server = Server::start(vec![
            answer("304 Not Modified", &[left, &reset], ""),
            answer("200 OK", &[left, &reset], "[]"),
        ]);
        let unchanged = server.ask(Forge::Github, Some("\"a\"")).await;
        assert_eq!(unchanged, Ok(ForgePage::NotModified { pause_until }));
        let releases = ForgeReleases { releases: Vec::new(), next: None, etag: None, pause_until };
        assert_eq!(server.ask(Forge::Github, Some("\"a\"")).await, Ok(ForgePage::Releases(releases)));
    }
}

#[tokio::test]
async fn what_cannot_be_reached() {
    let server = Server::start(vec!["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[".to_owned()]);
    let error = server.ask(Forge::Gitea, None).await.unwrap_err();
    assert!(matches!(error, ForgeError::Unavailable { until: None, .. }) && error.retry(), "{error:?}");
    let client = ForgeClient::new(Egress::new(EgressSettings::default()), Clock::of(now));
    let page = PageAddress::first(Forge::Gitea, 1);
    let error = client.releases_page(&server.repository(Forge::Gitea), &page, None).await.unwrap_err();
    let host = server.address.to_string();
    assert_eq!(error, ForgeError::Refused(EgressError::Refused { host }));
    assert!(!error.retry());
    for api_url in ["mailto:a@example.com", "ftp://forge.example/", "https://user:word@forge.example/"] {
        let repository = ForgeRepository { api_url: api_url.parse().unwrap(), ..server.repository(Forge::Gitea) };
        let error = client.releases_page(&repository, &page, None).await.unwrap_err();
        assert!(matches!(error, ForgeError::Refused(EgressError::Address(_))), "{error:?}");
    }
    let repository = ForgeRepository { token: Some("a\nb".into()), ..server.repository(Forge::Gitlab) };
    let error = client.releases_page(&repository, &page, None).await.unwrap_err();
    assert_eq!(error.to_string(), format!("the token for {} holds characters that cannot be sent", server.address));
}

#[test]
fn errors_are_sentences() {
    let until = time_parse("2024-06-01T13:00:00Z").unwrap();
    for (error, sentence, retry, pause) in [
        (ForgeError::Unauthorized, "the forge does not accept the token, or wants one", false, None),
        (ForgeError::Forbidden, "the forge does not allow this token to read the releases", false, None),
        (
            ForgeError::RateLimited { until },
            "the forge allows no more requests before 2024-06-01T13:00:00Z",
            true,
            Some(until),
        ),
        (
            EgressError::TimedOut { host: "git.example".into() }.into(),
            "the forge is not available: git.example took too long to answer",
            true,
            None,
        ),
    ] {
        assert_eq!((error.to_string().as_str(), error.retry(), error.until()), (sentence, retry, pause));
    }
}
