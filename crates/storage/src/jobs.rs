//! The queue: pieces of work that survive a crash, and recurring work.
//!
//! A job is written in the transaction of the change that it follows from. Its payload holds ids and no content.

pub mod claims;
pub mod hold;
pub mod list;
pub mod retention;
pub mod row;
pub mod schedules;
pub mod standing;
