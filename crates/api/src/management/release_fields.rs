//! The fields of a release that is published by hand.

use releasepage_domain::{
    fault::{Fault, Faults},
    release::{
        Platforms, ReleaseInput, ReleaseState, release_author_check, release_notes_check, release_tag_check,
        release_title_check,
    },
    time::{UtcTime, time_parse},
};
use releasepage_storage::{change::Change, releases::Release};
use serde_json::{Map, Value};

use crate::{
    field::{Fields, text_take},
    v1::error::V1Error,
};

const TIME_EXPECTED: &str = "must be a time in ISO 8601 with an offset, such as 2024-05-01T12:00:00Z";

/// Reads a new release. Where it says nothing of its time, it is published `now`; where it says nothing of mail,
/// subscribers are told as usual: not of history.
pub(super) fn release_fields_new(fields: &Fields<'_>, now: UtcTime) -> Result<ReleaseInput, V1Error> {
    let mut faults = Faults::new();
    let version = fields.text(&mut faults, "version", "must be one line of 1 to 200 characters, such as v1.2.0");
    let version = version.and_then(|version| faults.take(release_tag_check("version", version).map(|()| version)));
    let title = text_checked(fields, &mut faults, "title", release_title_check);
    let notes = text_checked(fields, &mut faults, "notes", release_notes_check);
    let author = text_checked(fields, &mut faults, "author", release_author_check);
    let published_at = fields.time_optional(&mut faults, "published_at");
    let prerelease = fields.boolean_optional(&mut faults, "prerelease");
    let draft = fields.boolean_optional(&mut faults, "draft");
    let notify = fields.boolean_optional(&mut faults, "notify");
    Ok(faults.finish(|| {
        Some(ReleaseInput {
            tag: version?.to_owned(),
            platforms: Platforms::default(),
            title: title?.unwrap_or_default(),
            notes: notes?,
            author: author?,
            published_at: published_at?.unwrap_or(now),
            ends_at: None,
            prerelease: prerelease?.unwrap_or(false),
            draft: draft?.unwrap_or(false),
            notify: notify?,
            chart_visibility: true,
            params: Map::new(),
        })
    })?)
}

/// A text that may be missing or `null`.
fn text_checked(
    fields: &Fields<'_>,
    faults: &mut Faults,
    field: &str,
    check: fn(&str, &str) -> Result<(), Fault>,
) -> Option<Option<String>> {
    match fields.text_optional(faults, field)? {
        None => Some(None),
        Some(text) => faults.take(check(field, text).map(|()| Some(text.to_owned()))),
    }
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
        let version = fields.change(&mut faults, "version", "must be a text", |value| text_take(value));
        let version = version.and_then(|version| {
            faults.take(version.try_map(|version| release_tag_check("version", version).map(|()| version.to_owned())))
        });
        let title = text_change(fields, &mut faults, "title", release_title_check);
        let notes = text_change(fields, &mut faults, "notes", release_notes_check);
        let author = text_change(fields, &mut faults, "author", release_author_check);
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
            prerelease: self.prerelease.or(input.prerelease),
            draft,
            notify: self.notify.or(input.notify),
            platforms: input.platforms,
            ends_at: input.ends_at,
            chart_visibility: input.chart_visibility,
            params: input.params,
        })
    }
}

/// An edit of a text that `null` clears.
fn text_change(
    fields: &Fields<'_>,
    faults: &mut Faults,
    field: &str,
    check: fn(&str, &str) -> Result<(), Fault>,
) -> Option<Change<Option<String>>> {
    let change =
        fields.change_or_clear(faults, field, "must be a text without U+0000, or null", |value| text_take(value))?;
    faults.take(change.try_map(|text| match text {
        None => Ok(None),
        Some(text) => check(field, text).map(|()| Some(text.to_owned())),
    }))
}
