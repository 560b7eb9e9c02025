//! The printed report of an import.

use releasepage_sources::changelog_import::{ChangelogImported, EntryImported, EntryResult};

/// The greatest width of a tag in the table, in characters.
const TAG_WIDTH_MAX: usize = 40;

/// One line for each version, then the remarks, then the counts.
pub(super) fn report(imported: &ChangelogImported, dry_run: bool) -> String {
    let tags = imported.entries.iter().map(|entry| tag(entry).chars().count());
    let width = tags.max().unwrap_or_default().clamp("TAG".len(), TAG_WIDTH_MAX);
    let mut text = format!("{:<width$}  {:<10}  {:<7}  NOTES\n", "TAG", "DATE", "RESULT");
    for entry in &imported.entries {
        text.push_str(&line(entry, width));
    }
    for warning in &imported.warnings {
        text.push_str(&format!("line {}: {}\n", warning.line, shown(&warning.message)));
    }
    if !imported.unreleased.is_empty() {
        let lines: Vec<String> = imported.unreleased.iter().map(ToString::to_string).collect();
        let s = if lines.len() == 1 { "" } else { "s" };
        text.push_str(&format!("Not released yet, and left out: line{s} {}\n", lines.join(", ")));
    }
    let counted = EntryResult::ALL.iter().map(|result| (imported.count(*result), result.as_str()));
    let counts: Vec<String> =
        counted.filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    let versions = imported.entries.len();
    let s = if versions == 1 { "" } else { "s" };
    let so = if dry_run { " would be so; nothing was changed" } else { "" };
    text.push_str(&format!("{versions} version{s}: {}{so}.\n", counts.join(", ")));
    text
}

fn line(entry: &EntryImported, width: usize) -> String {
    let date = entry.date.map_or_else(|| "-".to_owned(), |date| date.to_string());
    let words = match entry.outcome.reason() {
        Some(reason) => format!("line {}: {reason}", entry.line),
        None => entry.words.clone(),
    };
    let line =
        format!("{:<width$}  {date:<10}  {:<7}  {}", shown(tag(entry)), entry.outcome.result().as_str(), shown(&words));
    format!("{}\n", line.trim_end())
}

fn tag(entry: &EntryImported) -> &str {
    entry.tag.as_deref().unwrap_or(&entry.version)
}

/// Text from a file, made safe for a terminal. Control characters are shown as a mark.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use releasepage_sources::{changelog::ChangelogWarning, changelog_import::EntryOutcome};

    use super::*;

    #[test]
    fn a_line_for_each_version() {
        let entry = |line, tag: &str, date: Option<&str>, words: &str, outcome| EntryImported {
            line,
            version: tag.trim_start_matches('v').to_owned(),
            tag: Some(tag.to_owned()),
            date: date.map(|date| date.parse().expect("a day")),
            words: words.to_owned(),
            outcome,
        };
        let imported = ChangelogImported {
            entries: vec![
                entry(5, "v1.10.0", Some("2024-08-10"), "Search in \u{1b}[2Jnotes", EntryOutcome::Added),
                entry(9, "v1.9.0", None, "", EntryOutcome::Same),
                entry(12, "v1.8.0", None, "A lot", EntryOutcome::Refused("its day is still to come".to_owned())),
            ],
            warnings: vec![ChangelogWarning { line: 20, message: "odd".to_owned() }],
            unreleased: vec![3],
        };
        let expected = "\
TAG      DATE        RESULT   NOTES
v1.10.0  2024-08-10  added    Search in \u{fffd}[2Jnotes
v1.9.0   -           same
v1.8.0   -           refused  line 12: its day is still to come
line 20: odd
Not released yet, and left out: line 3
3 versions: 1 added, 1 same, 1 refused would be so; nothing was changed.
";
        assert_eq!(report(&imported, true), expected);
        assert!(report(&imported, false).ends_with("1 refused.\n"));
    }
}
