//! Releases from outside: webhooks, lists of forges, and changelogs.
//!
//! This crate owns the forms of the forges. It reads each of them into one form of our own
//! (`releasepage_domain::source_event`) and names every faulty field. A job processes the stored events ([`worker`]).
//! [`forge`] asks forges for releases. [`changelog`] reads a changelog, and [`changelog_import`] makes releases of it.
//!
//! This crate decides nothing about releases. `releasepage-domain` decides which of two events counts, and
//! `releasepage-storage` stores the result. The HTTP side of webhooks, with headers, statuses and bodies, belongs to
//! the API.

pub mod backfill;
pub mod changelog;
pub mod changelog_import;
pub mod fields;
pub mod forge;
pub mod forge_address;
pub mod gitea;
pub mod github;
pub mod gitlab;
pub mod gogs;
mod message;
pub mod worker;

pub use message::{ForgeMessage, MessageError, payload_read};
