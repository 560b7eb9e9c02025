//! The fields of a release as pipelines send them, for the OpenAPI document.

use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use crate::openapi::values::{
    FlagText, ObjectText, PipelineTimeAsked, PipelineTimeGiven, PlatformName, PlatformsText, VersionText,
};

/// Declares the schema of an edit: the members of what is edited, none of which must be there, but one of them.
macro_rules! change_schema {
    ($(#[doc = $documentation:literal])+ $schema:ident as $name:literal of $new:ty) => {
        $(#[doc = $documentation])+
        pub(crate) enum $schema {}

        impl utoipa::PartialSchema for $schema {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::amplitude::fields_schema::schema_of_change(<$new>::schema(), concat!($($documentation),+))
            }
        }

        impl utoipa::ToSchema for $schema {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                <$new>::schemas(schemas);
            }
        }
    };
}
pub(super) use change_schema;

/// The schema of an edit of what has the schema `new`.
pub(super) fn schema_of_change(new: RefOr<Schema>, documentation: &str) -> RefOr<Schema> {
    match new {
        RefOr::T(Schema::Object(mut object)) => {
            object.required.clear();
            object.min_properties = Some(1);
            object.description = Some(documentation.trim().to_owned());
            RefOr::T(Schema::Object(object))
        }
        other => other,
    }
}

/// A release to publish. Each field may stand in the query instead; where it comes twice, the body wins. One that need
/// not be there counts as absent where its text is empty.
#[derive(ToSchema)]
#[schema(as = PipelineReleaseNew)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct ReleaseNewBody {
    /// Not only semantic versions.
    version: VersionGiven,
    /// When it is published. In the future, it is a scheduled release; more than 7 days past, it is history, and nobody
    /// is mailed.
    #[schema(value_type = PipelineTimeGiven)]
    release_start: String,
    /// When its roll-out ends; not before its start.
    #[schema(value_type = Option<PipelineTimeAsked>)]
    release_end: Option<String>,
    /// The title.
    #[schema(min_length = 1, max_length = 500, pattern = "LINE_NOT_BLANK", examples("Big new feature for iOS"))]
    title: String,
    /// The notes, in Markdown, at most 1 MiB.
    #[schema(pattern = "TEXT", examples("Releasing the new paid feature."))]
    description: Option<String>,
    /// The platforms that it is for: part of which release it is.
    platforms: Option<PlatformsGiven>,
    /// Who made it; empty is as good as missing.
    #[schema(max_length = 200, pattern = "LINE", examples("A User"))]
    created_by: Option<String>,
    /// Whether charts show it; `true` where it is missing.
    chart_visibility: Option<FlagGiven>,
    /// Whatever else there is to keep with it, at most 64 KiB. Older clients name `created_by` in it. What is no object
    /// is passed over.
    #[schema(required = false, examples(json!({ "build": 7 })))]
    params: Value,
}

/// A release to publish, as a form: every field is text. One that comes twice is a fault, but for `platforms`.
#[derive(ToSchema)]
#[schema(as = PipelineReleaseForm)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct ReleaseNewForm {
    /// Not only semantic versions.
    version: VersionText,
    /// When it is published.
    #[schema(value_type = PipelineTimeGiven)]
    release_start: String,
    /// When its roll-out ends; not before its start.
    #[schema(required = false, value_type = PipelineTimeAsked)]
    release_end: String,
    /// The title.
    #[schema(min_length = 1, max_length = 500, pattern = "LINE_NOT_BLANK", examples("Big new feature for iOS"))]
    title: String,
    /// The notes, in Markdown, at most 1 MiB.
    #[schema(required = false, pattern = "TEXT", examples("Releasing the new paid feature."))]
    description: String,
    /// The platforms that it is for, between commas. The field may also be repeated, as itself, as `platforms[]`, or as
    /// `platforms[0]` and so on.
    #[schema(required = false)]
    platforms: PlatformsText,
    /// Who made it; empty is as good as missing.
    #[schema(required = false, max_length = 200, pattern = "LINE", examples("A User"))]
    created_by: String,
    /// Whether charts show it.
    #[schema(required = false)]
    chart_visibility: FlagText,
    /// Whatever else there is to keep with it: a JSON object. What is none is passed over.
    #[schema(required = false)]
    params: ObjectText,
}

change_schema! {
    /// What to change of a release: at least one field. An empty text leaves a field as it is; `null` clears it.
    ReleaseChangeBody as "PipelineReleaseChange" of ReleaseNewBody
}

change_schema! {
    /// What to change of a release, as a form: at least one field. An empty one stays as it is.
    ReleaseChangeForm as "PipelineReleaseChangeForm" of ReleaseNewForm
}

/// A version: a text of one line, or a number, which keeps the digits that it was written with.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes a field, which is read as it comes")]
pub(crate) enum VersionGiven {
    Text(VersionText),
    Number(f64),
}

/// Platforms: a list of names, or names between commas.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes a field, which is read as it comes")]
pub(crate) enum PlatformsGiven {
    List(Vec<PlatformName>),
    Text(PlatformsText),
}

/// `true` or `false`, also as text.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes a field, which is read as it comes")]
pub(crate) enum FlagGiven {
    Flag(bool),
    Text(FlagText),
}
