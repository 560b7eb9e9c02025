//! The result for each version of a changelog.

use chrono::NaiveDate;

/// The result of importing one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryImported {
    /// The line of its heading, from 1.
    pub line: usize,
    /// The version unchanged from the changelog.
    pub version: String,
    /// The tag of its release. `None` if no tag can be made.
    pub tag: Option<String>,
    /// The day, if the heading names one.
    pub date: Option<NaiveDate>,
    /// The first words of its title or notes. They often say more than the version.
    pub words: String,
    /// The result.
    pub outcome: EntryOutcome,
}

/// The result for one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryOutcome {
    /// A new release was added.
    Added,
    /// An existing release was changed to match the changelog.
    Changed,
    /// An existing release matched the changelog already.
    Same,
    /// An existing release was left unchanged, or none was added. The field is the reason.
    Kept(&'static str),
    /// The version cannot be imported. The field is the reason.
    Refused(String),
}

impl EntryOutcome {
    /// The result in one word.
    pub fn result(&self) -> EntryResult {
        match self {
            Self::Added => EntryResult::Added,
            Self::Changed => EntryResult::Changed,
            Self::Same => EntryResult::Same,
            Self::Kept(_) => EntryResult::Kept,
            Self::Refused(_) => EntryResult::Refused,
        }
    }

    /// The reason why the version was kept or refused.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Kept(why) => Some(why),
            Self::Refused(why) => Some(why),
            Self::Added | Self::Changed | Self::Same => None,
        }
    }
}

/// An [`EntryOutcome`] in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryResult {
    /// A new release was added.
    Added,
    /// An existing release was changed to match the changelog.
    Changed,
    /// An existing release matched the changelog already.
    Same,
    /// An existing release was left unchanged, or none was added.
    Kept,
    /// The version cannot be imported.
    Refused,
}

impl EntryResult {
    /// All results in the order of reports.
    pub const ALL: &'static [Self] = &[Self::Added, Self::Changed, Self::Same, Self::Kept, Self::Refused];

    /// The word in the API and the command.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Same => "same",
            Self::Kept => "kept",
            Self::Refused => "refused",
        }
    }
}
