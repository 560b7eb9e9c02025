//! The fields of a release that is published by hand.

use releasepage_domain::{
    fault::{Fault, Faults},
    release::{
        Platforms, ReleaseInput, ReleaseState, release_author_check, release_notes_check, release_tag_check,
        release_title_check,
    },
    time::{UtcTime, time_parse},
};
use releasepage_http::{
    error::V1Error,
    field::{FieldChanges, Fields},
};
use releasepage_storage::{database::change::Change, releases::row::Release};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::openapi::values::TimeGiven;

const VERSION_EXPECTED: &str = "must be one line of 1 to 200 characters, such as v1.2.0";
const TIME_EXPECTED: &str = "must be a time in ISO 8601 with an offset, such as 2024-05-01T12:00:00Z";

/// A release to publish.
#[derive(ToSchema)]
#[schema(as = ReleaseNew)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct ReleaseNewBody {
    /// The version or tag.
    #[schema(max_length = 200, pattern = "LINE_NOT_BLANK", examples("v1.2.0"))]
    version: String,
    /// What it is called.
    #[schema(max_length = 500, pattern = "LINE", examples("Search in notes"))]
    title: Option<String>,
    /// Its notes: Markdown of at most 1 MiB.
    #[schema(pattern = "TEXT", examples("Notes can be *searched*."))]
    notes: Option<String>,
    /// Who made it.
    #[schema(max_length = 200, pattern = "LINE", examples("Jo"))]
    author: Option<String>,
    /// When it was or will be published; now where it is missing.
    #[schema(value_type = Option<TimeGiven>)]
    published_at: Option<String>,
    /// Whether it is a pre-release; `false` where it is missing.
    prerelease: Option<bool>,
    /// Whether it stays invisible for now; `false` where it is missing.
    draft: Option<bool>,
    /// Whether subscribers are told: `true` also of what is more than seven days old, `false` never; as usual where it is
    /// missing.
    notify: Option<bool>,
}

/// An edit of a release.
#[derive(ToSchema)]
#[schema(as = ReleaseChange)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct ReleaseChangeBody {
    /// The revision that was edited.
    #[schema(examples(1))]
    revision: Option<i64>,
    /// The version or tag.
    #[schema(required = false, max_length = 200, pattern = "LINE_NOT_BLANK", examples("v1.2.0"))]
    version: String,
    /// What it is called; `null` for nothing.
    #[schema(max_length = 500, pattern = "LINE", examples("Search in notes"))]
    title: Option<String>,
    /// Its notes, Markdown of at most 1 MiB; `null` for none.
    #[schema(pattern = "TEXT", examples("Notes can be *searched*."))]
    notes: Option<String>,
    /// Who made it; `null` for nobody.
    #[schema(max_length = 200, pattern = "LINE", examples("Jo"))]
    author: Option<String>,
    /// When it was or will be published.
    #[schema(required = false, value_type = TimeGiven)]
    published_at: String,
    /// Whether it is a pre-release.
    #[schema(required = false)]
    prerelease: bool,
    /// Whether it stays invisible: what is no draft any more cannot become one.
    #[schema(required = false)]
    draft: bool,
    /// Whether subscribers are told; `null` for as usual.
    notify: Option<bool>,
}

/// Reads a new release. Where it says nothing of its time, it is published `now`; where it says nothing of mail,
/// subscribers are told as usual: not of history.
pub(super) fn release_fields_new(fields: &Fields<'_>, now: UtcTime) -> Result<ReleaseInput, V1Error> {
    let mut faults = Faults::new();
    let version = fields.text_checked(&mut faults, "version", VERSION_EXPECTED, kept(release_tag_check));
    let title = fields.text_checked_optional(&mut faults, "title", kept(release_title_check));
    let notes = fields.text_checked_optional(&mut faults, "notes", kept(release_notes_check));
    let author = fields.text_checked_optional(&mut faults, "author", kept(release_author_check));
    let published_at = fields.time_optional(&mut faults, "published_at");
    let prerelease = fields.boolean_optional(&mut faults, "prerelease");
    let draft = fields.boolean_optional(&mut faults, "draft");
    let notify = fields.boolean_optional(&mut faults, "notify");
    Ok(faults.finish(|| {
        Some(ReleaseInput {
            tag: version?,
            platforms: Platforms::default(),
            title: title?.unwrap_or_default(),
            notes: notes?,
            author: author?,
            published_at: published_at?.unwrap_or(now),
            ends_at: None,
            prerelease: prerelease?,
            draft: draft?.unwrap_or(false),
            notify: notify?,
            chart_visibility: true,
            params: Map::new(),
        })
    })?)
}

/// A check of the rules that keeps the text as it was given.
fn kept(check: fn(&str, &str) -> Result<(), Fault>) -> impl Fn(&str, &str) -> Result<String, Fault> {
    move |field, text| check(field, text).map(|()| text.to_owned())
}

/// An edit of a release.
#[derive(Clone, Debug)]
pub(super) struct ReleaseChange {
    /// The revision that was edited, where the client names it.
    pub(super) revision: Option<i64>,
    version: Change<String>,
    title: Change<Option<String>>,
    notes: Change<Option<String>>,
    author: Change<Option<String>>,
    published_at: Change<UtcTime>,
    prerelease: Change<bool>,
    draft: Change<bool>,
    notify: Change<Option<bool>>,
}

impl ReleaseChange {
    /// Reads an edit: `null` clears what need not be there.
    pub(super) fn parse(fields: &Fields<'_>) -> Result<Self, V1Error> {
        let mut faults = Faults::new();
        let revision = fields.number_optional(&mut faults, "revision");
        let version = fields.text_change(&mut faults, "version", VERSION_EXPECTED, kept(release_tag_check));
        let title = fields.text_change_or_clear(&mut faults, "title", kept(release_title_check));
        let notes = fields.text_change_or_clear(&mut faults, "notes", kept(release_notes_check));
        let author = fields.text_change_or_clear(&mut faults, "author", kept(release_author_check));
        let published_at =
            fields.change(&mut faults, "published_at", TIME_EXPECTED, |value| value.as_str().and_then(time_parse));
        let prerelease = fields.change(&mut faults, "prerelease", "must be true or false", Value::as_bool);
        let draft = fields.change(&mut faults, "draft", "must be true or false", Value::as_bool);
        let notify = fields.change_or_clear(&mut faults, "notify", "must be true, false or null", Value::as_bool);
        Ok(faults.finish(|| {
            Some(Self {
                revision: revision?,
                version: version?,
                title: title?,
                notes: notes?,
                author: author?,
                published_at: published_at?,
                prerelease: prerelease?,
                draft: draft?,
                notify: notify?,
            })
        })?)
    }

    /// What a release becomes. A draft that is published without a time of its own is published `now`, unless its time
    /// is still to come: what was written weeks ago is no history.
    ///
    /// Fails where it would make a draft of what is none.
    pub(super) fn applied(self, before: &Release, now: UtcTime) -> Result<ReleaseInput, Fault> {
        let input = before.input.clone();
        let draft = self.draft.or(input.draft);
        if draft && before.state != ReleaseState::Draft {
            return Err(Fault::invalid("draft", "must be false, since the release is no draft any more"));
        }
        let usual_time = if input.draft && !draft { input.published_at.max(now) } else { input.published_at };
        Ok(ReleaseInput {
            tag: self.version.or(input.tag),
            title: self.title.or(Some(input.title)).unwrap_or_default(),
            notes: self.notes.or(input.notes),
            author: self.author.or(input.author),
            published_at: self.published_at.or(usual_time),
            prerelease: match self.prerelease {
                Change::Keep => input.prerelease,
                Change::Set(prerelease) => Some(prerelease),
            },
            draft,
            notify: self.notify.or(input.notify),
            platforms: input.platforms,
            ends_at: input.ends_at,
            chart_visibility: input.chart_visibility,
            params: input.params,
        })
    }
}
