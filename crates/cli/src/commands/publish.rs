//! `releasepage publish`: publishes a release from a pipeline, through the API of a server. It reads no settings. The
//! server's address and the token come from the environment.

mod notes;
mod pipeline;
mod server;

use std::path::Path;

use releasepage_domain::tag::Tag;
use serde_json::{Map, Value};

use self::{
    notes::{NotesSource, changelog_load, notes_of_version},
    pipeline::{Pipeline, tag_of_ref},
    server::{Published, Server},
};
use super::print;
use crate::{arguments::PublishArguments, failure::Failure};

/// The changelog that is read if no option names the notes.
const CHANGELOG: &str = "CHANGELOG.md";

/// Publishes a release or updates an existing one. Prints the addresses where people read it.
pub(super) fn publish(arguments: PublishArguments) -> Result<(), Failure> {
    let server = Server::of_environment()?;
    let pipeline = Pipeline::of_process();
    let notes = match (&arguments.notes_file, &arguments.changelog) {
        (Some(file), _) => NotesSource::File(file.clone()),
        (None, Some(file)) => NotesSource::Changelog(changelog_load(file)?),
        (None, None) if Path::new(CHANGELOG).is_file() => NotesSource::Changelog(changelog_load(Path::new(CHANGELOG))?),
        (None, None) => NotesSource::Nothing,
    };
    let version = arguments.version.clone().filter(|version| !version.is_empty());
    let version = match version {
        Some(version) => Some(version_given(&version)?),
        None => pipeline.tag(),
    };
    let version = match version {
        Some(version) => version,
        // The newest version in the changelog of a branch or a pull request may not be released yet.
        None if pipeline.is_of_branch() => {
            let what = "no version: the pipeline runs for a branch or a pull request, and its commit has no tag; \
                        give --version, or run it on a tag";
            return Err(Failure::Said(what.to_owned()));
        }
        None => notes.newest_version().ok_or_else(|| {
            let what = "no version: give --version, run it on a tag, or beside a changelog that has a version";
            Failure::Said(what.to_owned())
        })?,
    };
    // An unset variable becomes an empty argument. It must not mean another repository.
    let repo = arguments.repo.clone().filter(|repo| !repo.is_empty());
    let repo = repo.or_else(|| pipeline.repository()).ok_or_else(|| {
        Failure::Said("no repository: give --repo with its name on the server, such as acme/api".to_owned())
    })?;
    let notes = notes_of_version(notes, &Tag::parse(&version, None), arguments.changelog.is_some())?;
    let release = release_body(&arguments, &version, notes);
    let published = server.release_publish(&repo, &version, release)?;
    print(&report(&repo, &version, &published))
}

/// Takes a version or a tag. The full name of a branch is no version.
fn version_given(version: &str) -> Result<String, Failure> {
    let tag = tag_of_ref(version).ok_or_else(|| {
        Failure::Said(format!("{version} is no tag: give --version a version or a tag, such as v1.2.0"))
    })?;
    Ok(tag.to_owned())
}

/// The release as the API takes it. Fields that the caller did not give are left out, so that publishing again does not
/// change them.
fn release_body(arguments: &PublishArguments, version: &str, notes: Option<String>) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("version".to_owned(), version.into());
    let texts = [("title", &arguments.title), ("notes", &notes), ("author", &arguments.author)];
    for (member, text) in texts {
        if let Some(text) = text {
            body.insert(member.to_owned(), text.as_str().into());
        }
    }
    if arguments.prerelease {
        body.insert("prerelease".to_owned(), true.into());
    }
    if arguments.no_notify {
        body.insert("notify".to_owned(), false.into());
    }
    body
}

/// One line for each page that shows the release. Each is the link alone, so that a pipeline can use it.
fn report(repo: &str, version: &str, published: &Published) -> String {
    if published.permalinks.is_empty() {
        return format!("{repo} {version} is {}; no published page shows it.\n", published.state);
    }
    published.permalinks.iter().map(|link| format!("{link}\n")).collect()
}
