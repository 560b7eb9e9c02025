//! The variables in which CI systems describe the subject of a pipeline.

/// The beginning of the full name of a tag.
const TAG_REF: &str = "refs/tags/";

/// The meaning of a variable's value.
#[derive(Clone, Copy)]
enum Says {
    /// The name of a tag.
    Tag,
    /// The name of the pipeline's subject. It is a tag if the other variable says `tag`.
    TagIf(&'static str),
    /// The full name of a tag, a branch or a pull request, such as `refs/tags/v1.2.0`.
    Ref,
    /// A word for the kind and a name, such as `tag/v1.2.0`, `branch/main` or `pr/4`.
    Trigger,
    /// The kind of the pipeline's subject: `tag`, `branch` or `pull-request`.
    Kind,
    /// The event that started the pipeline.
    Event,
    /// The name of a branch, or the number of a pull request. Some systems set it beside a tag too.
    Branch,
}

/// The events of a pull request.
const PULL_REQUESTS: [&str; 5] = [
    "pull_request",
    "pull_request_target",
    "pull_request_closed",
    "merge_request_event",
    "external_pull_request_event",
];

/// The values of a variable that mean "no branch" or "no pull request".
const NONE: [&str; 3] = ["false", "HEAD", "detached"];

/// The variables of each CI system. Harness sets those of Drone, and Google Cloud Build those of Jenkins.
const VARIABLES: &[(&str, Says)] = &[
    // GitHub, Gitea and Forgejo
    ("GITHUB_REF_NAME", Says::TagIf("GITHUB_REF_TYPE")),
    ("GITHUB_REF_TYPE", Says::Kind),
    ("GITHUB_REF", Says::Ref),
    ("GITHUB_EVENT_NAME", Says::Event),
    // GitLab and Woodpecker
    ("CI_COMMIT_TAG", Says::Tag),
    ("CI_COMMIT_BRANCH", Says::Branch),
    ("CI_MERGE_REQUEST_IID", Says::Branch),
    ("CI_COMMIT_PULL_REQUEST", Says::Branch),
    ("CI_PIPELINE_SOURCE", Says::Event),
    ("CI_PIPELINE_EVENT", Says::Event),
    // Drone
    ("DRONE_TAG", Says::Tag),
    ("DRONE_BRANCH", Says::Branch),
    ("DRONE_PULL_REQUEST", Says::Branch),
    ("DRONE_BUILD_EVENT", Says::Event),
    // CircleCI
    ("CIRCLE_TAG", Says::Tag),
    ("CIRCLE_BRANCH", Says::Branch),
    ("CIRCLE_PULL_REQUEST", Says::Branch),
    // Bitbucket
    ("BITBUCKET_TAG", Says::Tag),
    ("BITBUCKET_BRANCH", Says::Branch),
    ("BITBUCKET_PR_ID", Says::Branch),
    // Travis
    ("TRAVIS_TAG", Says::Tag),
    ("TRAVIS_BRANCH", Says::Branch),
    ("TRAVIS_PULL_REQUEST", Says::Branch),
    // Azure
    ("BUILD_SOURCEBRANCH", Says::Ref),
    ("SYSTEM_PULLREQUEST_PULLREQUESTID", Says::Branch),
    // Jenkins
    ("TAG_NAME", Says::Tag),
    ("BRANCH_NAME", Says::Branch),
    ("CHANGE_ID", Says::Branch),
    ("GIT_BRANCH", Says::Ref),
    // Buildkite
    ("BUILDKITE_TAG", Says::Tag),
    ("BUILDKITE_BRANCH", Says::Branch),
    ("BUILDKITE_PULL_REQUEST", Says::Branch),
    // AppVeyor
    ("APPVEYOR_REPO_TAG_NAME", Says::Tag),
    ("APPVEYOR_REPO_BRANCH", Says::Branch),
    ("APPVEYOR_PULL_REQUEST_NUMBER", Says::Branch),
    // Cirrus
    ("CIRRUS_TAG", Says::Tag),
    ("CIRRUS_BRANCH", Says::Branch),
    ("CIRRUS_PR", Says::Branch),
    // Semaphore
    ("SEMAPHORE_GIT_TAG_NAME", Says::Tag),
    ("SEMAPHORE_GIT_REF_TYPE", Says::Kind),
    ("SEMAPHORE_GIT_REF", Says::Ref),
    ("SEMAPHORE_GIT_BRANCH", Says::Branch),
    ("SEMAPHORE_GIT_PR_NUMBER", Says::Branch),
    // CodeBuild
    ("CODEBUILD_WEBHOOK_TRIGGER", Says::Trigger),
    ("CODEBUILD_WEBHOOK_HEAD_REF", Says::Ref),
    // Codefresh
    ("CF_RELEASE_TAG", Says::Tag),
    ("CF_BRANCH", Says::Branch),
    ("CF_PULL_REQUEST_NUMBER", Says::Branch),
    // Bitrise
    ("BITRISE_GIT_TAG", Says::Tag),
    ("BITRISE_GIT_BRANCH", Says::Branch),
    ("BITRISE_PULL_REQUEST", Says::Branch),
    // Buddy
    ("BUDDY_EXECUTION_TAG", Says::Tag),
    ("BUDDY_EXECUTION_BRANCH", Says::Branch),
    ("BUDDY_EXECUTION_PULL_REQUEST_NO", Says::Branch),
];

/// The variables with the name of the repository, `owner/name`.
const REPOSITORY_VARIABLES: [&str; 9] = [
    "GITHUB_REPOSITORY",
    "CI_PROJECT_PATH",
    "CI_REPO",
    "DRONE_REPO",
    "BITBUCKET_REPO_FULL_NAME",
    "TRAVIS_REPO_SLUG",
    "APPVEYOR_REPO_NAME",
    "CIRRUS_REPO_FULL_NAME",
    "SEMAPHORE_GIT_REPO_SLUG",
];

/// The subject of a pipeline, as its variables tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// The tag of this name.
    Tag(String),
    /// A branch or a pull request.
    Branch,
    /// The variables tell nothing.
    Unknown,
}

/// Reads the subject of a pipeline. A tag counts before a branch, because some systems name both.
pub(super) fn subject_read(variable: impl Fn(&str) -> Option<String>) -> Subject {
    let read = |(name, says): &(&str, Says)| says.read(&variable(name)?, &variable);
    let subjects: Vec<Subject> = VARIABLES.iter().filter_map(read).collect();
    let tag = subjects.iter().find(|subject| matches!(subject, Subject::Tag(_)));
    tag.or(subjects.first()).cloned().unwrap_or(Subject::Unknown)
}

/// Reads the name of the repository.
pub(super) fn repository_read(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    REPOSITORY_VARIABLES.iter().find_map(|name| variable(name))
}

/// The name of a tag without the beginning of its full name. `None` for the full name of something else.
pub(crate) fn tag_of_ref(name: &str) -> Option<&str> {
    match name.strip_prefix(TAG_REF) {
        Some(tag) => Some(tag).filter(|tag| !tag.is_empty()),
        None => Some(name).filter(|name| !name.starts_with("refs/")),
    }
}

impl Says {
    /// The subject that a value names. `None` if it names none.
    fn read(self, value: &str, variable: impl Fn(&str) -> Option<String>) -> Option<Subject> {
        let tag = |name: &str| tag_of_ref(name).map_or(Subject::Branch, |tag| Subject::Tag(tag.to_owned()));
        let branch = |is_branch: bool| is_branch.then_some(Subject::Branch);
        let is_one_of = |known: &[&str]| known.iter().any(|known| value.eq_ignore_ascii_case(known));
        match self {
            Self::Tag => Some(tag(value)),
            Self::TagIf(kind) => variable(kind).filter(|kind| kind == "tag").map(|_| tag(value)),
            Self::Ref if value.starts_with(TAG_REF) => Some(tag(value)),
            Self::Trigger => Some(value.strip_prefix("tag/").map_or(Subject::Branch, tag)),
            Self::Kind => branch(value != "tag"),
            Self::Event => branch(is_one_of(&PULL_REQUESTS)),
            Self::Ref | Self::Branch => branch(!is_one_of(&NONE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The subject of a pipeline with these variables, written as `NAME=value NAME=value`.
    fn subject(variables: &str) -> Subject {
        subject_read(|name| {
            let mut pairs = variables.split(' ').filter_map(|pair| pair.split_once('='));
            pairs.find(|(known, value)| *known == name && !value.is_empty()).map(|(_, value)| value.to_owned())
        })
    }

    #[test]
    fn tags_are_read() {
        for (variables, tag) in [
            ("GITHUB_REF_TYPE=tag GITHUB_REF_NAME=v1.2.0 GITHUB_REF=refs/tags/v1.2.0 GITHUB_EVENT_NAME=push", "v1.2.0"),
            ("GITHUB_REF=refs/tags/v4.0.0 GITHUB_EVENT_NAME=release", "v4.0.0"),
            ("CI_COMMIT_TAG=v2.0.0 CI_PIPELINE_SOURCE=push", "v2.0.0"),
            ("CI_COMMIT_TAG=v2.0.0 CI_COMMIT_BRANCH=main CI_PIPELINE_EVENT=tag", "v2.0.0"),
            ("DRONE_TAG=v1 DRONE_BRANCH=main DRONE_BUILD_EVENT=tag", "v1"),
            ("CIRCLE_TAG=v1", "v1"),
            ("BITBUCKET_TAG=v1", "v1"),
            ("TRAVIS_TAG=v1 TRAVIS_BRANCH=v1 TRAVIS_PULL_REQUEST=false", "v1"),
            ("BUILD_SOURCEBRANCH=refs/tags/v3.1.0 BUILD_SOURCEBRANCHNAME=v3.1.0", "v3.1.0"),
            ("TAG_NAME=v1 BRANCH_NAME=v1 GIT_BRANCH=v1", "v1"),
            ("GIT_BRANCH=refs/tags/v1", "v1"),
            ("BUILDKITE_TAG=v1 BUILDKITE_BRANCH=v1 BUILDKITE_PULL_REQUEST=false", "v1"),
            ("APPVEYOR_REPO_TAG=true APPVEYOR_REPO_TAG_NAME=v1 APPVEYOR_REPO_BRANCH=main", "v1"),
            ("CIRRUS_TAG=v1", "v1"),
            ("SEMAPHORE_GIT_TAG_NAME=v1 SEMAPHORE_GIT_REF_TYPE=tag SEMAPHORE_GIT_REF=refs/tags/v1", "v1"),
            ("CODEBUILD_WEBHOOK_TRIGGER=tag/v1 CODEBUILD_WEBHOOK_HEAD_REF=refs/tags/v1", "v1"),
            ("CODEBUILD_WEBHOOK_TRIGGER=tag/web/v1", "web/v1"),
            ("CF_RELEASE_TAG=v1 CF_BRANCH=main", "v1"),
            ("BITRISE_GIT_TAG=v1 BITRISE_GIT_BRANCH=main", "v1"),
            ("BUDDY_EXECUTION_TAG=v1", "v1"),
            ("CI_COMMIT_TAG=refs/tags/v1", "v1"),
        ] {
            assert_eq!(subject(variables), Subject::Tag(tag.to_owned()), "{variables}");
        }
    }

    #[test]
    fn branches_and_pull_requests_are_read() {
        for variables in [
            "GITHUB_REF_TYPE=branch GITHUB_REF_NAME=main GITHUB_REF=refs/heads/main GITHUB_EVENT_NAME=push",
            "GITHUB_REF=refs/pull/7/merge",
            "GITHUB_EVENT_NAME=pull_request",
            "CI_COMMIT_BRANCH=main CI_PIPELINE_SOURCE=push",
            "CI_PIPELINE_SOURCE=merge_request_event CI_MERGE_REQUEST_IID=4",
            "CI_COMMIT_PULL_REQUEST=4 CI_PIPELINE_EVENT=pull_request",
            "DRONE_BUILD_EVENT=pull_request",
            "DRONE_BRANCH=main",
            "CIRCLE_BRANCH=pull/4 CIRCLE_PULL_REQUEST=https://github.com/acme/api/pull/4",
            "BITBUCKET_PR_ID=4",
            "BITBUCKET_BRANCH=main",
            "TRAVIS_BRANCH=main TRAVIS_PULL_REQUEST=false",
            "BUILD_SOURCEBRANCH=refs/heads/main",
            "BUILD_SOURCEBRANCH=refs/pull/4/merge SYSTEM_PULLREQUEST_PULLREQUESTID=4",
            "BRANCH_NAME=main",
            "BRANCH_NAME=PR-4 CHANGE_ID=4",
            "GIT_BRANCH=origin/main",
            "BUILDKITE_BRANCH=main BUILDKITE_TAG= BUILDKITE_PULL_REQUEST=false",
            "BUILDKITE_PULL_REQUEST=4",
            "APPVEYOR_REPO_BRANCH=main APPVEYOR_REPO_TAG=false",
            "APPVEYOR_PULL_REQUEST_NUMBER=4 APPVEYOR_REPO_BRANCH=main",
            "CIRRUS_BRANCH=main",
            "CIRRUS_BRANCH=pull/4 CIRRUS_PR=4",
            "SEMAPHORE_GIT_REF_TYPE=branch SEMAPHORE_GIT_BRANCH=main SEMAPHORE_GIT_REF=refs/heads/main",
            "SEMAPHORE_GIT_REF_TYPE=pull-request SEMAPHORE_GIT_PR_NUMBER=4",
            "CODEBUILD_WEBHOOK_TRIGGER=branch/main",
            "CODEBUILD_WEBHOOK_TRIGGER=pr/4",
            "CODEBUILD_WEBHOOK_HEAD_REF=refs/heads/main",
            "CF_BRANCH=main",
            "CF_PULL_REQUEST_NUMBER=4",
            "BITRISE_GIT_BRANCH=main",
            "BUDDY_EXECUTION_BRANCH=main",
            "CI_COMMIT_TAG=refs/heads/main",
        ] {
            assert_eq!(subject(variables), Subject::Branch, "{variables}");
        }
    }

    #[test]
    fn nothing_is_read_from_nothing() {
        for variables in [
            "",
            "CI=true",
            "TRAVIS_PULL_REQUEST=false",
            "CI_PIPELINE_EVENT=push",
            "GITHUB_REF_TYPE=tag",
            "GIT_BRANCH=detached",
            "CI_COMMIT_TAG= CI_COMMIT_BRANCH=",
        ] {
            assert_eq!(subject(variables), Subject::Unknown, "{variables}");
        }
    }

    #[test]
    fn a_full_name_is_a_tag_or_none() {
        for (name, tag) in [
            ("v1.2.0", Some("v1.2.0")),
            ("refs/tags/v1.2.0", Some("v1.2.0")),
            ("refs/tags/web/v1", Some("web/v1")),
            ("refs/tags/", None),
            ("refs/heads/main", None),
            ("refs/pull/4/merge", None),
        ] {
            assert_eq!(tag_of_ref(name), tag, "{name}");
        }
    }
}
