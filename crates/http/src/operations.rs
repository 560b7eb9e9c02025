//! The answers of a process to its monitoring: it lives (`/healthz`), it is ready (`/readyz`), and its measurements
//! (`/metrics`). A server answers them beside its other routes. A worker has a separate listener for them.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::CACHE_CONTROL},
};
use releasepage_storage::{
    Store,
    database::{
        clock::Clock,
        readiness::{Readiness, readiness},
    },
};
use serde_json::json;

use crate::metrics::{CacheCounts, EXPOSITION_TYPE, Metrics};

/// The state of a process for its monitoring. Each process has one, behind an `Arc`.
#[derive(Debug)]
pub struct Operations {
    store: Store,
    clock: Clock,
    draining: AtomicBool,
    /// The measurements, or `None` if measuring is off.
    metrics: Option<Metrics>,
    /// The page counts of a server. A worker has no pages in memory.
    cache: Option<Arc<CacheCounts>>,
}

impl Operations {
    /// Makes the state of a worker that starts now. `measured` turns measuring on.
    pub fn of_worker(store: Store, clock: Clock, measured: bool) -> Arc<Self> {
        Arc::new(Self::new(store, clock, measured, None))
    }

    /// Makes the state of a server that starts now. `cache` turns measuring on.
    pub fn of_server(store: Store, clock: Clock, cache: Option<Arc<CacheCounts>>) -> Arc<Self> {
        Arc::new(Self::new(store, clock, cache.is_some(), cache))
    }

    fn new(store: Store, clock: Clock, measured: bool, cache: Option<Arc<CacheCounts>>) -> Self {
        let metrics = measured.then(|| Metrics::new(clock.now()));
        Self { store, clock, draining: AtomicBool::new(false), metrics, cache }
    }

    /// Marks the process as ending. From now on it is not ready, and it asks clients to close their connections.
    pub fn drain_begin(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Returns true if the process is ending.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Returns the counts of pages in memory, or `None` if measuring is off.
    pub fn cache_counts(&self) -> Option<Arc<CacheCounts>> {
        self.cache.clone()
    }

    /// Returns the measurements, or `None` if measuring is off.
    pub fn metrics(&self) -> Option<&Metrics> {
        self.metrics.as_ref()
    }

    /// Answers `GET /healthz`: the process responds.
    pub fn health(&self) -> HttpResponse {
        answer(StatusCode::OK, "ok")
    }

    /// Answers `GET /readyz`: 200 with `ready`, or 503 with the obstacle. The log has the details.
    ///
    /// A process is ready while three things are true. The database can be reached and takes writes. Its schema is that
    /// of this program or a newer one, as in a rolling upgrade. The process does not drain. The answer comes within two
    /// seconds.
    pub async fn readiness(&self) -> HttpResponse {
        if self.is_draining() {
            return answer(StatusCode::SERVICE_UNAVAILABLE, "draining");
        }
        let in_the_way = match readiness(&self.store).await {
            Ok(Readiness::Ready) => return answer(StatusCode::OK, "ready"),
            Ok(Readiness::Behind) => "database-behind",
            Ok(Readiness::ReadOnly | Readiness::NotPermitted) => "database-read-only",
            Ok(Readiness::Locked) => "database-locked",
            Ok(Readiness::Full) => "database-full",
            Err(error) => {
                tracing::warn!(%error, "not ready");
                "database-unavailable"
            }
        };
        answer(StatusCode::SERVICE_UNAVAILABLE, in_the_way)
    }

    /// Answers `GET /metrics` in the text format of OpenMetrics. Returns `None` if measuring is off.
    pub async fn exposition(&self) -> Option<HttpResponse> {
        let metrics = self.metrics.as_ref()?;
        Some(match metrics.exposition(&self.store, self.clock.now(), self.cache.as_deref()).await {
            Ok(text) => {
                HttpResponse::Ok().content_type(EXPOSITION_TYPE).insert_header((CACHE_CONTROL, "no-store")).body(text)
            }
            Err(fmt::Error) => answer(StatusCode::INTERNAL_SERVER_ERROR, "unwritable"),
        })
    }
}

fn answer(status: StatusCode, word: &str) -> HttpResponse {
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(json!({ "status": word }))
}
