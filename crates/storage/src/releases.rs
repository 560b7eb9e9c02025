//! Releases: how they come in, change, and go, and what follows from that.

pub(crate) mod batch;
pub(crate) mod changes;
pub mod edits;
pub mod idempotency;
pub mod imports;
pub mod pages;
pub mod row;
pub mod sources;
pub(crate) mod tokens;
pub mod unassigned;
pub mod version_rules;
