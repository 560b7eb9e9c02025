//! Tests of SMTP against a server with scripted answers.

use std::thread;

use crate::support::{
    Sending,
    fake_smtp::{FakeSmtp, Reply},
    letter,
};
use releasepage_domain::reply::ReplyMeaning;
use releasepage_mailer::{settings::MailSettings, transport::Phase};
use serde_json::{Value, json};

/// A transport to a URL, with more settings.
pub(crate) fn transport_to(url: &str, mut settings: Value) -> Sending {
    settings["url"] = json!(url);
    let settings: MailSettings = serde_json::from_value(settings).expect("settings");
    Sending::new(&settings)
}

fn transport(server: &FakeSmtp) -> Sending {
    transport_to(&format!("smtp://127.0.0.1:{}", server.port()), json!({}))
}

#[test]
fn a_message_arrives_as_it_was_written() {
    let server = FakeSmtp::start(&[]);
    let letter = letter("delivery-1", "reader@example.org");
    let accepted = transport(&server).send(&letter).expect("accepted");
    assert_eq!(accepted.answer, "2.0.0 queued as 4F2");
    assert_eq!(server.messages(), [String::from_utf8_lossy(letter.bytes())]);
    assert_eq!(
        server.commands(),
        ["EHLO releases.example.com", "MAIL FROM:<releases@example.com>", "RCPT TO:<reader@example.org>", "DATA",]
    );
}

#[test]
fn three_digits_say_that_a_message_was_taken() {
    for reply in ["250", "250 ", "250-one\r\n250", "250 2.0.0 accept\u{e9}"] {
        let server = FakeSmtp::start(&[]).next(".", Reply::Say(reply));
        transport(&server).send(&letter("delivery-1", "reader@example.org")).expect(reply);
    }
}

#[test]
fn replies_decide_a_message() {
    for (verb, reply, about, phase) in [
        ("GREETING", "554 5.3.2 go away", ReplyMeaning::Later, Phase::Connect),
        ("EHLO", "421 4.3.2 busy", ReplyMeaning::Later, Phase::Connect),
        ("MAIL", "550 5.1.8 bad sender", ReplyMeaning::Sender, Phase::Sender),
        ("RCPT", "451 4.7.1 greylisted", ReplyMeaning::Later, Phase::Recipient),
        ("RCPT", "421 4.3.2 closing", ReplyMeaning::Later, Phase::Recipient),
        ("RCPT", "550 5.1.1 <reader@example.org>: no such user", ReplyMeaning::Address, Phase::Recipient),
        ("RCPT", "550-5.7.1 listed\r\n550 5.7.1 at a block list", ReplyMeaning::Sender, Phase::Recipient),
        ("RCPT", "550 5.4.1 Recipient address rejected: Access denied", ReplyMeaning::Unclear, Phase::Recipient),
        ("DATA", "451 4.3.0 later", ReplyMeaning::Later, Phase::Data),
        (".", "452 4.3.1 disk full", ReplyMeaning::Later, Phase::Message),
        (".", "554 5.6.0 will not have it", ReplyMeaning::Message, Phase::Message),
    ] {
        let server = FakeSmtp::start(&[]).next(verb, Reply::Say(reply));
        let error = transport(&server).send(&letter("delivery-1", "reader@example.org")).expect_err("an error");
        assert_eq!((error.about, error.phase), (about, phase), "{verb}: {error}");
        assert_eq!(error.code, reply.get(..3).and_then(|code| code.parse().ok()), "{verb}: {error}");
        assert!(!error.to_string().contains("reader@"), "{error}");
        assert!(server.messages().is_empty());
    }
}

#[test]
fn only_a_reply_that_fits_its_command_accepts() {
    for (verb, reply, phase) in [
        ("GREETING", "354 go on", Phase::Connect),
        ("MAIL", "350 pending", Phase::Sender),
        ("RCPT", "350 pending", Phase::Recipient),
        ("DATA", "250 2.0.0 ok", Phase::Data),
        (".", "354 go on", Phase::Message),
    ] {
        let server = FakeSmtp::start(&[]).next(verb, Reply::Say(reply));
        let transport = transport(&server);
        let error = transport.send(&letter("delivery-1", "reader@example.org")).expect_err("an error");
        assert_eq!((error.about, error.phase), (ReplyMeaning::Later, phase), "{verb}: {error}");
        assert_eq!(error.code, reply.get(..3).and_then(|code| code.parse().ok()), "{verb}: {error}");
        assert!(server.messages().is_empty(), "{verb}");
        // The confused connection is never used again.
        transport.send(&letter("delivery-1", "reader@example.org")).expect("accepted");
        assert_eq!((server.connections(), server.messages().len()), (2, 1), "{verb}");
    }
}

#[test]
fn broken_and_silent_connections_are_tried_again() {
    thread::scope(|scope| {
        for verb in ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "."] {
            for reply in [Reply::Close, Reply::Hang] {
                scope.spawn(move || a_broken_connection_is_tried_again(verb, reply));
            }
        }
    });
}

fn a_broken_connection_is_tried_again(verb: &'static str, reply: Reply<'static>) {
    let server = FakeSmtp::start(&[]).next(verb, reply);
    let timeouts = json!({ "timeouts": {
        "connect_milliseconds": 1_000, "command_milliseconds": 1_000, "message_milliseconds": 1_000,
    } });
    let transport = transport_to(&format!("smtp://127.0.0.1:{}", server.port()), timeouts);
    let error = transport.send(&letter("delivery-1", "reader@example.org")).expect_err("an error");
    assert_eq!((error.about, error.code), (ReplyMeaning::Later, None), "{verb} {reply:?}: {error}");
    let late = error.text == "the server did not answer in time";
    assert_eq!(late, matches!(reply, Reply::Hang), "{verb} {reply:?}: {error}");
    // The broken connection is never used again.
    transport.send(&letter("delivery-1", "reader@example.org")).expect("accepted");
    assert_eq!((server.connections(), server.messages().len()), (2, 1), "{verb} {reply:?}");
}

#[test]
fn nobody_listening_is_tried_again() {
    // No server listens on the port of tcpmux.
    let url = "smtp://127.0.0.1:1";
    let error = transport_to(url, json!({})).send(&letter("delivery-1", "a@example.org")).expect_err("an error");
    assert_eq!((error.about, error.phase), (ReplyMeaning::Later, Phase::Connect), "{error}");
}

#[test]
fn one_connection_carries_many_messages() {
    let server = FakeSmtp::start(&[]).next("RCPT", Reply::Say("550 5.1.1 no such user"));
    let transport = transport(&server);
    transport.send(&letter("delivery-0", "gone@example.org")).expect_err("refused");
    for name in ["delivery-1", "delivery-2"] {
        transport.send(&letter(name, "reader@example.org")).expect("accepted");
    }
    assert_eq!((server.connections(), server.messages().len()), (1, 2));
    assert_eq!(server.commands()[3], "RSET", "the refused message is reset first");
}

#[test]
fn a_connection_carries_no_more_messages_than_it_may() {
    let server = FakeSmtp::start(&[]);
    let url = format!("smtp://127.0.0.1:{}", server.port());
    let transport = transport_to(&url, json!({ "messages_per_connection": 2 }));
    for name in ["delivery-1", "delivery-2", "delivery-3"] {
        transport.send(&letter(name, "reader@example.org")).expect("accepted");
    }
    assert_eq!((server.connections(), server.messages().len()), (2, 3));
}

#[test]
fn a_kept_connection_that_is_gone_costs_no_try() {
    for reply in [Reply::Close, Reply::Say("421 4.4.2 you were idle")] {
        let server = FakeSmtp::start(&[]).next("MAIL", Reply::Say("250 ok")).next("MAIL", reply);
        let transport = transport(&server);
        for name in ["delivery-1", "delivery-2"] {
            transport.send(&letter(name, "reader@example.org")).expect("accepted");
        }
        assert_eq!((server.connections(), server.messages().len()), (2, 2), "{reply:?}");
    }
}

#[test]
fn an_idle_connection_is_left() {
    let server = FakeSmtp::start(&[]);
    let url = format!("smtp://127.0.0.1:{}", server.port());
    let transport = transport_to(&url, json!({ "idle_seconds": 0 }));
    for name in ["delivery-1", "delivery-2"] {
        transport.send(&letter(name, "reader@example.org")).expect("accepted");
    }
    assert_eq!(server.connections(), 2);
}

#[test]
fn no_more_connections_are_open_than_may_be() {
    let server = FakeSmtp::start(&[]);
    let url = format!("smtp://127.0.0.1:{}", server.port());
    let transport = transport_to(&url, json!({ "connections": 2 }));
    thread::scope(|scope| {
        for number in 0..16 {
            let transport = &transport;
            scope.spawn(move || {
                transport.send(&letter(&format!("delivery-{number}"), "reader@example.org")).expect("accepted")
            });
        }
    });
    assert_eq!(server.messages().len(), 16);
    assert!(server.most_open() <= 2, "{} at once", server.most_open());
}

#[test]
fn required_tls_is_required() {
    for (extensions, said) in [(&[][..], "STARTTLS, which is required"), (&["STARTTLS"], "not now")] {
        let server = FakeSmtp::start(extensions);
        let url = format!("smtp://127.0.0.1:{}?tls=required", server.port());
        let error = transport_to(&url, json!({})).send(&letter("delivery-1", "a@example.org")).expect_err("an error");
        assert_eq!((error.about, error.phase), (ReplyMeaning::Later, Phase::Tls), "{error}");
        assert!(error.text.contains(said), "{error}");
        assert!(!server.commands().iter().any(|command| command.starts_with("MAIL")));
    }
}

#[test]
fn offered_tls_is_used_unless_it_is_switched_off() {
    let server = FakeSmtp::start(&["STARTTLS"]).next("STARTTLS", Reply::Close);
    let error = transport(&server).send(&letter("delivery-1", "a@example.org")).expect_err("an error");
    assert_eq!((error.about, error.phase), (ReplyMeaning::Later, Phase::Tls), "{error}");

    let url = format!("smtp://127.0.0.1:{}?tls=none", server.port());
    transport_to(&url, json!({})).send(&letter("delivery-1", "a@example.org")).expect("accepted");
}

#[test]
fn a_password_is_not_sent_in_plain_text_to_another_machine() {
    let server = FakeSmtp::start(&["AUTH PLAIN LOGIN"]);
    // 0.0.0.0 reaches this machine, but it is not a loopback address.
    let url = format!("smtp://me:secret@0.0.0.0:{}?tls=opportunistic", server.port());
    let error = transport_to(&url, json!({})).send(&letter("delivery-1", "a@example.org")).expect_err("an error");
    assert_eq!((error.about, error.phase), (ReplyMeaning::Later, Phase::Login), "{error}");
    assert!(!server.commands().iter().any(|command| command.starts_with("AUTH")));
}

#[test]
fn a_login_is_made_where_it_may_be() {
    for (extension, host, query) in [("AUTH PLAIN LOGIN", "127.0.0.1", ""), ("AUTH PLAIN", "0.0.0.0", "?tls=none")] {
        let server = FakeSmtp::start(&[extension]);
        let url = format!("smtp://me:secret@{host}:{}{query}", server.port());
        transport_to(&url, json!({})).send(&letter("delivery-1", "a@example.org")).expect("accepted");
        assert_eq!(server.commands()[1], "AUTH PLAIN AG1lAHNlY3JldA==");
    }
}

#[test]
fn a_server_that_offers_no_login_here_is_told_in_words() {
    let server = FakeSmtp::start(&["AUTH XOAUTH2"]);
    let url = format!("smtp://me:secret@127.0.0.1:{}?tls=none", server.port());
    let error = transport_to(&url, json!({})).send(&letter("delivery-1", "reader@example.org")).expect_err("an error");
    assert_eq!((error.about, error.phase), (ReplyMeaning::Later, Phase::Login), "{error}");
    assert!(error.text.contains("offers neither AUTH PLAIN nor AUTH LOGIN"), "{error}");
}

#[test]
fn a_refused_login_is_ours_to_mend() {
    let server = FakeSmtp::start(&["AUTH LOGIN PLAIN"]).next("AUTH", Reply::Say("535 5.7.8 bad credentials"));
    let url = format!("smtp://me:secret@127.0.0.1:{}", server.port());
    let error = transport_to(&url, json!({})).send(&letter("delivery-1", "a@example.org")).expect_err("an error");
    assert_eq!((error.about, error.phase, error.code), (ReplyMeaning::Later, Phase::Login, Some(535)), "{error}");
}

#[test]
fn an_address_that_is_not_ascii_needs_a_server_that_takes_it() {
    let server = FakeSmtp::start(&["8BITMIME"]);
    let error = transport(&server).send(&letter("delivery-1", "用户@example.org")).expect_err("an error");
    assert_eq!(error.about, ReplyMeaning::Message);
    assert!(error.text.contains("SMTPUTF8"), "{error}");

    let server = FakeSmtp::start(&["8BITMIME", "SMTPUTF8"]);
    transport(&server).send(&letter("delivery-1", "用户@例え.jp")).expect("accepted");
    assert_eq!(
        server.commands()[1..3],
        ["MAIL FROM:<releases@example.com> SMTPUTF8 BODY=8BITMIME", "RCPT TO:<用户@xn--r8jz45g.jp>"]
    );
}
