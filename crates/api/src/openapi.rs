//! The OpenAPI document, `GET /v1/openapi.json`: made of the annotations beside the handlers, completed by what all of
//! them share.
//!
//! An annotation says what is the handler's own: summary, parameters of its query, body, success. [`shared`] adds what a
//! surface has in common: the parameters of paths, errors, headers, keys. `crates/api/tests/openapi` holds the document
//! against the code, and every answer that a test gets against the document.

pub(crate) mod browse;
pub(crate) mod document;
mod example;
pub(crate) mod names;
mod operations;
pub(crate) mod parameters;
mod preamble;
mod responses;
mod shape;
mod shared;
pub(crate) mod values;
