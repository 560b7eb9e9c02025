//! The facts about a pipeline that its variables and git tell.

mod variables;

use std::process::{Command, Stdio};

use releasepage_domain::tag::Tag;

pub(super) use self::variables::tag_of_ref;
use self::variables::{Subject, repository_read, subject_read};

/// A pipeline.
pub(super) struct Pipeline {
    variable: fn(&str) -> Option<String>,
    git: fn(&[&str]) -> Option<String>,
}

impl Pipeline {
    /// The pipeline that runs this process. The repository is in the current directory.
    pub(super) fn of_process() -> Self {
        Self { variable: |name| std::env::var(name).ok().filter(|value| !value.is_empty()), git: git_ask }
    }

    /// Returns the tag that the pipeline runs for. If its variables name none, it is the tag of the checked-out commit.
    /// Of several tags it is the one with the highest version. A release counts before pre-releases.
    pub(super) fn tag(&self) -> Option<String> {
        if let Subject::Tag(tag) = subject_read(self.variable) {
            return Some(tag);
        }
        let tags = (self.git)(&["tag", "--points-at", "HEAD"])?;
        let rank = |tag: &&str| {
            let read = Tag::parse(tag, None);
            (read.version().is_some(), !read.is_prerelease(), read.sort_key())
        };
        let tags = tags.lines().map(str::trim).filter(|tag| !tag.is_empty()).filter_map(tag_of_ref);
        tags.max_by_key(rank).map(ToOwned::to_owned)
    }

    /// True if the pipeline runs for a branch or a pull request. The changelog there may name a version that is not
    /// released yet.
    pub(super) fn is_of_branch(&self) -> bool {
        subject_read(self.variable) == Subject::Branch
    }

    /// The name of its repository, `owner/name`.
    pub(super) fn repository(&self) -> Option<String> {
        let named = repository_read(self.variable);
        named.or_else(|| repository_of_url(&(self.git)(&["remote", "get-url", "origin"])?))
    }
}

/// Returns the output of git. `None` if there is no git, no repository, or no output.
fn git_ask(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let answer = String::from_utf8(output.stdout).ok()?;
    let answer = answer.trim();
    (output.status.success() && !answer.is_empty()).then(|| answer.to_owned())
}

/// The name of a repository, from the address that git fetches it from: the last two parts of its path. Forges with
/// nested groups name the repository in a variable instead.
fn repository_of_url(url: &str) -> Option<String> {
    let url = url.trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let mut parts = url.rsplit(['/', ':']);
    let (name, owner) = (parts.next()?, parts.next()?);
    let is_name = |part: &str| !part.is_empty() && !part.contains('@');
    (is_name(name) && is_name(owner)).then(|| format!("{owner}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_named_in_its_address() {
        for (url, name) in [
            ("https://github.com/acme/api.git", Some("acme/api")),
            ("https://github.com/acme/api/", Some("acme/api")),
            ("git@github.com:acme/api.git", Some("acme/api")),
            ("ssh://git@git.example.com:2222/acme/api", Some("acme/api")),
            ("api", None),
            ("", None),
        ] {
            assert_eq!(repository_of_url(url).as_deref(), name, "{url}");
        }
    }

    #[test]
    fn variables_come_before_git() {
        let nothing: fn(&str) -> Option<String> = |_| None;
        let github: fn(&str) -> Option<String> = |name| match name {
            "GITHUB_REF_TYPE" => Some("tag".into()),
            "GITHUB_REF_NAME" => Some("v1.2.0".into()),
            "GITHUB_REPOSITORY" => Some("acme/api".into()),
            _ => None,
        };
        let branch: fn(&str) -> Option<String> = |name| match name {
            "GITHUB_REF_TYPE" => Some("branch".into()),
            "GITHUB_REF_NAME" => Some("main".into()),
            _ => None,
        };
        let gitlab: fn(&str) -> Option<String> = |name| match name {
            "CI_COMMIT_TAG" => Some("v2.0.0".into()),
            "CI_PROJECT_PATH" => Some("group/sub/api".into()),
            _ => None,
        };
        let git: fn(&[&str]) -> Option<String> = |arguments| match arguments[0] {
            "tag" => Some("latest\nv2.9.0\nv3.0.0\nv3.1.0-rc.1\nstable".into()),
            _ => Some("git@github.com:git/api.git".into()),
        };
        for (variable, tag, repository) in [
            (nothing, "v3.0.0", "git/api"),
            (github, "v1.2.0", "acme/api"),
            (branch, "v3.0.0", "git/api"),
            (gitlab, "v2.0.0", "group/sub/api"),
        ] {
            let pipeline = Pipeline { variable, git };
            assert_eq!(pipeline.tag().as_deref(), Some(tag));
            assert_eq!(pipeline.repository().as_deref(), Some(repository));
        }
        let full: fn(&str) -> Option<String> = |name| (name == "GITHUB_REF").then(|| "refs/tags/v4.0.0".into());
        assert_eq!(Pipeline { variable: full, git }.tag().as_deref(), Some("v4.0.0"));
        let wordy: fn(&[&str]) -> Option<String> = |_| Some("refs/tags/latest\n".into());
        assert_eq!(Pipeline { variable: nothing, git: wordy }.tag().as_deref(), Some("latest"));
        let alone = Pipeline { variable: nothing, git: |_| None };
        assert_eq!((alone.tag(), alone.repository()), (None, None));
    }
}
