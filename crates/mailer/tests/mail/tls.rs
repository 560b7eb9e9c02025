//! Tests of encryption against a server whose certificate no authority signed.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::Arc,
    thread,
};

use releasepage_domain::reply::ReplyMeaning;
use releasepage_mailer::transport::Phase;
use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring};
use serde_json::json;

use crate::{smtp::transport_to, support::letter};

/// The moment when the server encrypts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encrypts {
    AtOnce,
    WhenAsked,
}

/// Starts a server for one connection and returns its port. Its answer to a message tells if the message came
/// encrypted.
fn start(encrypts: Encrypts) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let config = self_signed();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        if encrypts == Encrypts::WhenAsked {
            converse(&mut stream, "in plain text");
        }
        let connection = ServerConnection::new(config).expect("a configuration");
        let mut stream = StreamOwned::new(connection, stream);
        if encrypts == Encrypts::AtOnce {
            stream.write_all(b"220 ready\r\n").ok();
        }
        converse(&mut stream, "encrypted");
    });
    port
}

/// A self-signed certificate for another name.
fn self_signed() -> Arc<ServerConfig> {
    let certified = rcgen::generate_simple_self_signed(["elsewhere.example".to_owned()]).expect("a certificate");
    let key = certified.signing_key.serialize_der().try_into().expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocols")
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .expect("a configuration");
    Arc::new(config)
}

/// Speaks SMTP until the client leaves or asks for encryption. Reads byte by byte, so that it never reads beyond that
/// command.
fn converse(stream: &mut (impl Read + Write), how: &str) {
    let plain = how == "in plain text";
    if plain {
        stream.write_all(b"220 ready\r\n").ok();
    }
    while let Some(line) = line_read(stream) {
        let answer = match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" if plain => "250-fake\r\n250 STARTTLS",
            "DATA" => {
                stream.write_all(b"354 go on\r\n").ok();
                while line_read(stream).is_some_and(|line| line != ".") {}
                &format!("250 taken {how}")
            }
            "STARTTLS" => "220 go on",
            _ => "250 ok",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).ok();
        if line == "STARTTLS" {
            return;
        }
    }
}

fn line_read(stream: &mut impl Read) -> Option<String> {
    let mut line = String::new();
    BufReader::with_capacity(1, stream).read_line(&mut line).ok().filter(|length| *length > 0)?;
    Some(line.trim_end().to_owned())
}

#[test]
fn opportunistic_tls_takes_any_certificate_since_the_alternative_is_none() {
    let url = format!("smtp://127.0.0.1:{}", start(Encrypts::WhenAsked));
    let accepted = transport_to(&url, json!({})).send(&letter("delivery-1", "a@example.org")).expect("accepted");
    assert_eq!(accepted.answer, "taken encrypted");
}

#[test]
fn tls_that_is_asked_for_or_guards_a_password_checks_the_certificate() {
    for (encrypts, url, phase) in [
        (Encrypts::WhenAsked, "smtp://127.0.0.1:PORT?tls=required", Phase::Tls),
        (Encrypts::WhenAsked, "smtp://me:secret@0.0.0.0:PORT?tls=opportunistic", Phase::Tls),
        (Encrypts::AtOnce, "smtps://127.0.0.1:PORT", Phase::Connect),
    ] {
        let url = url.replace("PORT", &start(encrypts).to_string());
        let error = transport_to(&url, json!({})).send(&letter("delivery-1", "a@example.org")).expect_err("an error");
        assert_eq!((error.about, error.phase), (ReplyMeaning::Later, phase), "{error}");
        assert!(error.text.contains("certificate"), "{error}");
    }
}
