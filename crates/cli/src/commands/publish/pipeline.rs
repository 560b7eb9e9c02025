//! What a pipeline knows of itself: its variables, and git.

use std::process::{Command, Stdio};

use releasepage_domain::tag::Tag;

/// Variables that hold the tag a pipeline runs for: GitLab and Woodpecker, Drone, CircleCI, Bitbucket, Travis.
const TAG_VARIABLES: [&str; 5] = ["CI_COMMIT_TAG", "DRONE_TAG", "CIRCLE_TAG", "BITBUCKET_TAG", "TRAVIS_TAG"];

/// What the full name of a tag begins with.
const TAG_REF: &str = "refs/tags/";

/// Variables that say what made a pipeline run: GitHub, GitLab, Woodpecker, Drone.
const EVENT_VARIABLES: [&str; 4] =
    ["GITHUB_EVENT_NAME", "CI_PIPELINE_SOURCE", "CI_PIPELINE_EVENT", "DRONE_BUILD_EVENT"];

/// What those say of a pull request.
const PULL_REQUESTS: [&str; 5] = [
    "pull_request",
    "pull_request_target",
    "pull_request_closed",
    "merge_request_event",
    "external_pull_request_event",
];

/// Variables that are there where a pipeline runs for a branch or a pull request; what it runs for a tag has one of the
/// variables with the tag: GitLab and Woodpecker, Drone, CircleCI, Bitbucket, Travis.
const BRANCH_VARIABLES: [&str; 11] = [
    "CI_COMMIT_BRANCH",
    "CI_MERGE_REQUEST_IID",
    "CI_COMMIT_PULL_REQUEST",
    "DRONE_BRANCH",
    "DRONE_PULL_REQUEST",
    "CIRCLE_BRANCH",
    "CIRCLE_PULL_REQUEST",
    "BITBUCKET_BRANCH",
    "BITBUCKET_PR_ID",
    "TRAVIS_BRANCH",
    "TRAVIS_PULL_REQUEST",
];

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

    /// The tag that it runs for; that of the commit at hand where its variables name none. Of several tags of a commit it
    /// is the one with the highest version, a finished one before pre-releases.
    pub(super) fn tag(&self) -> Option<String> {
        // GitHub's name of what it runs for is a tag's only where the type says so.
        let github = (self.variable)("GITHUB_REF_TYPE")
            .filter(|kind| kind == "tag")
            .and_then(|_| (self.variable)("GITHUB_REF_NAME"));
        let github = github.or_else(|| (self.variable)("GITHUB_REF").filter(|full| full.starts_with(TAG_REF)));
        let others = || TAG_VARIABLES.iter().find_map(|name| (self.variable)(name));
        let of_commit = || {
            let tags = (self.git)(&["tag", "--points-at", "HEAD"])?;
            let rank = |tag: &&str| {
                let read = Tag::parse(tag, None);
                (read.version().is_some(), !read.is_prerelease(), read.sort_key())
            };
            tags.lines().map(str::trim).filter(|tag| !tag.is_empty()).max_by_key(rank).map(ToOwned::to_owned)
        };
        github.or_else(others).or_else(of_commit).map(|tag| tag_of_ref(&tag).to_owned())
    }

    /// Whether it says that it runs for a branch or a pull request: what lies there is not released yet.
    pub(super) fn is_of_branch(&self) -> bool {
        let is = |name: &str, values: &[&str]| {
            (self.variable)(name).is_some_and(|value| values.iter().any(|known| value.eq_ignore_ascii_case(known)))
        };
        let is_ref = |text: String| text.starts_with("refs/") && !text.starts_with(TAG_REF);
        is("GITHUB_REF_TYPE", &["branch"])
            || (self.variable)("GITHUB_REF").is_some_and(is_ref)
            || EVENT_VARIABLES.iter().any(|name| is(name, &PULL_REQUESTS))
            || BRANCH_VARIABLES.iter().any(|name| (self.variable)(name).is_some_and(|value| value != "false"))
    }

    /// The name of its repository, `owner/name`.
    pub(super) fn repository(&self) -> Option<String> {
        let named = REPOSITORY_VARIABLES.iter().find_map(|name| (self.variable)(name));
        named.or_else(|| repository_of_url(&(self.git)(&["remote", "get-url", "origin"])?))
    }
}

/// A tag without what its full name begins with.
pub(super) fn tag_of_ref(tag: &str) -> &str {
    tag.strip_prefix(TAG_REF).unwrap_or(tag)
}

/// What git answers; `None` where there is no git, no repository, or nothing to answer.
fn git_ask(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let answer = String::from_utf8(output.stdout).ok()?;
    let answer = answer.trim();
    (output.status.success() && !answer.is_empty()).then(|| answer.to_owned())
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

    #[test]
    fn branches_and_pull_requests_are_told_from_tags() {
        type Variable = fn(&str) -> Option<String>;
        fn pipeline(variable: Variable) -> Pipeline {
            Pipeline { variable, git: |_| None }
        }
        let cases: [(Variable, bool); 12] = [
            (|_| None, false),
            (|name| (name == "GITHUB_REF_TYPE").then(|| "branch".into()), true),
            (|name| (name == "GITHUB_REF_TYPE").then(|| "tag".into()), false),
            (|name| (name == "GITHUB_REF").then(|| "refs/pull/7/merge".into()), true),
            (|name| (name == "GITHUB_REF").then(|| "refs/tags/v1".into()), false),
            (|name| (name == "GITHUB_EVENT_NAME").then(|| "pull_request".into()), true),
            (|name| (name == "CI_PIPELINE_SOURCE").then(|| "merge_request_event".into()), true),
            (|name| (name == "CI_COMMIT_BRANCH").then(|| "main".into()), true),
            (|name| (name == "CI_PIPELINE_EVENT").then(|| "push".into()), false),
            (|name| (name == "DRONE_BUILD_EVENT").then(|| "pull_request".into()), true),
            (|name| (name == "TRAVIS_PULL_REQUEST").then(|| "false".into()), false),
            (|name| (name == "BITBUCKET_PR_ID").then(|| "4".into()), true),
        ];
        for (variable, is_of_branch) in cases {
            assert_eq!(pipeline(variable).is_of_branch(), is_of_branch);
        }
    }
}
