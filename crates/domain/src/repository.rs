//! Where releases come from.

use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// What kind of source a repository has (`management-v1.md`, `/v1/repositories`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RepositoryOrigin {
    /// A pipeline or a person tells of each release.
    Api,
    /// GitHub's webhook does.
    Github,
    /// GitLab's webhook does.
    Gitlab,
    /// The webhook of Gitea or Forgejo does.
    Gitea,
    /// Gogs' webhook does.
    Gogs,
    /// A program does, by deliveries in a form of our own.
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
    /// Whether the secret of its webhook is one of Standard Webhooks (`whsec_…`): GitLab takes no other as a signing
    /// token, and the generic webhook signs as Standard Webhooks says.
    pub const fn signs_standard(self) -> bool {
        matches!(self, Self::Gitlab | Self::Generic)
    }
}

/// The name of a repository: `owner/name`, with more parts where a forge has subgroups.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RepositoryName(String);

impl RepositoryName {
    /// Parses 2 to 10 parts of `A-Z a-z 0-9 . _ -` with `/` between them, at most 200 characters; no part is `.` or
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

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which names are compared: forges ignore case.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// The owner part of a repository's name, the author of a release that names none (`releasepage-v1.md`, version).
pub fn repository_owner(repo: &str) -> &str {
    repo.split_once('/').map_or(repo, |(owner, _)| owner)
}

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
}
