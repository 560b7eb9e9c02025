//! `/hooks`: what forges deliver. Answers have the form of those under `/v1`; the codes that only these paths have are
//! in `error_codes`.
//!
//! A delivery is checked, stored with the job that processes it, and answered: nothing here waits for anything but the
//! database.

pub(crate) mod access;
mod answer;
mod body;
pub(crate) mod error_codes;
pub(crate) mod github;
