//! The state of the server, for its monitoring.

use actix_web::{HttpResponse, web::Data};
use releasepage_http::operations::Operations;
use releasepage_site::error::PageError;

/// Answers `GET /healthz`: the process responds.
pub(crate) async fn health_show(operations: Data<Operations>) -> HttpResponse {
    operations.health()
}

/// Answers `GET /readyz`. The server is ready while it can use the database, the schema fits, and it is not ending.
pub(crate) async fn ready_show(operations: Data<Operations>) -> HttpResponse {
    operations.readiness().await
}

/// Answers `GET /metrics` with the server's measurements. The path does not exist if measuring is off.
pub(crate) async fn metrics_show(operations: Data<Operations>) -> Result<HttpResponse, PageError> {
    operations.exposition().await.ok_or(PageError::NotFound)
}
