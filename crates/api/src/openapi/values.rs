//! Text formats as schemas, to be named as the `value_type` of a field or a parameter.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};

/// The patterns that annotations refer to by name, because annotations can hold only literals. The document has the
/// expression.
pub const PATTERNS: &[(&str, &str)] = &[
    // One line: neither control characters nor separators of lines.
    ("LINE", r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"),
    // The same, and not blank.
    (
        "LINE_NOT_BLANK",
        r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*[^\s\u0000-\u001f\u007f-\u009f\u2028\u2029][^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$",
    ),
    // The same, or nothing.
    (
        "LINE_OR_NOTHING",
        r"^([^\u0000-\u001f\u007f-\u009f\u2028\u2029]*[^\s\u0000-\u001f\u007f-\u009f\u2028\u2029][^\u0000-\u001f\u007f-\u009f\u2028\u2029]*)?$",
    ),
    // Any text that a database can store.
    ("TEXT", r"^[^\u0000]*$"),
    // Plain text of several lines. Tabs and line breaks are the only control characters.
    ("PLAIN_TEXT", r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"),
    // The last part of a page's address.
    ("SLUG", "^[a-z0-9]+(-[a-z0-9]+)*$"),
    // The beginning of a tag, as git allows it, with at least one character that names a part.
    ("TAG_PREFIX", r"^[!-)+-9;->@-Z\]_-}]*[A-UW-Za-uw-z0-9][!-)+-9;->@-Z\]_-}]*$"),
    // The format of tags: a version, and optionally a package.
    (
        "TAG_FORMAT",
        r"^([^{}\u0000-\u001f\u007f-\u009f\u2028\u2029]*\{package\}[^{}\u0000-\u001f\u007f-\u009f\u2028\u2029]*\{version\}[^{}\u0000-\u001f\u007f-\u009f\u2028\u2029]*|[^{}\u0000-\u001f\u007f-\u009f\u2028\u2029]*\{version\}[^{}\u0000-\u001f\u007f-\u009f\u2028\u2029]*(\{package\}[^{}\u0000-\u001f\u007f-\u009f\u2028\u2029]*)?)$",
    ),
    // The address of an API: a host by name or IP address, optionally with a port and a path.
    (
        "API_ADDRESS",
        r"^https?://([A-Za-z0-9]+(-[A-Za-z0-9]+)*\.)*([A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*|(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3})(:[1-9][0-9]{0,3})?(/[A-Za-z0-9._~-]+)*/?$",
    ),
    // The name of a repository: 2 to 10 parts, none of which is `.` or `..`.
    (
        "REPOSITORY_NAME",
        r"^(\.{0,2}[A-Za-z0-9_-]|\.{3})[A-Za-z0-9._-]*(/(\.{0,2}[A-Za-z0-9_-]|\.{3})[A-Za-z0-9._-]*){1,9}$",
    ),
];

/// The days that the Releases API reads, from 1970 on. Each month has its own number of days.
macro_rules! days {
    () => {
        concat!(
            "((19[7-9][0-9]|[2-9][0-9]{3})-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))",
            "|(19(7[26]|8[048]|9[26])|[2-9][0-9](0[48]|[2468][048]|[13579][26])|([2468][048]|[3579][26])00)-02-29)",
        )
    };
}

/// The part after a day: a time of day, optionally with an offset.
macro_rules! times {
    () => {
        concat!(
            "([Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.,][0-9]+)?|[Tt]([01][0-9]|2[0-3]):[0-5][0-9])",
            "( ?(Z|z|UTC|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?))?",
        )
    };
}

/// The patterns of a day, of a moment, of either, and of either in a query. In a query, an empty text counts as absent.
const PIPELINE_DAY: &str = concat!("^", days!(), "$");
const PIPELINE_TIME: &str = concat!("^", days!(), times!(), "$");
const PIPELINE_TIME_ASKED: &str = concat!("^(", days!(), times!(), ")?$");
const PIPELINE_DAY_OR_TIME: &str = concat!("^", days!(), "(", times!(), ")?$");
const PIPELINE_DAY_OR_TIME_ASKED: &str = concat!("^(", days!(), "(", times!(), ")?)?$");

/// The format of a text.
struct Form {
    format: Option<&'static str>,
    pattern: Option<&'static str>,
    example: &'static str,
}

/// Declares a schema for each text format.
macro_rules! values {
    ($($(#[doc = $documentation:literal])+ $schema:ident { $($field:ident: $value:expr),+ $(,)? })+) => {
        $(
            $(#[doc = $documentation])+
            pub enum $schema {}

            impl PartialSchema for $schema {
                fn schema() -> RefOr<Schema> {
                    let form = Form { $($field: $value),+ };
                    form.schema(concat!($($documentation),+).trim())
                }
            }

            impl ToSchema for $schema {}
        )+

        /// Returns all schemas with their names, because parameters refer to them too.
        pub fn schemas() -> Vec<(String, RefOr<Schema>)> {
            vec![$(($schema::name().into_owned(), $schema::schema())),+]
        }
    };
}

values! {
    /// A moment in UTC, ISO 8601, without fractions of a second.
    Time {
        format: Some("date-time"),
        pattern: Some(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"),
        example: "2024-05-01T12:00:00Z",
    }
    /// A moment, ISO 8601 with an offset, from 1970 on.
    TimeGiven {
        format: Some("date-time"),
        pattern: Some("^(19[7-9]|[2-9])"),
        example: "2024-05-01T14:00:00+02:00",
    }
    /// A moment in UTC as the Releases API prints it.
    PipelineTime {
        format: None,
        pattern: Some("^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"),
        example: "2022-01-01 00:00:00",
    }
    /// A version as text: one line of 1 to 200 characters.
    VersionText { format: None, pattern: Some("LINE_NOT_BLANK"), example: "3.5" }
    /// The version of a group: three numbers, with or without a `v`.
    GroupVersionText {
        format: None,
        pattern: Some(r"^v?(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){2}$"),
        example: "v1.2.0",
    }
    /// The name of a platform.
    PlatformName { format: None, pattern: Some("^[A-Za-z0-9 ._-]{0,49}[A-Za-z0-9]$"), example: "iOS" }
    /// Names of platforms separated by commas. An empty text counts as absent.
    PlatformsText {
        format: None,
        pattern: Some("^([A-Za-z0-9 ]{1,50}(,[A-Za-z0-9 ]{1,50})*)?$"),
        example: "iOS,Android",
    }
    /// `true` or `false`, in any case. An empty text counts as absent.
    FlagText { format: None, pattern: Some("^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])?$"), example: "true" }
    /// A JSON object as text. Any other text is ignored.
    ObjectText { format: None, pattern: None, example: r#"{"build": 7}"# }
    /// A moment as pipelines send it: date and time of day, in UTC or with an offset.
    PipelineTimeGiven { format: None, pattern: Some(PIPELINE_TIME), example: "2022-01-01 00:00:00" }
    /// A moment as pipelines send it, optional. An empty text counts as absent.
    PipelineTimeAsked { format: None, pattern: Some(PIPELINE_TIME_ASKED), example: "2022-01-01 00:00:00" }
    /// A day in UTC.
    Day { format: Some("date"), pattern: None, example: "2023-09-16" }
    /// A day in UTC, from 1970 on.
    DayGiven { format: None, pattern: Some(PIPELINE_DAY), example: "2023-09-16" }
    /// A moment in UTC, as ISO 8601 with the offset of UTC.
    Moment {
        format: Some("date-time"),
        pattern: Some(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\+00:00$"),
        example: "2025-11-01T07:00:00+00:00",
    }
    /// A moment as ISO 8601, in UTC or with an offset. Without a time of day it is the beginning of that day in UTC.
    MomentGiven { format: None, pattern: Some(PIPELINE_DAY_OR_TIME), example: "2025-11-01T07:00:00+00:00" }
    /// A format of tags: `{version}` once, `{package}` at most once, and other text around them. It is one line of at
    /// most 100 characters.
    TagFormatText {
        format: None,
        pattern: Some("TAG_FORMAT"),
        example: "web-v{version}",
    }
    /// An optional moment, in ISO 8601. An empty text counts as absent.
    MomentAsked { format: None, pattern: Some(PIPELINE_DAY_OR_TIME_ASKED), example: "2025-11-01T07:00:00+00:00" }
    /// The id of a project as text. An empty text counts as absent.
    AppIdText { format: None, pattern: Some("^([1-9][0-9]{0,17})?$"), example: "50000" }
    /// An email address. Its domain may be in any script.
    EmailAddress { format: Some("idn-email"), pattern: None, example: "reader@example.com" }
    /// An address on the web.
    WebAddress { format: Some("uri"), pattern: None, example: "https://releases.example.com/p/acme" }
    /// The id of a page: 12 lower-case hexadecimal digits.
    PageId { format: None, pattern: Some("^[0-9a-f]{12}$"), example: "0767f57acc44" }
    /// A header of a forge: printable ASCII characters.
    ForgeHeader { format: None, pattern: Some("^[!-~]([ -~]{0,98}[!-~])?$"), example: "release" }
    /// The id of a release: 7 characters, never used again.
    ReleaseId { format: None, pattern: Some("^[0-9a-z]{7}$"), example: "xbcehyc" }
    /// A colour: a name, or three or six hexadecimal digits.
    BadgeColor {
        format: None,
        pattern: Some(r"^(#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})|brightgreen|green|yellowgreen|yellow|orange|red|blue|purple|pink|teal|black|gr[ae]y|lightgr[ae]y|success|important|critical|informational|inactive)$"),
        example: "1a6fc4",
    }
    /// The name of a component on its page: `owner/name`, or `owner/name/part` for a part of a monorepo.
    Repo { format: None, pattern: Some("^[A-Za-z0-9._/-]+$"), example: "releasepage/api" }
}

impl Form {
    fn schema(self, documentation: &str) -> RefOr<Schema> {
        let object = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(documentation))
            .format(self.format.map(|format| SchemaFormat::Custom(format.to_owned())))
            .pattern(self.pattern)
            .examples([self.example]);
        object.into()
    }
}
