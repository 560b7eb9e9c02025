//! The words of a line, without its Markdown.

use std::collections::HashMap;

/// The most characters that [`first_words`] returns.
const WORDS_MAX: usize = 60;

/// The title of a section, or the first words of its notes if there is no title. A list shows them to describe the
/// version.
pub(crate) fn first_words(title: &str, notes: &str) -> String {
    let is_telling = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    };
    let line = if title.is_empty() { notes.lines().find(is_telling).unwrap_or_default() } else { title };
    // The marks of lists and quotes are removed.
    let line = line.trim_start().trim_start_matches(['-', '*', '+', '>', ' ']);
    let start: String = line.chars().take(4 * WORDS_MAX).collect();
    let words = plain_text(&start).split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= WORDS_MAX {
        return words;
    }
    let cut: String = words.chars().take(WORDS_MAX - 1).collect();
    // The cut is at the end of a word if possible.
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end_matches([' ', ',', '.', ':', ';']))
}

/// The visible text of a heading. Links become their text. Images, HTML tags, and marks of emphasis and code are
/// removed. The time grows linearly with the text, even if it is deeply nested.
pub(super) fn plain_text(markdown: &str) -> String {
    let brackets = Brackets::of(markdown);
    let mut plain = String::with_capacity(markdown.len());
    // The open texts in brackets, each with its end and the place to continue after it.
    let mut open: Vec<Bracketed> = Vec::new();
    let mut at = 0;
    while let Some(c) = markdown[at..].chars().next() {
        let behind = at + c.len_utf8();
        // An element inside brackets ends with them at the latest.
        let limit = open.last().map_or(markdown.len(), |bracketed| bracketed.end);
        if open.last().is_some_and(|bracketed| bracketed.end == at) {
            at = open.pop().map_or(behind, |bracketed| bracketed.resume);
            // A blank separates a text in brackets from a text directly after it.
            if markdown[at..].starts_with(|next: char| next.is_alphanumeric() || matches!(next, '(' | '[')) {
                plain.push(' ');
            }
            continue;
        }
        at = match c {
            '\\' if markdown[behind..].starts_with(|next: char| next.is_ascii_punctuation()) => {
                plain.push_str(&markdown[behind..=behind]);
                behind + 1
            }
            '!' => match brackets.end_of('[', behind) {
                Some(end) => brackets.target_skip(end, limit),
                None if markdown[behind..].starts_with('[') => behind,
                None => {
                    plain.push(c);
                    behind
                }
            },
            '[' => {
                if let Some(end) = brackets.end_of('[', at) {
                    open.push(Bracketed { end: end - 1, resume: brackets.target_skip(end, limit) });
                    if plain.ends_with(char::is_alphanumeric) {
                        plain.push(' ');
                    }
                }
                behind
            }
            '<' => brackets.tag_end(markdown, behind, limit).unwrap_or_else(|| {
                plain.push(c);
                behind
            }),
            '*' | '`' | '~' => behind,
            _ => {
                plain.push(c);
                behind
            }
        };
    }
    plain
}

/// A text in brackets.
struct Bracketed {
    /// The byte of its closing bracket.
    end: usize,
    /// The byte to continue at, after the link's target if there is one.
    resume: usize,
}

/// The brackets of a text, with each kind paired separately.
struct Brackets {
    /// The byte after the closing bracket, by the byte of the opening one.
    square: HashMap<usize, usize>,
    round: HashMap<usize, usize>,
    /// The byte of each `>`.
    angles: Vec<usize>,
}

impl Brackets {
    fn of(text: &str) -> Self {
        let angles = text.match_indices('>').map(|(at, _)| at).collect();
        Self { square: paired(text, '[', ']'), round: paired(text, '(', ')'), angles }
    }

    /// The byte after the bracket that closes the one at `at`.
    fn end_of(&self, open: char, at: usize) -> Option<usize> {
        let pairs = if open == '[' { &self.square } else { &self.round };
        pairs.get(&at).copied()
    }

    /// Skips the target of a link, `(address)` or `[label]`, if one begins at `at` and ends before `limit`.
    fn target_skip(&self, at: usize, limit: usize) -> usize {
        let end = self.end_of('(', at).or_else(|| self.end_of('[', at));
        end.filter(|&end| end <= limit).unwrap_or(at)
    }

    /// The byte after the tag whose name begins at `start`. `None` if no tag begins there or it does not end before
    /// `limit`.
    fn tag_end(&self, text: &str, start: usize, limit: usize) -> Option<usize> {
        let is_tag = text[start..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
        let next = self.angles.partition_point(|&at| at < start);
        self.angles.get(next).copied().filter(|&at| is_tag && at < limit).map(|at| at + 1)
    }
}

/// The byte after each closing bracket, by the byte of the opening one. Unclosed brackets are left out.
fn paired(text: &str, open: char, close: char) -> HashMap<usize, usize> {
    let mut pairs = HashMap::new();
    let mut waiting = Vec::new();
    for (at, c) in text.char_indices() {
        if c == open {
            waiting.push(at);
        } else if c == close
            && let Some(start) = waiting.pop()
        {
            pairs.insert(start, at + 1);
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_first() {
        for (title, notes, words) in [
            ("Nautilus", "- a", "Nautilus"),
            ("", "### Added\n\n* **Search** in [notes](/n). [#12]\n* b", "Search in notes. #12"),
            ("", "### Added", ""),
            ("", "", ""),
            (
                "",
                "> A sentence, which goes on, and on, and on, and on, and then on again",
                "A sentence, which goes on, and on, and on, and on, and…",
            ),
        ] {
            assert_eq!(first_words(title, notes), words);
        }
        assert_eq!(first_words("", &"é".repeat(500)).chars().count(), WORDS_MAX);
    }

    #[test]
    fn words_without_marks() {
        for (markdown, plain) in [
            ("[1.2.0] - 2024-08-10", "1.2.0 - 2024-08-10"),
            ("[v1.2](https://example.com/a_(b)) (2024-01-01)", "v1.2 (2024-01-01)"),
            ("[**1.2.0**][tag-1.2.0] `x`", "1.2.0 x"),
            ("<a id=\"v1\"></a>1.2.0<br/>", "1.2.0"),
            ("![new](new.png) ~~1.2.0~~ [YANKED]", "1.2.0 YANKED"),
            ("1\\.2 a_b < 3", "1.2 a_b < 3"),
            ("[1.2.0", "1.2.0"),
            ("1.2.0](x)", "1.2.0](x)"),
            ("[[1.2.0]]", "1.2.0"),
            ("[1.2.0](/c)(2024-01-01)", "1.2.0 (2024-01-01)"),
            ("[a [b](c) d](e)f", "a b d f"),
            ("[[a](b] c) <d [e<f] g>", "a (b c)"),
            ("a! [b] !", "a! b !"),
            ("![a", "a"),
            ("a <b", "a <b"),
        ] {
            let words: Vec<String> = plain_text(markdown).split_whitespace().map(str::to_owned).collect();
            assert_eq!(words.join(" "), plain, "{markdown}");
        }
    }

    /// Deep nesting must not overflow the stack of a worker's thread. It must take linear time. A new search for the
    /// end of each bracket would take minutes.
    #[test]
    fn nests_take_no_more_than_their_length() {
        let check = || {
            for (open, close) in
                [("[", "]"), ("![", "](x)"), ("[", ""), ("(", ")"), ("<a", ">"), ("<a", ""), ("[a](", ")")]
            {
                let markdown = format!("{}x{}", open.repeat(300_000), close.repeat(300_000));
                assert!(plain_text(&markdown).len() <= 3 * markdown.len(), "{open}");
            }
        };
        std::thread::Builder::new().stack_size(512 * 1024).spawn(check).unwrap().join().unwrap();
    }
}
