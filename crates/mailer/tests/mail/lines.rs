//! Tests of lines: fewer lines if the server accepts fewer, and the messages on them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use releasepage_mailer::{
    address::Sender,
    transport::{Errand, Phase, Unsent},
};
use serde_json::json;

use crate::{
    smtp::transport_to,
    support::{
        Sending,
        fake_smtp::{FakeSmtp, Reply},
        letter,
    },
};

fn sending(server: &FakeSmtp) -> Sending {
    transport_to(&format!("smtp://127.0.0.1:{}", server.port()), json!({}))
}

#[test]
fn a_message_leaves_in_one_write() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let (mut reader, mut stream) = (BufReader::new(stream.try_clone().expect("a socket")), stream);
        stream.write_all(b"220 ready\r\n").expect("a client");
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("a command");
            if line.starts_with("DATA") {
                break;
            }
            stream.write_all(b"250 ok\r\n").expect("a client");
        }
        stream.write_all(b"354 go on\r\n").expect("a client");
        // One read returns one write of the client, because nothing holds a part of it back.
        let mut message = vec![0; 65_536];
        let length = reader.read(&mut message).expect("a message");
        stream.write_all(b"250 taken\r\n").expect("a client");
        message.truncate(length);
        message
    });
    let sending = transport_to(&format!("smtp://127.0.0.1:{port}"), json!({}));
    sending.send(&letter("delivery-1", "reader@example.org")).expect("accepted");
    let message = server.join().expect("a message");
    assert!(message.ends_with(b"\r\n.\r\n"), "{}", String::from_utf8_lossy(&message));
}

#[test]
fn a_refused_connection_means_fewer_while_others_carry_mail() {
    for refusal in [Reply::Say("421 4.7.0 too many connections"), Reply::Say("554 5.3.2 enough"), Reply::Close] {
        let server = FakeSmtp::start(&[]).next("GREETING", Reply::Say("220 ready")).next("GREETING", refusal);
        let sending = sending(&server);
        let (letter_one, letter_two) = (letter("delivery-1", "a@example.org"), letter("delivery-2", "b@example.org"));
        let mut carrying = sending.line(Errand::Delivery);
        carrying.open().expect("a connection");
        let mut refused = sending.line(Errand::Answer);
        assert_eq!(refused.open(), Err(Unsent::Again), "{refusal:?}");
        drop(refused);
        carrying.send(&letter_one, Instant::now()).expect("accepted");
        sending.send(&letter_two).expect("accepted");
        assert_eq!((server.connections(), server.messages().len()), (2, 2), "the kept connection carries both");
    }
}

#[test]
fn a_refused_connection_is_no_way_where_nobody_carries_mail() {
    let server = FakeSmtp::start(&[]).next("GREETING", Reply::Say("421 4.7.0 too many connections"));
    let mut line = sending(&server).line(Errand::Delivery);
    let Err(Unsent::Failed(error)) = line.open() else { panic!("there is no connection") };
    assert_eq!((error.phase, error.code), (Phase::Connect, Some(421)));
}

#[test]
fn a_new_connection_that_takes_no_sender_waits_for_the_others() {
    let server = FakeSmtp::start(&[]).next("MAIL", Reply::Say("421 4.7.0 too many concurrent messages"));
    let sending = sending(&server);
    let mut carrying = sending.line(Errand::Delivery);
    carrying.open().expect("a connection");
    let mut refused = sending.line(Errand::Answer);
    refused.open().expect("a connection");
    let letter = letter("delivery-1", "a@example.org");
    assert_eq!(refused.send(&letter, Instant::now()), Err(Unsent::Again));
    carrying.send(&letter, Instant::now()).expect("accepted");
}

#[test]
fn what_was_looked_at_long_ago_is_looked_at_again() {
    let server = FakeSmtp::start(&[]);
    let sending = sending(&server);
    let mut line = sending.line(Errand::Delivery);
    line.open().expect("a connection");
    let long_ago = Instant::now().checked_sub(Duration::from_secs(60)).expect("an uptime of over a minute");
    assert_eq!(line.send(&letter("delivery-1", "a@example.org"), long_ago), Err(Unsent::Again));
    assert!(!server.commands().iter().any(|command| command.starts_with("MAIL")));
    sending.send(&letter("delivery-1", "a@example.org")).expect("accepted");
    assert_eq!(server.connections(), 1, "the connection is kept");
}

#[test]
fn a_probe_asks_whether_the_sender_may_send() {
    let server = FakeSmtp::start(&[]).next("MAIL", Reply::Say("553 5.7.1 not your address"));
    let sender: Sender = "releases@example.com".parse().expect("a sender");
    let error = sending(&server).0.probe(&sender).expect_err("it may not");
    assert_eq!((error.phase, error.code), (Phase::Sender, Some(553)), "{error}");
    sending(&server).0.probe(&sender).expect("it may");
    assert!(server.messages().is_empty() && !server.commands().iter().any(|command| command.starts_with("RCPT")));
}
