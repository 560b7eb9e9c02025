//! A line of a Markdown text.

use super::definition::Definition;

/// The kind of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LineKind<'a> {
    /// A heading outside of lists and quotes. The fields are its level, 1 to 6, and its text without marks.
    Heading(u8, &'a str),
    /// The line of `=` or `-` below a heading.
    Underline,
    /// A link definition.
    Definition(Definition<'a>),
    /// A line that shows no text: a comment, an anchor, a thematic break, or a blank line.
    Filler,
    /// Any other line.
    Text,
}

/// A line of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The number of the line, from 1.
    pub(super) number: usize,
    /// The first byte of the line in the text.
    pub(super) start: usize,
    /// The end of the line in the text, in bytes, without its line break.
    pub(super) end: usize,
    /// The kind of the line.
    pub(super) kind: LineKind<'a>,
}
