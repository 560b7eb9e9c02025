//! Preparation of the Markdown source before it is parsed.

/// The largest number of block markers (`>`, `-`, `1.` …) that one line may open. CommonMark's block phase visits every
/// open container again for each later line, so unlimited nesting takes quadratic time.
const MARKERS_PER_LINE: usize = 32;

/// The largest number of empty lines in a row. Each of them visits every open container, too.
const EMPTY_LINES: usize = 16;

/// Removes control characters and empty lines beyond [`EMPTY_LINES`], and turns line ends into `\n`. Escapes block
/// markers beyond [`MARKERS_PER_LINE`] with a backslash, as an author would (CommonMark, section 2.4).
pub(crate) fn source_clean(markdown: &str) -> String {
    let mut cleaned = String::with_capacity(markdown.len());
    let mut empty_lines = 0;
    for line in markdown.split(['\n', '\u{2028}', '\u{2029}']) {
        let start = cleaned.len();
        cleaned.extend(line.chars().filter(|&c| char_is_kept(c)));
        let is_empty = cleaned[start..].trim().is_empty();
        empty_lines = if is_empty { empty_lines + 1 } else { 0 };
        if empty_lines > EMPTY_LINES {
            cleaned.truncate(start);
            continue;
        }
        if let Some(at) = excess_marker(&cleaned[start..]) {
            cleaned.insert(start + at, '\\');
        }
        cleaned.push('\n');
    }
    cleaned
}

/// True if notes may contain a character. Control characters other than the tab are refused. So are characters that
/// reorder the text after them, since they could make a link look like another one.
pub(crate) fn char_is_kept(c: char) -> bool {
    c == '\t' || !(c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'))
}

/// Returns the position of the punctuation of the first block marker beyond the limit.
fn excess_marker(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let rules = Rules::of(bytes);
    let mut at = 0;
    let mut markers = 0;
    loop {
        while matches!(bytes.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let punctuation = at + digits;
        let spaced = matches!(bytes.get(punctuation + 1), None | Some(b' ' | b'\t'));
        match bytes.get(punctuation)? {
            b'>' if digits == 0 => {}
            b'-' | b'+' | b'*' if digits == 0 && spaced => {}
            b'.' | b')' if (1..=9).contains(&digits) && spaced => {}
            _ => return None,
        }
        markers += 1;
        if markers > MARKERS_PER_LINE && !rules.begin_at(punctuation, bytes[punctuation]) {
            return Some(punctuation);
        }
        at = punctuation + 1;
    }
}

/// The positions from which the rest of a line is one rule (`- - - -`) instead of nested lists. They are computed once
/// for each line. Checking the rest again at each marker would take quadratic time.
struct Rules {
    hyphens: usize,
    stars: usize,
}

impl Rules {
    fn of(line: &[u8]) -> Self {
        let start = |mark: u8| {
            let is_other = |byte: &u8| *byte != mark && !matches!(byte, b' ' | b'\t');
            line.iter().rposition(is_other).map_or(0, |last| last + 1)
        };
        Self { hyphens: start(b'-'), stars: start(b'*') }
    }

    /// True if the mark at this position begins a rule that continues to the end of the line.
    fn begin_at(&self, at: usize, mark: u8) -> bool {
        match mark {
            b'-' => at >= self.hyphens,
            b'*' => at >= self.stars,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_sources_keep_their_text() {
        for source in ["# Title\n\n- a\n  - b\n1. c\n> q\n", "    indented\tcode\n", "\n"] {
            assert_eq!(source_clean(source.trim_end_matches('\n')), source);
        }
    }

    #[test]
    fn control_and_reordering_characters_go() {
        assert_eq!(source_clean("a\u{0}b\u{1b}[31m\r\nc\u{202e}d\u{85}"), "ab[31m\ncd\n");
    }

    #[test]
    fn markers_beyond_the_limit_become_text() {
        let quoted = source_clean(&">".repeat(MARKERS_PER_LINE + 5));
        assert_eq!(quoted, format!("{}\\{}\n", ">".repeat(32), ">".repeat(5)));
        let listed = source_clean(&"1. ".repeat(MARKERS_PER_LINE + 2));
        assert_eq!(listed, format!("{}1\\. 1. \n", "1. ".repeat(MARKERS_PER_LINE)));
    }

    #[test]
    fn empty_lines_are_limited() {
        assert_eq!(
            source_clean(&format!("a{}b", "\n \t".repeat(100))),
            format!("a\n{} \tb\n", " \t\n".repeat(EMPTY_LINES))
        );
    }

    #[test]
    fn a_long_rule_stays_a_rule() {
        let rule = "- ".repeat(100);
        assert_eq!(source_clean(&rule), format!("{rule}\n"));
    }
}
