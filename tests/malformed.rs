//! Requests that are not valid HTTP. They are refused, the log stays quiet, and other clients notice nothing.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::support::both_databases;
use crate::support::wait::{PATIENCE, eventually};

/// Sends bytes on a new connection. Returns all bytes that come until the server closes it.
fn answer(address: SocketAddr, sent: &[u8]) -> String {
    let mut connection = TcpStream::connect(address).expect("the server listens");
    connection.set_read_timeout(Some(PATIENCE)).expect("a connection can have a timeout");
    let mut writing = connection.try_clone().expect("a connection can be used twice");
    let sent = sent.to_vec();
    // Reads at the same time. A server that has seen enough answers before it has read everything.
    let writer = std::thread::spawn(move || {
        // An error means that the server read no further.
        let _ = writing.write_all(&sent);
        let _ = writing.shutdown(Shutdown::Write);
    });
    let mut answer = Vec::new();
    // An error after the answer means that the server closed the connection before it had read everything.
    let _ = connection.read_to_end(&mut answer);
    writer.join().expect("the writer ends");
    String::from_utf8_lossy(&answer).into_owned()
}

both_databases! {
    async fn nonsense_is_refused_quietly_and_others_notice_nothing(app: App) {
        let page = app.page("Acme").with_component("acme/api").with_rate_limit(1_000_000).await;
        let version = page.path("version");
        let get = |rest: &str| format!("GET {version} HTTP/1.1\r\nHost: localhost\r\n{rest}\r\n").into_bytes();
        let post = |rest: &str| format!("POST /api/2/release HTTP/1.1\r\nHost: localhost\r\n{rest}").into_bytes();
        let cases: Vec<(&str, Vec<u8>, &[u16])> = vec![
            ("U+0000 in the path", b"GET /v1/pages/\0 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), &[400]),
            ("a space in the path", b"GET /v1/pages /x HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(), &[400]),
            ("a control character in a header", get("X-Thing: a\x01b\r\n"), &[400]),
            ("a header without a name", get(": nothing\r\n"), &[400]),
            ("a header in two lines", get("X-Thing: a\r\n b\r\n"), &[400]),
            ("a negative length", post("Content-Length: -1\r\n\r\n"), &[400]),
            ("a length that is no number", post("Content-Length: ten\r\n\r\n"), &[400]),
            ("two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), &[400]),
            ("a length beside chunks", post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), &[400]),
            ("an unknown encoding", post("Transfer-Encoding: rot13\r\n\r\nab"), &[400]),
            ("a chunk without a size", post("Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n"), &[400, 401]),
            ("an unknown version", b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n".to_vec(), &[400]),
            ("the beginning of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), &[400]),
            ("the beginning of TLS", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03".to_vec(), &[400]),
            ("garbage", b"\xff\xfe\xfd\r\n\r\n".to_vec(), &[400]),
            ("too many headers", get(&"X-Thing: a\r\n".repeat(200)), &[400, 431]),
            ("a header of 200 KB", get(&format!("X-Thing: {}\r\n", "a".repeat(200_000))), &[431]),
            ("a path of 200 KB", format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(200_000)).into_bytes(), &[414, 431]),
        ];
        for (what, sent, statuses) in &cases {
            let answer = answer(app.address(), sent);
            let status = answer.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
            assert!(status.is_some_and(|status| statuses.contains(&status)), "{what}: {answer:?}");
            // A client that keeps its connection is still answered.
            page.get("version").await.expect(200);
        }

        eventually("the last of them is noted", async || {
            let lines = app.log().lines();
            let noted = lines.iter().filter(|line| line.says("a connection ended in the middle of a request"));
            (noted.count() >= cases.len() / 2).then_some(())
        })
        .await;
        let loud = |level: &str| level == "WARN" || level == "ERROR";
        let troubles: Vec<_> = app.log().lines().into_iter()
            .filter(|line| line.field("level").and_then(|level| level.as_str()).is_some_and(loud))
            .collect();
        assert!(troubles.is_empty(), "{troubles:#?}");
    }
}
