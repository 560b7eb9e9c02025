//! The fields of annotations and categories as pipelines send them, for the OpenAPI document.

use utoipa::ToSchema;

use super::fields_schema::change_schema;
use crate::openapi::values::{AppIdText, DayGiven, MomentAsked, MomentGiven};

/// A day to annotate. Each field may stand in the query instead; where it comes twice, the body wins.
#[derive(ToSchema)]
#[schema(as = DatedAnnotationNew)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct Annotation2NewBody {
    /// The project, if it is said again: that of the key pair.
    app_id: Option<AppIdGiven>,
    /// The day, in UTC.
    #[schema(value_type = DayGiven)]
    date: String,
    /// What it is called on a chart.
    #[schema(min_length = 1, max_length = 500, pattern = "LINE_NOT_BLANK", examples("Version 2.4 Release"))]
    label: String,
    /// The chart that shows it; without one, or with an empty text, all charts of the project do.
    #[schema(max_length = 100, pattern = "LINE_OR_NOTHING", examples("c4cbl1k"))]
    chart_id: Option<String>,
    /// What there is to say of it.
    #[schema(max_length = 5000, pattern = "TEXT", examples("Added new user properties."))]
    details: Option<String>,
}

/// A day to annotate, as a form: every field is text. One that comes twice is a fault.
#[derive(ToSchema)]
#[schema(as = DatedAnnotationForm)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct Annotation2NewForm {
    /// The project, if it is said again: that of the key pair.
    #[schema(required = false, value_type = AppIdText)]
    app_id: String,
    /// The day, in UTC.
    #[schema(value_type = DayGiven)]
    date: String,
    /// What it is called on a chart.
    #[schema(min_length = 1, max_length = 500, pattern = "LINE_NOT_BLANK", examples("Version 2.4 Release"))]
    label: String,
    /// The chart that shows it; without one, or with an empty text, all charts of the project do.
    #[schema(required = false, max_length = 100, pattern = "LINE_OR_NOTHING", examples("c4cbl1k"))]
    chart_id: String,
    /// What there is to say of it.
    #[schema(required = false, max_length = 5000, pattern = "TEXT", examples("Added new user properties."))]
    details: String,
}

/// The id of a project: a number, also as text.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes a field, which is read as it comes")]
pub(crate) enum AppIdGiven {
    Number(i64),
    Text(AppIdText),
}

/// A moment or a time to annotate.
#[derive(ToSchema)]
#[schema(as = AnnotationNew)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct Annotation3NewBody {
    /// What it is called on a chart.
    #[schema(min_length = 1, max_length = 500, pattern = "LINE_NOT_BLANK", examples("Version 2.4 Release"))]
    label: String,
    /// When it happened or began.
    #[schema(value_type = MomentGiven)]
    start: String,
    /// When it ended; not before its start.
    #[schema(value_type = Option<MomentAsked>)]
    end: Option<String>,
    /// What there is to say of it.
    #[schema(max_length = 5000, pattern = "TEXT", examples("Added new user properties."))]
    details: Option<String>,
    /// The name of its category, in whatever case.
    #[schema(max_length = 100, pattern = "LINE_OR_NOTHING", examples("Releases"))]
    category: Option<String>,
    /// The chart that shows it; without one, or with an empty text, all charts of the project do.
    #[schema(max_length = 100, pattern = "LINE_OR_NOTHING", examples("c4cbl1k"))]
    chart_id: Option<String>,
}

change_schema! {
    /// What to change of an annotation: at least one field. An empty text leaves a field as it is; `null` clears it.
    Annotation3ChangeBody as "AnnotationChange" of Annotation3NewBody
}

/// The name of a category.
#[derive(ToSchema)]
#[schema(as = AnnotationCategoryNew)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct CategoryNewBody {
    /// The name; no other category of the project may have it, in whatever case.
    #[schema(min_length = 1, max_length = 100, pattern = "LINE_NOT_BLANK", examples("Releases"))]
    category: String,
}

/// Annotations to put into a category.
#[derive(ToSchema)]
#[schema(as = AnnotationCategoryAssign)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct CategoryAssignBody {
    /// The ids of annotations of the project.
    #[schema(min_items = 1, max_items = 1000, examples(json!([50079, 50080])))]
    annotation_ids: Vec<i64>,
}
