//! The fields that the releases of all forges share, checked against our rules.
//!
//! Each function records a fault and returns `None` if a field is faulty.

use releasepage_domain::{
    fault::Faults,
    fields::{Fields, kept, number_take},
    release::{release_author_check, release_notes_check, release_tag_check, release_title_check},
    source_event::SourceRepository,
    time::UtcTime,
};

/// Reads a required id, a number above 0.
pub(crate) fn id_read(fields: &Fields<'_>, faults: &mut Faults, field: &str) -> Option<i64> {
    id_read_optional(fields, faults, field)?.or_else(|| fields.required(faults, field, ID_EXPECTED, |_| None))
}

/// Reads an optional id, a number above 0.
pub(crate) fn id_read_optional(fields: &Fields<'_>, faults: &mut Faults, field: &str) -> Option<Option<i64>> {
    fields.optional(faults, field, ID_EXPECTED, |value| number_take(value).filter(|number| *number > 0))
}

const ID_EXPECTED: &str = "must be a whole number above 0";

/// Reads the repository of a release from the object that describes it.
pub(crate) fn repository_read(
    fields: &Fields<'_>,
    faults: &mut Faults,
    name_field: &str,
    number: impl FnOnce(&Fields<'_>, &mut Faults) -> Option<Option<i64>>,
) -> Option<SourceRepository> {
    let id = number(fields, faults);
    let name = fields.text(faults, name_field, "must be a text");
    Some(SourceRepository { id: id?, name: name?.to_owned() })
}

/// Reads the repository of a request that is not about a release. `None` if it names none that can be read.
pub(crate) fn repository_told(payload: &Fields<'_>, field: &str, name_field: &str) -> Option<SourceRepository> {
    let mut unused = Faults::new();
    let repository = payload.object_optional(&mut unused, field)??;
    repository_read(&repository, &mut unused, name_field, |fields, faults| id_read_optional(fields, faults, "id"))
}

/// Reads the required tag or version.
pub fn tag_read(fields: &Fields<'_>, faults: &mut Faults, field: &str) -> Option<String> {
    fields.text_checked(
        faults,
        field,
        "must be one line of 1 to 200 characters, such as v1.2.0",
        kept(release_tag_check),
    )
}

/// Reads the title. It is empty if there is none.
pub fn title_read(fields: &Fields<'_>, faults: &mut Faults, field: &str) -> Option<String> {
    Some(fields.text_checked_optional(faults, field, kept(release_title_check))?.unwrap_or_default())
}

/// Reads the optional notes. Forges end lines with CR LF, like browsers. They become `\n`.
pub fn notes_read(fields: &Fields<'_>, faults: &mut Faults, field: &str) -> Option<Option<String>> {
    let notes = fields.text_checked_optional(faults, field, |field, notes| {
        let notes = notes.replace("\r\n", "\n");
        release_notes_check(field, &notes).map(|()| notes)
    })?;
    Some(notes.filter(|notes| !notes.is_empty()))
}

/// Reads the optional author.
pub fn author_read(fields: &Fields<'_>, faults: &mut Faults, field: &str) -> Option<Option<String>> {
    let author = fields.text_checked_optional(faults, field, kept(release_author_check))?;
    Some(author.filter(|author| !author.is_empty()))
}

/// Reads the optional author from the `login` of the object `author`.
pub(crate) fn author_login_read(fields: &Fields<'_>, faults: &mut Faults) -> Option<Option<String>> {
    match fields.object_optional(faults, "author")? {
        Some(author) => author_read(&author, faults, "login"),
        None => Some(None),
    }
}

/// Reads `true` or `false`. A missing field means `false`.
pub(crate) fn flag_read(fields: &Fields<'_>, faults: &mut Faults, field: &str) -> Option<bool> {
    Some(fields.boolean_optional(faults, field)?.unwrap_or(false))
}

/// Reads the time of publication. The field `first` goes before `second`.
pub(crate) fn time_read(
    fields: &Fields<'_>,
    faults: &mut Faults,
    first: &str,
    second: &str,
) -> Option<Option<UtcTime>> {
    let (first, second) = (fields.time_optional(faults, first), fields.time_optional(faults, second));
    Some(first?.or(second?))
}
