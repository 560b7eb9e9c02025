//! The members of a body that say what a subscriber is told of, read alike in every body that has them.

use releasepage_domain::{
    bump::Bump,
    fault::{Fault, Faults},
    fields::Fields,
    subscriber::Preferences,
    text::names_joined,
};

const COMPONENTS_EXPECTED: &str = "must be a list of repo values of this page, at least one";

/// Reads the kinds of releases that a subscriber is told of; the usual ones where nothing is said.
pub(crate) fn preferences_read(fields: &Fields<'_>, faults: &mut Faults, field: &str) -> Option<Preferences> {
    let expected = format!("must be a list of {}", names_joined::<Bump>("and"));
    match fields.texts_optional(faults, field, &expected)? {
        None => Some(Preferences::default()),
        Some(names) => faults.take(Preferences::parse(&fields.name(field), &names)),
    }
}

/// Reads the components that a subscriber is told of, each as `find` makes it; `Some(None)` where nothing is said.
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

/// The components with these names, each as `find` makes it. Fails where there are none, or one is not on the page.
pub(crate) fn components_find<T>(
    field: &str,
    repos: &[&str],
    find: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Fault> {
    let found: Option<Vec<T>> = repos.iter().map(|repo| find(repo)).collect();
    found.filter(|found| !found.is_empty()).ok_or_else(|| Fault::invalid(field, COMPONENTS_EXPECTED))
}
