//! Annotations and categories in answers of the Chart Annotations API. Names, nesting and order follow
//! `amplitude-2.md`.

use releasepage_storage::{
    annotations::row::{Annotation, AnnotationCategory},
    database::cursor::ListPart,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::date::{day_print, moment_print};
use crate::openapi::values::{Day, Moment};

/// The answer to making an annotation in version 2.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DatedAnnotationAnswer)]
pub(crate) struct Annotation2Answer {
    /// The annotation.
    annotation: Annotation2Body,
    /// Always `true`.
    success: bool,
}

/// An annotation in version 2, of a day.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DatedAnnotation)]
pub(crate) struct Annotation2Body {
    /// Its id.
    #[schema(examples(50079))]
    id: i64,
    /// The day in UTC.
    #[schema(value_type = Day)]
    date: String,
    /// Its name on a chart.
    #[schema(examples("Version 2.4 Release"))]
    label: String,
    /// A text about it.
    #[schema(required = true, examples("Added new user properties."))]
    details: Option<String>,
}

/// An annotation of a moment or of a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Annotation)]
pub(crate) struct Annotation3Body {
    /// Its id.
    #[schema(examples(50079))]
    id: i64,
    /// The moment, or the beginning.
    #[schema(value_type = Moment)]
    start: String,
    /// The end; `null` for a moment, or if there is no end yet.
    #[schema(required = true, value_type = Option<Moment>)]
    end: Option<String>,
    /// Its name on a chart.
    #[schema(examples("Version 2.4 Release"))]
    label: String,
    /// A text about it.
    #[schema(required = true, examples("Added new user properties."))]
    details: Option<String>,
    /// Its category.
    #[schema(required = true)]
    category: Option<CategoryBody>,
    /// The chart that shows it; `null` if all charts of the project show it.
    #[schema(required = true, examples("c4cbl1k"))]
    chart_id: Option<String>,
}

/// A category of annotations. Both keys have its name, because clients read either.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnnotationCategory)]
pub(crate) struct CategoryBody {
    /// Its id.
    #[schema(examples(6789))]
    id: i64,
    /// Its name.
    #[schema(examples("Releases"))]
    name: String,
    /// Its name.
    #[schema(examples("Releases"))]
    category: String,
}

/// The answer with one thing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Data<T> {
    /// The thing that was asked for.
    data: T,
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DataList<T> {
    /// The entries.
    data: Vec<T>,
    /// The value to send as `cursor` for the next part; missing in the last part.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next: Option<String>,
}

impl<T> Data<T> {
    /// Answers one thing.
    pub(super) fn of(body: impl Into<T>) -> Self {
        Self { data: body.into() }
    }
}

impl<T> DataList<T> {
    /// Answers a part of a list.
    pub(super) fn of<R>(part: ListPart<R>) -> Self
    where
        T: From<R>,
    {
        Self { data: part.rows.into_iter().map(T::from).collect(), next: part.next }
    }

    /// Answers a whole list.
    pub(super) fn whole<R>(rows: Vec<R>) -> Self
    where
        T: From<R>,
    {
        Self::of(ListPart { rows, next: None })
    }
}

impl From<Annotation> for Annotation2Answer {
    fn from(annotation: Annotation) -> Self {
        Self { annotation: annotation.into(), success: true }
    }
}

impl From<Annotation> for Annotation2Body {
    fn from(annotation: Annotation) -> Self {
        Self {
            id: annotation.id,
            date: day_print(annotation.starts_at),
            label: annotation.label,
            details: annotation.details,
        }
    }
}

impl From<Annotation> for Annotation3Body {
    fn from(annotation: Annotation) -> Self {
        Self {
            id: annotation.id,
            start: moment_print(annotation.starts_at),
            end: annotation.ends_at.map(moment_print),
            label: annotation.label,
            details: annotation.details,
            category: annotation.category.map(CategoryBody::from),
            chart_id: annotation.chart_id,
        }
    }
}

impl From<AnnotationCategory> for CategoryBody {
    fn from(category: AnnotationCategory) -> Self {
        Self { id: category.id, name: category.name.clone(), category: category.name }
    }
}
