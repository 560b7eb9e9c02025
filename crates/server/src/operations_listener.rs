//! The listener of a process that serves only its monitoring.

use std::{future::Future, io, net::TcpListener, sync::Arc};

use actix_web::{
    App, HttpResponse, dev::Server, http::header::X_CONTENT_TYPE_OPTIONS, middleware::DefaultHeaders, web,
};
use releasepage_http::operations::Operations;

use crate::listening::connections_serve;

/// The time that answers in progress may take to end.
const SHUTDOWN_TIMEOUT_SECONDS: u64 = 2;

/// Answers `/healthz`, `/readyz` and, if measuring is on, `/metrics` on an open port until `shutdown` is ready.
///
/// It should answer while the process's own work ends. So call [`Operations::drain_begin`] first, let the work end, and
/// only then make `shutdown` ready. Fails if the thread that answers cannot be started.
pub async fn operations_serve(
    listener: TcpListener,
    operations: Arc<Operations>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let shared = web::Data::from(operations);
    let app = move || {
        App::new()
            .app_data(shared.clone())
            .wrap(DefaultHeaders::new().add((X_CONTENT_TYPE_OPTIONS, "nosniff")))
            .route("/healthz", web::get().to(health_show))
            .route("/readyz", web::get().to(ready_show))
            .route("/metrics", web::get().to(metrics_show))
    };
    let builder = Server::build();
    let ending = builder.graceful_shutdown_signal();
    let server = builder
        .workers(1)
        .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS)
        .disable_signals()
        .listen("operations", listener, move || {
            let ending = ending.clone();
            connections_serve(app(), address, move || {
                let ending = ending.clone();
                async move { ending.notified().await }
            })
        })?
        .run();
    tracing::info!(%address, "watched");
    let handle = server.handle();
    let stopping = async {
        shutdown.await;
        handle.stop(true).await;
    };
    tokio::select! {
        ended = server => ended,
        () = stopping => Ok(()),
    }
}

async fn health_show(operations: web::Data<Operations>) -> HttpResponse {
    operations.health()
}

async fn ready_show(operations: web::Data<Operations>) -> HttpResponse {
    operations.readiness().await
}

async fn metrics_show(operations: web::Data<Operations>) -> HttpResponse {
    operations.exposition().await.unwrap_or_else(|| HttpResponse::NotFound().finish())
}
