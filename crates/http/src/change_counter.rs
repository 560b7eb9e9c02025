//! The number of changes on this server that readers may see.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the changes on this server that may show on a page.
///
/// A copy of a page in memory is looked up again before its next use once the count has grown. [`request_end`] raises it
/// after every request that changed something, so that no handler can forget it. Only operations that readers see nothing
/// of are left out.
///
/// [`request_end`]: crate::request::request_end
#[derive(Debug, Default)]
pub struct ChangeCounter(AtomicU64);

impl ChangeCounter {
    /// Counts one more change.
    pub fn raise(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns the changes so far.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}
