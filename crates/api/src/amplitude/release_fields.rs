//! The fields of a release as the Releases API defines them (`amplitude-2.md`, POST /api/2/release).

use releasepage_domain::{
    fault::{Fault, Faults},
    release::{Platforms, ReleaseInput, release_notes_check, release_tag_check},
    time::UtcTime,
};
use releasepage_storage::database::change::Change;
use serde_json::{Map, Value};

use super::{
    date::DATE_EXPECTED,
    fields::{FieldNames, Fields, or_null},
    values::{AUTHOR_EXPECTED, author_read, date_read, flag_read, params_read, platforms_read, text_read, title_read},
};

/// The fields of a release.
pub(crate) const RELEASE_FIELDS: FieldNames = FieldNames::new(
    &["version", "release_start", "title"],
    &["release_end", "description", "platforms", "created_by", "chart_visibility", "params"],
)
.with_list("platforms")
.with_free("params");

/// The members of `params` that are the server's to fill in.
const PARAMS_OURS: [&str; 4] = ["created", "created_by", "last_modified", "last_modified_by"];

const VERSION_EXPECTED: &str = "must be a string or a number of 1 to 200 characters on one line";
const TITLE_EXPECTED: &str = "must be a string of 1 to 500 characters on one line, not blank";
const DESCRIPTION_EXPECTED: &str = "must be a string of Markdown";
const FLAG_EXPECTED: &str = "must be a boolean, or \"true\" or \"false\"";

/// A partial edit of a release.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReleaseChange {
    version: Change<String>,
    release_start: Change<UtcTime>,
    release_end: Change<Option<UtcTime>>,
    title: Change<String>,
    description: Change<Option<String>>,
    platforms: Change<Platforms>,
    created_by: Change<Option<String>>,
    chart_visibility: Change<bool>,
    params: Change<Map<String, Value>>,
}

impl ReleaseChange {
    /// Reads what was sent of a release: every field at fault is named. `null` clears what need not be there; empty
    /// text leaves it as it is.
    pub(crate) fn parse(fields: &Fields) -> Result<Self, Faults> {
        let mut faults = Faults::new();
        let version = faults.take(version_field(fields));
        let release_start = faults.take(fields.change("release_start", DATE_EXPECTED, date_read));
        let release_end = faults.take(fields.change("release_end", DATE_EXPECTED, or_null(date_read)));
        if let (Some(Change::Set(start)), Some(Change::Set(end))) = (&release_start, &release_end) {
            faults.take(end_check(*start, *end));
        }
        let title = faults.take(fields.change("title", TITLE_EXPECTED, title_read));
        let description = faults.take(description_field(fields));
        let platforms = faults.take(platforms_field(fields));
        let chart_visibility = faults.take(fields.change("chart_visibility", FLAG_EXPECTED, |value| match value {
            Value::Null => Some(true),
            _ => flag_read(value),
        }));
        let params = faults.take(params_field(fields));
        let created_by = faults.take(author_field(fields, params.as_ref()));
        faults.finish(|| {
            Some(Self {
                version: version?,
                release_start: release_start?,
                release_end: release_end?,
                title: title?,
                description: description?,
                platforms: platforms?,
                created_by: created_by?,
                chart_visibility: chart_visibility?,
                params: params_own(params?),
            })
        })
    }

    /// What a release becomes. Fails where its end would come before its start.
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

/// Reads a new release: every field at fault is named, and every one that is missing.
pub(crate) fn release_new(fields: &Fields) -> Result<ReleaseInput, Faults> {
    let mut faults = Faults::new();
    for (name, expected) in [("version", VERSION_EXPECTED), ("release_start", DATE_EXPECTED), ("title", TITLE_EXPECTED)]
    {
        if fields.values(name).is_empty() {
            faults.push(Fault::missing(name, expected));
        }
    }
    match ReleaseChange::parse(fields) {
        Ok(change) if faults.is_empty() => Ok(change.applied(release_blank())?),
        Ok(_) => Err(faults),
        Err(wrong) => {
            wrong.as_slice().iter().cloned().for_each(|fault| faults.push(fault));
            Err(faults)
        }
    }
}

/// What a new release is where nothing is said. What the Releases API does not know of has its usual value.
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

fn version_field(fields: &Fields) -> Result<Change<String>, Fault> {
    let good = |version: &String| release_tag_check("version", version).is_ok();
    fields.change("version", VERSION_EXPECTED, |value| text_read(value).filter(good))
}

fn description_field(fields: &Fields) -> Result<Change<Option<String>>, Fault> {
    let description = fields.change("description", DESCRIPTION_EXPECTED, or_null(text_read))?;
    if let Change::Set(Some(notes)) = &description {
        release_notes_check("description", notes)?;
    }
    Ok(description)
}

fn platforms_field(fields: &Fields) -> Result<Change<Platforms>, Fault> {
    match fields.values("platforms") {
        [] => Ok(Change::Keep),
        values => platforms_read(values).map(Change::Set),
    }
}

/// Who made the release: `created_by`, or where that is absent or empty, older clients' `params.created_by`.
fn author_field(
    fields: &Fields,
    params: Option<&Change<Option<Map<String, Value>>>>,
) -> Result<Change<Option<String>>, Fault> {
    let given = fields.change("created_by", AUTHOR_EXPECTED, or_null(author_read))?;
    if let Change::Set(Some(Some(author))) = given {
        return Ok(Change::Set(Some(author)));
    }
    let older = match params {
        Some(Change::Set(Some(params))) => params.get("created_by").filter(|author| !author.is_null()),
        _ => None,
    };
    if let Some(older) = older {
        let author = author_read(older).ok_or_else(|| Fault::invalid("params.created_by", AUTHOR_EXPECTED))?;
        if author.is_some() {
            return Ok(Change::Set(author));
        }
    }
    Ok(if given == Change::Set(None) { Change::Set(None) } else { Change::Keep })
}

/// The parameters. What cannot be read as an object is passed over: a release shall not fail for what nobody needs.
fn params_field(fields: &Fields) -> Result<Change<Option<Map<String, Value>>>, Fault> {
    let read = fields.checked("params", |value| match value {
        Value::Null => Ok(Change::Set(None)),
        other => Ok(params_read(other)?.map_or(Change::Keep, |params| Change::Set(Some(params)))),
    })?;
    Ok(match read {
        Change::Set(change) => change,
        Change::Keep => Change::Keep,
    })
}

/// The caller's own parameters, without ours, which a client may send back as it got them.
fn params_own(params: Change<Option<Map<String, Value>>>) -> Change<Map<String, Value>> {
    match params {
        Change::Keep => Change::Keep,
        Change::Set(params) => {
            let mut params = params.unwrap_or_default();
            params.retain(|name, _| !PARAMS_OURS.contains(&name.as_str()));
            Change::Set(params)
        }
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
