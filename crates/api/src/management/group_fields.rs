//! The fields of a group that an editor makes or edits.

use releasepage_domain::{
    fault::{Fault, Faults},
    fields::{Fields, kept},
    group::{GROUP_MEMBERS_MAX, GroupVersion},
    release::{release_id_is_valid, release_notes_check},
};
use releasepage_http::field::FieldChanges;
use releasepage_storage::{
    database::change::Change,
    groups::edits::{GroupChange, GroupNew},
};

use crate::{
    body::body,
    openapi::values::{GroupVersionText, ReleaseId},
};

const VERSION_EXPECTED: &str = "must be a semantic version of three numbers, such as v1.2.0";

body! {
    /// A group to make.
    #[schema(as = GroupNew)]
    pub(crate) struct GroupNewBody {
        /// Its version. No other group of the page may have it.
        #[schema(value_type = GroupVersionText)]
        version: GroupVersion => text_checked(VERSION_EXPECTED, GroupVersion::parse),
        /// The releases. Each is published, shown on the page, no pre-release, and in no other group.
        #[schema(value_type = Vec<ReleaseId>, min_items = 1, max_items = 500)]
        release_ids: Vec<String> => by(release_ids_read),
        /// An introduction before the notes of the releases: Markdown of at most 1 MiB.
        #[schema(pattern = "TEXT", examples("Everything is *new*."))]
        notes: Option<String> => text_checked_optional(kept(release_notes_check)),
        /// `true` mails subscribers, and is the default. Subscribers are not mailed about releases that they already
        /// know.
        notify: Option<bool> => boolean_optional(),
    }
}

body! {
    /// An edit of a group.
    #[schema(as = GroupChange)]
    pub(crate) struct GroupChangeBody {
        /// The revision that the client edited.
        #[schema(examples(1))]
        revision: Option<i64> => number_optional(),
        /// Another version, on a page whose `grouping` is `manual`.
        #[schema(value_type = GroupVersionText, required = false)]
        version: Change<GroupVersion> => text_change(VERSION_EXPECTED, GroupVersion::parse),
        /// An introduction, Markdown of at most 1 MiB; `null` for none.
        #[schema(value_type = Option<String>, pattern = "TEXT", examples("Everything is *new*."))]
        notes: Change<Option<String>> => text_change_or_clear(kept(release_notes_check)),
    }
}

impl From<GroupNewBody> for GroupNew {
    fn from(body: GroupNewBody) -> Self {
        Self {
            version: body.version,
            releases: body.release_ids,
            notes: body.notes,
            notify: body.notify.unwrap_or(true),
        }
    }
}

impl From<GroupChangeBody> for GroupChange {
    fn from(body: GroupChangeBody) -> Self {
        Self { revision: body.revision, version: body.version, notes: body.notes }
    }
}

/// Reads the ids of a new group's releases. Each id can be at fault.
fn release_ids_read(fields: &Fields<'_>, faults: &mut Faults, field: &str) -> Option<Vec<String>> {
    let expected = format!("must be a list of 1 to {GROUP_MEMBERS_MAX} ids of releases");
    if !fields.has(field) {
        faults.push(Fault::missing(fields.name(field), &expected));
        return None;
    }
    let ids = fields.texts_optional(faults, field, &expected)??;
    if !(1..=GROUP_MEMBERS_MAX).contains(&ids.len()) {
        faults.push(Fault::invalid(fields.name(field), expected));
        return None;
    }
    for (index, _) in ids.iter().enumerate().filter(|(_, id)| !release_id_is_valid(id)) {
        let entry = fields.name(&format!("{field}.{index}"));
        faults.push(Fault::invalid(entry, "must be the id of a release: 7 lower-case letters and digits"));
    }
    Some(ids.into_iter().map(ToOwned::to_owned).collect())
}
