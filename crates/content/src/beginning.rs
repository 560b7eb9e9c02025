//! The beginning of notes, where there is no room for all of them.

/// The beginning of the notes in at most `max_chars` characters (Unicode scalar values), as Markdown: all of them where
/// they have no more. They are cut behind a paragraph, where one ends in the second half of what has room, else behind a
/// line, else where the room ends. The beginning of a list or a code block is one of its own.
pub fn notes_beginning(markdown: &str, max_chars: usize) -> &str {
    let Some((limit, _)) = markdown.char_indices().nth(max_chars) else {
        return markdown;
    };
    let room = &markdown[..limit];
    let line_ends = || room.match_indices('\n').map(|(at, _)| at).rev().take_while(|&at| at >= limit / 2);
    // A line without text is what ends a paragraph (CommonMark, section 4.8).
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
            // Bytes and characters differ by at most two here: a half of one is a quarter of the other.
            prop_assert!(beginning == markdown || length >= max_chars / 4);
        }
    }
}
