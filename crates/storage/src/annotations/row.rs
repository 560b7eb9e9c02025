//! Annotations and their categories as they are stored.

use diesel::prelude::*;
use releasepage_domain::{annotation::CategoryName, time::UtcTime};

use crate::{
    AnyConnection, QueryResult, StoreError,
    database::schema::{annotation_categories, annotations},
};

/// A category that annotations are sorted by.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = annotation_categories)]
pub struct AnnotationCategory {
    /// The category.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// The category of a project that has a name, in whatever case.
pub(crate) fn category_find(
    connection: &mut AnyConnection,
    repository_id: i64,
    name: &CategoryName,
) -> QueryResult<Option<i64>> {
    Ok(annotation_categories::table
        .filter(annotation_categories::repository_id.eq(repository_id))
        .filter(annotation_categories::name_folded.eq(name.folded()))
        .select(annotation_categories::id)
        .first(connection)
        .optional()?)
}

/// A category of a project, in the caller's transaction, or [`StoreError::NotFound`].
pub(crate) fn category_load(
    connection: &mut AnyConnection,
    repository_id: i64,
    id: i64,
) -> QueryResult<AnnotationCategory> {
    let category = annotation_categories::table
        .filter(annotation_categories::id.eq(id).and(annotation_categories::repository_id.eq(repository_id)))
        .select(AnnotationCategory::as_select())
        .first(connection)
        .optional()?;
    Ok(category.ok_or(StoreError::NotFound)?)
}

/// An event, marked on charts. Its times are whole seconds.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = annotations)]
pub struct Annotation {
    /// The annotation.
    pub id: i64,
    /// Its name on a chart.
    pub label: String,
    /// The details.
    pub details: Option<String>,
    /// The time at which it happened, or began.
    pub starts_at: UtcTime,
    /// The time at which it ended; `None` where it was a moment, or goes on.
    pub ends_at: Option<UtcTime>,
    /// The chart that shows it; `None` where all of the project do.
    pub chart_id: Option<String>,
    /// Its category.
    #[diesel(embed)]
    pub category: Option<AnnotationCategory>,
}

/// An annotation of a project, in the caller's transaction, or [`StoreError::NotFound`].
pub(crate) fn annotation_load(connection: &mut AnyConnection, repository_id: i64, id: i64) -> QueryResult<Annotation> {
    let annotation = annotations::table
        .left_join(annotation_categories::table)
        .filter(annotations::id.eq(id).and(annotations::repository_id.eq(repository_id)))
        .select(Annotation::as_select())
        .first(connection)
        .optional()?;
    Ok(annotation.ok_or(StoreError::NotFound)?)
}
