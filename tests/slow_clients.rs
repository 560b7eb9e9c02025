//! Slow clients. The server ends their connections at its timeouts, and others notice nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::support::app::App;
use crate::support::load::{Load, statuses};
use crate::support::page::Page;
use crate::support::setup::Setup;
use crate::support::wait::{PATIENCE, eventually};

/// The number of connections that only wait.
const IDLE: usize = 1_000;
/// The number of clients at once that send drop by drop.
const SLOW: usize = 50;
/// The number of clients at once that send many requests and do not read, and the most memory for them, in MiB.
const PIPELINING: usize = 300;
const TAKEN_MAX: u64 = 100;
/// The number of clients at once that do not read. The server needs a while to fill their buffers.
const DEAF: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_drip_are_ended() {
    let (app, page) = start().await;
    let others = others(&page);
    let mut slow = connect(app.address(), SLOW);
    slow.iter_mut().for_each(|client| client.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "));
    eventually("every slow client is ended", async || {
        slow.retain_mut(|client| !client.drip(b"a"));
        slow.is_empty().then_some(())
    })
    .await;
    expect_undisturbed(others).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_drip_are_ended() {
    let (app, page) = start().await;
    let others = others(&page);
    let mut slow = connect(app.address(), SLOW);
    let head = format!(
        "PATCH {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: 60000\r\n\r\n{{",
        page.path("subscribers"),
        page.live_key
    );
    slow.iter_mut().for_each(|client| client.send(head.as_bytes()));
    eventually("every slow client is ended", async || {
        slow.retain_mut(|client| !client.drip(b" "));
        slow.is_empty().then_some(())
    })
    .await;
    expect_undisturbed(others).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn imports_that_drip_leave_threads_for_others() {
    let (app, page) = start().await;
    let others = others(&page);
    let head = format!(
        "POST /v1/pages/{}/subscribers/import HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: text/csv\r\nContent-Length: 60000\r\n\r\nema",
        page.id, app.owner.token
    );
    let mut slow = connect(app.address(), SLOW);
    slow.iter_mut().for_each(|client| client.send(head.as_bytes()));
    eventually("all but a few are told to come later", async || {
        (slow.iter_mut().filter_map(Client::status).filter(|status| status == "429").count() == SLOW - 16).then_some(())
    })
    .await;
    expect_undisturbed(others).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_without_an_end_are_ended() {
    let (app, page) = start().await;
    let others = others(&page);
    // One body that the server reads, and one that it does not want.
    for path in [page.path("subscribers"), "/nowhere".to_owned()] {
        let head = format!(
            "PATCH {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
            page.live_key
        );
        let mut chunk = b"10000\r\n".to_vec();
        chunk.resize(chunk.len() + 0x10000, b' ');
        chunk.extend_from_slice(b"\r\n");
        let mut endless = connect(app.address(), 4);
        endless.iter_mut().for_each(|client| client.send(head.as_bytes()));
        eventually("every endless client is ended", async || {
            endless.retain_mut(|client| !client.drip(&chunk));
            endless.is_empty().then_some(())
        })
        .await;
    }
    expect_undisturbed(others).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_reads_are_ended() {
    let (app, page) = start().await;
    let others = others(&page);
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
        page.path("releases"),
        page.live_key
    );
    let mut deaf = connect(app.address(), DEAF);
    // They send requests until the unread answers fill every buffer between them and the server.
    let asked = request.repeat(100);
    let mut full = 0;
    eventually("the server reads no more of them", async || {
        let mut taken = false;
        for client in &mut deaf {
            taken |= client.takes(asked.as_bytes());
        }
        full = if taken { 0 } else { full + 1 };
        (full == 100).then_some(())
    })
    .await;
    eventually("every deaf client is ended", async || {
        deaf.retain_mut(|client| !client.write(asked.as_bytes()));
        deaf.is_empty().then_some(())
    })
    .await;
    expect_undisturbed(others).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_reads_take_no_memory() {
    let (app, page) = start().await;
    let others = others(&page);
    let key = format!("Authorization: Bearer {}", page.live_key);
    let (before, _) = app.memory();
    for (path, header) in [("/readyz".to_owned(), "Host: localhost"), (page.path("releases?limit=1"), key.as_str())] {
        // More than the server reads ahead.
        let request = format!("GET {path} HTTP/1.1\r\n{header}\r\n\r\n");
        let asked = request.repeat(256 * 1_024 / request.len());
        let mut deaf = connect(app.address(), PIPELINING);
        for client in &mut deaf {
            client.takes(asked.as_bytes());
        }
        eventually("each of them is answered, and does not read it", async || {
            deaf.iter_mut().all(Client::has_an_answer).then_some(())
        })
        .await;
    }
    let (_, peak) = app.memory();
    let taken = peak.saturating_sub(before) / 1_024 / 1_024;
    assert!(taken < TAKEN_MAX, "{taken} MiB are taken by {PIPELINING} clients that do not read");
    expect_undisturbed(others).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_keep_nobody_out() {
    let (app, page) = start().await;
    rlimit::increase_nofile_limit(8 * IDLE as u64).expect("this test may open files");
    // Half send nothing. Half got one answer and keep the connection.
    let mut silent = connect(app.address(), IDLE / 2);
    let mut answered = connect(app.address(), IDLE / 2);
    for client in &mut answered {
        client.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    let mut others = others(&page);
    others.go_on_until(50, 200).await;
    page.publish("acme/api", "v2.0.0").await;
    app.inbox("reader@example.com").mail("v2.0.0").await;
    eventually("who says nothing is ended", async || {
        silent.retain_mut(|client| !client.is_ended());
        silent.is_empty().then_some(())
    })
    .await;
    assert!(answered.iter_mut().all(|client| !client.is_ended()), "who was served may come again");
    expect_undisturbed(others).await;
}

async fn start() -> (App, Page) {
    let app = Setup::on_sqlite().with("log.filter", "info").start().await;
    let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
    app.subscriber(&page, "reader@example.com").await;
    for number in 1..=20 {
        let notes = "All is well. ".repeat(1_000);
        let release = serde_json::json!({ "version": format!("v1.0.{number}"), "notes": notes, "notify": false });
        page.publish_release("acme/api", &release).await;
    }
    (app, page)
}

/// The load of ordinary clients. Each has a connection of its own, as strangers have.
fn others(page: &Page) -> Load {
    let page = page.clone();
    Load::start("reading", 2, move |number| {
        let page = page.clone();
        async move { page.get(if number % 2 == 0 { "version" } else { "releases?limit=1" }).await }
    })
}

async fn expect_undisturbed(mut others: Load) {
    others.go_on_until(10, 200).await;
    let answered = others.stop().await;
    assert_eq!(statuses(&answered).into_keys().collect::<Vec<_>>(), [200]);
}

fn connect(address: SocketAddr, count: usize) -> Vec<Client> {
    (0..count).map(|_| Client::connect(address)).collect()
}

/// A connection of a client that breaks the rules of HTTP.
struct Client {
    stream: TcpStream,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("the server takes the connection");
        stream.set_nonblocking(true).expect("a connection can be set so");
        stream.set_nodelay(true).expect("a connection can be set so");
        Self { stream }
    }

    /// Sends the part that fits into the first segments.
    fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("a new connection takes some bytes");
    }

    /// Sends a little more and reads what is there. Returns true if the server has ended the connection.
    fn drip(&mut self, bytes: &[u8]) -> bool {
        self.write(bytes) || self.is_ended()
    }

    /// The status of an answer that has arrived. The answer stays unread.
    fn status(&mut self) -> Option<String> {
        let mut line = [0; 12];
        let bytes = self.stream.peek(&mut line).ok().filter(|bytes| *bytes == line.len())?;
        String::from_utf8_lossy(&line[..bytes]).strip_prefix("HTTP/1.1 ").map(str::to_owned)
    }

    /// Returns true if there is something to read. It stays unread.
    fn has_an_answer(&mut self) -> bool {
        self.stream.peek(&mut [0]).is_ok_and(|bytes| bytes > 0)
    }

    /// Sends as much as the connection takes, without reading. Returns true if that was anything.
    fn takes(&mut self, bytes: &[u8]) -> bool {
        self.stream.write(bytes).is_ok()
    }

    /// Sends as much as the connection takes, without reading. Returns true if the server has ended the connection.
    fn write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write(bytes).is_err_and(|error| error.kind() != ErrorKind::WouldBlock)
    }

    /// Reads what is there. Returns true if the server has ended the connection.
    fn is_ended(&mut self) -> bool {
        let mut some = [0; 4096];
        loop {
            match self.stream.read(&mut some) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() != ErrorKind::WouldBlock,
            }
        }
    }
}
