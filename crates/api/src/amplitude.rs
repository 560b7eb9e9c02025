//! The Releases API, `/api/2/release`, and the Chart Annotations API, `/api/2/annotations` and `/api/3/annotations`:
//! wire-compatible with what deployment pipelines already send (`amplitude-2.md`).
//!
//! What was sent (`sent`, `fields`) is told apart from what it must be (`release_fields`, `annotation_fields`, `values`,
//! `date`), so that JSON, forms and query parameters have one set of rules.

mod annotation_answer;
pub(crate) mod annotation_categories;
mod annotation_fields;
mod annotation_query;
mod annotation_schema;
pub(crate) mod annotations;
pub(crate) mod annotations_2;
mod answer;
mod credentials;
mod date;
mod endpoint;
pub(crate) mod error;
pub(crate) mod error_codes;
mod fields;
mod fields_schema;
pub(crate) mod idempotency;
mod release_fields;
pub(crate) mod releases;
mod sent;
mod values;
