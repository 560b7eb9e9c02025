//! Repositories, the origin of releases.

use serde::{Deserialize, Serialize};

use crate::{conflict::Conflict, fault::Fault};

/// The kind of source of a repository (`management-v1.md`, `/v1/repositories`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RepositoryOrigin {
    /// A pipeline or a person reports each release.
    Api,
    /// GitHub's webhook reports releases.
    Github,
    /// GitLab's webhook reports releases.
    Gitlab,
    /// The webhook of Gitea or Forgejo reports releases.
    Gitea,
    /// Gogs' webhook reports releases.
    Gogs,
    /// A program reports releases in a format of our own.
    Generic,
}

crate::text::named! {
    RepositoryOrigin {
        Api => "api",
        Github => "github",
        Gitlab => "gitlab",
        Gitea => "gitea",
        Gogs => "gogs",
        Generic => "generic",
    }
}

impl RepositoryOrigin {
    /// True if the webhook's secret is one of Standard Webhooks (`whsec_…`). GitLab accepts no other signing token, and
    /// the generic webhook signs by Standard Webhooks.
    pub const fn signs_standard(self) -> bool {
        matches!(self, Self::Gitlab | Self::Generic)
    }
}

/// The name of a repository: `owner/name`, with more parts at a forge that has subgroups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RepositoryName(String);

impl RepositoryName {
    /// Parses 2 to 10 parts of `A-Z a-z 0-9 . _ -` with `/` between them, at most 200 characters. No part is `.` or
    /// `..`.
    pub fn parse(field: &str, name: &str) -> Result<Self, Fault> {
        let part_is_good = |part: &str| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        let parts = name.split('/').count();
        if name.len() <= 200 && (2..=10).contains(&parts) && name.split('/').all(part_is_good) {
            return Ok(Self(name.to_owned()));
        }
        Err(Fault::invalid(field, "must be owner/name, of letters, digits, '.', '_' and '-', at most 200 characters"))
    }

    /// Returns the name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the form in which names are compared, since forges ignore case.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// Returns the owner part of a repository's name. It is the author of a release that has none (`releasepage-v1.md`,
/// version).
pub fn repository_owner(repo: &str) -> &str {
    repo.split_once('/').map_or(repo, |(owner, _)| owner)
}

/// Checks that a repository can be deleted: `is_shown` on a page, `is_told` of to subscribers.
pub fn repository_deletion_check(is_shown: bool, is_told: bool) -> Result<(), Conflict> {
    if is_shown {
        return Err(Conflict("a page has it as a component: take it off the page first"));
    }
    if is_told {
        return Err(Conflict("subscribers were told of its releases, and what was sent to whom stays on record"));
    }
    Ok(())
}

/// The conflict where a name went from one repository to another at the moment of a change.
pub const REPOSITORY_RENAMED: Conflict = Conflict("the repository was renamed in the meantime: try again");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["releasepage/api", "a/b/c", "A.b_c-d/e"] {
            assert!(RepositoryName::parse("name", good).is_ok(), "{good}");
        }
        for bad in ["", "api", "/api", "a/", "a//b", "a/..", "a/b c", "a/b\0", "ü/b", &format!("a/{}", "b".repeat(199))]
        {
            assert!(RepositoryName::parse("name", bad).is_err(), "{bad}");
        }
        assert_eq!(repository_owner("acme/ios-app"), "acme");
    }

    #[test]
    fn a_repository_that_somebody_knows_of_stays() {
        for (is_shown, is_told, may) in
            [(false, false, true), (true, false, false), (false, true, false), (true, true, false)]
        {
            assert_eq!(repository_deletion_check(is_shown, is_told).is_ok(), may, "{is_shown} {is_told}");
        }
    }
}
