//! The source of a release's notes.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use releasepage_domain::tag::Tag;
use releasepage_sources::changelog::{Changelog, ChangelogEntry, changelog_read};

use crate::failure::Failure;

/// The place of the notes.
pub(super) enum NotesSource {
    /// A file with the notes. `-` is standard input.
    File(PathBuf),
    /// A changelog, with its file name.
    Changelog((PathBuf, Changelog)),
    /// No notes.
    Nothing,
}

impl NotesSource {
    /// The newest version in a changelog, which is its first one.
    pub(super) fn newest_version(&self) -> Option<String> {
        let Self::Changelog((_, changelog)) = self else { return None };
        changelog.entries.first().map(|entry| entry.version.clone())
    }
}

/// Reads a changelog.
pub(super) fn changelog_load(file: &Path) -> Result<(PathBuf, Changelog), Failure> {
    Ok((file.to_owned(), changelog_read(&text_load(file)?)))
}

/// Returns the notes of a version. A changelog that the caller named (`is_asked_for`) must contain the version. One
/// that was found need not.
pub(super) fn notes_of_version(
    source: NotesSource,
    tag: &Tag<'_>,
    is_asked_for: bool,
) -> Result<Option<String>, Failure> {
    match source {
        NotesSource::Nothing => Ok(None),
        NotesSource::File(file) => text_load(&file).map(Some),
        NotesSource::Changelog((file, changelog)) => match entry_of(changelog, tag) {
            Some(entry) => Ok(Some(entry.notes).filter(|notes| !notes.is_empty())),
            None if is_asked_for => {
                let what = format!("{} has no section for {}", file.display(), tag.shown());
                Err(Failure::Said(what))
            }
            None => Ok(None),
        },
    }
}

/// The section of a version. The spelling may differ, as in `v1.2.0` and `1.2`.
fn entry_of(changelog: Changelog, tag: &Tag<'_>) -> Option<ChangelogEntry> {
    let is_same = |entry: &ChangelogEntry| match tag.version() {
        Some(version) => Tag::parse(&entry.version, None).version() == Some(version),
        None => entry.version == tag.shown(),
    };
    changelog.entries.into_iter().find(is_same)
}

fn text_load(file: &Path) -> Result<String, Failure> {
    if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(Failure::io("standard input cannot be read as UTF-8"))?;
        return Ok(text);
    }
    fs::read_to_string(file).map_err(Failure::io(format!("{} cannot be read", file.display())))
}
