//! What a process tells those who watch it: whether it lives (`/healthz`), whether it is ready (`/readyz`), and how it
//! does (`/metrics`). A server answers them beside its other routes; a worker has a listener of its own for them.

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

/// The state of a process, for those who watch it; one for each process, behind an `Arc`.
#[derive(Debug)]
pub struct Operations {
    store: Store,
    clock: Clock,
    draining: AtomicBool,
    /// `None` where nothing is measured.
    metrics: Option<Metrics>,
    /// Those of a server; a worker has no pages in memory.
    cache: Option<Arc<CacheCounts>>,
}

impl Operations {
    /// Of a worker, which begins now; it measures itself where `measured` says so.
    pub fn of_worker(store: Store, clock: Clock, measured: bool) -> Arc<Self> {
        Arc::new(Self::new(store, clock, measured, None))
    }

    /// Of a server, which begins now.
    pub fn of_server(store: Store, clock: Clock, cache: Option<Arc<CacheCounts>>) -> Arc<Self> {
        Arc::new(Self::new(store, clock, cache.is_some(), cache))
    }

    fn new(store: Store, clock: Clock, measured: bool, cache: Option<Arc<CacheCounts>>) -> Self {
        let metrics = measured.then(|| Metrics::new(clock.now()));
        Self { store, clock, draining: AtomicBool::new(false), metrics, cache }
    }

    /// The process is about to end: from here on it is not ready, and asks clients to close their connections.
    pub fn drain_begin(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the process is about to end.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// The counts of pages in memory; `None` where nothing is measured.
    pub fn cache_counts(&self) -> Option<Arc<CacheCounts>> {
        self.cache.clone()
    }

    /// What is measured; `None` where nothing is.
    pub fn metrics(&self) -> Option<&Metrics> {
        self.metrics.as_ref()
    }

    /// `GET /healthz`: the process answers.
    pub fn health(&self) -> HttpResponse {
        answer(StatusCode::OK, "ok")
    }

    /// `GET /readyz`: 200 with `ready`, or 503 with what is in the way; the log says why.
    ///
    /// A process is ready while the database can be reached and takes writes, and its schema is this binary's or a newer
    /// one's, as in every rolling upgrade; and until it drains. The answer comes within two seconds.
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

    /// `GET /metrics`: what is measured, in the text format of OpenMetrics; `None` where nothing is.
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
