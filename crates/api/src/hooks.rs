//! `/hooks`: what forges deliver. Answers have the form of those under `/v1`; the codes that only these paths have are
//! in `error_codes`.
//!
//! There is one way for all ([`deliver`]), and a description of each forge ([`forge`]). A delivery is checked, stored with the job that processes it, and answered: nothing here waits for anything but the
//! database.

pub(crate) mod access;
mod answer;
mod body;
mod deliver;
pub(crate) mod error_codes;
mod forge;
pub(crate) mod generic;
pub(crate) mod gitea;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod gogs;
mod patience;
