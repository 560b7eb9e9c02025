//! Annotations on the charts of a project, and their categories.

pub mod categories;
pub mod edits;
pub mod row;
