//! The measurements of a process in the text format of OpenMetrics, which Prometheus reads.
//!
//! Nothing is measured unless the settings ask for it. A request only raises atomic numbers, without a lock or an
//! allocation ([`requests`]). Everything else is looked up when the metrics are read.

mod exposition;
pub mod requests;

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use prometheus_client::{encoding::text, registry::Registry};
use releasepage_domain::time::UtcTime;
use releasepage_storage::{
    Store,
    database::usage::DeliveryOutcome,
    jobs::standing::{LaneStanding, queue_standing},
};
use tokio::sync::Mutex;

use self::{exposition::Exposition, requests::RequestMetrics};

/// The media type of the exposition.
pub const EXPOSITION_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The time for which the figures of the queue are reused.
const QUEUE_FRESH: Duration = Duration::from_secs(1);

/// The time limit for reading the figures of the queue. After it they are left out, so that a broken database does not
/// hide the rest.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(2);

/// The measurements of one process.
#[derive(Debug)]
pub struct Metrics {
    started_at: UtcTime,
    /// The requests to this server.
    pub requests: RequestMetrics,
    queue: Mutex<Option<(Instant, Vec<LaneStanding>)>>,
}

/// Counts the pages found in memory and the pages read from the database.
#[derive(Debug, Default)]
pub struct CacheCounts {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl CacheCounts {
    /// Counts a request that was answered from memory.
    pub fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request for which the page was read from the database.
    pub fn miss(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// Makes empty measurements of a process that began at `started_at`.
    pub fn new(started_at: UtcTime) -> Self {
        Self { started_at, requests: RequestMetrics::default(), queue: Mutex::new(None) }
    }

    /// Returns all measurements as text.
    ///
    /// `cache` holds the counts of a server; a worker has none. Fails if the text cannot be written.
    pub async fn exposition(
        &self,
        store: &Store,
        now: UtcTime,
        cache: Option<&CacheCounts>,
    ) -> Result<String, fmt::Error> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Exposition {
            started_at: self.started_at,
            now,
            requests: self.requests.totals(),
            cache: cache.map(|counts| {
                let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
                [("hit", read(&counts.hits)), ("miss", read(&counts.misses))]
            }),
            lanes: self.lanes(store, now).await,
            deliveries: DeliveryOutcome::ALL.map(|outcome| (outcome.as_str(), store.deliveries_recorded(outcome))),
            pools: store.pool_usage(),
        }));
        let mut text = String::new();
        text::encode(&mut text, &registry)?;
        Ok(text)
    }

    /// Returns the state of the queue, at most one second old. It is empty if the database does not answer.
    async fn lanes(&self, store: &Store, now: UtcTime) -> Vec<LaneStanding> {
        let mut kept = self.queue.lock().await;
        if let Some((looked_at, lanes)) = &*kept
            && looked_at.elapsed() < QUEUE_FRESH
        {
            return lanes.clone();
        }
        let lanes = match tokio::time::timeout(QUEUE_TIMEOUT, queue_standing(store, now)).await {
            Ok(Ok(lanes)) => lanes,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the queue cannot be measured");
                Vec::new()
            }
            Err(_) => {
                tracing::warn!("the queue cannot be measured in time");
                Vec::new()
            }
        };
        kept.insert((Instant::now(), lanes)).1.clone()
    }
}
