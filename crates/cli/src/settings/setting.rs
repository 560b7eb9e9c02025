//! The form of a setting's declaration. `S` is all settings as types.

use std::fmt;
use std::ops::RangeInclusive;

/// The settings of one section.
pub(super) struct Section<S: 'static> {
    /// The name with dots, empty for settings outside of any section.
    pub(super) name: &'static str,
    /// The settings in it.
    pub(super) entries: &'static [Entry<S>],
}

/// One setting: its key, its default and what it accepts.
pub(super) struct Entry<S: 'static> {
    /// The key with dots; what stands before the last one is the section.
    pub(super) key: &'static str,
    /// The built-in default, as TOML writes it.
    pub(super) default: Fallback<S>,
    /// The values that it may have.
    pub(super) accepts: Accepts<S>,
    /// The purpose: sentences for the document.
    pub(super) about: &'static str,
}

/// The value of a setting that nobody set.
pub(super) enum Fallback<S> {
    /// A fixed value, written as TOML.
    Fixed(&'static str),
    /// It depends on other settings or is none at all. The text, a TOML value or words, is for the document. The
    /// function answers the value, if there is one.
    Derived(&'static str, fn(&S) -> Option<String>),
}

/// The values that a setting may have.
pub(super) enum Accepts<S> {
    /// `true` or `false`.
    Flag,
    /// A whole number in a range.
    Whole(RangeInclusive<u64>),
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// Text in a form which the type that reads it checks; described in words.
    Form(&'static str),
    /// Like `Form`, but its value is never printed, since it is or may contain a secret. The function answers what is
    /// printed instead.
    Secret(&'static str, fn(&S) -> String),
    /// A table with keys of the user's own choice.
    Table(&'static str),
}

impl<S> Accepts<S> {
    /// Whether the value must not appear in a message.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(..))
    }

    /// Whether the value stands in a file without quotes.
    pub(super) fn is_bare(&self) -> bool {
        matches!(self, Self::Flag | Self::Whole(_))
    }
}

impl<S> fmt::Display for Accepts<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("true or false"),
            Self::Whole(range) => write!(formatter, "a whole number from {} to {}", range.start(), range.end()),
            Self::OneOf(words) => write!(formatter, "one of {}", words.join(", ")),
            Self::Form(words) | Self::Secret(words, _) | Self::Table(words) => formatter.write_str(words),
        }
    }
}

impl<S> Entry<S> {
    /// The name inside the section.
    pub(super) fn name(&self) -> &'static str {
        self.key.rsplit_once('.').map_or(self.key, |(_, name)| name)
    }
}
