//! The Releases API, `/api/2/release`, and the Chart Annotations API, `/api/2/annotations` and `/api/3/annotations`.
//! They accept what deployment pipelines already send (`amplitude-2.md`).
//!
//! `sent` and `fields` read what was sent. `release_fields`, `annotation_fields`, `values` and `date` check it. So
//! JSON, forms and query parameters have one set of rules.

mod annotation_answer;
mod annotation_categories;
mod annotation_fields;
mod annotation_query;
mod annotations;
mod annotations_2;
mod answer;
mod credentials;
mod date;
mod endpoint;
pub mod error;
pub mod error_codes;
mod fields;
mod fields_schema;
pub mod idempotency;
mod release_fields;
mod releases;
mod sent;
mod values;

crate::operations! {
    /// The Releases API and the Chart Annotations API.
    pub struct ReleasesApi;
    releases::release_publish,
    releases::release_list,
    releases::release_read,
    releases::release_change,
    releases::release_delete,
    annotations_2::annotations_read,
    annotations_2::annotation_add.readers_see_nothing(),
    annotations_2::annotation_read,
    annotation_categories::categories_read,
    annotation_categories::category_add.readers_see_nothing(),
    annotation_categories::annotations_assign.readers_see_nothing(),
    annotation_categories::category_read,
    annotation_categories::category_change.readers_see_nothing(),
    annotation_categories::category_remove.readers_see_nothing(),
    annotations::annotations_read,
    annotations::annotation_add.readers_see_nothing(),
    annotations::annotation_read,
    annotations::annotation_change.readers_see_nothing(),
    annotations::annotation_remove.readers_see_nothing(),
}
