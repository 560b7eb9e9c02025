//! Announcements, and the messages that carry them to subscribers.
//!
//! An announcement is written with the release or the group that it tells of. A job spreads it to the subscribers in
//! batches of deliveries, and other jobs send those.

pub(crate) mod audience;
pub mod deliveries;
pub mod delivery_lists;
pub mod mailbox;
pub mod retry;
pub(crate) mod row;
pub mod spreading;
