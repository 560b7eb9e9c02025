//! Where the files of a repository are shown at its forge: what addresses in notes are relative to.

use std::fmt::Write as _;

use crate::repository::RepositoryOrigin;

/// The repository of a release, as far as its forge knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseSource {
    /// The kind of its forge.
    pub origin: RepositoryOrigin,
    /// Its name there.
    pub name: String,
    /// The address of the forge's API; `None` for that of the server's settings.
    pub api_url: Option<String>,
    /// The release's whole tag.
    pub tag: String,
}

/// The addresses of the APIs of forges, for repositories that name none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeApis {
    /// GitHub's.
    pub github: String,
    /// GitLab's.
    pub gitlab: String,
    /// Gitea's or Forgejo's.
    pub gitea: String,
}

impl Default for ForgeApis {
    fn default() -> Self {
        Self {
            github: "https://api.github.com".to_owned(),
            gitlab: "https://gitlab.com/api/v4".to_owned(),
            gitea: "https://codeberg.org/api/v1".to_owned(),
        }
    }
}

impl ForgeApis {
    /// Where a release's files are shown, ending in `/`; `None` where its forge is not known, as it is for Gogs and for
    /// releases that a program tells of.
    pub fn files_address(&self, source: &ReleaseSource) -> Option<String> {
        let (api, files) = match source.origin {
            RepositoryOrigin::Github => (&self.github, "blob"),
            RepositoryOrigin::Gitlab => (&self.gitlab, "-/blob"),
            RepositoryOrigin::Gitea => (&self.gitea, "src/tag"),
            RepositoryOrigin::Api | RepositoryOrigin::Gogs | RepositoryOrigin::Generic => return None,
        };
        let site = site_of(source.origin, source.api_url.as_ref().unwrap_or(api))?;
        let tag = path_encode(&source.tag)?;
        Some(format!("{site}/{}/{files}/{tag}/", source.name))
    }
}

/// Where people see a forge, by the address of its API; `None` where that has no form that its kind of forge has.
fn site_of(origin: RepositoryOrigin, api_url: &str) -> Option<String> {
    let api_url = api_url.trim_end_matches('/');
    match origin {
        // An Enterprise server has its API below itself, GitHub on a host of its own.
        RepositoryOrigin::Github => match api_url.strip_suffix("/api/v3") {
            Some(site) => Some(site.to_owned()),
            None => api_url.split_once("://api.").map(|(scheme, host)| format!("{scheme}://{host}")),
        },
        RepositoryOrigin::Gitlab => api_url.strip_suffix("/api/v4").map(str::to_owned),
        RepositoryOrigin::Gitea => api_url.strip_suffix("/api/v1").map(str::to_owned),
        RepositoryOrigin::Api | RepositoryOrigin::Gogs | RepositoryOrigin::Generic => None,
    }
}

/// A tag as a part of a path, its slashes as they are; `None` for one that would be read as another path.
fn path_encode(tag: &str) -> Option<String> {
    if tag.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return None;
    }
    let mut encoded = String::with_capacity(tag.len());
    for byte in tag.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@+".contains(&byte) {
            encoded.push(byte.into());
        } else {
            write!(encoded, "%{byte:02X}").ok()?;
        }
    }
    Some(encoded)
}

#[cfg(test)]
mod tests {
    use super::{RepositoryOrigin::*, *};

    #[test]
    fn files_are_where_the_forge_shows_them() {
        for (origin, api_url, name, tag, address) in [
            (Github, None, "acme/api", "v1.2.0", Some("https://github.com/acme/api/blob/v1.2.0/")),
            (
                Github,
                Some("https://git.example.com/api/v3/"),
                "a/b",
                "cmd/x/v1",
                Some("https://git.example.com/a/b/blob/cmd/x/v1/"),
            ),
            (Github, Some("https://api.acme.ghe.com"), "a/b", "v1", Some("https://acme.ghe.com/a/b/blob/v1/")),
            (Github, Some("https://git.example.com/elsewhere"), "a/b", "v1", None),
            (Gitlab, None, "a/b/c", "v1 ü#?%", Some("https://gitlab.com/a/b/c/-/blob/v1%20%C3%BC%23%3F%25/")),
            (
                Gitlab,
                Some("https://example.com/gitlab/api/v4"),
                "a/b",
                "v1",
                Some("https://example.com/gitlab/a/b/-/blob/v1/"),
            ),
            (Gitea, None, "a/b", "pkg@1+2", Some("https://codeberg.org/a/b/src/tag/pkg@1+2/")),
            (Gitea, Some("http://git:3000/api/v1"), "a/b", "v1", Some("http://git:3000/a/b/src/tag/v1/")),
            (Gitea, None, "a/b", "../../x", None),
            (Github, None, "a/b", "a//b", None),
            (Gogs, None, "a/b", "v1", None),
            (Api, None, "a/b", "v1", None),
            (Generic, Some("https://git.example.com/api/v1"), "a/b", "v1", None),
        ] {
            let source =
                ReleaseSource { origin, name: name.into(), api_url: api_url.map(str::to_owned), tag: tag.into() };
            assert_eq!(ForgeApis::default().files_address(&source).as_deref(), address, "{source:?}");
        }
    }
}
