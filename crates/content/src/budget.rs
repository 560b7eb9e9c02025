//! What rendering notes may take.
//!
//! Notes come from strangers, and every view of a page renders them anew. Each step here takes time in proportion to
//! the notes; these limits hold where a step could make much of little, or a library of ours does not keep to that. All
//! are counted, not timed, so that the same notes come out the same on every machine. What is over one of them is shown
//! as it was written: none of it is lost, only its markup is not followed.

use std::cell::Cell;

/// The most bytes of notes whose Markdown is followed. The longest notes that forges take have half of it.
pub(crate) const SOURCE_BYTES: usize = 256 * 1024;

/// The most work that words may be for the parser, see [`words_work`].
const WORDS_WORK: usize = 64_000_000;

/// The most steps of the parser. Ordinary notes take up to five for each byte.
const PARSER_STEPS: u64 = 2_000_000;

/// How many steps the parser takes between two questions whether it is to go on.
const STEPS_PER_QUESTION: u64 = 256;

/// The most nodes that the tree of notes may have.
const NODES: usize = 100_000;

/// The most bytes that HTML may have before it is sanitized.
pub(crate) const HTML_BYTES: usize = 4 * 1024 * 1024;

/// The most bytes that are written while lines of text are indented, level by level.
pub(crate) const INDENTED_BYTES: usize = 16 * 1024 * 1024;

/// Notes take more than there is for them: they are to be shown as they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OverBudget;

/// Refuses notes that would be too much for the parser, before it sees them.
pub(crate) fn source_afford(markdown: &str) -> Result<(), OverBudget> {
    let affordable = markdown.len() <= SOURCE_BYTES && words_work(markdown) <= WORDS_WORK;
    affordable.then_some(()).ok_or(OverBudget)
}

/// What words are for the parser: for each place in a word at which a link could begin, the length of the word. It
/// looks from each of them to the word's end, for example in `<http://a<http://a<…`.
fn words_work(markdown: &str) -> usize {
    let work = |word: &str| {
        let begins = word.bytes().filter(|byte| matches!(byte, b'<' | b'[' | b'(' | b':' | b'.' | b'@')).count();
        begins.saturating_mul(word.len())
    };
    markdown.split_ascii_whitespace().map(work).fold(0, usize::saturating_add)
}

/// Something that is used up.
#[derive(Debug)]
pub(crate) struct Allowance(Cell<u64>);

impl Allowance {
    pub(crate) fn new(amount: usize) -> Self {
        Self(Cell::new(amount as u64))
    }

    /// The steps of the parser.
    pub(crate) fn parser_steps() -> Self {
        Self(Cell::new(PARSER_STEPS / STEPS_PER_QUESTION))
    }

    /// The nodes of a tree.
    pub(crate) fn nodes() -> Self {
        Self::new(NODES)
    }

    /// Uses some of it up; `false` where there is not so much left, and nothing is left then.
    pub(crate) fn take(&self, amount: usize) -> bool {
        let left = self.0.get().checked_sub(amount as u64);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_is_used_up() {
        let allowance = Allowance::new(3);
        assert!(allowance.take(2) && allowance.take(1) && allowance.take(0) && !allowance.take(1));
        let allowance = Allowance::new(3);
        assert!(!allowance.take(4) && !allowance.take(1));
    }

    #[test]
    fn ordinary_notes_can_be_afforded() {
        let notes = "## Added\n\n- Search ([#12](https://example.com/pull/12)) by @ada, see https://example.com/a.b.\n";
        assert_eq!(source_afford(&notes.repeat(2_500)), Ok(()));
        assert_eq!(source_afford(&notes.repeat(3_000)), Err(OverBudget));
        assert_eq!(source_afford(&"a".repeat(SOURCE_BYTES)), Ok(()));
        assert_eq!(source_afford(&"<http://a".repeat(3_000)), Err(OverBudget));
    }

    #[test]
    fn the_work_of_words_grows_with_their_own_length_alone() {
        assert_eq!(words_work("a.b (c) <d"), 3 + 3 + 2);
        let line = "see www.example.com/a\n";
        assert_eq!(words_work(&line.repeat(1_000)), 1_000 * words_work(line));
    }
}
