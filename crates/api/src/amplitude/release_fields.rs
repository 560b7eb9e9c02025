//! The fields of a release as the Releases API defines them (`amplitude-2.md`, POST /api/2/release).

use releasepage_domain::{
    fault::{Fault, Faults},
    fields::kept,
    release::{Platforms, ReleaseInput, release_notes_check, release_tag_check},
    time::UtcTime,
};
use releasepage_storage::database::change::Change;
use serde_json::{Map, Value};

use super::{
    date::DATE_EXPECTED,
    fields::Fields,
    fields_schema::{change_schema, form_schema, forms, list_of, plain, reference, sent_body},
    values::{AUTHOR_EXPECTED, author_read, date_read, flag_read, params_read, platforms_read, text_read, title_read},
};
use crate::openapi::values::{
    FlagText, ObjectText, PipelineTimeAsked, PipelineTimeGiven, PlatformName, PlatformsText, VersionText,
};

/// The members of `params` that the server sets.
const PARAMS_OURS: [&str; 4] = ["created", "created_by", "last_modified", "last_modified_by"];

const VERSION_EXPECTED: &str = "must be a string or a number of 1 to 200 characters on one line";
const TITLE_EXPECTED: &str = "must be a string of 1 to 500 characters on one line, not blank";
const DESCRIPTION_EXPECTED: &str = "must be a string of Markdown";
const FLAG_EXPECTED: &str = "must be a boolean, or \"true\" or \"false\"";

sent_body! {
    /// A release to publish. Each field may be in the query instead. If it is in both, the body wins. An optional field
    /// with an empty text counts as absent.
    #[schema(as = PipelineReleaseNew)]
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct ReleaseNewBody {
        /// The version, semantic or not.
        #[schema(value_type = VersionGiven)]
        version: Change<String> => required change(VERSION_EXPECTED, version_read),
        /// The time of its publication. A future time makes a scheduled release. A time more than 7 days ago mails
        /// nobody.
        #[schema(value_type = PipelineTimeGiven)]
        release_start: Change<UtcTime> => required change(DATE_EXPECTED, date_read),
        /// The end of its roll-out; not before its start.
        #[schema(value_type = Option<PipelineTimeAsked>)]
        release_end: Change<Option<UtcTime>> => optional by(|fields, faults, name| {
            let end = fields.change_or_clear(faults, name, DATE_EXPECTED, date_read)?;
            if let (Some(Change::Set(start)), Change::Set(end)) = (&release_start, &end) {
                faults.take(end_check(*start, *end));
            }
            Some(end)
        }),
        /// The title.
        #[schema(
            value_type = String, min_length = 1, max_length = 500, pattern = "LINE_NOT_BLANK",
            examples("Big new feature for iOS")
        )]
        title: Change<String> => required change(TITLE_EXPECTED, title_read),
        /// The notes, in Markdown, at most 1 MiB.
        #[schema(value_type = Option<String>, pattern = "TEXT", examples("Releasing the new paid feature."))]
        description: Change<Option<String>> => optional text_or_clear(DESCRIPTION_EXPECTED, kept(release_notes_check)),
        /// The platforms that it is for. They are part of the release's identity.
        #[schema(value_type = Option<PlatformsGiven>)]
        platforms: Change<Platforms> => list by(|fields, faults, name| match fields.values(name) {
            [] => Some(Change::Keep),
            values => faults.take(platforms_read(values).map(Change::Set)),
        }),
        /// Its author. An empty text counts as absent.
        #[schema(value_type = Option<String>, max_length = 200, pattern = "LINE", examples("A User"))]
        created_by: Change<Option<String>> => optional by(created_by_read),
        /// `true` shows it on charts, and is the default.
        #[schema(value_type = Option<FlagGiven>)]
        chart_visibility: Change<bool> => optional change(FLAG_EXPECTED, |value| match value {
            Value::Null => Some(true),
            _ => flag_read(value),
        }),
        /// More data to store with it: an object of at most 64 KiB. Older clients send `created_by` in it. Any other
        /// value is ignored.
        #[schema(value_type = Value, required = false)]
        params: Change<Map<String, Value>> => free by(params_own_read),
    }
}

form_schema! {
    /// A release to publish, as a form: every field is text. Repeating a field is a fault, except for `platforms`.
    ReleaseNewForm as "PipelineReleaseForm" of ReleaseNewBody {
        version: VersionText,
        /// The platforms that it is for, separated by commas. The field may also be repeated, as `platforms`, as
        /// `platforms[]`, or as `platforms[0]` and so on.
        platforms: PlatformsText,
        chart_visibility: FlagText,
        /// More data to store with it: a JSON object. Any other text is ignored.
        params: ObjectText,
    }
}

change_schema! {
    /// An edit of a release: at least one field. An empty text leaves a field as it is; `null` clears it.
    ReleaseChangeBody as "PipelineReleaseChange" of ReleaseNewBody
}

change_schema! {
    /// An edit of a release, as a form: at least one field. An empty text leaves a field as it is.
    ReleaseChangeForm as "PipelineReleaseChangeForm" of ReleaseNewForm
}

forms! {
    /// A version: a text of one line, or a number. A number keeps the digits that it was written with.
    VersionGiven { reference::<VersionText>(), plain::<f64>() }
    /// Platforms: a list of names, or names separated by commas.
    PlatformsGiven { list_of::<PlatformName>(), reference::<PlatformsText>() }
    /// `true` or `false`, also as text.
    FlagGiven { plain::<bool>(), reference::<FlagText>() }
}

impl ReleaseNewBody {
    /// Returns the release after the edit. Fails if its end would be before its start.
    pub(crate) fn applied(self, before: ReleaseInput) -> Result<ReleaseInput, Fault> {
        let published_at = self.release_start.or(before.published_at);
        let ends_at = self.release_end.or(before.ends_at);
        end_check(published_at, ends_at)?;
        Ok(ReleaseInput {
            tag: self.version.or(before.tag),
            platforms: self.platforms.or(before.platforms),
            title: self.title.or(before.title),
            notes: self.description.or(before.notes),
            author: self.created_by.or(before.author),
            published_at,
            ends_at,
            chart_visibility: self.chart_visibility.or(before.chart_visibility),
            params: self.params.or(before.params),
            prerelease: before.prerelease,
            draft: before.draft,
            notify: before.notify,
        })
    }
}

/// Reads a new release. All fields that are wrong or missing are named.
pub(crate) fn release_new(fields: Fields) -> Result<ReleaseInput, Faults> {
    Ok(fields.whole().parse(ReleaseNewBody::read)?.applied(release_blank())?)
}

/// Returns a new release without any field. Members that the Releases API does not know have their usual values.
fn release_blank() -> ReleaseInput {
    ReleaseInput {
        tag: String::new(),
        platforms: Platforms::default(),
        title: String::new(),
        notes: None,
        author: None,
        published_at: UtcTime::default(),
        ends_at: None,
        prerelease: None,
        draft: false,
        notify: None,
        chart_visibility: true,
        params: Map::new(),
    }
}

fn version_read(value: &Value) -> Option<String> {
    text_read(value).filter(|version| release_tag_check("version", version).is_ok())
}

/// Reads the author of the release: `created_by`, or `params.created_by` of older clients if the former is absent or
/// empty. An author in `params` that cannot be used is ignored, as are `params` that cannot be read.
fn created_by_read(fields: &Fields, faults: &mut Faults, name: &str) -> Option<Change<Option<String>>> {
    let given = fields.change_or_clear(faults, name, AUTHOR_EXPECTED, author_read)?;
    if let Change::Set(Some(Some(author))) = given {
        return Some(Change::Set(Some(author)));
    }
    let older = older_author(fields).and_then(|author| author_read(&author).flatten());
    if older.is_some() {
        return Some(Change::Set(older));
    }
    Some(if given == Change::Set(None) { Change::Set(None) } else { Change::Keep })
}

fn older_author(fields: &Fields) -> Option<Value> {
    match fields.values("params") {
        [params] => params_read(params).ok()??.remove("created_by").filter(|author| !author.is_null()),
        _ => None,
    }
}

/// Reads the caller's own parameters. The server's parameters are left out, because a client may send back what it
/// received. Anything but an object is ignored: a release must not fail for data that nobody needs.
fn params_own_read(fields: &Fields, faults: &mut Faults, name: &str) -> Option<Change<Map<String, Value>>> {
    let own = |mut params: Map<String, Value>| {
        params.retain(|name, _| !PARAMS_OURS.contains(&name.as_str()));
        Change::Set(params)
    };
    match fields.values(name) {
        [Value::Null] => Some(Change::Set(Map::new())),
        [params] => Some(faults.take(params_read(params))?.map_or(Change::Keep, own)),
        [] => Some(Change::Keep),
        _ => faults.take(Err(Fault::invalid(name, "must be there only once"))),
    }
}

fn end_check(start: UtcTime, end: Option<UtcTime>) -> Result<(), Fault> {
    if end.is_some_and(|end| end < start) {
        return Err(Fault::invalid("release_end", "must not be before release_start"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
