//! Pages, their components, and what readers see of them.
//!
//! The place of each release in the history of each component is kept in a table of its own, in the transaction of
//! whatever changes it, so that reading computes nothing.

pub(crate) mod component_releases;
pub mod components;
pub mod deletion;
pub mod edits;
pub mod keys;
pub mod ranges;
pub mod release_row;
pub mod releases;
pub mod row;
pub mod slugs;
pub mod snapshots;
