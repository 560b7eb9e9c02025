//! The Releases API, `/api/2/release`: wire-compatible with what deployment pipelines already send
//! (`amplitude-2.md`).
//!
//! What was sent (`sent`, `fields`) is told apart from what it must be (`release_fields`, `values`, `date`), so that
//! JSON, forms and query parameters have one set of rules.

mod answer;
mod credentials;
mod date;
pub(crate) mod error;
pub(crate) mod error_codes;
mod fields;
mod fields_schema;
pub(crate) mod idempotency;
mod release_fields;
pub(crate) mod releases;
mod sent;
mod values;
