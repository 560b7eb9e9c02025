//! What forges send to ReleasePage, turned into releases.
//!
//! This crate owns the forms that forges speak: each is read into one form of our own
//! (`releasepage_domain::source_event`), every field at fault is named, and a job processes what was stored
//! ([`worker`]). Which of two events counts is decided in `releasepage-domain`; what becomes of a release is stored by
//! `releasepage-storage`. It knows no HTTP: headers, statuses and bodies are the API's.

mod fields;
pub mod github;
mod message;
pub mod worker;

pub use message::{ForgeMessage, MessageError};
