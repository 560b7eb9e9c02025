//! Repositories and projects: where the releases of an organization come from.

pub mod deletion;
pub mod edits;
pub mod projects;
pub mod row;
pub mod search;
pub mod tags;
