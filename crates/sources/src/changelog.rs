//! The reader of changelogs: it turns them into versions with days and notes.
//!
//! It reads [Keep a Changelog](https://keepachangelog.com/en/1.1.0/) and other forms, which `docs/changelogs.md` lists.
//! It takes text and returns entries, without any IO. [`crate::changelog_import`] imports them.

mod date;
mod definition;
mod heading;
mod line;
mod lines;
mod links;
mod plain;

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

pub(crate) use self::plain::first_words;
use self::{
    heading::{HEADING_MAX, HeadingReading, ReleaseHeading, heading_read, is_package},
    line::{Line, LineKind},
    lines::lines_read,
    links::Definitions,
};

/// The largest changelog that may be imported, in bytes.
pub const CHANGELOG_BYTES_MAX: usize = 5 * 1024 * 1024;

/// The most versions that are read from one text.
pub const VERSIONS_MAX: usize = 10_000;

/// The most bytes that link definitions may add to the notes of all versions together. One definition may be added to
/// many versions.
const DEFINITIONS_MAX: usize = 16 * 1024 * 1024;

/// One version of a changelog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangelogEntry {
    /// The package of the version, if the changelog is about several.
    pub package: Option<String>,
    /// The version unchanged from its heading, such as `4.9.0` or `v4.9.0`.
    pub version: String,
    /// The day of the release, if its heading names one that can be read.
    pub date: Option<NaiveDate>,
    /// The rest of the heading. It is often empty.
    pub title: String,
    /// The trimmed Markdown below the heading. Definitions of its links from other sections are added.
    pub notes: String,
    /// True if the heading marks the version as yanked.
    pub yanked: bool,
    /// The line of the heading, from 1.
    pub line: usize,
}

/// A part of a changelog that the reader may have misunderstood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangelogWarning {
    /// The line, from 1.
    pub line: usize,
    /// The warning: a sentence without a full stop.
    pub message: String,
}

/// The contents of a changelog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changelog {
    /// The versions in the order of the text.
    pub entries: Vec<ChangelogEntry>,
    /// The warnings, ordered by line.
    pub warnings: Vec<ChangelogWarning>,
    /// The lines of the headings of unreleased sections. Those sections are left out.
    pub unreleased: Vec<usize>,
}

/// A file that is not text in UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be text in UTF-8, and line {line} is not")]
pub struct NotUtf8 {
    /// The first line that is not UTF-8, from 1.
    pub line: usize,
}

/// The text of a file.
///
/// # Errors
///
/// Returns [`NotUtf8`] if the file is not text in UTF-8.
pub fn changelog_text(file: &[u8]) -> Result<&str, NotUtf8> {
    let line_at = |end: usize| 1 + file[..end].iter().filter(|byte| **byte == b'\n').count();
    std::str::from_utf8(file).map_err(|error| NotUtf8 { line: line_at(error.valid_up_to()) })
}

/// Reads a changelog, with at most [`VERSIONS_MAX`] versions. It never fails: a text without versions has no entries.
/// The time grows linearly with the text.
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

/// Removes a byte order mark, and makes every line end `\n`.
fn text_normalised(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n")
}

/// A heading and its index among the lines.
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

/// Decides headings such as `acme 1.2.0`. The heading is a version of `acme` if others of that name exist at its level.
/// It is also one if no certain version exists at that level. Otherwise it is a sentence, such as `Rust 1.89`.
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

/// The level with the most versions. If several levels have as many, the one with the fewest marks.
fn version_level(headings: &[Heading<'_>]) -> Option<u8> {
    let mut counts = [0_usize; 7];
    for heading in headings.iter().filter(|heading| heading.release().is_some()) {
        counts[usize::from(heading.level)] += 1;
    }
    let most = counts.into_iter().max().filter(|most| *most > 0)?;
    (1..=6).find(|level| counts[usize::from(*level)] == most)
}

/// The effect of a heading on the section above it.
enum Turn<'a> {
    /// A new version begins.
    Entry(&'a ReleaseHeading),
    /// A section begins that is left out.
    Skip,
    /// The section continues.
    Stay,
}

/// The state while lines are cut into entries.
struct Sections<'a> {
    text: &'a str,
    lines: &'a [Line<'a>],
    definitions: &'a Definitions<'a>,
    /// The bytes that definitions may still add.
    definitions_left: usize,
    changelog: &'a mut Changelog,
}

impl<'a> Sections<'a> {
    fn read(&mut self, headings: &'a [Heading<'a>], level: u8) {
        // A heading above the versions. If there are several, each may name a package.
        // A very long heading names no package. Comparing it once for each version would be slow.
        let parent_of = |heading: &'a Heading<'a>| Some(heading).filter(|heading| heading.text.len() <= HEADING_MAX);
        let mut parent: Option<&Heading<'_>> = None;
        let mut parents = Vec::new();
        let mut open: Option<(&Heading<'_>, &ReleaseHeading)> = None;
        for heading in headings {
            let turn = self.turn(heading, level, open.map(|(open, _)| open.level));
            if matches!(turn, Turn::Stay) {
                // A title above the first version.
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

    /// The effect of a heading. `open` is the level of the entry above it, if there is one.
    fn turn(&mut self, heading: &'a Heading<'a>, level: u8, open: Option<u8>) -> Turn<'a> {
        let line = self.lines[heading.index].number;
        match &heading.reading {
            HeadingReading::Release(release) if heading.level == level => Turn::Entry(release),
            // Some tools set the level by the size of a version: `## [1.2.0](…) (2024-08-10)`, `### [1.2.1](…)
            // (2024-08-12)`.
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

    /// Ends an entry before the line at index `end`.
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

    /// The text of a section, with the definitions that its links need from other sections. The end of the section is
    /// trimmed. Definitions there are added again if a link needs them. An anchor there belongs to the next heading.
    fn notes(&mut self, section: &'a [Line<'a>]) -> String {
        let is_said = |line: &Line<'_>| line.kind != LineKind::Underline && line.kind != LineKind::Filler;
        let is_kept = |line: &Line<'_>| is_said(line) && !matches!(line.kind, LineKind::Definition(_));
        let (Some(first), Some(last)) = (section.iter().position(is_said), section.iter().rposition(is_kept)) else {
            return String::new();
        };
        // Every kept line counts as said, so `first` is not after `last`.
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

/// Gives each entry the package that the heading above it names, if there are several such headings.
fn packages_take(entries: &mut [ChangelogEntry], parents: &[Option<&str>]) {
    let names: HashSet<&str> = parents.iter().flatten().copied().collect();
    if names.len() < 2 || !names.iter().all(|name| is_package_heading(name)) {
        return;
    }
    for (entry, parent) in entries.iter_mut().zip(parents) {
        entry.package = entry.package.take().or_else(|| parent.map(|name| plain::plain_text(name).trim().to_owned()));
    }
}

/// True if a heading is only the name of a package, not a title or a group of versions.
fn is_package_heading(text: &str) -> bool {
    const TITLES: [&str; 10] =
        ["changelog", "changes", "history", "releases", "news", "archive", "archived", "older", "legacy", "notes"];
    let name = plain::plain_text(text);
    let name = name.trim();
    is_package(name) && !TITLES.iter().any(|title| name.eq_ignore_ascii_case(title))
}

/// Removes the package if all versions have the same one. It is then the name of the product.
fn packages_of_one_are_dropped(entries: &mut [ChangelogEntry]) {
    let packages: HashSet<Option<String>> = entries.iter().map(|entry| entry.package.clone()).collect();
    if packages.len() == 1 {
        entries.iter_mut().for_each(|entry| entry.package = None);
    }
}

/// The heading in a form for messages: one line, cut.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST).chain(['…']).collect() }
}

#[cfg(test)]
mod tests;
