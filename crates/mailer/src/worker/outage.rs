//! How long there has been no way to the mail server.

use std::sync::{Mutex, PoisonError};

use releasepage_domain::time::UtcTime;

/// Since when every connection has failed; shared by all who send.
#[derive(Debug, Default)]
pub(super) struct Outage(Mutex<Option<UtcTime>>);

impl Outage {
    /// Notes that there is no way. Answers since when.
    pub(super) fn goes_on(&self, now: UtcTime) -> UtcTime {
        *self.since().get_or_insert(now)
    }

    /// Notes that there is a way.
    pub(super) fn ends(&self) {
        *self.since() = None;
    }

    fn since(&self) -> std::sync::MutexGuard<'_, Option<UtcTime>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
