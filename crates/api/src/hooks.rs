//! `/hooks`: the webhook deliveries of forges. Answers have the form of those under `/v1`. The codes that only these
//! paths have are in `error_codes`.
//!
//! All forges share one handler (`deliver`), and each has a description (`forge`). A delivery is checked, stored
//! with the job that processes it, and answered. Nothing here waits for anything but the database.

pub mod access;
mod answer;
mod body;
mod deliver;
pub mod error_codes;
mod forge;
mod generic;
mod generic_event;
mod gitea;
mod github;
mod gitlab;
mod gogs;
mod patience;

crate::operations! {
    /// The webhooks of forges.
    pub struct Hooks;
    github::github_deliver.readers_see_nothing(),
    gitlab::gitlab_deliver.readers_see_nothing(),
    gitea::gitea_deliver.readers_see_nothing(),
    gogs::gogs_deliver.readers_see_nothing(),
    generic::generic_deliver.readers_see_nothing(),
}
