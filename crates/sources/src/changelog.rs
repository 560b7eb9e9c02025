//! Changelogs as people keep them, turned into versions with their days and notes.
//!
//! [Keep a Changelog](https://keepachangelog.com/en/1.1.0/) and its dialects: `docs/changelogs.md` lists them. Pure: text
//! in, entries out; what becomes of them is in [`crate::changelog_import`].

mod date;
mod heading;
mod lines;
mod links;
mod plain;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

pub(crate) use self::plain::first_words;
use self::{
    heading::{HEADING_MAX, HeadingReading, ReleaseHeading, heading_read, is_package},
    lines::{Line, LineKind, lines_read},
    links::Definitions,
};

/// The most bytes that a changelog may have where it comes in.
pub const CHANGELOG_BYTES_MAX: usize = 5 * 1024 * 1024;

/// The most versions that are read of one text.
pub const VERSIONS_MAX: usize = 10_000;

/// The most bytes that definitions of links add to the notes of all versions together: each may be needed by each of them.
const DEFINITIONS_MAX: usize = 16 * 1024 * 1024;

/// One version of a changelog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangelogEntry {
    /// The part of a monorepo that it is of, where the changelog tells several apart.
    pub package: Option<String>,
    /// The version as it is written, such as `4.9.0` or `v4.9.0`.
    pub version: String,
    /// The day of the release, where its heading names one that can be read.
    pub date: Option<NaiveDate>,
    /// What else its heading says; often nothing.
    pub title: String,
    /// The Markdown below its heading, trimmed, with the definitions of its links from elsewhere in the text.
    pub notes: String,
    /// Whether its heading says that it was taken back.
    pub yanked: bool,
    /// The line of its heading, from 1.
    pub line: usize,
}

/// What of a changelog was not read as somebody may have meant it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangelogWarning {
    /// The line, from 1.
    pub line: usize,
    /// A sentence without a full stop.
    pub message: String,
}

/// A changelog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changelog {
    /// The versions in the order in which they stand.
    pub entries: Vec<ChangelogEntry>,
    /// What may be amiss, by line.
    pub warnings: Vec<ChangelogWarning>,
    /// The lines of the sections that are not released yet; they are left out.
    pub unreleased: Vec<usize>,
}

/// A file that is not text in UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be text in UTF-8, and line {line} is not")]
pub struct NotUtf8 {
    /// The first line that is something else, from 1.
    pub line: usize,
}

/// The text of a file.
///
/// # Errors
///
/// [`NotUtf8`], where it is none.
pub fn changelog_text(file: &[u8]) -> Result<&str, NotUtf8> {
    let line_at = |end: usize| 1 + file[..end].iter().filter(|byte| **byte == b'\n').count();
    std::str::from_utf8(file).map_err(|error| NotUtf8 { line: line_at(error.valid_up_to()) })
}

/// Reads a changelog, of which at most [`VERSIONS_MAX`] versions count. It never fails: what names no version has no
/// entries. It takes time in proportion to the text.
pub fn changelog_read(text: &str) -> Changelog {
    let text = text_normalised(text);
    let (lines, unclosed) = lines_read(&text);
    let headings = Heading::of(&lines);
    let mut changelog = Changelog::default();
    if let Some(level) = version_level(&headings) {
        let definitions = Definitions::of(&lines);
        let mut sections = Sections {
            text: &text,
            lines: &lines,
            definitions: &definitions,
            definitions_left: DEFINITIONS_MAX,
            changelog: &mut changelog,
        };
        sections.read(&headings, level);
        packages_of_one_are_dropped(&mut changelog.entries);
    }
    let never_ends = unclosed.map(|unclosed| ChangelogWarning {
        line: unclosed.line,
        message: format!("{} that begins here never ends: no heading below it was read", unclosed.what),
    });
    changelog.warnings.extend(never_ends);
    changelog.warnings.sort_by_key(|warning| warning.line);
    changelog
}

/// A text without a byte order mark, whose lines end as Unix has them.
fn text_normalised(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n")
}

/// A heading, and where it is among the lines.
struct Heading<'a> {
    index: usize,
    level: u8,
    text: &'a str,
    reading: HeadingReading,
}

impl<'a> Heading<'a> {
    fn of(lines: &[Line<'a>]) -> Vec<Self> {
        let headings = lines.iter().enumerate().filter_map(|(index, line)| match line.kind {
            LineKind::Heading(level, text) => Some(Self { index, level, text, reading: heading_read(text) }),
            _ => None,
        });
        let mut headings: Vec<Self> = headings.collect();
        doubtful_are_settled(&mut headings);
        headings
    }

    fn release(&self) -> Option<&ReleaseHeading> {
        match &self.reading {
            HeadingReading::Release(release) => Some(release),
            _ => None,
        }
    }
}

/// `acme 1.2.0` is a version of `acme` where others of that name stand beside it, or nothing else is a version there;
/// otherwise it is a sentence, such as `Rust 1.89`.
fn doubtful_are_settled(headings: &mut [Heading<'_>]) {
    let mut named: HashMap<(u8, String), usize> = HashMap::new();
    let mut sure = HashSet::new();
    for heading in headings.iter() {
        let Some(release) = heading.release() else { continue };
        if !release.is_doubtful {
            sure.insert(heading.level);
        }
        if let Some(package) = &release.package {
            *named.entry((heading.level, package.clone())).or_default() += 1;
        }
    }
    for heading in headings {
        let is_sentence = heading.release().is_some_and(|release| {
            let name = release.package.clone().map(|package| (heading.level, package));
            release.is_doubtful && sure.contains(&heading.level) && name.is_some_and(|name| named[&name] < 2)
        });
        if is_sentence {
            heading.reading = HeadingReading::Other;
        }
    }
}

/// The level at which most versions stand; of several, the highest in the text's order.
fn version_level(headings: &[Heading<'_>]) -> Option<u8> {
    let mut counts = [0_usize; 7];
    for heading in headings.iter().filter(|heading| heading.release().is_some()) {
        counts[usize::from(heading.level)] += 1;
    }
    let most = counts.into_iter().max().filter(|most| *most > 0)?;
    (1..=6).find(|level| counts[usize::from(*level)] == most)
}

/// What a heading does to the section above it.
enum Turn<'a> {
    /// A version begins.
    Entry(&'a ReleaseHeading),
    /// Something begins that is left out.
    Skip,
    /// The section goes on.
    Stay,
}

/// Cuts the lines into entries.
struct Sections<'a> {
    text: &'a str,
    lines: &'a [Line<'a>],
    definitions: &'a Definitions<'a>,
    /// How many bytes of them may still be added.
    definitions_left: usize,
    changelog: &'a mut Changelog,
}

impl<'a> Sections<'a> {
    fn read(&mut self, headings: &'a [Heading<'a>], level: u8) {
        // Headings above the versions: where there are several, each may be of a package.
        // A very long one is of none, and would be compared once for each version.
        let parent_of = |heading: &'a Heading<'a>| Some(heading).filter(|heading| heading.text.len() <= HEADING_MAX);
        let mut parent: Option<&Heading<'_>> = None;
        let mut parents = Vec::new();
        let mut open: Option<(&Heading<'_>, &ReleaseHeading)> = None;
        for heading in headings {
            let turn = self.turn(heading, level, open.map(|(open, _)| open.level));
            if matches!(turn, Turn::Stay) {
                // The title above the first version.
                if open.is_none() && heading.level < level {
                    parent = parent_of(heading);
                }
                continue;
            }
            if let Some((open, release)) = open.take() {
                self.close(open, release, heading.index);
            }
            match turn {
                Turn::Entry(_) if parents.len() == VERSIONS_MAX => {
                    let line = self.lines[heading.index].number;
                    let message = format!("the versions from here on are left out: at most {VERSIONS_MAX} are read");
                    self.changelog.warnings.push(ChangelogWarning { line, message });
                    break;
                }
                Turn::Entry(release) => {
                    open = Some((heading, release));
                    parents.push(parent.filter(|parent| parent.level < heading.level).map(|parent| parent.text));
                }
                Turn::Skip if heading.level < level => parent = parent_of(heading),
                Turn::Skip | Turn::Stay => {}
            }
        }
        if let Some((open, release)) = open {
            self.close(open, release, self.lines.len());
        }
        packages_take(&mut self.changelog.entries, &parents);
    }

    /// What a heading does, where an entry whose heading has the level `open` may be above it.
    fn turn(&mut self, heading: &'a Heading<'a>, level: u8, open: Option<u8>) -> Turn<'a> {
        let line = self.lines[heading.index].number;
        match &heading.reading {
            HeadingReading::Release(release) if heading.level == level => Turn::Entry(release),
            // Some tools give versions levels by their weight: `## [1.2.0](…) (2024-08-10)`, `### [1.2.1](…) (2024-08-12)`.
            HeadingReading::Release(release)
                if release.date.is_some() && (heading.level < level || release.is_link) =>
            {
                Turn::Entry(release)
            }
            HeadingReading::Unreleased if heading.level <= level => {
                self.changelog.unreleased.push(line);
                Turn::Skip
            }
            HeadingReading::Unreadable(why) if heading.level == level => {
                let message = format!("the section \"{}\" is left out: {why}", shortened(heading.text));
                self.changelog.warnings.push(ChangelogWarning { line, message });
                Turn::Skip
            }
            _ if open.is_some_and(|open| heading.level < open) => Turn::Skip,
            _ => Turn::Stay,
        }
    }

    /// Ends an entry before the line at `end`.
    fn close(&mut self, heading: &Heading<'_>, release: &ReleaseHeading, end: usize) {
        let line = self.lines[heading.index].number;
        if release.is_date_unread {
            let message = format!("the day in \"{}\" cannot be read; write it as 2024-08-10", shortened(heading.text));
            self.changelog.warnings.push(ChangelogWarning { line, message });
        }
        let notes = self.notes(&self.lines[heading.index + 1..end]);
        self.changelog.entries.push(ChangelogEntry {
            package: release.package.clone(),
            version: release.version.clone(),
            date: release.date,
            title: release.title.clone(),
            notes,
            yanked: release.yanked,
            line,
        });
    }

    /// The text of a section, and the definitions that its links need from elsewhere. What stands at its end and says
    /// nothing goes: definitions, which are added again where they are needed, and what belongs to the next heading.
    fn notes(&mut self, section: &'a [Line<'a>]) -> String {
        let is_said = |line: &Line<'_>| line.kind != LineKind::Underline && line.kind != LineKind::Filler;
        let is_kept = |line: &Line<'_>| is_said(line) && !matches!(line.kind, LineKind::Definition(_));
        let (Some(first), Some(last)) = (section.iter().position(is_said), section.iter().rposition(is_kept)) else {
            return String::new();
        };
        // What is kept is said, so that the first of these lines is not behind the last.
        let kept = &section[first..=last];
        let body = self.text[kept[0].start..section[last].end].trim_end();
        let missing = self.definitions.missing(body, kept, section).join("\n");
        if missing.is_empty() || missing.len() > self.definitions_left {
            return body.to_owned();
        }
        self.definitions_left -= missing.len();
        format!("{body}\n\n{missing}")
    }
}

/// Gives entries the package that the heading above them names, where there are several such headings.
fn packages_take(entries: &mut [ChangelogEntry], parents: &[Option<&str>]) {
    let names: HashSet<&str> = parents.iter().flatten().copied().collect();
    if names.len() < 2 || !names.iter().all(|name| is_package_heading(name)) {
        return;
    }
    for (entry, parent) in entries.iter_mut().zip(parents) {
        entry.package = entry.package.take().or_else(|| parent.map(|name| plain::plain_text(name).trim().to_owned()));
    }
}

/// Whether a heading is the name of a package and nothing else, rather than a title or a group of versions.
fn is_package_heading(text: &str) -> bool {
    const TITLES: [&str; 10] =
        ["changelog", "changes", "history", "releases", "news", "archive", "archived", "older", "legacy", "notes"];
    let name = plain::plain_text(text);
    let name = name.trim();
    is_package(name) && !TITLES.iter().any(|title| name.eq_ignore_ascii_case(title))
}

/// Where every version is of the same package, its name is that of the product, and says nothing.
fn packages_of_one_are_dropped(entries: &mut [ChangelogEntry]) {
    let packages: HashSet<Option<String>> = entries.iter().map(|entry| entry.package.clone()).collect();
    if packages.len() == 1 {
        entries.iter_mut().for_each(|entry| entry.package = None);
    }
}

/// A heading as a message quotes it.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST).chain(['…']).collect() }
}

#[cfg(test)]
mod tests;
