//! The OpenAPI document, `GET /v1/openapi.json`. It joins the parts of all surfaces and adds what their operations
//! share.
//!
//! An annotation beside a handler describes the handler alone: summary, parameters of its query, body, success.
//! [`shared`] adds the parts that a surface shares: parameters of paths, errors, headers, keys. The tests of this crate
//! compare the document with the code. They also compare every answer in a test with the document.

pub(crate) mod browse;
pub(crate) mod document;
mod error_family;
mod example;
mod preamble;
mod responses;
mod shape;
mod shared;
