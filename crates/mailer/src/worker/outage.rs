//! The time since when the mail server cannot be reached.

use std::sync::{Mutex, PoisonError};

use releasepage_domain::time::UtcTime;

/// The time since when every connection has failed. All senders share it.
#[derive(Debug, Default)]
pub(super) struct Outage(Mutex<Option<UtcTime>>);

impl Outage {
    /// Records that the mail server cannot be reached. Returns the time since when.
    pub(super) fn goes_on(&self, now: UtcTime) -> UtcTime {
        *self.since().get_or_insert(now)
    }

    /// Records that the mail server can be reached.
    pub(super) fn ends(&self) {
        *self.since() = None;
    }

    fn since(&self) -> std::sync::MutexGuard<'_, Option<UtcTime>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
