//! Sentences and paths of the documentation as HTML.

use std::fmt::{self, Write};

use askama::filters::{Html, HtmlSafe, Safe, escape};

/// A word without a line break inside.
const WHOLE: &str = "UTF-8";

/// HTML made here from escaped text.
pub(crate) struct PhraseHtml(String);

impl fmt::Display for PhraseHtml {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl HtmlSafe for PhraseHtml {}

impl PhraseHtml {
    /// Adds text without a line break inside.
    fn push_whole(&mut self, text: &str) {
        self.0.push_str("<span class=\"whole\">");
        self.push_text(text);
        self.0.push_str("</span>");
    }

    fn push_text(&mut self, text: &str) {
        let Ok(Safe(escaped)) = escape(text, Html);
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{escaped}");
    }
}

/// Renders a sentence. Text between backticks is code. A backtick without a partner stays text.
pub(crate) fn sentence(text: &str) -> PhraseHtml {
    let mut html = PhraseHtml(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some((before, opened)) = rest.split_once('`')
        && let Some((code, after)) = opened.split_once('`')
    {
        words_push(&mut html, before);
        code_push(&mut html, code);
        rest = after;
    }
    words_push(&mut html, rest);
    html
}

fn words_push(html: &mut PhraseHtml, text: &str) {
    for (index, part) in text.split(WHOLE).enumerate() {
        if index > 0 {
            html.push_whole(WHOLE);
        }
        html.push_text(part);
    }
}

/// Adds code with line breaks only at blanks. Browsers would also break it at hyphens.
fn code_push(html: &mut PhraseHtml, code: &str) {
    html.0.push_str("<code>");
    for (index, word) in code.split(' ').enumerate() {
        if index > 0 {
            html.0.push(' ');
        }
        if word.contains('-') { html.push_whole(word) } else { html.push_text(word) }
    }
    html.0.push_str("</code>");
}

/// Renders a path with line breaks only before a slash, such as `/v1`, `/pages`, `/{page_id}`.
pub(crate) fn path(text: &str) -> PhraseHtml {
    let mut html = PhraseHtml(String::with_capacity(2 * text.len()));
    for (index, name) in text.trim_start_matches('/').split('/').enumerate() {
        if index > 0 {
            html.0.push_str("<wbr>");
        }
        html.push_whole(&format!("/{name}"));
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_stands_between_backticks() {
        for (text, html) in [
            ("Send it again", "Send it again"),
            (
                "`ETag` and `Content-Type: a/b`",
                "<code>ETag</code> and <code><span class=\"whole\">Content-Type:</span> a/b</code>",
            ),
            ("one ` alone & `<b>` none", "one <code> alone &#38; </code>&#60;b&#62;` none"),
            ("<`\"&`>", "&#60;<code>&#34;&#38;</code>&#62;"),
            ("JSON in UTF-8, `x`", "JSON in <span class=\"whole\">UTF-8</span>, <code>x</code>"),
            ("", ""),
        ] {
            assert_eq!(sentence(text).to_string(), html, "{text}");
        }
    }

    #[test]
    fn lines_of_paths_end_at_slashes() {
        let expected = "<span class=\"whole\">/v1</span><wbr><span class=\"whole\">/{page-id}</span>";
        assert_eq!(path("/v1/{page-id}").to_string(), expected);
        assert_eq!(path("/<").to_string(), "<span class=\"whole\">/&#60;</span>");
    }
}
