//! The options of an import.

use chrono::NaiveDate;

use super::tags::TagFormat;

/// The options of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangelogOptions {
    /// The format of the tags. If it is missing, tags follow the repository's other tags.
    pub tag_format: Option<TagFormat>,
    /// The day of new releases whose heading names none. If it is missing, such a release gets the day of the next
    /// older version that has one.
    pub undated: Option<NaiveDate>,
    /// True for an import that only reports the results and changes nothing.
    pub dry_run: bool,
}
