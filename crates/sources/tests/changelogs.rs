//! Tests of the reader with changelogs of real projects. Their directory may be missing.

use std::path::PathBuf;

use chrono::NaiveDate;
use releasepage_domain::tag::Tag;
use releasepage_sources::changelog::{ChangelogEntry, changelog_read};

/// A changelog from the directory in `RELEASEPAGE_FIXTURES`, or from the default one.
#[expect(clippy::print_stdout, reason = "a skipped test prints the reason")]
fn real(name: &str) -> Option<String> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let directory = std::env::var_os("RELEASEPAGE_FIXTURES").map_or_else(beside, PathBuf::from);
    let text = std::fs::read_to_string(directory.join("changelogs").join(name)).ok();
    if text.is_none() {
        println!("skipped: the changelogs of real projects are not there");
    }
    text
}

/// The headings of a file, found without the reader. A heading is a line of these marks with a digit in it. Its version
/// is the first run of version characters with a digit and a dot. Its day is the last ten characters if they are one.
fn scanned(text: &str, marks: &str) -> Vec<(usize, String, Option<NaiveDate>)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let Some(heading) = line.strip_prefix(marks) else { continue };
        if heading.starts_with('#') || !heading.contains(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let is_of_version = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        let version = heading
            .split(|c| !is_of_version(c))
            .find(|run| run.contains('.') && run.contains(|c: char| c.is_ascii_digit()));
        let dated = heading.trim_end_matches([')', ' ']);
        let date = dated.get(dated.len().saturating_sub(10)..).and_then(|day| day.parse().ok());
        found.push((index + 1, version.expect("a heading with a digit has a version").to_owned(), date));
    }
    found
}

/// The files: name, marks of the headings, number of versions, true if they have days, and unreleased lines.
const FILES: [(&str, &str, usize, bool, &[usize]); 4] = [
    ("actix-web.md", "## ", 93, false, &[3]),
    ("diesel.md", "## ", 97, true, &[13]),
    ("lettre.md", "### ", 37, true, &[]),
    ("river.md", "## ", 88, true, &[8]),
];

#[test]
fn every_version_and_day_comes_out() {
    for (name, marks, count, is_dated, unreleased) in FILES {
        let Some(text) = real(name) else { continue };
        let changelog = changelog_read(&text);
        let read: Vec<_> =
            changelog.entries.iter().map(|entry| (entry.line, entry.version.clone(), entry.date)).collect();
        assert_eq!(read, scanned(&text, marks), "{name}");
        assert_eq!(read.len(), count, "{name}");
        assert!(read.iter().all(|(_, version, _)| Tag::parse(version, None).version().is_some()), "{name}");
        assert!(read.iter().all(|(_, _, date)| date.is_some() == is_dated), "{name}");
        assert_eq!((changelog.warnings, changelog.unreleased), (vec![], unreleased.to_vec()), "{name}");
        assert!(changelog.entries.iter().all(|entry| !entry.yanked && entry.title.is_empty()), "{name}");
    }
}

#[test]
fn notes_are_whole() {
    for (name, marks, ..) in FILES {
        let Some(text) = real(name) else { continue };
        let entries = changelog_read(&text).entries;
        let lines: Vec<&str> = text.lines().collect();
        for (index, entry) in entries.iter().enumerate() {
            // The notes hold every line below the heading, except definitions and anchors at the end.
            let end = entries.get(index + 1).map_or(lines.len(), |next| next.line - 1);
            let said =
                |line: &&&str| !(line.trim().is_empty() || line.starts_with("<a name=") || line.starts_with('['));
            let below: Vec<&str> = lines[entry.line..end].iter().filter(said).map(|line| line.trim_end()).collect();
            let kept: Vec<&str> = entry.notes.lines().collect();
            let kept: Vec<&str> = kept.iter().filter(said).map(|line| line.trim_end()).collect();
            assert_eq!(kept, below, "{name} {}", entry.version);
            assert!(
                !entry.notes.contains("<a name")
                    && !entry.notes.lines().any(|line| line.starts_with(marks) && line[marks.len()..].starts_with('['))
            );
        }
    }
}

#[test]
fn references_are_kept_working() {
    for (name, ..) in FILES {
        let Some(text) = real(name) else { continue };
        let defined: Vec<&str> = text.lines().filter(|line| line.starts_with('[') && line.contains("]: ")).collect();
        for entry in changelog_read(&text).entries {
            for definition in &defined {
                let (label, _) = definition.split_once("]: ").expect("a definition has this mark");
                let (body, added) = match entry.notes.find(&format!("\n{label}]: ")) {
                    Some(at) => (&entry.notes[..at], true),
                    None => (entry.notes.as_str(), false),
                };
                // The label is used as `[label]`, but not as the text of a link with its own address.
                let is_used = body.match_indices(&format!("{label}]")).any(|(at, found)| {
                    let behind = &body[at + found.len()..];
                    !behind.starts_with('(') && !behind.starts_with(':') && !body[..at].ends_with('\\')
                });
                assert!(added || !is_used, "{name} {}: {definition}", entry.version);
            }
        }
    }
}

/// The entry with that version and no package.
fn entry<'a>(entries: &'a [ChangelogEntry], version: &str) -> &'a ChangelogEntry {
    entries.iter().find(|entry| entry.version == version && entry.package.is_none()).expect("the version exists")
}

#[test]
fn first_and_last_of_each() {
    for (name, first, last) in [
        ("actix-web.md", ("4.15.0", 2, "- Add `Error::"), ("1.0.0-alpha.1", 3, "### Changed")),
        ("diesel.md", ("2.3.12", 2, "* "), ("0.1.0", 1, "* Initial release")),
        ("lettre.md", ("v0.11.21", 5, "#### Features"), ("v0.6.0", 7, "#### Changes")),
        ("river.md", ("0.43.0", 7, "### Added"), ("0.0.1", 3, "### Added")),
    ] {
        let Some(text) = real(name) else { continue };
        let entries = changelog_read(&text).entries;
        let told = |entry: &ChangelogEntry| (entry.version.clone(), entry.notes.lines().count(), entry.notes.clone());
        for (read, (version, lines, start)) in [(&entries[0], first), (&entries[entries.len() - 1], last)] {
            let (read_version, read_lines, notes) = told(read);
            assert_eq!((read_version.as_str(), notes.starts_with(start)), (version, true), "{name} {notes}");
            assert!(read_lines >= lines, "{name} {version}: {read_lines} lines");
        }
    }
}

#[test]
fn sections_at_the_level_of_versions_and_parts_are_told_apart() {
    let Some(text) = real("diesel.md") else { return };
    let entries = changelog_read(&text).entries;
    assert!(entry(&entries, "2.2.12").notes.starts_with("## Fixed\n"));
    let of_part: Vec<_> = entries.iter().filter(|entry| entry.package.is_some()).collect();
    assert_eq!(of_part.len(), 1);
    assert_eq!((of_part[0].package.as_deref(), of_part[0].version.as_str()), (Some("diesel_derives"), "2.0.2"));
    assert_ne!(entry(&entries, "2.0.2").date, of_part[0].date);
}
