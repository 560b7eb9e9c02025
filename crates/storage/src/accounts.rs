//! Organizations, their people, and how these people prove who they are.
//!
//! Passwords and tokens come in as hashes: this crate never sees one.

pub mod access;
pub mod row;
pub mod sessions;
pub mod tokens;
pub mod users;
