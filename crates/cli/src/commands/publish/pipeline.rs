//! What a pipeline knows of itself: its variables, and git.

use std::process::{Command, Stdio};

/// Variables that hold the tag a pipeline runs for: GitLab and Woodpecker, Drone, CircleCI, Bitbucket, Travis.
const TAG_VARIABLES: [&str; 5] = ["CI_COMMIT_TAG", "DRONE_TAG", "CIRCLE_TAG", "BITBUCKET_TAG", "TRAVIS_TAG"];

/// Variables that hold the repository's name: GitHub, Gitea and Forgejo; GitLab; Woodpecker; Drone; Bitbucket; Travis.
const REPOSITORY_VARIABLES: [&str; 6] =
    ["GITHUB_REPOSITORY", "CI_PROJECT_PATH", "CI_REPO", "DRONE_REPO", "BITBUCKET_REPO_FULL_NAME", "TRAVIS_REPO_SLUG"];

/// A pipeline.
pub(super) struct Pipeline {
    variable: fn(&str) -> Option<String>,
    git: fn(&[&str]) -> Option<String>,
}

impl Pipeline {
    /// The one that runs this process, in whose directory the repository lies.
    pub(super) fn of_process() -> Self {
        Self { variable: |name| std::env::var(name).ok().filter(|value| !value.is_empty()), git: git_ask }
    }

    /// The tag that it runs for; that of the commit at hand where its variables name none.
    pub(super) fn tag(&self) -> Option<String> {
        // GitHub's name of what it runs for is a tag's only where the type says so.
        let github = (self.variable)("GITHUB_REF_TYPE")
            .filter(|kind| kind == "tag")
            .and_then(|_| (self.variable)("GITHUB_REF_NAME"));
        let others = || TAG_VARIABLES.iter().find_map(|name| (self.variable)(name));
        github.or_else(others).or_else(|| (self.git)(&["describe", "--tags", "--exact-match", "HEAD"]))
    }

    /// The name of its repository, `owner/name`.
    pub(super) fn repository(&self) -> Option<String> {
        let named = REPOSITORY_VARIABLES.iter().find_map(|name| (self.variable)(name));
        named.or_else(|| repository_of_url(&(self.git)(&["remote", "get-url", "origin"])?))
    }
}

/// The first line that git answers; `None` where there is no git, no repository, or nothing to answer.
fn git_ask(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let answer = String::from_utf8(output.stdout).ok()?;
    let line = answer.lines().next()?.trim();
    (output.status.success() && !line.is_empty()).then(|| line.to_owned())
}

/// The name of a repository in the address that git fetches it from: the last two parts of its path, since forges that
/// nest groups name themselves in a variable.
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
            "describe" => Some("v3.0.0".into()),
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
        let alone = Pipeline { variable: nothing, git: |_| None };
        assert_eq!((alone.tag(), alone.repository()), (None, None));
    }
}
