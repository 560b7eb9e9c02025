//! The form of a setting's declaration. `S` is the type of all settings.

use std::fmt;
use std::ops::RangeInclusive;

/// The settings of one section.
pub(super) struct Section<S: 'static> {
    /// The name with dots, empty for settings outside of any section.
    pub(super) name: &'static str,
    /// The settings of the section.
    pub(super) entries: &'static [Entry<S>],
}

/// One setting: its key, its default and what it accepts.
pub(super) struct Entry<S: 'static> {
    /// The full key with dots. The part before the last dot is the section.
    pub(super) key: &'static str,
    /// The built-in default, as TOML writes it.
    pub(super) default: Fallback<S>,
    /// The values that it accepts.
    pub(super) accepts: Accepts<S>,
    /// The purpose, in sentences for the document.
    pub(super) about: &'static str,
}

/// The value of a setting that nobody set.
pub(super) enum Fallback<S> {
    /// A fixed value, written as TOML.
    Fixed(&'static str),
    /// It depends on other settings, or there is none. The text, a TOML value or words, is for the document. The
    /// function returns the value, if there is one.
    Derived(&'static str, fn(&S) -> Option<String>),
}

/// The values that a setting accepts.
pub(super) enum Accepts<S> {
    /// `true` or `false`.
    Flag,
    /// A whole number in a range.
    Whole(RangeInclusive<u64>),
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// Text in a form that the type of the setting checks. The words describe the form.
    Form(&'static str),
    /// Like `Form`, for a value that is or may contain a secret. It is never printed. The function returns the text to
    /// print instead.
    Secret(&'static str, fn(&S) -> String),
    /// A table with keys of the user's own choice.
    Table(&'static str),
}

impl<S> Accepts<S> {
    /// True if the value must not appear in a message.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(..))
    }

    /// True if a settings file has the value without quotes.
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
