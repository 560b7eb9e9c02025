//! The limits on the work of rendering notes.
//!
//! Notes come from strangers, and every view of a document renders them again. Each step takes time in proportion to
//! the notes. These limits cover the steps that could expand a short text, and libraries of ours that may take longer.
//! All limits count work and not time, so that the same notes give the same result on every machine. Notes that exceed
//! a limit are shown as they were written. Their text is kept, but their markup is not rendered.

use std::cell::Cell;

/// The largest size of notes whose Markdown is rendered, in bytes. The longest notes that forges accept have half of
/// it.
pub(crate) const SOURCE_BYTES: usize = 256 * 1024;

/// The largest work of the parser on words, see [`words_work`].
const WORDS_WORK: usize = 64_000_000;

/// The largest number of steps of the parser. Ordinary notes take up to five for each byte.
const PARSER_STEPS: u64 = 2_000_000;

/// The number of steps after which the parser asks again if it may continue.
const STEPS_PER_QUESTION: u64 = 256;

/// The largest number of nodes in the tree of notes.
const NODES: usize = 100_000;

/// The largest size of HTML before it is sanitized, in bytes.
pub(crate) const HTML_BYTES: usize = 4 * 1024 * 1024;

/// The largest number of bytes that are written to indent lines of text, over all levels.
pub(crate) const INDENTED_BYTES: usize = 16 * 1024 * 1024;

/// The notes exceed a limit. They are then shown as they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OverBudget;

/// Refuses notes that are too much work for the parser, before it reads them.
pub(crate) fn source_afford(markdown: &str) -> Result<(), OverBudget> {
    let affordable = markdown.len() <= SOURCE_BYTES && words_work(markdown) <= WORDS_WORK;
    affordable.then_some(()).ok_or(OverBudget)
}

/// Returns the work of the parser on words: for each place in a word where a link could begin, the length of the word.
/// The parser reads from each such place to the word's end, for example in `<http://a<http://a<…`.
fn words_work(markdown: &str) -> usize {
    let work = |word: &str| {
        let begins = word.bytes().filter(|byte| matches!(byte, b'<' | b'[' | b'(' | b':' | b'.' | b'@')).count();
        begins.saturating_mul(word.len())
    };
    markdown.split_ascii_whitespace().map(work).fold(0, usize::saturating_add)
}

/// An amount of work that is used up step by step.
#[derive(Debug)]
pub(crate) struct Allowance(Cell<u64>);

impl Allowance {
    pub(crate) fn new(amount: usize) -> Self {
        Self(Cell::new(amount as u64))
    }

    /// Returns the allowance for the steps of the parser.
    pub(crate) fn parser_steps() -> Self {
        Self(Cell::new(PARSER_STEPS / STEPS_PER_QUESTION))
    }

    /// Returns the allowance for the nodes of a tree.
    pub(crate) fn nodes() -> Self {
        Self::new(NODES)
    }

    /// Uses up some of the allowance. If less is left, it returns `false` and sets the rest to zero.
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
