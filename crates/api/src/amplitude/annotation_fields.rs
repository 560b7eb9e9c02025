//! The fields of annotations and their categories, as both versions of the Chart Annotations API define them
//! (`amplitude-2.md`, Chart annotations).

use std::collections::BTreeSet;

use releasepage_domain::{
    annotation::{
        CategoryName, annotation_details_check, annotation_end_check, annotation_label_check, annotation_time,
        chart_id_check,
    },
    fault::{Fault, Faults},
    time::UtcTime,
};
use releasepage_storage::{
    annotations::edits::{AnnotationChange, AnnotationNew},
    database::change::Change,
};
use serde_json::Value;

use super::{
    credentials::ProjectCaller,
    date::{DAY_EXPECTED, MOMENT_EXPECTED, day_parse, moment_parse},
    fields::{FieldNames, Fields, or_null},
};

/// The fields of an annotation in version 2.
pub(super) const ANNOTATION_2_FIELDS: FieldNames =
    FieldNames::new(&["date", "label"], &["app_id", "chart_id", "details"]);

/// The fields of an annotation in version 3.
pub(super) const ANNOTATION_3_FIELDS: FieldNames =
    FieldNames::new(&["label", "start"], &["end", "details", "category", "chart_id"]);

/// The fields of a category.
pub(super) const CATEGORY_FIELDS: FieldNames = FieldNames::new(&["category"], &[]);

/// The fields of many annotations that get a category.
pub(super) const CATEGORY_ASSIGN_FIELDS: FieldNames = FieldNames::new(&["annotation_ids"], &[]);

/// How many annotations can get a category at once.
const ANNOTATION_IDS_MAX: usize = 1_000;

const LABEL_EXPECTED: &str = "must be a string of 1 to 500 characters on one line, not blank";
const CATEGORY_EXPECTED: &str = "must be a string of 1 to 100 characters on one line, not blank";

/// Reads a new annotation of version 2: every field at fault is named, and every one that is missing. It marks the
/// beginning of its day in UTC.
pub(super) fn annotation_2_new(fields: &Fields, project: ProjectCaller) -> Result<AnnotationNew, Faults> {
    let mut faults = Faults::new();
    faults.take(app_id_field(fields, project));
    let starts_at = required(&mut faults, fields, "date", DAY_EXPECTED, |value| value.as_str().and_then(day_parse));
    let label = faults.take(label_field(fields)).and_then(|label| given(&mut faults, label, "label", LABEL_EXPECTED));
    let chart_id = faults.take(chart_id_field(fields));
    let details = faults.take(details_field(fields));
    faults.finish(|| {
        Some(AnnotationNew {
            label: label?,
            details: details?.or(None),
            starts_at: starts_at?,
            ends_at: None,
            chart_id: chart_id?.or(None),
            category: None,
        })
    })
}

/// Reads a new annotation of version 3: every field at fault is named, and every one that is missing.
pub(super) fn annotation_3_new(fields: &Fields) -> Result<AnnotationNew, Faults> {
    let mut faults = Faults::new();
    let change = change_read(&mut faults, fields);
    let label = change.label.and_then(|label| given(&mut faults, label, "label", LABEL_EXPECTED));
    let starts_at = change.starts_at.and_then(|start| given(&mut faults, start, "start", MOMENT_EXPECTED));
    faults.finish(|| {
        Some(AnnotationNew {
            label: label?,
            details: change.details?.or(None),
            starts_at: starts_at?,
            ends_at: change.ends_at?.or(None),
            chart_id: change.chart_id?.or(None),
            category: change.category?.or(None),
        })
    })
}

/// Reads an edit of an annotation: every field at fault is named. `null` clears what need not be there.
pub(super) fn annotation_3_change(fields: &Fields) -> Result<AnnotationChange, Faults> {
    if fields.is_empty() {
        return Err(Fault::invalid("body", "must have at least one field of an annotation").into());
    }
    let mut faults = Faults::new();
    let change = change_read(&mut faults, fields);
    faults.finish(|| {
        Some(AnnotationChange {
            label: change.label?,
            details: change.details?,
            starts_at: change.starts_at?,
            ends_at: change.ends_at?,
            chart_id: change.chart_id?,
            category: change.category?,
        })
    })
}

/// Reads the name of a category, which must be there.
pub(super) fn category_name_new(fields: &Fields) -> Result<CategoryName, Faults> {
    let mut faults = Faults::new();
    let name = required(&mut faults, fields, "category", CATEGORY_EXPECTED, category_name_read);
    faults.finish(|| name)
}

/// Reads which annotations get a category; one that comes twice counts once.
pub(super) fn annotation_ids_new(fields: &Fields) -> Result<BTreeSet<i64>, Faults> {
    let expected = format!("must be a list of 1 to {ANNOTATION_IDS_MAX} whole numbers, the ids of annotations");
    let mut faults = Faults::new();
    let ids = required(&mut faults, fields, "annotation_ids", &expected, |value| {
        let list = value.as_array().filter(|list| (1..=ANNOTATION_IDS_MAX).contains(&list.len()))?;
        list.iter().map(Value::as_i64).collect()
    });
    faults.finish(|| ids)
}

/// What was read of an annotation of version 3; `None` for what is at fault.
struct ChangeRead {
    label: Option<Change<String>>,
    details: Option<Change<Option<String>>>,
    starts_at: Option<Change<UtcTime>>,
    ends_at: Option<Change<Option<UtcTime>>>,
    chart_id: Option<Change<Option<String>>>,
    category: Option<Change<Option<CategoryName>>>,
}

fn change_read(faults: &mut Faults, fields: &Fields) -> ChangeRead {
    let label = faults.take(label_field(fields));
    let starts_at = faults.take(fields.change("start", MOMENT_EXPECTED, moment_read));
    let ends_at = faults.take(fields.change("end", MOMENT_EXPECTED, or_null(moment_read)));
    if let (Some(Change::Set(start)), Some(Change::Set(end))) = (&starts_at, &ends_at) {
        faults.take(annotation_end_check("end", *start, *end));
    }
    let details = faults.take(details_field(fields));
    let category = faults.take(fields.change("category", CATEGORY_EXPECTED, or_null(category_name_read)));
    let chart_id = faults.take(chart_id_field(fields));
    ChangeRead { label, details, starts_at, ends_at, chart_id, category }
}

/// A field that must be there, once.
fn required<T>(
    faults: &mut Faults,
    fields: &Fields,
    name: &str,
    expected: &str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Option<T> {
    let change = faults.take(fields.change(name, expected, read))?;
    given(faults, change, name, expected)
}

/// The value of a field that must be there.
fn given<T>(faults: &mut Faults, change: Change<T>, name: &str, expected: &str) -> Option<T> {
    match change {
        Change::Set(value) => Some(value),
        Change::Keep => faults.take(Err(Fault::missing(name, expected))),
    }
}

/// The project, which the credentials say already: a client may repeat it, and nothing else.
fn app_id_field(fields: &Fields, project: ProjectCaller) -> Result<(), Fault> {
    let own = project.repository_id;
    let expected = format!("must be {own}, the project of the key pair");
    let given = fields.change("app_id", &expected, |value| {
        let number = match value {
            Value::Null => Some(own),
            Value::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        number.filter(|number| *number == own)
    });
    given.map(|_| ())
}

fn label_field(fields: &Fields) -> Result<Change<String>, Fault> {
    fields.checked("label", |value| {
        let label = value.as_str().ok_or_else(|| Fault::invalid("label", LABEL_EXPECTED))?;
        annotation_label_check("label", label).map(|()| label.to_owned())
    })
}

fn details_field(fields: &Fields) -> Result<Change<Option<String>>, Fault> {
    text_field(fields, "details", "must be a string of at most 5000 characters", annotation_details_check)
}

fn chart_id_field(fields: &Fields) -> Result<Change<Option<String>>, Fault> {
    text_field(fields, "chart_id", "must be a string, the id of a chart", chart_id_check)
}

fn text_field(
    fields: &Fields,
    name: &str,
    expected: &str,
    check: fn(&str, &str) -> Result<(), Fault>,
) -> Result<Change<Option<String>>, Fault> {
    fields.checked(name, |value| match value {
        Value::Null => Ok(None),
        Value::String(text) => check(name, text).map(|()| Some(text.clone())),
        _ => Err(Fault::invalid(name, expected)),
    })
}

/// Reads a moment, as annotations keep it.
pub(super) fn moment_read(value: &Value) -> Option<UtcTime> {
    value.as_str().and_then(moment_parse).map(annotation_time)
}

fn category_name_read(value: &Value) -> Option<CategoryName> {
    value.as_str().and_then(|name| CategoryName::parse("category", name).ok())
}

#[cfg(test)]
mod tests;
