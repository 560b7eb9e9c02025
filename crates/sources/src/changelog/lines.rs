//! The lines of a Markdown text, with the true headings among them.
//!
//! The reader knows the parts of CommonMark that hide headings: fenced code, code in list items, comments, raw HTML,
//! link definitions, and front matter. It knows both kinds of headings. A line inside any of these parts is not a
//! heading.

use super::{
    definition::definition_read,
    line::{Line, LineKind},
};

/// A block that never ends, so that no line after it is a heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclosed {
    /// The line where the block begins, from 1.
    pub(super) line: usize,
    /// The name of the block with its article.
    pub(super) what: &'static str,
}

/// Reads the lines of a text whose line breaks are all `\n`.
pub(super) fn lines_read(text: &str) -> (Vec<Line<'_>>, Option<Unclosed>) {
    let mut scanner = Scanner::default();
    let mut start = 0;
    let front_matter = front_matter_lines(text);
    for (index, line) in text.split('\n').enumerate() {
        let kind = if index < front_matter { LineKind::Filler } else { scanner.kind(index + 1, line) };
        if kind == LineKind::Underline
            && let Some(before) = scanner.lines.last_mut()
        {
            let level = if line.trim_start().starts_with('=') { 1 } else { 2 };
            before.kind = LineKind::Heading(level, text[before.start..before.end].trim());
        }
        let end = start + line.len();
        scanner.lines.push(Line { number: index + 1, start, end, kind });
        start = end + 1;
    }
    let unclosed = match scanner.inside {
        Inside::Fence { container: 0, line, .. } => Some(Unclosed { line, what: "the code block" }),
        Inside::Html { line, .. } => Some(Unclosed { line, what: "the comment or raw HTML" }),
        Inside::Fence { .. } | Inside::Nothing => None,
    };
    (scanner.lines, unclosed)
}

/// The number of lines of the front matter, which begins with `---` on the first line and ends at the next `---`.
fn front_matter_lines(text: &str) -> usize {
    let mut lines = text.split('\n');
    if lines.next().is_none_or(|first| first.trim_end() != "---") {
        return 0;
    }
    // With an empty line inside, the `---` are a thematic break and the underline of a heading.
    let inside = lines.take_while(|line| !line.trim().is_empty()).position(|line| line.trim_end() == "---");
    inside.map_or(0, |lines| lines + 2)
}

/// The block that a line is part of.
#[derive(Clone, Copy, Debug, Default)]
enum Inside {
    #[default]
    Nothing,
    /// Fenced code that began with `length` marks. The text of its list item begins at the column `container`, which is
    /// 0 outside of lists.
    Fence { mark: char, length: usize, container: usize, line: usize },
    /// Raw HTML up to the line that holds `end`.
    Html { end: &'static str, line: usize },
}

/// The raw HTML that may hold blank lines, with its end (CommonMark, HTML blocks 1 and 2).
const HTML_BLOCKS: [(&str, &str); 5] = [
    ("<!--", "-->"),
    ("<pre", "</pre>"),
    ("<script", "</script>"),
    ("<style", "</style>"),
    ("<textarea", "</textarea>"),
];

/// The state while the lines are read in order.
#[derive(Debug, Default)]
struct Scanner<'a> {
    lines: Vec<Line<'a>>,
    inside: Inside,
    /// The columns where the text of the open list items begins, outermost first.
    items: Vec<usize>,
    /// The number of lines of the paragraph above the next line.
    paragraph: usize,
}

impl<'a> Scanner<'a> {
    fn kind(&mut self, number: usize, line: &'a str) -> LineKind<'a> {
        match self.inside {
            Inside::Nothing => {}
            Inside::Fence { mark, length, container, .. } => {
                let (indent, rest) = indent_of(line);
                if rest.is_empty() || indent >= container {
                    let marks = rest.chars().take_while(|c| *c == mark).count();
                    if marks >= length && rest[marks..].trim().is_empty() {
                        self.inside = Inside::Nothing;
                    }
                    return LineKind::Text;
                }
                // The list item has ended, and so has its code.
                self.inside = Inside::Nothing;
            }
            Inside::Html { end, .. } => {
                if line.to_ascii_lowercase().contains(end) {
                    self.inside = Inside::Nothing;
                }
                return if end == "-->" { LineKind::Filler } else { LineKind::Text };
            }
        }
        let (indent, rest) = indent_of(line);
        if rest.is_empty() {
            self.paragraph = 0;
            return LineKind::Filler;
        }
        if self.paragraph == 1 && indent <= 3 && is_underline(rest) {
            self.paragraph = 0;
            return LineKind::Underline;
        }
        while self.items.last().is_some_and(|column| *column > indent) {
            self.items.pop();
        }
        let container = self.items.last().copied().unwrap_or(0);
        if indent - container > 3 {
            // Indented code, or the next line of a paragraph.
            self.paragraph += usize::from(self.paragraph > 0);
            return LineKind::Text;
        }
        let paragraph = std::mem::take(&mut self.paragraph);
        let kind = self.block(number, container, indent, rest);
        // Only a paragraph outside of lists and quotes can be underlined. It begins at the start of a line.
        if kind == LineKind::Text && (paragraph > 0 || indent == 0 && self.items.is_empty() && !rest.starts_with('>')) {
            self.paragraph = paragraph + 1;
        }
        kind
    }

    fn block(&mut self, number: usize, container: usize, indent: usize, rest: &'a str) -> LineKind<'a> {
        if self.fence_open(number, container, rest) {
            return LineKind::Text;
        }
        let lower = rest.get(..10).unwrap_or(rest).to_ascii_lowercase();
        if let Some((begin, end)) = HTML_BLOCKS.iter().find(|(begin, _)| lower.starts_with(begin)) {
            if !rest[begin.len()..].to_ascii_lowercase().contains(end) {
                self.inside = Inside::Html { end, line: number };
            }
            return if *begin == "<!--" { LineKind::Filler } else { LineKind::Text };
        }
        if is_thematic_break(rest) || is_anchor(rest) {
            return LineKind::Filler;
        }
        if container == 0 {
            if let Some((level, text)) = heading_marks_strip(rest) {
                return LineKind::Heading(level, text);
            }
            if let Some(definition) = definition_read(rest) {
                return LineKind::Definition(definition);
            }
        }
        if let Some(width) = list_marker_width(rest) {
            self.items.push(indent + width);
            self.fence_open(number, indent + width, rest.get(width..).unwrap_or_default());
        }
        LineKind::Text
    }

    /// Begins a code block if `rest` is a fence.
    fn fence_open(&mut self, number: usize, container: usize, rest: &str) -> bool {
        let Some(mark) = rest.chars().next().filter(|c| matches!(c, '`' | '~')) else { return false };
        let length = rest.chars().take_while(|c| *c == mark).count();
        let opens = length >= 3 && (mark == '~' || !rest[length..].contains('`'));
        if opens {
            self.inside = Inside::Fence { mark, length, container, line: number };
        }
        opens
    }
}

/// The column of a line's text, and the text without blanks around it. A tab moves to the next multiple of 4.
fn indent_of(line: &str) -> (usize, &str) {
    let mut column = 0;
    for c in line.chars() {
        match c {
            ' ' => column += 1,
            '\t' => column += 4 - column % 4,
            _ => break,
        }
    }
    (column, line.trim())
}

/// The level and text of a heading that begins with `#`. Closing marks are removed.
fn heading_marks_strip(rest: &str) -> Option<(u8, &str)> {
    let text = rest.trim_start_matches('#');
    let level = rest.len() - text.len();
    if !(1..=6).contains(&level) || !(text.is_empty() || text.starts_with([' ', '\t'])) {
        return None;
    }
    let text = text.trim();
    let open = text.trim_end_matches('#');
    let text = if open.is_empty() || open.ends_with([' ', '\t']) { open.trim_end() } else { text };
    Some((u8::try_from(level).ok()?, text))
}

/// True if a line makes the paragraph above it a heading.
fn is_underline(rest: &str) -> bool {
    rest.chars().all(|c| c == '=') || rest.chars().all(|c| c == '-')
}

fn is_thematic_break(rest: &str) -> bool {
    let marks: Vec<char> = rest.chars().filter(|c| !matches!(c, ' ' | '\t')).collect();
    marks.len() >= 3 && matches!(marks[0], '*' | '-' | '_') && marks.iter().all(|c| *c == marks[0])
}

/// True if a line is only an anchor, such as `<a name="v1.2.0"></a>`. It belongs to the heading below it.
fn is_anchor(rest: &str) -> bool {
    let tag = rest.strip_prefix("<a ").and_then(|rest| rest.split_once('>'));
    tag.is_some_and(|(attributes, behind)| !attributes.contains("href") && matches!(behind.trim(), "" | "</a>"))
}

/// The distance from the start of a list marker to the item's text. `None` if there is no marker.
fn list_marker_width(rest: &str) -> Option<usize> {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let marker = match rest[digits..].chars().next()? {
        '-' | '*' | '+' if digits == 0 => 1,
        '.' | ')' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    let behind = &rest[marker..];
    let blanks = behind.bytes().take_while(|byte| *byte == b' ').count();
    match blanks {
        0 if behind.is_empty() || behind.starts_with('\t') => Some(marker + 1),
        0 => None,
        1..=4 => Some(marker + blanks),
        _ => Some(marker + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The headings of a text as line, level and text.
    fn headings(text: &str) -> Vec<(usize, u8, &str)> {
        let (lines, _) = lines_read(text);
        let headings = lines.into_iter().filter_map(|line| match line.kind {
            LineKind::Heading(level, text) => Some((line.number, level, text)),
            _ => None,
        });
        headings.collect()
    }

    #[test]
    fn both_kinds_of_headings() {
        for (text, expected) in [
            ("# a", vec![(1, 1, "a")]),
            ("   ###### a ##", vec![(1, 6, "a")]),
            ("## a#", vec![(1, 2, "a#")]),
            ("##\n#", vec![(1, 2, ""), (2, 1, "")]),
            ("#12 is fixed\n####### seven\n    ## code\n\\# a", vec![]),
            ("a\n=", vec![(1, 1, "a")]),
            ("a\n---  \nb\n\n---", vec![(1, 2, "a")]),
            ("a\nb\n===", vec![]),
            ("text\n## a\n===", vec![(2, 2, "a")]),
            ("- a\n---\n> b\n---\n* c\n  d\n===", vec![]),
        ] {
            assert_eq!(headings(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_only_looks_like_a_heading() {
        for text in [
            "```\n# a\n```",
            "~~~~ text\n# a\n~~~\n# b\n~~~~",
            "- a\n  ```sh\n  # b\n  ```",
            "1. a\n\n   - b\n\n     ```\n     # c\n     ```",
            "- ```\n  # a\n  ```",
            "- a\n  # b",
            "<!--\n\n# a\n-->",
            "<PRE>\n# a\n</pre>",
            "---\ntitle: a\n---",
            "> # a",
        ] {
            assert_eq!(headings(text), [], "{text:?}");
            let then = format!("{text}\n\n# z");
            assert_eq!(headings(&then).len(), 1, "{then:?}");
        }
    }

    #[test]
    fn code_ends_with_its_list_item() {
        assert_eq!(headings("- a\n  ```\n  # b\n# c"), [(4, 1, "c")]);
        assert_eq!(headings("    ```\n# a"), [(2, 1, "a")]);
    }

    #[test]
    fn what_never_ends_is_told() {
        for (text, unclosed) in [
            ("a\n\n```\n# b", Some(Unclosed { line: 3, what: "the code block" })),
            ("<!-- a\n# b", Some(Unclosed { line: 1, what: "the comment or raw HTML" })),
            ("- a\n  ```\n  b", None),
            ("<!-- a -->\n<pre>b</pre>\n```\n```", None),
        ] {
            assert_eq!(lines_read(text).1, unclosed, "{text:?}");
        }
    }

    #[test]
    fn filler() {
        for text in ["", "  ", "***", "- - -", "<!-- a -->", "<a name=\"v1\"></a>", "<a id='v1'>"] {
            assert_eq!(lines_read(text).0[0].kind, LineKind::Filler, "{text:?}");
        }
        for text in ["--", "<a href=\"/\"></a>", "<abbr>", "<a name=\"v1\">text</a>"] {
            assert_eq!(lines_read(text).0[0].kind, LineKind::Text, "{text:?}");
        }
    }
}
