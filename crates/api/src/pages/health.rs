//! How the server is, for who watches it.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::CACHE_CONTROL},
    web::Data,
};
use releasepage_storage::{SchemaState, Store, schema_check};
use serde_json::json;

use crate::state::ApiState;

/// `GET /healthz`: the process answers.
pub(crate) async fn health_show() -> HttpResponse {
    answer(StatusCode::OK, "ok")
}

/// `GET /readyz`: the database can be reached, and its schema is this binary's.
pub(crate) async fn ready_show(state: Data<ApiState>) -> HttpResponse {
    readiness(&state.store).await
}

/// What `/readyz` answers: 200 with `ready`, or 503 with what is missing; the log says why.
pub(crate) async fn readiness(store: &Store) -> HttpResponse {
    match schema_check(store).await {
        Ok(SchemaState::Current) => answer(StatusCode::OK, "ready"),
        Ok(SchemaState::Behind(_)) => answer(StatusCode::SERVICE_UNAVAILABLE, "database-behind"),
        Ok(SchemaState::Ahead(_)) => answer(StatusCode::SERVICE_UNAVAILABLE, "database-ahead"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            answer(StatusCode::SERVICE_UNAVAILABLE, "database-unavailable")
        }
    }
}

fn answer(status: StatusCode, word: &str) -> HttpResponse {
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(json!({ "status": word }))
}
