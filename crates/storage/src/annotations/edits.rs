//! Annotations on a project's charts (`amplitude-2.md`, Chart annotations).
//!
//! They belong to the project's repository, as its releases do: a project that ends leaves them there, and they go with
//! the repository.

use std::fmt;

use diesel::prelude::*;
use releasepage_domain::{
    annotation::{CategoryName, annotation_end_check},
    fault::Fault,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    annotations::row::{Annotation, annotation_load, category_find},
    database::{
        change::Change,
        cursor::{ListPart, TimeCursor, cursor_fault},
        schema::{annotation_categories, annotations},
    },
};

/// An annotation that is to be made. Whoever parses the fields checks them with the rules of `annotation`, but for what
/// two of them say together.
#[derive(Clone, Debug)]
pub struct AnnotationNew {
    /// Its name on a chart.
    pub label: String,
    /// The details.
    pub details: Option<String>,
    /// The time at which it happened, or began.
    pub starts_at: UtcTime,
    /// The time at which it ended.
    pub ends_at: Option<UtcTime>,
    /// The chart that shows it; `None` for all of the project.
    pub chart_id: Option<String>,
    /// The name of its category, in whatever case.
    pub category: Option<CategoryName>,
}

/// An edit of an annotation, checked as an [`AnnotationNew`] is.
#[derive(Clone, Debug, Default)]
pub struct AnnotationChange {
    /// Its name on a chart.
    pub label: Change<String>,
    /// The details.
    pub details: Change<Option<String>>,
    /// The time at which it happened, or began.
    pub starts_at: Change<UtcTime>,
    /// The time at which it ended.
    pub ends_at: Change<Option<UtcTime>>,
    /// The chart that shows it.
    pub chart_id: Change<Option<String>>,
    /// The name of its category.
    pub category: Change<Option<CategoryName>>,
}

/// The outcome for an annotation that names its category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnotationOutcome {
    /// It is stored.
    Stored(Annotation),
    /// The project has no category of that name; nothing is stored.
    CategoryUnknown,
}

/// A filter of annotations.
#[derive(Clone, Debug, Default)]
pub struct AnnotationsFilter {
    /// Those of the category of this name, in whatever case.
    pub category: Option<CategoryName>,
    /// Those that this chart shows: its own, and those of all charts.
    pub chart_id: Option<String>,
    /// Those that start then or later.
    pub since: Option<UtcTime>,
    /// Those that are over by then: they end, or where they are moments happen, then or earlier.
    pub until: Option<UtcTime>,
}

/// A place in a list of annotations, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnnotationCursor {
    starts_at: UtcTime,
    id: i64,
}

impl AnnotationCursor {
    /// Reads a cursor that a client handed back.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let place = TimeCursor::parse(text)?;
        let id = place.id.parse().map_err(|_| cursor_fault())?;
        Ok(Self { starts_at: place.time, id })
    }
}

impl fmt::Display for AnnotationCursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        TimeCursor { time: self.starts_at, id: self.id.to_string() }.fmt(formatter)
    }
}

/// Makes an annotation of a project.
///
/// Fails with [`StoreError::Faults`] on `end` where it would end before it starts.
pub async fn annotation_create(
    store: &Store,
    repository_id: i64,
    new: AnnotationNew,
    now: UtcTime,
) -> Result<AnnotationOutcome, StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            annotation_end_check("end", new.starts_at, new.ends_at)?;
            let Ok(category_id) = category_named(connection, repository_id, new.category.as_ref())? else {
                return Ok(AnnotationOutcome::CategoryUnknown);
            };
            let id = diesel::insert_into(annotations::table)
                .values((
                    annotations::repository_id.eq(repository_id),
                    annotations::category_id.eq(category_id),
                    annotations::label.eq(&new.label),
                    annotations::details.eq(&new.details),
                    annotations::starts_at.eq(new.starts_at),
                    annotations::ends_at.eq(new.ends_at),
                    annotations::chart_id.eq(&new.chart_id),
                    annotations::created_at.eq(now),
                ))
                .returning(annotations::id)
                .get_result(connection)?;
            annotation_load(connection, repository_id, id).map(AnnotationOutcome::Stored)
        })
        .await
}

/// The id of the category that a request names, `None` where it names none; `Err` where the project has none of that
/// name.
fn category_named(
    connection: &mut AnyConnection,
    repository_id: i64,
    name: Option<&CategoryName>,
) -> QueryResult<Result<Option<i64>, CategoryUnknown>> {
    let Some(name) = name else { return Ok(Ok(None)) };
    let found = category_find(connection, repository_id, name)?;
    Ok(found.map(Some).ok_or(CategoryUnknown))
}

/// A name that no category of the project has.
struct CategoryUnknown;

/// One annotation of a project, or [`StoreError::NotFound`].
pub async fn annotation_get(store: &Store, repository_id: i64, id: i64) -> Result<Annotation, StoreError> {
    store.read(move |connection| annotation_load(connection, repository_id, id)).await
}

/// The annotations of a project that the filter lets through, newest first, at most `limit` after the cursor.
pub async fn annotation_list(
    store: &Store,
    repository_id: i64,
    filter: AnnotationsFilter,
    after: Option<AnnotationCursor>,
    limit: u32,
) -> Result<ListPart<Annotation>, StoreError> {
    store
        .read(move |connection| {
            let mut query = annotations::table
                .left_join(annotation_categories::table)
                .filter(annotations::repository_id.eq(repository_id))
                .into_boxed();
            if let Some(name) = &filter.category {
                let Some(category_id) = category_find(connection, repository_id, name)? else {
                    return Ok(ListPart { rows: Vec::new(), next: None });
                };
                query = query.filter(annotations::category_id.eq(category_id));
            }
            if let Some(chart_id) = &filter.chart_id {
                query = query.filter(annotations::chart_id.is_null().or(annotations::chart_id.eq(chart_id)));
            }
            if let Some(since) = filter.since {
                query = query.filter(annotations::starts_at.ge(since));
            }
            if let Some(until) = filter.until {
                // What ends by then has started by then, which is what the index knows.
                query = query.filter(annotations::starts_at.le(until));
                query = query.filter(annotations::ends_at.is_null().or(annotations::ends_at.le(until)));
            }
            if let Some(AnnotationCursor { starts_at, id }) = after {
                let same_time = annotations::starts_at.eq(starts_at).and(annotations::id.lt(id));
                query = query.filter(annotations::starts_at.lt(starts_at).or(same_time));
            }
            let rows = query
                .order((annotations::starts_at.desc(), annotations::id.desc()))
                .limit(i64::from(limit) + 1)
                .select(Annotation::as_select())
                .load(connection)?;
            let cursor = |last: &Annotation| AnnotationCursor { starts_at: last.starts_at, id: last.id }.to_string();
            Ok(ListPart::cut(rows, limit, cursor))
        })
        .await
}

/// Edits an annotation.
///
/// Fails with [`StoreError::NotFound`] where the project has no such annotation, and with [`StoreError::Faults`] on
/// `end` where it would end before it starts.
pub async fn annotation_update(
    store: &Store,
    repository_id: i64,
    id: i64,
    change: AnnotationChange,
) -> Result<AnnotationOutcome, StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            let before = annotation_load(connection, repository_id, id)?;
            let change = change.clone();
            let starts_at = change.starts_at.or(before.starts_at);
            let ends_at = change.ends_at.or(before.ends_at);
            annotation_end_check("end", starts_at, ends_at)?;
            let category_id = match &change.category {
                Change::Keep => Ok(before.category.map(|category| category.id)),
                Change::Set(name) => category_named(connection, repository_id, name.as_ref())?,
            };
            let Ok(category_id) = category_id else { return Ok(AnnotationOutcome::CategoryUnknown) };
            diesel::update(annotations::table.find(id))
                .set((
                    annotations::category_id.eq(category_id),
                    annotations::label.eq(change.label.or(before.label)),
                    annotations::details.eq(change.details.or(before.details)),
                    annotations::starts_at.eq(starts_at),
                    annotations::ends_at.eq(ends_at),
                    annotations::chart_id.eq(change.chart_id.or(before.chart_id)),
                ))
                .execute(connection)?;
            annotation_load(connection, repository_id, id).map(AnnotationOutcome::Stored)
        })
        .await
}

/// Deletes an annotation, or fails with [`StoreError::NotFound`].
pub async fn annotation_delete(store: &Store, repository_id: i64, id: i64) -> Result<(), StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            annotation_load(connection, repository_id, id)?;
            diesel::delete(annotations::table.find(id)).execute(connection)?;
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back() {
        let text = "00060a24181e40004711";
        assert_eq!(
            AnnotationCursor::parse(text).map(|cursor| (cursor.id, cursor.to_string())),
            Ok((4711, text.into()))
        );
        for bad in ["", "00060a24181e4000", "00060a24181e4000abc", "00060a24181e400099999999999999999999", "4711"] {
            assert_eq!(AnnotationCursor::parse(bad).map_err(|fault| fault.field), Err("cursor".to_owned()), "{bad}");
        }
    }
}
