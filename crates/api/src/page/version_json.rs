//! The latest versions of a page as JSON (`releasepage-v1.md`).

use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::values::{GroupVersionText, Repo, Time, WebAddress};

/// The latest versions of a page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Versions)]
pub(crate) struct VersionsBody {
    /// One entry for each component that has a published release, the newest first.
    pub(crate) latest: Vec<LatestVersionBody>,
    /// The page's version for all its components, if releases are grouped and readers see a group.
    #[serde(rename = "latestGrouped", skip_serializing_if = "Option::is_none")]
    pub(crate) latest_grouped: Option<LatestGroupedBody>,
    /// The address at which people see the page.
    #[schema(value_type = WebAddress)]
    pub(crate) permalink: String,
}

/// The latest version of a component: the highest, not the newest.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LatestVersion)]
pub(crate) struct LatestVersionBody {
    /// The component's name in every parameter `repo`.
    #[schema(value_type = Repo)]
    pub(crate) repo: String,
    /// The tag without the component's own prefix, so that versions can be compared.
    #[schema(examples("v1.0.2"))]
    pub(crate) version: String,
    /// The release's author; the owner of the repository if that is unknown.
    #[schema(examples("Jivings"))]
    pub(crate) author: String,
    /// The time of its publication.
    #[schema(value_type = Time)]
    pub(crate) published_at: String,
    /// The component's name for readers.
    #[schema(examples("Public API"))]
    pub(crate) name: String,
    /// The whole tag, if `version` is only a part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("web-v4.5.0"))]
    pub(crate) tag: Option<String>,
}

/// The latest version of a page whose releases are grouped: that of the highest group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LatestGrouped)]
pub(crate) struct LatestGroupedBody {
    /// The version.
    #[schema(value_type = GroupVersionText)]
    pub(crate) version: String,
    /// The authors of its releases, each once, newest release first.
    #[schema(examples(json!(["Jivings", "dinkydani"])))]
    pub(crate) authors: Vec<String>,
    /// The publication time of its newest release.
    #[schema(value_type = Time)]
    pub(crate) published_at: String,
    /// The components of its releases, each once, newest release first.
    #[schema(value_type = Vec<Repo>)]
    pub(crate) repos: Vec<String>,
}
