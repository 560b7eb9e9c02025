//! Counters of the store, for those who watch: numbers of this process, from its beginning.

use std::sync::atomic::{AtomicU64, Ordering};

/// The end of a try to send a message, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryOutcome {
    /// It was accepted.
    Sent,
    /// It is tried again later.
    Deferred,
    /// It was refused for good.
    Failed,
    /// It was no longer wanted when its turn came.
    Cancelled,
}

impl DeliveryOutcome {
    /// Every outcome, in the order of declaration.
    pub const ALL: [Self; 4] = [Self::Sent, Self::Deferred, Self::Failed, Self::Cancelled];

    /// The name of the outcome: `sent`, `deferred`, `failed` or `cancelled`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The tries of this process to send messages, by how they ended.
#[derive(Debug, Default)]
pub(crate) struct DeliveryCounts([AtomicU64; DeliveryOutcome::ALL.len()]);

impl DeliveryCounts {
    pub(crate) fn add(&self, outcome: DeliveryOutcome, tries: u64) {
        self.0[outcome as usize].fetch_add(tries, Ordering::Relaxed);
    }

    pub(crate) fn get(&self, outcome: DeliveryOutcome) -> u64 {
        self.0[outcome as usize].load(Ordering::Relaxed)
    }
}

/// The number of times that work found every connection of a pool in use.
#[derive(Debug, Default)]
pub(crate) struct PoolCounts {
    pub(crate) waits: AtomicU64,
    pub(crate) timeouts: AtomicU64,
}

/// The use of a pool of connections at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUsage {
    /// The name of the pool: `shared`, or on SQLite `readers` and `writer`.
    pub pool: &'static str,
    /// The most connections that it opens.
    pub connections_max: u64,
    /// Connections that work holds.
    pub in_use: u64,
    /// Open connections that wait for work.
    pub idle: u64,
    /// The number of times that work had to wait for a connection, since the process began.
    pub waits: u64,
    /// The number of times that it waited in vain, since the process began.
    pub timeouts: u64,
}
