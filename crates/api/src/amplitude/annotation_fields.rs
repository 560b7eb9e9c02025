//! The fields of annotations and their categories, as both versions of the Chart Annotations API define them
//! (`amplitude-2.md`, Chart annotations).

use std::collections::BTreeSet;

use releasepage_domain::{
    annotation::{
        CategoryName, annotation_details_check, annotation_end_check, annotation_label_check, annotation_time,
        chart_id_check,
    },
    fault::{Fault, Faults},
    fields::kept,
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
    fields::Fields,
    fields_schema::{change_schema, form_schema, forms, plain, reference, sent_body},
};
use crate::openapi::values::{AppIdText, DayGiven, MomentAsked, MomentGiven};

/// The most annotations that can get a category at once.
const ANNOTATION_IDS_MAX: usize = 1_000;

const LABEL_EXPECTED: &str = "must be a string of 1 to 500 characters on one line, not blank";
const CATEGORY_EXPECTED: &str = "must be a string of 1 to 100 characters on one line, not blank";
const DETAILS_EXPECTED: &str = "must be a string of at most 5000 characters";
const CHART_ID_EXPECTED: &str = "must be a string, the id of a chart";

sent_body! {
    /// A day to annotate. Each field may be in the query instead. If it is in both, the body wins.
    #[schema(as = DatedAnnotationNew)]
    pub(crate) struct Annotation2NewBody(project: ProjectCaller) {
        /// The project of the key pair. It may be omitted.
        #[schema(value_type = Option<AppIdGiven>)]
        app_id: OwnProject => optional by(|fields, faults, name| own_project_read(fields, faults, name, project)),
        /// The day, in UTC.
        #[schema(value_type = DayGiven)]
        date: UtcTime => required given(DAY_EXPECTED, |value| value.as_str().and_then(day_parse)),
        /// Its name on a chart.
        #[schema(
            value_type = String, min_length = 1, max_length = 500, pattern = "LINE_NOT_BLANK",
            examples("Version 2.4 Release")
        )]
        label: Change<String> => required text(LABEL_EXPECTED, kept(annotation_label_check)),
        /// The chart that shows it. If it is missing or empty, all charts of the project show it.
        #[schema(
            value_type = Option<String>, max_length = 100, pattern = "LINE_OR_NOTHING", examples("c4cbl1k")
        )]
        chart_id: Change<Option<String>> => optional text_or_clear(CHART_ID_EXPECTED, kept(chart_id_check)),
        /// A text about it.
        #[schema(
            value_type = Option<String>, max_length = 5000, pattern = "TEXT", examples("Added new user properties.")
        )]
        details: Change<Option<String>> => optional text_or_clear(DETAILS_EXPECTED, kept(annotation_details_check)),
    }
}

form_schema! {
    /// A day to annotate, as a form: every field is text. Repeating a field is a fault.
    Annotation2NewForm as "DatedAnnotationForm" of Annotation2NewBody {
        app_id: AppIdText,
    }
}

forms! {
    /// The id of a project: a number, also as text.
    AppIdGiven { plain::<i64>(), reference::<AppIdText>() }
}

sent_body! {
    /// A moment or a time to annotate.
    #[schema(as = AnnotationNew)]
    pub(crate) struct Annotation3NewBody {
        /// Its name on a chart.
        #[schema(
            value_type = String, min_length = 1, max_length = 500, pattern = "LINE_NOT_BLANK",
            examples("Version 2.4 Release")
        )]
        label: Change<String> => required text(LABEL_EXPECTED, kept(annotation_label_check)),
        /// The moment, or the beginning.
        #[schema(value_type = MomentGiven)]
        start: Change<UtcTime> => required change(MOMENT_EXPECTED, moment_read),
        /// The end, not before the start.
        #[schema(value_type = Option<MomentAsked>)]
        end: Change<Option<UtcTime>> => optional by(|fields, faults, name| {
            let end = fields.change_or_clear(faults, name, MOMENT_EXPECTED, moment_read)?;
            if let (Some(Change::Set(start)), Change::Set(end)) = (&start, &end) {
                faults.take(annotation_end_check(name, *start, *end));
            }
            Some(end)
        }),
        /// A text about it.
        #[schema(
            value_type = Option<String>, max_length = 5000, pattern = "TEXT", examples("Added new user properties.")
        )]
        details: Change<Option<String>> => optional text_or_clear(DETAILS_EXPECTED, kept(annotation_details_check)),
        /// The name of its category, in any case.
        #[schema(
            value_type = Option<String>, max_length = 100, pattern = "LINE_OR_NOTHING", examples("Releases")
        )]
        category: Change<Option<CategoryName>> => optional change_or_clear(CATEGORY_EXPECTED, category_name_read),
        /// The chart that shows it. If it is missing or empty, all charts of the project show it.
        #[schema(
            value_type = Option<String>, max_length = 100, pattern = "LINE_OR_NOTHING", examples("c4cbl1k")
        )]
        chart_id: Change<Option<String>> => optional text_or_clear(CHART_ID_EXPECTED, kept(chart_id_check)),
    }
}

change_schema! {
    /// An edit of an annotation: at least one field. An empty text leaves a field as it is; `null` clears it.
    Annotation3ChangeBody as "AnnotationChange" of Annotation3NewBody
}

sent_body! {
    /// The name of a category.
    #[schema(as = AnnotationCategoryNew)]
    pub(crate) struct CategoryNewBody {
        /// The name. No other category of the project may have it, in any case.
        #[schema(
            value_type = String, min_length = 1, max_length = 100, pattern = "LINE_NOT_BLANK", examples("Releases")
        )]
        category: CategoryName => required given(CATEGORY_EXPECTED, category_name_read),
    }
}

sent_body! {
    /// Annotations to put into a category.
    #[schema(as = AnnotationCategoryAssign)]
    pub(crate) struct CategoryAssignBody {
        /// The ids of annotations of the project.
        #[schema(value_type = Vec<i64>, min_items = 1, max_items = 1000, examples(json!([50079, 50080])))]
        annotation_ids: BTreeSet<i64> => required given(&annotation_ids_expected(), annotation_ids_read),
    }
}

impl Annotation2NewBody {
    /// Returns the annotation, which is at the beginning of its day in UTC.
    fn into_new(self) -> Option<AnnotationNew> {
        let Self { app_id: OwnProject, date, label, chart_id, details } = self;
        Some(AnnotationNew {
            label: set(label)?,
            details: details.or(None),
            starts_at: date,
            ends_at: None,
            chart_id: chart_id.or(None),
            category: None,
        })
    }
}

impl Annotation3NewBody {
    fn into_new(self) -> Option<AnnotationNew> {
        Some(AnnotationNew {
            label: set(self.label)?,
            details: self.details.or(None),
            starts_at: set(self.start)?,
            ends_at: self.end.or(None),
            chart_id: self.chart_id.or(None),
            category: self.category.or(None),
        })
    }
}

impl From<Annotation3NewBody> for AnnotationChange {
    fn from(body: Annotation3NewBody) -> Self {
        Self {
            label: body.label,
            details: body.details,
            starts_at: body.start,
            ends_at: body.end,
            chart_id: body.chart_id,
            category: body.category,
        }
    }
}

/// Reads a new annotation of version 2. All fields that are wrong or missing are named.
pub(super) fn annotation_2_new(fields: Fields, project: ProjectCaller) -> Result<AnnotationNew, Faults> {
    fields.whole().parse(|fields, faults| Annotation2NewBody::read(fields, faults, project)?.into_new())
}

/// Reads a new annotation of version 3. All fields that are wrong or missing are named.
pub(super) fn annotation_3_new(fields: Fields) -> Result<AnnotationNew, Faults> {
    fields.whole().parse(|fields, faults| Annotation3NewBody::read(fields, faults)?.into_new())
}

/// Reads an edit of an annotation. All fields at fault are named. `null` clears an optional field.
pub(super) fn annotation_3_change(fields: &Fields) -> Result<AnnotationChange, Faults> {
    if fields.is_empty() {
        return Err(Fault::invalid("body", "must have at least one field of an annotation").into());
    }
    Ok(fields.parse(Annotation3NewBody::read)?.into())
}

/// Returns the value of a required field that was read.
fn set<T>(change: Change<T>) -> Option<T> {
    match change {
        Change::Set(value) => Some(value),
        Change::Keep => None,
    }
}

/// The project, which the credentials already name. A client may send the same id, and no other.
pub(crate) struct OwnProject;

fn own_project_read(fields: &Fields, faults: &mut Faults, name: &str, project: ProjectCaller) -> Option<OwnProject> {
    let own = project.repository_id;
    let expected = format!("must be {own}, the project of the key pair");
    let read = |value: &Value| {
        let number = match value {
            Value::Null => Some(own),
            Value::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        number.filter(|number| *number == own)
    };
    fields.change(faults, name, &expected, read).map(|_| OwnProject)
}

fn annotation_ids_expected() -> String {
    format!("must be a list of 1 to {ANNOTATION_IDS_MAX} whole numbers, the ids of annotations")
}

/// Reads the ids of the annotations that get a category. A repeated id counts once.
fn annotation_ids_read(value: &Value) -> Option<BTreeSet<i64>> {
    let list = value.as_array().filter(|list| (1..=ANNOTATION_IDS_MAX).contains(&list.len()))?;
    list.iter().map(Value::as_i64).collect()
}

/// Reads a moment in the form that annotations store.
fn moment_read(value: &Value) -> Option<UtcTime> {
    value.as_str().and_then(moment_parse).map(annotation_time)
}

fn category_name_read(value: &Value) -> Option<CategoryName> {
    value.as_str().and_then(|name| CategoryName::parse("category", name).ok())
}

#[cfg(test)]
mod tests;
