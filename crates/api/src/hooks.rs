//! `/hooks`: what forges deliver. Answers have the form of those under `/v1`; the codes that only these paths have are
//! in `error_codes`.
//!
//! There is one way for all ([`deliver`]), and a description of each forge ([`forge`]). A delivery is checked, stored with the job that processes it, and answered: nothing here waits for anything but the
//! database.

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
