//! Back-up and restore of a SQLite database.

pub(crate) mod digest;
pub mod file;
