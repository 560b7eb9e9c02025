//! The words of a line, without its Markdown.

/// Most characters of the words that [`first_words`] answers.
const WORDS_MAX: usize = 60;

/// The title of a section, or the first words of its notes where it has none: what tells people most about it in a list.
pub(crate) fn first_words(title: &str, notes: &str) -> String {
    let is_telling = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    };
    let line = if title.is_empty() { notes.lines().find(is_telling).unwrap_or_default() } else { title };
    // The marks of lists and quotes.
    let line = line.trim_start().trim_start_matches(['-', '*', '+', '>', ' ']);
    let start: String = line.chars().take(4 * WORDS_MAX).collect();
    let words = plain_text(&start).split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= WORDS_MAX {
        return words;
    }
    let cut: String = words.chars().take(WORDS_MAX - 1).collect();
    // Not in the middle of a word, if it has an end.
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", cut[..end].trim_end_matches([' ', ',', '.', ':', ';']))
}

/// What a heading says, as its reader sees it: links become their text, marks of emphasis and code go, and so do tags of
/// HTML and images.
pub(super) fn plain_text(markdown: &str) -> String {
    let mut plain = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some(c) = rest.chars().next() {
        let behind = &rest[c.len_utf8()..];
        rest = match c {
            '\\' if behind.starts_with(|next: char| next.is_ascii_punctuation()) => {
                plain.push_str(&behind[..1]);
                &behind[1..]
            }
            '!' if behind.starts_with('[') => bracketed(behind).map_or(behind, |(_, behind)| target_skip(behind)),
            '[' => match bracketed(rest) {
                Some((text, behind)) => {
                    let behind = if behind.starts_with(['(', '[']) { target_skip(behind) } else { behind };
                    // A text in brackets is kept apart from what is written against it.
                    if plain.ends_with(char::is_alphanumeric) {
                        plain.push(' ');
                    }
                    plain.push_str(&plain_text(text));
                    if behind.starts_with(|next: char| next.is_alphanumeric() || matches!(next, '(' | '[')) {
                        plain.push(' ');
                    }
                    behind
                }
                None => behind,
            },
            '<' => match behind.split_once('>') {
                Some((tag, behind)) if tag.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!')) => {
                    behind
                }
                _ => {
                    plain.push(c);
                    behind
                }
            },
            '*' | '`' | '~' => behind,
            _ => {
                plain.push(c);
                behind
            }
        };
    }
    plain
}

/// The text in brackets at the beginning of `text`, brackets inside it counted, and what is behind them.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    closed(text, '[', ']')
}

/// Skips the target of a link: `(address)` or `[label]`.
fn target_skip(text: &str) -> &str {
    closed(text, '(', ')').or_else(|| closed(text, '[', ']')).map_or(text, |(_, behind)| behind)
}

fn closed(text: &str, open: char, close: char) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close && depth > 0 {
            depth -= 1;
        }
        if depth == 0 {
            // The first character opens, or there is nothing here to be closed.
            return (at > 0).then(|| (&text[1..at], &text[at + 1..]));
        }
    }
    None
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
        ] {
            let words: Vec<String> = plain_text(markdown).split_whitespace().map(str::to_owned).collect();
            assert_eq!(words.join(" "), plain, "{markdown}");
        }
    }
}
