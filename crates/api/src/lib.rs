//! Every HTTP route of ReleasePage: the page API, the Releases API, the management API, and the pages people see.
//!
//! Handlers are short: they turn the input into domain types, call one function of storage, and render the answer.
//! The whole URL tree stands in `routes`. Each surface has one type of error, and one table from the errors of
//! storage and domain to it.
//!
//! This crate never writes SQL, never sends mail, and never decides what a release or a subscription becomes.

mod amplitude;
mod body;
mod captured;
pub mod client;
mod connections;
mod content_type;
mod field;
mod hooks;
pub mod limits;
mod links;
mod listening;
mod management;
mod metrics;
mod notices;
mod openapi;
pub mod operations;
mod paced;
mod pages;
mod passwords;
mod query;
mod release_files;
mod request;
mod routes;
pub mod server;
pub mod settings;
mod slash;
mod snapshot;
pub mod snapshots;
pub mod state;
mod unread;
mod urlencoded;
pub mod v1;

pub use openapi::document::openapi_document;
