//! Notes as plain text, for text mails.

use comrak::nodes::{ListType, NodeValue};
use comrak::{Arena, Node};

use crate::raw_html::raw_text;
use crate::tree::tree_parse;

/// The longest underline of a heading, in characters; longer headings wrap in a mail anyway.
const UNDERLINE: usize = 60;

/// Renders notes, GitHub-flavoured Markdown, as text that reads well without a renderer.
///
/// Links are `text (address)`, code blocks are indented by four spaces, lists and quotations keep
/// their markers, images are their alternative text. Without HTML, control characters (but `\n` and
/// the tab), and white space at its ends; lines are not wrapped.
pub fn notes_text(markdown: &str) -> String {
    let arena = Arena::new();
    let root = tree_parse(&arena, markdown);
    blocks_text(root, "\n\n").trim().to_owned()
}

/// The blocks under a node, recursing no deeper than the tree, which is bounded.
fn blocks_text(parent: Node<'_>, between: &str) -> String {
    let blocks: Vec<String> = parent.children().map(block_text).filter(|block| !block.is_empty()).collect();
    blocks.join(between)
}

fn block_text(node: Node<'_>) -> String {
    match &node.data().value {
        NodeValue::Heading(heading) => {
            let text = inlines_text(node, Links::Addressed);
            let rule = if heading.level == 1 { "=" } else { "-" };
            let underline = rule.repeat(text.chars().count().min(UNDERLINE));
            format!("{text}\n{underline}")
        }
        NodeValue::BlockQuote => lines_prefix(&blocks_text(node, "\n\n"), "> ", "> "),
        NodeValue::CodeBlock(code) => lines_prefix(code.literal.trim_end(), "    ", "    "),
        NodeValue::HtmlBlock(block) => raw_text(&block.literal).trim().to_owned(),
        NodeValue::ThematicBreak => "* * *".to_owned(),
        NodeValue::List(list) => {
            let between = if list.tight { "\n" } else { "\n\n" };
            let numbers = (list.list_type == ListType::Ordered).then_some(list.start);
            items_text(node, numbers, between)
        }
        NodeValue::Table(_) => table_text(node),
        value if value.contains_inlines() => inlines_text(node, Links::Addressed),
        value if value.block() => blocks_text(node, "\n\n"),
        _ => inline_text(node, Links::Addressed),
    }
}

fn items_text(list: Node<'_>, first_number: Option<usize>, between: &str) -> String {
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
        items.push(lines_prefix(&blocks_text(item, between), &marker, &indent));
    }
    items.join(between)
}

fn table_text(table: Node<'_>) -> String {
    let mut lines = Vec::new();
    for row in table.children() {
        let cells: Vec<String> = row.children().map(|cell| inlines_text(cell, Links::Addressed)).collect();
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

/// Puts `first` before the first line and `rest` before the others; empty lines get no trailing space.
fn lines_prefix(text: &str, first: &str, rest: &str) -> String {
    let mut out = String::with_capacity(text.len() + first.len());
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

/// Whether a link's address is written after its text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    Addressed,
    Bare,
}

/// The inline content of a node.
pub(crate) fn inlines_text(parent: Node<'_>, links: Links) -> String {
    parent.children().map(|node| inline_text(node, links)).collect()
}

fn inline_text(node: Node<'_>, links: Links) -> String {
    match &node.data().value {
        NodeValue::Text(text) => text.to_string(),
        NodeValue::Code(code) if links == Links::Bare => code.literal.clone(),
        NodeValue::Code(code) => format!("`{}`", code.literal),
        NodeValue::SoftBreak | NodeValue::LineBreak => "\n".to_owned(),
        NodeValue::HtmlInline(html) => raw_text(html),
        NodeValue::Link(link) => {
            let text = inlines_text(node, links);
            if links == Links::Bare || !address_is_told(&link.url) || says_address(&text, &link.url) {
                text
            } else if text.trim().is_empty() {
                link.url.clone()
            } else {
                format!("{text} ({})", link.url)
            }
        }
        _ => inlines_text(node, links),
    }
}

/// Whether an address leads somewhere from a mail.
fn address_is_told(url: &str) -> bool {
    ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

/// Whether a link's text is its address already, as in `https://…`, `www.…` and `me@example.com`.
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
            assert_eq!(notes_text(markdown), expected, "{markdown}");
        }
    }
}
