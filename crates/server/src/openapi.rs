//! The OpenAPI document, `GET /v1/openapi.json`: the parts of all surfaces, completed by what their operations share.
//!
//! An annotation beside a handler says what is the handler's own: summary, parameters of its query, body, success.
//! [`shared`] adds what a surface has in common: parameters of paths, errors, headers, keys. The tests of this crate hold
//! the document against the code, and every answer that a test gets against the document.

pub(crate) mod browse;
pub(crate) mod document;
mod error_family;
mod example;
mod preamble;
mod responses;
mod shape;
mod shared;
