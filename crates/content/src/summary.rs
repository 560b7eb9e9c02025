//! One-line summaries of notes.

use comrak::Arena;
use comrak::nodes::NodeValue;

use crate::beginning::notes_beginning;
use crate::plain::plain_source;
use crate::text::{Links, Writer};
use crate::tree::tree_parse;

/// The number of characters of notes that are read. Lists show many summaries, each of one line.
const SUMMARIZED: usize = 16_384;

/// Returns the beginning of the notes in one line of at most `max_chars` characters (Unicode scalar values), for
/// previews.
///
/// The line joins the text of paragraphs and list items by ` · `. Notes with headings only give their headings. Notes
/// without text give an empty line. A cut line ends in `…`, between words if there is a space. Only the beginning of
/// long notes is read. Notes that exceed the budget give their Markdown as it was written.
pub fn notes_summary(markdown: &str, max_chars: usize) -> String {
    let markdown = notes_beginning(markdown, SUMMARIZED);
    let arena = Arena::new();
    let Ok(root) = tree_parse(&arena, markdown) else {
        let mut line = String::new();
        line_append(&mut line, &plain_source(markdown));
        return line_cut(line, max_chars);
    };
    let writer = Writer::new(None);
    let mut summary = String::new();
    let mut headings = String::new();
    for node in root.descendants() {
        let into = match node.data().value {
            NodeValue::Paragraph => &mut summary,
            NodeValue::Heading(_) => &mut headings,
            _ => continue,
        };
        line_append(into, &writer.inlines_text(node, Links::Bare));
        // A character has at most four bytes, so text of this length is enough.
        if summary.len() > max_chars.saturating_mul(4) {
            break;
        }
    }
    line_cut(if summary.is_empty() { headings } else { summary }, max_chars)
}

fn line_append(line: &mut String, text: &str) {
    let mut words = text.split_whitespace();
    let Some(first) = words.next() else { return };
    if !line.is_empty() {
        line.push_str(" · ");
    }
    line.push_str(first);
    for word in words {
        line.push(' ');
        line.push_str(word);
    }
}

fn line_cut(mut line: String, max_chars: usize) -> String {
    let Some((limit, _)) = line.char_indices().nth(max_chars) else {
        return line;
    };
    let Some((last, character)) = line[..limit].char_indices().next_back() else {
        return String::new();
    };
    // This leaves room for the ellipsis. It goes back to a space, unless that leaves less than half.
    let cut = match character {
        ' ' => last,
        _ => line[..last].rfind(' ').filter(|&space| space >= last / 2).unwrap_or(last),
    };
    line.truncate(cut);
    line.truncate(line.trim_end_matches([' ', '·', ',', ';', ':']).len());
    line.push('…');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_in_a_line() {
        for (markdown, max_chars, expected) in [
            ("# Changes\n\nFaster *start*.\n\n- [one](https://e.com)\n- `two`\n", 80, "Faster start. · one · two"),
            ("# Only a heading", 80, "Only a heading"),
            ("", 80, ""),
            ("one two three", 13, "one two three"),
            ("one two three", 12, "one two…"),
            ("one two three", 8, "one two…"),
            ("one two three", 7, "one…"),
            ("onetwothree", 4, "one…"),
            ("日本語のテキスト", 4, "日本語…"),
            ("one", 1, "…"),
            ("one", 0, ""),
        ] {
            assert_eq!(notes_summary(markdown, max_chars), expected, "{markdown} {max_chars}");
        }
    }
}
