//! The fields of a body that set the preferences and components of a subscriber. All bodies read them in the same way.

use releasepage_domain::{
    bump::Bump,
    fault::{Fault, Faults},
    fields::Fields,
    subscriber::Preferences,
    text::names_joined,
};

const COMPONENTS_EXPECTED: &str = "must be a list of repo values of this page, at least one";

/// Reads the bumps that a subscriber is told of. The usual ones are the default.
pub(crate) fn preferences_read(fields: &Fields<'_>, faults: &mut Faults, field: &str) -> Option<Preferences> {
    let expected = format!("must be a list of {}", names_joined::<Bump>("and"));
    match fields.texts_optional(faults, field, &expected)? {
        None => Some(Preferences::default()),
        Some(names) => faults.take(Preferences::parse(&fields.name(field), &names)),
    }
}

/// Reads the components that a subscriber is told of, each found with `find`; `Some(None)` if none are given.
pub(crate) fn components_read<T>(
    fields: &Fields<'_>,
    faults: &mut Faults,
    field: &str,
    find: impl Fn(&str) -> Option<T>,
) -> Option<Option<Vec<T>>> {
    match fields.texts_optional(faults, field, COMPONENTS_EXPECTED)? {
        None => Some(None),
        Some(repos) => faults.take(components_find(&fields.name(field), &repos, find)).map(Some),
    }
}

/// Finds the components with these names with `find`. Fails if the list is empty, or if one is not on the page.
pub(crate) fn components_find<T>(
    field: &str,
    repos: &[&str],
    find: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Fault> {
    let found: Option<Vec<T>> = repos.iter().map(|repo| find(repo)).collect();
    found.filter(|found| !found.is_empty()).ok_or_else(|| Fault::invalid(field, COMPONENTS_EXPECTED))
}
