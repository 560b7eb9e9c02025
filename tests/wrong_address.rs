//! A server that is reached at another address than its settings say: the messages for readers and for the operator.

use reqwest::Method;
use reqwest::header::{HOST, ORIGIN};

use crate::support::app::App;
use crate::support::both_databases;
use crate::support::log::LogLine;
use crate::support::setup::Setup;
use crate::support::wait::eventually;

/// The lines so far with these words in their message.
fn told(app: &App, words: &str) -> Vec<LogLine> {
    let says =
        |line: &LogLine| line.field("message").and_then(|found| found.as_str()).unwrap_or_default().contains(words);
    app.log().lines().into_iter().filter(says).collect()
}

both_databases! {
    async fn form_that_was_opened_elsewhere_is_told_where_the_server_is(app: App) {
        let anonymous = app.api().anonymous();
        let form = |origin: &str, host: &str| {
            let request = anonymous.request(Method::POST, "/sign-in").header(ORIGIN, origin).header(HOST, host);
            request.form(&[("email", "ada@acme.example"), ("password", "a horse of another colour")])
        };
        let sentence = format!("This server is at <a href=\"http://{0}\">http://{0}</a>, open it there", app.address());
        for _ in 0..3 {
            let request = form("http://192.168.1.5:8080", "192.168.1.5:8080");
            let answer = anonymous.send(request).await.expect(403);
            assert!(answer.text().contains(&sentence), "{}", answer.text());
        }
        let encrypted = format!("https://{}", app.address());
        let answer = anonymous.send(form(&encrypted, &app.address().to_string())).await.expect(403);
        assert!(answer.text().contains(&sentence), "{}", answer.text());

        let lines = eventually("both addresses are told", async || {
            Some(told(&app, "opened at another address")).filter(|lines| lines.len() >= 2)
        })
        .await;
        let opened_at: Vec<_> = lines.iter().filter_map(|line| line.field("opened_at")?.as_str()).collect();
        assert_eq!(opened_at, ["http://192.168.1.5:8080", &encrypted], "each address once");
        let public_url = format!("http://{}/", app.address());
        assert!(lines.iter().all(|line| line.field("public_url").is_some_and(|url| *url == public_url)), "{lines:?}");
    }
}

both_databases! {
    async fn proxy_that_is_not_trusted_is_told_once(app: App) {
        for header in ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "X-Forwarded-For"] {
            app.api().send(app.api().request(Method::GET, "/healthz").header(header, "1.1.1.1")).await.expect(200);
        }
        let lines = eventually("it is told", async || {
            Some(told(&app, "server.trusted_proxies")).filter(|lines| !lines.is_empty())
        })
        .await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0].field("header").and_then(|name| name.as_str()), Some("x-forwarded-for"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proxy_over_https_before_an_http_address_is_told_once() {
    let app = Setup::on_sqlite().with("server.trusted_proxies", "127.0.0.1").start().await;
    for _ in 0..3 {
        let request = app.api().request(Method::GET, "/healthz").header("X-Forwarded-For", "192.0.2.1");
        let request = request.header("X-Forwarded-Proto", "https").header("X-Forwarded-Host", "releases.example.com");
        app.api().send(request).await.expect(200);
    }
    let lines =
        eventually("both are told", async || Some(told(&app, "a proxy is asked")).filter(|lines| lines.len() >= 2))
            .await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().any(|line| line.field("asked_for").is_some_and(|host| host == "releases.example.com")));
    assert!(told(&app, "server.trusted_proxies").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn address_that_nobody_can_open_is_told_at_the_start() {
    let app = Setup::on_sqlite().with("server.public_url", "http://0.0.0.0:8080").start().await;
    let lines = told(&app, "no address that readers can open");
    assert_eq!(lines.len(), 1, "{lines:?}");
    let _worker = app.worker_start();
    eventually("the worker tells it too", async || {
        (told(&app, "no address that readers can open").len() == 2).then_some(())
    })
    .await;
}
