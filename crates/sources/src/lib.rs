//! What forges send to ReleasePage and what they answer, turned into releases.
//!
//! This crate owns the forms that forges speak: each is read into one form of our own
//! (`releasepage_domain::source_event`), every field at fault is named, and a job processes what was stored
//! ([`worker`]). Which of two events counts is decided in `releasepage-domain`; what becomes of a release is stored by
//! `releasepage-storage`. Forges are asked for releases by [`forge`]; of what they send it knows no HTTP: headers, statuses
//! and bodies are the API's.
//!
//! What a team wrote down comes in too: [`changelog`] reads it, [`changelog_import`] makes releases of it.

pub mod backfill;
pub mod changelog;
pub mod changelog_import;
mod fields;
pub mod forge;
pub mod forge_address;
pub mod generic;
pub mod gitea;
pub mod github;
pub mod gitlab;
pub mod gogs;
mod message;
pub mod worker;

pub use message::{ForgeMessage, MessageError};
