//! Rules that hold for every email with any text.

use proptest::prelude::*;
use releasepage_domain::{subscriber::SubscriberAddress, time::time_parse};

use super::*;
use crate::site::Site;

fn site() -> Site {
    Site::new(&Url::parse("https://releases.example.com").expect("a URL")).expect("a host")
}

fn mail_to(recipient: &str) -> Mail {
    Mail {
        heading: Heading {
            message_id: site().message_id("delivery-42").expect("a name"),
            date: time_parse("2026-03-01T12:00:00Z").expect("a time"),
            from: "Acme <releases@example.com>".parse().expect("a sender"),
            to: recipient.parse().expect("an address"),
            list_id: site().list_id("0767f57acc44").expect("a page"),
            unsubscribe: Url::parse("https://releases.example.com/unsubscribe/token").expect("a URL"),
        },
        subject: "Acme API v1.2.0: Faster search".to_owned(),
        text: "Faster search.\n".to_owned(),
        html: "<p>Faster search.</p>\n".to_owned(),
    }
}

fn written(mail: &Mail) -> String {
    let letter = mail.letter().expect("a letter");
    String::from_utf8(letter.bytes().to_vec()).expect("UTF-8")
}

/// The names of the headers of a message. Continuation lines are joined.
fn header_names(message: &str) -> Vec<&str> {
    let (head, _) = message.split_once("\r\n\r\n").expect("a head and a body");
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split_once(':').map_or(line, |(name, _)| name))
        .collect()
}

const HEADERS: [&str; 11] = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Auto-Submitted",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
];

#[test]
fn every_accepted_address_can_be_written_to() {
    for address in [
        "\"odd name\"@example.com",
        "\"a\\\"b\"@example.com",
        "\"a\\\\b\"@example.com",
        "\"()<>[]:,;@\"@example.com",
        "\" \"@example.com",
        "!#$%&'*+-/=?^_`{|}~@example.com",
        "用户@example.com",
        "reader@[192.0.2.1]",
        &format!("\"{} \"@example.com", "word ".repeat(12)),
    ] {
        let mail = mail_to(address);
        let letter = mail.letter().expect(address);
        assert_eq!(letter.recipient().as_str(), address);
        assert!(written(&mail).contains(&format!("\r\nTo: {address}\r\n")), "{address}");
    }
}

#[test]
fn a_message_on_the_wire() {
    assert_eq!(
        written(&mail_to("reader@example.org")),
        "Date: Sun, 01 Mar 2026 12:00:00 +0000\r\n\
         From: Acme <releases@example.com>\r\n\
         To: reader@example.org\r\n\
         Subject: Acme API v1.2.0: Faster search\r\n\
         Message-ID: <delivery-42@releases.example.com>\r\n\
         Auto-Submitted: auto-generated\r\n\
         List-Id: <0767f57acc44.releases.example.com>\r\n\
         List-Unsubscribe: <https://releases.example.com/unsubscribe/token>\r\n\
         List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative;\r\n \
         boundary=\"=_releasepage_993aebcd4fcff6b3\"\r\n\
         \r\n\
         --=_releasepage_993aebcd4fcff6b3\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\
         \r\n\
         Faster search.\r\n\
         \r\n\
         --=_releasepage_993aebcd4fcff6b3\r\n\
         Content-Type: text/html; charset=utf-8\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\
         \r\n\
         <p>Faster search.</p>\r\n\
         \r\n\
         --=_releasepage_993aebcd4fcff6b3--\r\n"
    );
}

#[test]
fn a_link_that_fills_a_line_is_refused() {
    let mut mail = mail_to("reader@example.org");
    mail.heading.unsubscribe = Url::parse(&format!("https://releases.example.com/{}", "x".repeat(900))).expect("a URL");
    assert!(matches!(mail.letter(), Err(MailError::LinkTooLong)));
}

#[test]
fn every_time_can_be_written() {
    for (time, date) in [
        ("1970-01-01T00:00:00Z", "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"),
        ("9999-12-31T23:59:59.9Z", "Date: Fri, 31 Dec 9999 23:59:59 +0000\r\n"),
    ] {
        let mut mail = mail_to("reader@example.org");
        mail.heading.date = time_parse(time).expect("a time");
        assert!(written(&mail).starts_with(date), "{time}");
    }
}

#[test]
fn only_an_address_that_is_not_ascii_makes_a_message_that_is_not() {
    for (recipient, ascii) in [("reader@bücher.example", true), ("用户@example.com", false)] {
        let mut mail = mail_to(recipient);
        mail.subject = "Schnellere Suche – 検索".to_owned();
        mail.text = "検索が速くなりました。".repeat(200);
        assert_eq!(written(&mail).is_ascii(), ascii, "{recipient}");
    }
}

/// The header `To` with its lines joined.
fn header_to(message: &str) -> String {
    let (_, from_to) = message.split_once("\r\nTo: ").expect("a recipient");
    let unfolded = from_to.replace("\r\n ", " ");
    unfolded.split("\r\n").next().expect("a line").to_owned()
}

fn assert_sendable(address: &SubscriberAddress) {
    let mut mail = mail_to("reader@example.org");
    mail.heading.to = address.into();
    let letter = mail.letter().expect("a letter");
    let told = format!("{}@{}", address.local(), address.domain_ascii());
    assert_eq!(letter.recipient().as_str(), told);
    assert_eq!(letter.recipient().needs_utf8(), !address.local().is_ascii());
    let message = String::from_utf8(letter.bytes().to_vec()).expect("UTF-8");
    assert_eq!(header_to(&message), told);
    assert_eq!(header_names(&message), HEADERS);
}

#[test]
fn every_form_of_an_address_is_written() {
    for address in [
        r#""odd name"@x.test"#,
        r#""odd  name ,;:<>@[]()"@x.test"#,
        r#""a\ b\"c\\d"@x.test"#,
        r#""a@b"@x.test"#,
        r#"" "@x.test"#,
        "!#$%&'*+-/=?^_`{|}~@x.test",
        "用户@例え.jp",
        "\"用 户\"@x.test",
        "😀@x.test",
        &format!("\"{}\"@{}.test", "a b ".repeat(15), "x".repeat(60)),
    ] {
        assert_sendable(&SubscriberAddress::parse("address", address).expect(address));
    }
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_written(
        local in "[!-~]{1,20}|\"[ -~]{1,40}\"|\"(\\\\[ -~]|[a-z@ ,é]){1,30}\"|\\PC{1,10}",
        domain in "[a-z0-9-]{1,10}(\\.[a-zü]{1,10}){0,3}|\\[[ -~]{1,20}\\]|\\PC{1,10}",
    ) {
        if let Ok(address) = SubscriberAddress::parse("address", &format!("{local}@{domain}")) {
            assert_sendable(&address);
        }
    }

    #[test]
    fn no_text_becomes_a_header(
        before in any::<String>(),
        after in any::<String>(),
        name in any::<String>(),
        body in any::<String>(),
    ) {
        let smuggled = format!("{before}\r\nBcc: {after}\r\n\r\n{before}");
        let mut mail = mail_to("reader@example.org");
        mail.heading.from = "releases@example.com".parse::<Sender>().expect("a sender").named(&format!("{name}{smuggled}"));
        mail.subject = smuggled.clone();
        mail.text = format!("{smuggled}{body}");
        mail.html = format!("{body}{smuggled}");
        let message = written(&mail);
        prop_assert_eq!(header_names(&message), HEADERS);
    }

    #[test]
    fn every_line_is_short_ascii_and_ends_in_crlf(
        subject in any::<String>(),
        text in any::<String>(),
        repeats in 1_usize..200,
    ) {
        let mut mail = mail_to("reader@example.org");
        mail.subject = subject;
        mail.text = text.repeat(repeats);
        mail.html = text.repeat(repeats);
        let message = written(&mail);
        prop_assert!(message.is_ascii());
        for line in message.split("\r\n") {
            prop_assert!(line.len() <= 998 && !line.contains(['\r', '\n', '\0']), "{line:?}");
        }
    }

    #[test]
    fn the_same_mail_is_the_same_bytes(subject in any::<String>(), text in any::<String>()) {
        let mut mail = mail_to("reader@example.org");
        mail.subject = subject;
        mail.text = text;
        prop_assert_eq!(written(&mail), written(&mail.clone()));
    }
}
