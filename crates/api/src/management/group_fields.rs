//! The fields of a group that an editor makes or edits.

use releasepage_domain::{
    fault::{Fault, Faults},
    group::{GROUP_MEMBERS_MAX, GroupVersion},
    release::{release_id_is_valid, release_notes_check},
};
use releasepage_http::{
    error::V1Error,
    field::{FieldChanges, Fields},
};
use releasepage_storage::groups::edits::{GroupChange, GroupNew};
use utoipa::ToSchema;

use crate::openapi::values::{GroupVersionText, ReleaseId};

const VERSION_EXPECTED: &str = "must be a semantic version of three numbers, such as v1.2.0";
const RELEASES_FIELD: &str = "release_ids";

/// A group to make.
#[derive(ToSchema)]
#[schema(as = GroupNew)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct GroupNewBody {
    /// Its version, which no other group of the page has.
    #[schema(value_type = GroupVersionText)]
    version: String,
    /// The releases: published ones that the page shows, no pre-releases, each in no other group.
    #[schema(value_type = Vec<ReleaseId>, min_items = 1, max_items = 500)]
    release_ids: Vec<String>,
    /// Words about the whole, which stand before the notes of the releases: Markdown of at most 1 MiB.
    #[schema(pattern = "TEXT", examples("Everything is *new*."))]
    notes: Option<String>,
    /// Whether subscribers are told of it; `true` where it is missing. They are not told of releases that they know.
    notify: Option<bool>,
}

/// An edit of a group.
#[derive(ToSchema)]
#[schema(as = GroupChange)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(crate) struct GroupChangeBody {
    /// The revision that was edited.
    #[schema(examples(1))]
    revision: Option<i64>,
    /// Another version, on a page whose `grouping` is `manual`.
    #[schema(required = false, value_type = GroupVersionText)]
    version: String,
    /// Words about the whole, Markdown of at most 1 MiB; `null` for none.
    #[schema(pattern = "TEXT", examples("Everything is *new*."))]
    notes: Option<String>,
}

/// Reads a new group.
pub(super) fn group_fields_new(fields: &Fields<'_>) -> Result<GroupNew, V1Error> {
    let mut faults = Faults::new();
    let version = fields.text_checked(&mut faults, "version", VERSION_EXPECTED, GroupVersion::parse);
    let releases = releases_take(fields, &mut faults);
    let notes = fields.text_checked_optional(&mut faults, "notes", notes_check);
    let notify = fields.boolean_optional(&mut faults, "notify");
    Ok(faults.finish(|| {
        Some(GroupNew { version: version?, releases: releases?, notes: notes?, notify: notify?.unwrap_or(true) })
    })?)
}

/// Reads the ids of a new group's releases, each of which can be at fault.
fn releases_take(fields: &Fields<'_>, faults: &mut Faults) -> Option<Vec<String>> {
    let expected = format!("must be a list of 1 to {GROUP_MEMBERS_MAX} ids of releases");
    if !fields.has(RELEASES_FIELD) {
        faults.push(Fault::missing(fields.name(RELEASES_FIELD), &expected));
        return None;
    }
    let ids = fields.texts_optional(faults, RELEASES_FIELD, &expected)??;
    if !(1..=GROUP_MEMBERS_MAX).contains(&ids.len()) {
        faults.push(Fault::invalid(fields.name(RELEASES_FIELD), expected));
        return None;
    }
    for (index, _) in ids.iter().enumerate().filter(|(_, id)| !release_id_is_valid(id)) {
        let field = fields.name(&format!("{RELEASES_FIELD}.{index}"));
        faults.push(Fault::invalid(field, "must be the id of a release: 7 lower-case letters and digits"));
    }
    Some(ids.into_iter().map(ToOwned::to_owned).collect())
}

/// Reads an edit of a group: `null` clears its notes.
pub(super) fn group_fields_change(fields: &Fields<'_>) -> Result<GroupChange, V1Error> {
    let mut faults = Faults::new();
    let revision = fields.number_optional(&mut faults, "revision");
    let version = fields.text_change(&mut faults, "version", VERSION_EXPECTED, GroupVersion::parse);
    let notes = fields.text_change_or_clear(&mut faults, "notes", notes_check);
    Ok(faults.finish(|| Some(GroupChange { revision: revision?, version: version?, notes: notes? }))?)
}

fn notes_check(field: &str, notes: &str) -> Result<String, Fault> {
    release_notes_check(field, notes).map(|()| notes.to_owned())
}
