//! Raw HTML in Markdown. This module keeps the known tags and balances them.
//!
//! An HTML parser repairs an unclosed tag by opening it again in every later paragraph. Its work grows with the depth
//! of the tree. So this module closes tags within the element that opened them, and limits their depth, before any HTML
//! parser reads them. The purpose is bounded time and a good layout. The sanitizer is responsible for safety.

use crate::links::is_relative;
use crate::remote_images::RemoteImages;
use crate::tree::TREE_DEPTH;

/// The largest size of a tag, in bytes. Anything longer is text.
const TAG_LENGTH: usize = 4096;

/// Tags that are kept.
pub(crate) const KEPT: &[&str] = &[
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "var",
];

/// Tags for layout only. They are removed, but their content stays.
const PASSED_OVER: &[&str] = &["center", "font", "nobr", "picture", "section", "source"];

/// Tags without content, which have no end tag.
const VOID: &[&str] = &["br", "hr", "img"];

/// A piece of raw HTML.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece<'a> {
    /// Text, with its character references. An unknown tag is text too, so that `Vec<String>` outside of backticks
    /// reads as its author meant it.
    Text(&'a str),
    /// A stray `<`.
    Angle,
    /// An opening tag that is kept.
    Open(&'static str, &'a str),
    /// A closing tag that is kept.
    Close(&'static str),
}

/// Cuts raw HTML into its pieces. Comments, declarations and layout tags are left out.
pub(crate) fn pieces(html: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        if at > 0 {
            pieces.push(Piece::Text(&rest[..at]));
        }
        rest = &rest[at..];
        if let Some(length) = hidden_length(rest) {
            rest = &rest[length..];
        } else if let Some(tag) = Tag::parse(rest) {
            rest = &rest[tag.length..];
            if let Some(name) = tag.kept_name() {
                pieces.push(match tag.closing {
                    true => Piece::Close(name),
                    false => Piece::Open(name, tag.attributes),
                });
            }
        } else {
            pieces.push(Piece::Angle);
            rest = &rest[1..];
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// Returns the length of a comment, declaration or processing instruction at the start of `html`. If its end is
/// missing, it takes the rest of the text.
fn hidden_length(html: &str) -> Option<usize> {
    let end = match html {
        _ if html.starts_with("<!--") => "-->",
        _ if html.starts_with("<![CDATA[") => "]]>",
        _ if html.starts_with("<!") => ">",
        _ if html.starts_with("<?") => "?>",
        _ => return None,
    };
    Some(html.find(end).map_or(html.len(), |at| at + end.len()))
}

/// A tag as in CommonMark, section 6.6. Anything looser is text. A parser that continued after an odd quote would
/// swallow the markup that follows.
struct Tag<'a> {
    closing: bool,
    name: &'a str,
    attributes: &'a str,
    length: usize,
}

impl<'a> Tag<'a> {
    /// Reads the tag at the start of `html`. `None` if there is no tag, or no known tag.
    fn parse(html: &'a str) -> Option<Self> {
        let body = html.strip_prefix('<')?;
        let closing = body.starts_with('/');
        let body = body.strip_prefix('/').unwrap_or(body);
        let name_length = body.find(|c: char| !c.is_ascii_alphanumeric())?;
        let (name, tail) = body.split_at(name_length);
        let known = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        if !known(KEPT) && !known(PASSED_OVER) {
            return None;
        }
        let attributes_length = attributes_length(tail)?;
        let (attributes, tail) = tail.split_at(attributes_length);
        let tail = tail.trim_start();
        let tail = tail.strip_prefix('/').unwrap_or(tail).strip_prefix('>')?;
        Some(Self { closing, name, attributes, length: html.len() - tail.len() })
    }

    fn kept_name(&self) -> Option<&'static str> {
        KEPT.iter().find(|kept| kept.eq_ignore_ascii_case(self.name)).copied()
    }
}

/// Returns the length of the attributes at the start of `tail`. `None` if they are longer than a tag may be.
fn attributes_length(tail: &str) -> Option<usize> {
    let mut length = 0;
    while let Some(next) = attribute(&tail[length..]) {
        length += next.length;
        if length > TAG_LENGTH {
            return None;
        }
    }
    Some(length)
}

struct Attribute<'a> {
    name: &'a str,
    value: &'a str,
    length: usize,
}

/// Reads the attribute at the start of `tail`, with the white space before it.
fn attribute(tail: &str) -> Option<Attribute<'_>> {
    let named = tail.trim_start();
    if named.len() == tail.len() {
        return None;
    }
    let name_end = named.find(|c: char| !c.is_ascii_alphanumeric() && !"_.:-".contains(c)).unwrap_or(named.len());
    let (name, after) = named.split_at(name_end);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':') {
        return None;
    }
    let Some(valued) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
        let length = tail.len() - after.len();
        return Some(Attribute { name, value: "", length });
    };
    let (value, after) = match valued.chars().next()? {
        quote @ ('"' | '\'') => valued[1..].split_once(quote)?,
        _ => {
            let end = valued.find(|c: char| c.is_whitespace() || "\"'=<>`".contains(c)).unwrap_or(valued.len());
            Some(end).filter(|&end| end > 0).map(|end| valued.split_at(end))?
        }
    };
    let length = tail.len() - after.len();
    Some(Attribute { name, value, length })
}

/// Returns the alternative text of an `img` tag with these attributes, with its character references.
pub(crate) fn image_alternative(attributes: &str) -> &str {
    attribute_value(attributes, "alt")
}

/// Returns the value of an attribute. Empty if there is no attribute of that name.
fn attribute_value<'a>(mut attributes: &'a str, name: &str) -> &'a str {
    while let Some(next) = attribute(attributes) {
        if next.name.eq_ignore_ascii_case(name) {
            return next.value;
        }
        attributes = &attributes[next.length..];
    }
    ""
}

/// The open tags among the children of one element.
pub(crate) struct Balance {
    open: Vec<&'static str>,
    room: usize,
    images: RemoteImages,
}

impl Balance {
    /// Starts without open tags, in an element at this depth of the tree.
    pub(crate) fn new(depth: usize, images: RemoteImages) -> Self {
        Self { open: Vec::new(), room: (2 * TREE_DEPTH).saturating_sub(depth), images }
    }

    /// Rewrites one child's raw HTML. Tags that balance are kept, and headings are demoted. The alternative text
    /// replaces an image that may not be shown.
    pub(crate) fn rewrite(&mut self, html: &str) -> String {
        let mut out = String::with_capacity(html.len());
        for piece in pieces(html) {
            match piece {
                Piece::Text(text) => out.push_str(&text.replace('>', "&gt;")),
                Piece::Angle => out.push_str("&lt;"),
                Piece::Open("img", attributes) if !self.shows_image(attributes) => {
                    out.push_str(&image_alternative(attributes).replace('<', "&lt;"));
                }
                Piece::Open(name, attributes) => self.open(name, attributes, &mut out),
                Piece::Close(name) => self.close(name, &mut out),
            }
        }
        out
    }

    /// True if an image may be shown: it is on another server, and such images are allowed. Images inside the
    /// repository cannot be loaded.
    fn shows_image(&self, attributes: &str) -> bool {
        self.images == RemoteImages::Allowed && !is_relative(attribute_value(attributes, "src"))
    }

    /// Returns the closing tags of all tags that are still open, if there are any.
    pub(crate) fn finish(mut self) -> Option<String> {
        let mut out = String::new();
        self.close_down_to(0, &mut out);
        (!out.is_empty()).then_some(out)
    }

    fn open(&mut self, name: &'static str, attributes: &str, out: &mut String) {
        let void = VOID.contains(&name);
        if !void && self.open.len() >= self.room {
            return;
        }
        out.push('<');
        out.push_str(demoted(name));
        out.push_str(attributes);
        out.push('>');
        if !void {
            self.open.push(name);
        }
    }

    fn close(&mut self, name: &str, out: &mut String) {
        if let Some(at) = self.open.iter().rposition(|open| *open == name) {
            self.close_down_to(at, out);
        }
    }

    fn close_down_to(&mut self, at: usize, out: &mut String) {
        for name in self.open.drain(at..).rev() {
            out.push_str("</");
            out.push_str(demoted(name));
            out.push('>');
        }
    }
}

/// Returns a heading's name two levels lower, as for headings of Markdown. Other names are returned unchanged.
fn demoted(name: &'static str) -> &'static str {
    match name {
        "h1" => "h3",
        "h2" => "h4",
        "h3" => "h5",
        "h4" | "h5" => "h6",
        other => other,
    }
}

/// Returns raw HTML as plain text.
pub(crate) fn raw_text(html: &str) -> String {
    let mut out = String::new();
    for piece in pieces(html) {
        match piece {
            Piece::Text(text) => out.push_str(&references_decode(text)),
            Piece::Angle => out.push('<'),
            Piece::Open("br" | "hr", _) => out.push('\n'),
            Piece::Open("img", attributes) => {
                out.push_str(&references_decode(image_alternative(attributes)));
            }
            Piece::Open(..) | Piece::Close(_) => {}
        }
    }
    out
}

/// Replaces the character references that people write by hand.
fn references_decode(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(html: &str) -> String {
        let mut balance = Balance::new(0, RemoteImages::Refused);
        let mut out = balance.rewrite(html);
        out.push_str(&balance.finish().unwrap_or_default());
        out
    }

    #[test]
    fn tags_are_balanced_and_unknown_ones_are_text() {
        for (html, expected) in [
            ("<details open><summary>x", "<details open><summary>x</summary></details>"),
            ("<b><i>x</b>y</i>", "<b><i>x</i></b>y"),
            ("</p>x<br/>y<hr />", "x<br>y<hr>"),
            ("Vec<String> a < b", "Vec&lt;String&gt; a &lt; b"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("<!-- made by a robot -->x<!-- no end", "x"),
            ("<a href=\"x>y\" b='\"' c=d>z</a>", "<a href=\"x>y\" b='\"' c=d>z</a>"),
            ("<a href=\"x>z</a>", "&lt;a href=\"x&gt;z"),
            ("<h1>One</h1><H5>Five</H5>", "<h3>One</h3><h6>Five</h6>"),
            ("<img src=x alt='a &amp; b'>", "a &amp; b"),
            ("<center><font color=red>x</font></center>", "x"),
        ] {
            assert_eq!(rewritten(html), expected, "{html}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let out = rewritten(&"<div>".repeat(5_000));
        assert_eq!(out.matches("<div>").count(), 2 * TREE_DEPTH);
        assert_eq!(out.matches("</div>").count(), 2 * TREE_DEPTH);
    }

    #[test]
    fn text_has_no_tags_and_no_references() {
        assert_eq!(raw_text("<p>a &lt;b&gt; <em>c</em><br>Map<K, V> &amp;lt;</p>"), "a <b> c\nMap<K, V> &lt;");
    }
}
