//! Servers end and start, and no request fails.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::api::{Answer, Api};
use crate::support::balancer::Balancer;
use crate::support::both_databases;
use crate::support::log::Log;
use crate::support::page::Page;
use crate::support::wait::{PATIENCE, eventually};

both_databases! {
    async fn servers_restart_one_after_the_other_and_no_request_fails(setup: Setup) {
        let setup = setup.with("server.drain_seconds", 4).with("limits.token_requests_per_minute", 1_000_000);
        let mut app = setup.start().await;
        let (mut second, _) = app.server_start(&[]).await;
        let second_address = address_of(second.log());
        let balancer = Balancer::before(&[app.address(), second_address]);
        for server in [app.address(), second_address] {
            eventually("the server is used", async || balancer.uses(server).then_some(())).await;
        }

        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
        let load = Load::on(&page.through(&Api::new(balancer.address(), &app.owner.token)));
        for restarted in 0..2 {
            load.goes_on().await;
            if restarted == 0 {
                assert!(app.server_stop().await, "SIGTERM is not a failure");
                assert!(!balancer.uses(app.address()));
                load.goes_on().await;
                app.restart().await;
            } else {
                assert!(second.terminate().await.success(), "SIGTERM is not a failure");
                assert!(!balancer.uses(second_address));
                load.goes_on().await;
                second = app.server_start_with(&[], &[("server.listen", &second_address.to_string())]).await.0;
            }
            for server in [app.address(), second_address] {
                eventually("the server is used again", async || balancer.uses(server).then_some(())).await;
            }
        }
        load.goes_on().await;
        assert_eq!(load.end().await, Vec::<String>::new());
        assert!(second.terminate().await.success());
    }
}

both_databases! {
    async fn server_that_drains_is_not_ready_and_answers_all_the_same(setup: Setup) {
        let mut app = setup.with("server.drain_seconds", 4).start().await;
        let api = app.api().anonymous();
        assert_eq!(api.get("/v1").await.expect(200).header("connection"), "");
        let watching = async {
            let refusal = eventually("the server is not ready", async || {
                let answer = api.get("/readyz").await;
                (answer.status == 503).then_some(answer)
            })
            .await;
            assert_eq!(refusal.json(), json!({ "status": "draining" }));
            assert_eq!(api.get("/v1").await.expect(200).header("connection"), "close");
            api.get("/healthz").await.expect(200);
        };
        let (ended, ()) = tokio::join!(app.server_stop(), watching);
        assert!(ended, "SIGTERM is not a failure");
    }
}

both_databases! {
    async fn request_that_has_begun_is_answered_before_the_server_ends(app: App) {
        let mut app = app;
        let page = app.page("Acme").with_component("acme/api").await;
        let body = json!({ "op": "add", "data": { "type": "email", "value": "reader@example.com" } }).to_string();
        let head = format!(
            "PATCH {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            page.path("subscribers"),
            page.live_key,
            body.len()
        );
        let (first, rest) = body.split_at(10);
        let mut connection = TcpStream::connect(app.address()).expect("the server listens");
        connection.set_read_timeout(Some(PATIENCE)).expect("a connection can have a timeout");
        connection.write_all((head + first).as_bytes()).expect("the server reads");
        // Another request shows that the server has accepted the connection, which came first.
        app.get("/healthz").await.expect(200);

        let log = app.log().clone();
        let finishing = async {
            eventually("the server ends", async || log.lines().iter().any(|l| l.says("the server ends")).then_some(()))
                .await;
            connection.write_all(rest.as_bytes()).expect("the server still reads");
            let mut answer = String::new();
            connection.read_to_string(&mut answer).expect("the server answers and closes");
            answer
        };
        let (ended, answer) = tokio::join!(app.server_stop(), finishing);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.to_lowercase().contains("\r\nconnection: close\r\n"), "{answer}");
        assert!(ended, "SIGTERM is not a failure");
    }
}

/// The address that the server with this log listens on.
fn address_of(log: &Log) -> SocketAddr {
    let lines = log.lines();
    let line = lines.iter().find(|line| line.says("listening")).expect("the server has said so");
    line.field("address").and_then(|address| address.as_str()?.parse().ok()).expect("an address")
}

/// Readers, subscribers and a team that publishes. Each sends one request after the other.
struct Load {
    stopped: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    clients: JoinSet<Vec<String>>,
}

/// The number of clients of a [`Load`] that only read. There is one more client of each other kind.
const READERS: usize = 4;

impl Load {
    fn on(page: &Page) -> Self {
        let mut load = Self { stopped: Arc::default(), answered: Arc::default(), clients: JoinSet::new() };
        for _ in 0..READERS {
            load.client(page, 200, |page, _| async move { page.get("version").await });
        }
        load.client(page, 200, |page, _| async move { page.get("releases?limit=1").await });
        load.client(page, 200, |page, turn| async move { page.subscribe(&format!("reader-{turn}@example.com")).await });
        load.client(page, 201, |page, turn| async move {
            let version = format!("v1.{turn}.0");
            page.publish_try("acme/api", &json!({ "version": version, "title": version })).await
        });
        load
    }

    /// A client that sends requests until it is stopped, and keeps every unexpected answer.
    fn client<F, A>(&mut self, page: &Page, status: u16, ask: F)
    where
        F: Fn(Page, usize) -> A + Send + 'static,
        A: Future<Output = Answer> + Send,
    {
        let page = page.clone();
        let (stopped, answered) = (Arc::clone(&self.stopped), Arc::clone(&self.answered));
        self.clients.spawn(async move {
            let mut failed = Vec::new();
            for turn in 0.. {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let answer = ask(page.clone(), turn).await;
                answered.fetch_add(1, Ordering::Relaxed);
                if answer.status != status {
                    failed.push(format!("{}: {}", answer.status, answer.text()));
                }
            }
            failed
        });
    }

    /// Waits for some more answers, so that the step before was done under load.
    async fn goes_on(&self) {
        let before = self.answered.load(Ordering::Relaxed);
        eventually("there is load", async || (self.answered.load(Ordering::Relaxed) >= before + 50).then_some(()))
            .await;
    }

    /// Stops all clients and returns the failures.
    async fn end(self) -> Vec<String> {
        self.stopped.store(true, Ordering::Relaxed);
        self.clients.join_all().await.concat()
    }
}
