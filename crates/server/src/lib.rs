//! The server of ReleasePage. It owns the whole URL tree, the parts that every request has, the merged OpenAPI
//! document, health, listening and draining.
//!
//! The surfaces (`api`, `site`) provide their paths, and this crate combines them. It never decides anything about
//! releases or subscribers.

mod application;
mod connections;
mod docs;
mod health;
mod listening;
mod openapi;
mod operations_listener;
mod paced;
mod routes;
mod service;
mod slash;
mod surfaces;
mod unread;

pub use application::{app, bind, serve};
pub use openapi::document::openapi_document;
pub use operations_listener::operations_serve;
