//! The captured mailbox. It holds the emails of test subscribers, and all emails of a server that sends none.

use askama::Template;
use chrono::NaiveDateTime;

use crate::account::AccountMenu;
use crate::moment;

/// A message in the list.
#[derive(Debug, Clone)]
pub struct MessageView {
    /// The URL of the message.
    pub href: String,
    /// The recipient's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The title of the page that the message is about.
    pub page_title: Option<String>,
    /// The time when the message was captured, in UTC.
    pub captured_at: NaiveDateTime,
    /// True if the recipient is a test subscriber.
    pub test: bool,
}

/// The list of messages.
#[derive(Debug, Template)]
#[template(path = "mailbox.html")]
pub struct Mailbox {
    /// The signed-in user. `None` in the demo.
    pub account: Option<AccountMenu>,
    /// The messages, newest first.
    pub messages: Vec<MessageView>,
    /// The URL of the list of older messages.
    pub older_href: Option<String>,
}

/// The document of one message.
#[derive(Debug, Template)]
#[template(path = "message.html")]
pub struct Message {
    /// The signed-in user. `None` in the demo.
    pub account: Option<AccountMenu>,
    /// The URL of the list.
    pub mailbox_href: String,
    /// The message as the list shows it.
    pub message: MessageView,
    /// The header fields to show: name and decoded value, in order.
    pub headers: Vec<(String, String)>,
    /// The URL of the HTML version, served with [`crate::security::MESSAGE_POLICY`]. `None` if there is none.
    pub html_src: Option<String>,
    /// The text version.
    pub text: String,
    /// The URL of the message in its raw form.
    pub raw_href: String,
}

impl Message {
    fn text_runs(&self) -> Vec<TextRun<'_>> {
        text_runs(&self.text)
    }
}

/// Prepares a message's HTML for its frame. Its links open outside of the mailbox.
pub fn message_document(html: &str) -> String {
    const BASE: &str = "<base target=\"_blank\">";
    let head_end = html.find("<head>").map_or(0, |at| at + "<head>".len());
    format!("{}{BASE}{}", &html[..head_end], &html[head_end..])
}

/// A part of a text message: plain text or a link.
#[derive(Debug, PartialEq)]
enum TextRun<'a> {
    Text(&'a str),
    Link(&'a str),
}

/// Splits text at its web addresses, so that these become links.
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

/// The start of the first web address. It searches once for both schemes, because a separate search for a missing one
/// would read the whole text.
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
