//! The beginning of notes, for places that have no room for all of them.

/// Returns the beginning of the notes, at most `max_chars` characters (Unicode scalar values) of Markdown. Shorter
/// notes are returned whole.
///
/// Longer notes are cut in their second half, if possible: after a paragraph, or else after a line. Otherwise they are
/// cut at the limit. A list or a code block that was cut is still valid Markdown.
pub fn notes_beginning(markdown: &str, max_chars: usize) -> &str {
    let Some((limit, _)) = markdown.char_indices().nth(max_chars) else {
        return markdown;
    };
    let room = &markdown[..limit];
    let line_ends = || room.match_indices('\n').map(|(at, _)| at).rev().take_while(|&at| at >= limit / 2);
    // A blank line ends a paragraph (CommonMark, section 4.8).
    let ends_paragraph = |&at: &usize| room[at + 1..].split('\n').next().is_some_and(|line| line.trim().is_empty());
    let cut = line_ends().find(|at| at + 1 < limit && ends_paragraph(at)).or_else(|| line_ends().next());
    &markdown[..cut.unwrap_or(limit)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn notes_are_cut_where_they_can_be() {
        for (markdown, max_chars, beginning) in [
            ("one\n\ntwo", 8, "one\n\ntwo"),
            ("one one\n\ntwo\nthree", 14, "one one"),
            ("one one\r\n \r\ntwo\nthree", 16, "one one\r"),
            ("one\n\ntwo two\nthree", 16, "one\n\ntwo two"),
            ("one\n\ntwo two two two", 16, "one\n\ntwo two two"),
            ("onetwothree", 4, "onet"),
            ("日本語のテキスト", 4, "日本語の"),
            ("one", 0, ""),
            ("", 0, ""),
        ] {
            assert_eq!(notes_beginning(markdown, max_chars), beginning, "{markdown:?} {max_chars}");
        }
    }

    proptest! {
        #[test]
        fn a_beginning_has_room(markdown in "[a-zä\n ]{0,60}", max_chars in 0_usize..60) {
            let beginning = notes_beginning(&markdown, max_chars);
            let length = beginning.chars().count();
            prop_assert!(markdown.starts_with(beginning) && length <= max_chars);
            prop_assert_eq!(beginning == markdown, markdown.chars().count() <= max_chars);
            // Each character here has at most two bytes, so half of the bytes is at least a quarter of the characters.
            prop_assert!(beginning == markdown || length >= max_chars / 4);
        }
    }
}
