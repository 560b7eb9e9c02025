//! Functions that make text safe for its use: one line for headers and titles, plain lines for bodies, masked for logs.

use releasepage_domain::subscriber::address_masked;

/// The longest text that is kept of a server's answer, in characters.
const ANSWER_LENGTH: usize = 300;

/// Returns one clean line that cannot end a header.
///
/// Control characters, separators and white space become single spaces. Characters that change the order of the text
/// around them are removed. `=?` becomes `= ?`, because it would otherwise start an encoded word (RFC 2047, section 2).
pub fn line(text: &str) -> String {
    let kept: String = text.chars().filter(|c| !reorders(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = kept.split_whitespace().collect();
    words.join(" ").replace("=?", "= ?")
}

/// Returns clean lines for a body. Every line ending becomes `\n`, and control characters other than tab are removed.
pub fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace(['\r', '\u{2028}', '\u{2029}'], "\n")
        .chars()
        .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
        .collect()
}

/// Returns at most `length` characters. A cut text ends after a whole word if possible, and then an ellipsis.
pub fn cut(text: &str, length: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(length) else {
        return text.to_owned();
    };
    // The ellipsis replaces the last character.
    let last = text[..end].char_indices().next_back().map_or(0, |(at, _)| at);
    let kept = &text[..last];
    let whole = kept.rfind(char::is_whitespace).filter(|at| *at > kept.len() / 2);
    format!("{}…", kept[..whole.unwrap_or(kept.len())].trim_end())
}

/// A server's answer in the form for logs and the database: one line, cut, with every address masked.
pub fn answer(text: &str) -> String {
    let line = line(text);
    // From the end to the beginning, because a local part may hold an `@`, and a domain may not.
    let (mut pieces, mut end) = (Vec::new(), line.len());
    while let Some(at) = line[..end].rfind('@') {
        let begin = local_begin(&line[..at]);
        pieces.push(line[at + 1..end].to_owned());
        pieces.push(address_masked(&line[begin..=at]));
        end = begin;
    }
    pieces.push(line[..end].to_owned());
    pieces.reverse();
    cut(&pieces.concat(), ANSWER_LENGTH)
}

/// Returns the place in a text where the local part begins that the text ends with.
///
/// Between quotation marks, a local part may hold any character (RFC 5321, section 4.1.2). A server may leave the marks
/// out, so everything after an open angle bracket belongs to the local part, too.
fn local_begin(text: &str) -> usize {
    let bracket = text.rfind(['<', '>']).filter(|at| text[*at..].starts_with('<')).map(|at| at + 1);
    let quoted = text.strip_suffix('"').map(|inside| quote_open(inside).unwrap_or(0));
    let begin = bracket.into_iter().chain(quoted).min();
    begin.unwrap_or_else(|| {
        let word = text.rfind([' ', '<', '>', '(', ')', '[', ']', ',', ';', ':', '"']).map_or(0, |at| at + 1);
        // `'` may be a character of the local part or a quotation mark around the address.
        text.len() - text[word..].trim_start_matches('\'').len()
    })
}

/// Returns the place of the last quotation mark in a text that no backslash escapes.
fn quote_open(text: &str) -> Option<usize> {
    let is_escaped = |at: usize| (at - text[..at].trim_end_matches('\\').len()) % 2 == 1;
    text.rmatch_indices('"').map(|(at, _)| at).find(|at| !is_escaped(*at))
}

/// True if a character changes the direction of the text around it (Unicode, bidirectional formatting characters).
fn reorders(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_made_one() {
        for (text, expected) in [
            ("Faster search", "Faster search"),
            ("a\r\nBcc: b@example.com", "a Bcc: b@example.com"),
            ("a\0b\u{85}c\u{2028}d\te", "a b c d e"),
            ("  Müller  日本 ", "Müller 日本"),
            ("=?utf-8?q?x?=", "= ?utf-8?q?x?="),
            ("abc\u{202e}fdp.exe", "abcfdp.exe"),
            ("\r\n", ""),
        ] {
            assert_eq!(line(text), expected, "{text:?}");
        }
    }

    #[test]
    fn bodies_keep_their_lines() {
        assert_eq!(lines("a\r\nb\rc\u{2028}d\te\0\u{1b}[31m"), "a\nb\nc\nd\te[31m");
    }

    #[test]
    fn cuts_at_words() {
        for (text, length, expected) in [
            ("short", 5, "short"),
            ("one two three", 10, "one two…"),
            ("abcdefghijkl", 5, "abcd…"),
            ("日本語日本語", 3, "日本…"),
            ("x", 0, "…"),
        ] {
            assert_eq!(cut(text, length), expected, "{text:?} at {length}");
        }
    }

    #[test]
    fn answers_hide_who_was_written_to() {
        for (text, expected) in [
            ("5.1.1 <reader@example.com>: unknown user", "5.1.1 <r***@example.com>: unknown user"),
            ("no such user:reader@example.com.", "no such user:r***@example.com."),
            ("a@b@example.com;x@y", "a***@example.com;x***@y"),
            ("2.0.0 Ok: queued as 4F2\r\nX", "2.0.0 Ok: queued as 4F2 X"),
            (r#"5.1.1 <"odd name"@x.test>: unknown"#, r#"5.1.1 <"***@x.test>: unknown"#),
            (r#"no "odd name"@x.test here"#, r#"no "***@x.test here"#),
            (r#"no "odd \"na@me"@x.test, no "b"@y"#, r#"no "***@x.test, no "***@y"#),
            (r#"no \"odd name\"@x.test"#, r"n***@x.test"),
            ("<odd name@x.test> and <b@y>", "<o***@x.test> and <b***@y>"),
            ("no user 'o'neil@x.test'", "no user 'o***@x.test'"),
            ("@", "***@"),
        ] {
            assert_eq!(answer(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn answers_hide_every_local_part(
            before in "[ -~]{0,20}",
            local in "[a-zA-Z0-9._'+-]{6,20}|\"[a-z]{3}([ -!#-\\[\\]-~]|\\\\[ -~]){1,10}[a-z]{3}\"",
            after in "[ -?A-~]{0,20}",
        ) {
            let masked = answer(&format!("{before}<{local}@example.com>{after}"));
            prop_assert!(!masked.contains(&local[local.len() - 4..]), "{}", masked);
        }

        #[test]
        fn a_line_is_one_line(text in any::<String>()) {
            let broken = line(&text).chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
            prop_assert!(!broken);
        }

        #[test]
        fn what_is_cut_is_never_longer(text in any::<String>(), length in 1_usize..50) {
            prop_assert!(cut(&text, length).chars().count() <= length);
        }
    }
}
