//! The parts that every surface of ReleasePage shares: requests and their ids, client addresses, limits, bodies, queries,
//! JSON fields, the errors of `/v1`, entity tags, endpoints, callers, sessions, forms, metrics and the shared state.
//!
//! This crate names no route and knows no surface. The crates `api`, `site` and `server` build on it. It never writes
//! SQL and never renders a page.

pub mod body;
pub mod browser_error;
pub mod caller;
pub mod captured;
pub mod change_counter;
pub mod client;
pub mod content_type;
pub mod cookie;
pub mod counting;
pub mod credential;
pub mod document_endpoint;
pub mod endpoint;
mod endpoint_properties;
pub mod error;
pub mod etag;
pub mod field;
pub mod form;
pub mod limits;
pub mod links;
pub mod media_type;
pub mod metrics;
pub mod notices;
pub mod operations;
pub mod origin;
pub mod passwords;
pub mod query;
mod rate_limit_headers;
pub mod release_files;
pub mod request;
pub mod response;
pub mod session;
pub mod settings;
pub mod state;
pub mod urlencoded;
