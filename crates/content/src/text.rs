//! Notes as plain text, for text emails.

use comrak::nodes::{ListType, NodeValue};
use comrak::{Arena, Node};
use url::Url;

use crate::budget::{Allowance, INDENTED_BYTES, OverBudget};
use crate::links::relative_resolve;
use crate::plain::plain_source;
use crate::raw_html::raw_text;
use crate::tree::tree_parse;

/// The longest underline of a heading, in characters. Longer headings wrap in an email anyway.
const UNDERLINE: usize = 60;

/// Renders notes, GitHub-flavoured Markdown, as plain text that is easy to read.
///
/// - Links become `text (address)`.
/// - Code blocks are indented by four spaces.
/// - Lists and quotations keep their markers.
/// - Images become their alternative text.
/// - HTML and control characters other than `\n` and the tab are removed.
/// - White space at both ends is removed, and lines are not wrapped.
/// - Relative addresses are resolved against `files`, as in [`notes_html`](crate::notes_html).
/// - Notes that exceed the budget are returned as they were written.
pub fn notes_text(markdown: &str, files: Option<&Url>) -> String {
    let text = text_render(markdown, files).unwrap_or_else(|OverBudget| plain_source(markdown));
    text.trim().to_owned()
}

fn text_render(markdown: &str, files: Option<&Url>) -> Result<String, OverBudget> {
    let arena = Arena::new();
    let root = tree_parse(&arena, markdown)?;
    let writer = Writer::new(files);
    let text = writer.blocks_text(root, "\n\n");
    // If the allowance is used up, the text has gaps.
    if writer.indented.take(1) { Ok(text) } else { Err(OverBudget) }
}

/// Writes nodes as text.
pub(crate) struct Writer<'f> {
    files: Option<&'f Url>,
    /// The allowance for text in front of lines. Each level of lists and quotations copies its text.
    indented: Allowance,
}

impl<'f> Writer<'f> {
    pub(crate) fn new(files: Option<&'f Url>) -> Self {
        Self { files, indented: Allowance::new(INDENTED_BYTES) }
    }

    /// Returns the blocks under a node. The recursion is only as deep as the tree, which is bounded.
    fn blocks_text(&self, parent: Node<'_>, between: &str) -> String {
        let blocks = parent.children().map(|node| self.block_text(node));
        let blocks: Vec<String> = blocks.filter(|block| !block.is_empty()).collect();
        blocks.join(between)
    }

    fn block_text(&self, node: Node<'_>) -> String {
        match &node.data().value {
            NodeValue::Heading(heading) => {
                let text = self.inlines_text(node, Links::Addressed);
                let rule = if heading.level == 1 { "=" } else { "-" };
                let underline = rule.repeat(text.chars().count().min(UNDERLINE));
                format!("{text}\n{underline}")
            }
            NodeValue::BlockQuote => self.lines_prefix(&self.blocks_text(node, "\n\n"), "> ", "> "),
            NodeValue::CodeBlock(code) => self.lines_prefix(code.literal.trim_end(), "    ", "    "),
            NodeValue::HtmlBlock(block) => raw_text(&block.literal).trim().to_owned(),
            NodeValue::ThematicBreak => "* * *".to_owned(),
            NodeValue::List(list) => {
                let between = if list.tight { "\n" } else { "\n\n" };
                let numbers = (list.list_type == ListType::Ordered).then_some(list.start);
                self.items_text(node, numbers, between)
            }
            NodeValue::Table(_) => self.table_text(node),
            value if value.contains_inlines() => self.inlines_text(node, Links::Addressed),
            value if value.block() => self.blocks_text(node, "\n\n"),
            _ => self.inline_text(node, Links::Addressed),
        }
    }

    fn items_text(&self, list: Node<'_>, first_number: Option<usize>, between: &str) -> String {
        let mut items = Vec::new();
        for (index, item) in list.children().enumerate() {
            let mut marker = match first_number {
                Some(first) => format!("{}. ", first.saturating_add(index)),
                None => "- ".to_owned(),
            };
            let indent = " ".repeat(marker.len());
            if let NodeValue::TaskItem(task) = &item.data().value {
                marker.push_str(if task.symbol.is_some() { "[x] " } else { "[ ] " });
            }
            items.push(self.lines_prefix(&self.blocks_text(item, between), &marker, &indent));
        }
        items.join(between)
    }

    fn table_text(&self, table: Node<'_>) -> String {
        let mut lines = Vec::new();
        for row in table.children() {
            let cells: Vec<String> = row.children().map(|cell| self.inlines_text(cell, Links::Addressed)).collect();
            let line = cells.join(" | ");
            let is_header = matches!(row.data().value, NodeValue::TableRow(true));
            let underline = "-".repeat(line.chars().count().min(UNDERLINE));
            lines.push(line);
            if is_header {
                lines.push(underline);
            }
        }
        lines.join("\n")
    }

    /// Puts `first` before the first line and `rest` before the others. Empty lines get no trailing space. Returns an
    /// empty text if the allowance is used up.
    fn lines_prefix(&self, text: &str, first: &str, rest: &str) -> String {
        let lines = text.split('\n').count();
        let length = text.len().saturating_add(lines.saturating_mul(first.len().max(rest.len())));
        if !self.indented.take(length) {
            return String::new();
        }
        let mut out = String::with_capacity(length);
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                out.push('\n');
            }
            let prefix = if index == 0 { first } else { rest };
            out.push_str(if line.is_empty() { prefix.trim_end() } else { prefix });
            out.push_str(line);
        }
        out
    }

    /// Returns the inline content of a node.
    pub(crate) fn inlines_text(&self, parent: Node<'_>, links: Links) -> String {
        parent.children().map(|node| self.inline_text(node, links)).collect()
    }

    fn inline_text(&self, node: Node<'_>, links: Links) -> String {
        match &node.data().value {
            NodeValue::Text(text) => text.to_string(),
            NodeValue::Code(code) if links == Links::Bare => code.literal.clone(),
            NodeValue::Code(code) => format!("`{}`", code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => "\n".to_owned(),
            NodeValue::HtmlInline(html) => raw_text(html),
            NodeValue::Link(link) => {
                let text = self.inlines_text(node, links);
                let url = relative_resolve(&link.url, self.files).unwrap_or_else(|| link.url.clone());
                if links == Links::Bare || !address_is_told(&url) || says_address(&text, &url) {
                    text
                } else if text.trim().is_empty() {
                    url
                } else {
                    format!("{text} ({url})")
                }
            }
            _ => self.inlines_text(node, links),
        }
    }
}

/// The form of a link: with or without its address after its text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    Addressed,
    Bare,
}

/// True if an address works from an email.
fn address_is_told(url: &str) -> bool {
    ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// True if a link's text already is its address, as in `https://…`, `www.…` and `me@example.com`.
fn says_address(text: &str, url: &str) -> bool {
    url.strip_suffix(text).is_some_and(|rest| matches!(rest, "" | "http://" | "https://" | "mailto:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_text() {
        for (markdown, expected) in [
            ("# New\n\nA **bold** [link](https://e.com/x).", "New\n===\n\nA bold link (https://e.com/x)."),
            ("https://e.com www.e.com a@e.com <https://e.org>", "https://e.com www.e.com a@e.com https://e.org"),
            ("[x](javascript:alert(1)) [y](/z)", "x y"),
            ("- a\n  - b\n- [x] c\n\n3. d\n4. e", "- a\n  - b\n- [x] c\n\n3. d\n4. e"),
            ("- a\n\n  b\n\n- c", "- a\n\n  b\n\n- c"),
            ("> q\n>\n> r", "> q\n>\n> r"),
            ("```rust\nfn a() {\n\n}\n```", "fn a() {\n\n    }"),
            ("x\n\n```\na\n```", "x\n\n    a"),
            ("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n-----\n1 | 2"),
            ("a ![cat](https://e.com/c.png) b", "a cat b"),
            ("<details>\n<summary>More</summary>\n\ntext<br>more\n\n</details>", "More\n\ntext\nmore"),
            ("use `a<b>` &amp; Vec<u8>\u{7}", "use `a<b>` & Vec<u8>"),
            ("", ""),
        ] {
            assert_eq!(notes_text(markdown, None), expected, "{markdown}");
        }
    }

    #[test]
    fn addresses_in_the_repository_are_told() {
        let files = Url::parse("https://github.com/acme/api/blob/v1.2.0/").expect("a URL");
        let told = "a (https://github.com/acme/api/blob/v1.2.0/docs/a.md)";
        assert_eq!(notes_text("[a](docs/a.md)", Some(&files)), told);
        assert_eq!(notes_text("[a](docs/a.md)", None), "a");
    }

    #[test]
    fn what_is_too_much_comes_out_as_it_was_written() {
        // Each of many short lines would be indented by hundreds of columns, again at every level.
        let lazy = format!("{}a\n{}", "999999999. ".repeat(32), "b\n".repeat(40_000));
        assert_eq!(notes_text(&lazy, None), lazy.trim_end());
        let little = format!("{}a\n{}", "999999999. ".repeat(20), "b\n".repeat(100));
        assert!(notes_text(&little, None).ends_with(&format!("\n{}b", " ".repeat(220))));
    }
}
