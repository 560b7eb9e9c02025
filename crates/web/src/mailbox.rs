//! The captured mailbox: the mails of test subscribers, and all mails of a server that sends none.

use askama::Template;
use chrono::NaiveDateTime;

use crate::account::AccountMenu;
use crate::moment;

/// A message in the list.
#[derive(Debug, Clone)]
pub struct MessageView {
    /// Where it can be read.
    pub href: String,
    /// Whom it is to.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// The title of the page that it tells of.
    pub page_title: Option<String>,
    /// When it was captured, UTC.
    pub captured_at: NaiveDateTime,
    /// Whether it is to a test subscriber.
    pub test: bool,
}

/// The list of messages.
#[derive(Debug, Template)]
#[template(path = "mailbox.html")]
pub struct Mailbox {
    /// Who is signed in; `None` in the demo.
    pub account: Option<AccountMenu>,
    /// The messages, newest first.
    pub messages: Vec<MessageView>,
    /// Where older messages are listed.
    pub older_href: Option<String>,
}

/// One message.
#[derive(Debug, Template)]
#[template(path = "message.html")]
pub struct Message {
    /// Who is signed in; `None` in the demo.
    pub account: Option<AccountMenu>,
    /// Where the list is.
    pub mailbox_href: String,
    /// What the list says of it.
    pub message: MessageView,
    /// The header fields to show, decoded, in order.
    pub headers: Vec<(String, String)>,
    /// Where the HTML version is served, with [`crate::security::MESSAGE_POLICY`]; `None` without one.
    pub html_src: Option<String>,
    /// The text version.
    pub text: String,
    /// Where the message is served as it would have been sent.
    pub raw_href: String,
}

impl Message {
    fn text_runs(&self) -> Vec<TextRun<'_>> {
        text_runs(&self.text)
    }
}

/// A message's HTML made ready for the frame that shows it: its links open beside the mailbox.
pub fn message_document(html: &str) -> String {
    const BASE: &str = "<base target=\"_blank\">";
    let head_end = html.find("<head>").map_or(0, |at| at + "<head>".len());
    format!("{}{BASE}{}", &html[..head_end], &html[head_end..])
}

/// A run of a text message.
#[derive(Debug, PartialEq)]
enum TextRun<'a> {
    Text(&'a str),
    Link(&'a str),
}

/// Cuts text at its web addresses, so that they can be followed.
fn text_runs(text: &str) -> Vec<TextRun<'_>> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(start) = link_start(rest) {
        let end = rest[start..]
            .find(|c: char| c.is_whitespace() || "<>\"()".contains(c))
            .map_or(rest.len(), |length| start + length);
        let link = rest[start..end].trim_end_matches(['.', ',', ';', ':', '!', '?']);
        if start > 0 {
            runs.push(TextRun::Text(&rest[..start]));
        }
        runs.push(TextRun::Link(link));
        rest = &rest[start + link.len()..];
    }
    if !rest.is_empty() {
        runs.push(TextRun::Text(rest));
    }
    runs
}

/// Where the first web address begins. One scheme is looked for, not each to the end of a text that has none of it.
fn link_start(text: &str) -> Option<usize> {
    let starts = text.match_indices("http").map(|(start, _)| start);
    starts.into_iter().find(|&start| ["s://", "://"].iter().any(|rest| text[start + 4..].starts_with(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_text_are_links() {
        use TextRun::{Link, Text};
        assert_eq!(text_runs("no address"), [Text("no address")]);
        assert_eq!(
            text_runs("See http://a.b/c?d=e&f. Or (https://g.h/)\nbye"),
            [Text("See "), Link("http://a.b/c?d=e&f"), Text(". Or ("), Link("https://g.h/"), Text(")\nbye")]
        );
        assert_eq!(text_runs("http https httphttp://a"), [Text("http https http"), Link("http://a")]);
        assert_eq!(text_runs(""), []);
    }

    #[test]
    fn links_of_a_message_open_beside_the_mailbox() {
        assert_eq!(
            message_document("<!doctype html><html><head><title>x"),
            "<!doctype html><html><head><base target=\"_blank\"><title>x"
        );
        assert!(message_document("<p>x").starts_with("<base target=\"_blank\"><p>"));
    }
}
