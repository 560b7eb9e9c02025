//! How the server is, for who watches it.

use actix_web::{HttpResponse, web::Data};
use releasepage_http::operations::Operations;
use releasepage_site::error::PageError;

/// `GET /healthz`: the process answers.
pub(crate) async fn health_show(operations: Data<Operations>) -> HttpResponse {
    operations.health()
}

/// `GET /readyz`: the database can be reached, its schema is this binary's, and the server is not about to end.
pub(crate) async fn ready_show(operations: Data<Operations>) -> HttpResponse {
    operations.readiness().await
}

/// `GET /metrics`: what the server measures of itself. Where that is switched off there is no such path.
pub(crate) async fn metrics_show(operations: Data<Operations>) -> Result<HttpResponse, PageError> {
    operations.exposition().await.ok_or(PageError::NotFound)
}
