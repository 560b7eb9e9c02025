//! Cells of CSV files that people open in spreadsheets.
//!
//! A spreadsheet treats a cell that begins with `=`, `+`, `-` or `@` as a formula. A cell that begins with a tab or a
//! line break may become one, since spreadsheets strip these. Such a cell gets an apostrophe in front, which marks it
//! as text.

use std::borrow::Cow;

/// The mark for a spreadsheet that the rest of the cell is text.
const APOSTROPHE: char = '\'';

/// True if a text could be a formula, leading apostrophes aside.
fn is_risky(text: &str) -> bool {
    text.trim_start_matches(APOSTROPHE).starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// Makes a cell that no spreadsheet treats as a formula. [`cell_text`] reverses it.
pub fn cell_defuse(text: &str) -> Cow<'_, str> {
    // A risky text with leading apostrophes gets one more, so that every cell can be read back.
    if is_risky(text) { Cow::Owned(format!("{APOSTROPHE}{text}")) } else { Cow::Borrowed(text) }
}

/// Returns the text of a cell that [`cell_defuse`] made.
pub fn cell_text(cell: &str) -> &str {
    cell.strip_prefix(APOSTROPHE).filter(|rest| is_risky(rest)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells() {
        for (text, cell) in [
            ("reader@example.com", "reader@example.com"),
            ("=1+1", "'=1+1"),
            ("+a@example.com", "'+a@example.com"),
            ("-a@example.com", "'-a@example.com"),
            ("@a", "'@a"),
            ("\ta", "'\ta"),
            ("\ra", "'\ra"),
            ("\n=1", "'\n=1"),
            ("'=1", "''=1"),
            ("o'neill@example.com", "o'neill@example.com"),
            ("'quoted'", "'quoted'"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(cell_defuse(text), cell);
            assert_eq!(cell_text(cell), text);
        }
    }

    proptest! {
        #[test]
        fn no_cell_is_a_formula_and_each_reads_back(text in "['=+@\t\r\n a-]{0,4}\\PC{0,10}") {
            let cell = cell_defuse(&text);
            let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
            prop_assert!(!is_formula, "{cell:?}");
            prop_assert_eq!(cell_text(&cell), &text);
        }

        #[test]
        fn any_text_reads_back(text in any::<String>()) {
            let cell = cell_defuse(&text);
            prop_assert_eq!(cell_text(&cell), &text);
        }
    }
}
