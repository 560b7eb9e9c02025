//! The clock, handed in so that a test can set it.

use std::{fmt, sync::Arc};

use releasepage_domain::time::{UtcTime, time_cut};

/// Tells the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> UtcTime + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Arc::new(|| time_cut(chrono::Utc::now())))
    }

    /// A clock that a test moves.
    pub fn of(tell: impl Fn() -> UtcTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// The present, cut to what can be stored.
    pub fn now(&self) -> UtcTime {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}
