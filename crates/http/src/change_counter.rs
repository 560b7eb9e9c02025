//! The number of changes on this server that readers may see.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the changes on this server that may show on a page.
///
/// A growing count makes each copy of a page in memory be checked before its next use. [`request_end`] raises the count
/// after every request that changed something, so that no handler can forget it. It leaves out the operations whose
/// changes no reader sees.
///
/// [`request_end`]: crate::request::request_end
#[derive(Debug, Default)]
pub struct ChangeCounter(AtomicU64);

impl ChangeCounter {
    /// Counts one more change.
    pub fn raise(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns the number of changes so far.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}
