//! The addresses at which forges show the files of repositories. Relative addresses in notes are resolved against them.

use std::fmt::Write as _;

use crate::repository::RepositoryOrigin;

/// The repository of a release, with the data that its forge needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseSource {
    /// The kind of its forge.
    pub origin: RepositoryOrigin,
    /// Its name at the forge.
    pub name: String,
    /// The URL of the forge's API. `None` for the URL in the server's settings.
    pub api_url: Option<String>,
    /// The release's whole tag.
    pub tag: String,
}

/// The URLs of the forges' APIs, for repositories without a URL of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgeApis {
    /// The URL of GitHub's API.
    pub github: String,
    /// The URL of GitLab's API.
    pub gitlab: String,
    /// The URL of Gitea's or Forgejo's API.
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
    /// Returns the URL at which the forge shows a release's files. It ends in `/`. `None` if the forge is unknown, as
    /// for Gogs and for releases that a program reports.
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

/// Returns the URL of a forge's website, from the URL of its API. `None` if the URL does not have the form of this
/// forge.
fn site_of(origin: RepositoryOrigin, api_url: &str) -> Option<String> {
    let api_url = api_url.trim_end_matches('/');
    match origin {
        // The path of an Enterprise server's API is below its site. GitHub's API has a host of its own.
        RepositoryOrigin::Github => match api_url.strip_suffix("/api/v3") {
            Some(site) => Some(site.to_owned()),
            None => api_url.split_once("://api.").map(|(scheme, host)| format!("{scheme}://{host}")),
        },
        RepositoryOrigin::Gitlab => api_url.strip_suffix("/api/v4").map(str::to_owned),
        RepositoryOrigin::Gitea => api_url.strip_suffix("/api/v1").map(str::to_owned),
        RepositoryOrigin::Api | RepositoryOrigin::Gogs | RepositoryOrigin::Generic => None,
    }
}

/// Encodes a tag for a path and keeps its slashes. `None` for a tag that would be read as another path.
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
