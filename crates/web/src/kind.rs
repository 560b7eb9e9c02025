//! The kinds of releases in words.

use releasepage_domain::bump::Bump;

/// The name of the kind for readers.
pub(crate) fn name(kind: &Bump) -> &'static str {
    match kind {
        Bump::Major => "Major",
        Bump::Minor => "Minor",
        Bump::Patch => "Patch",
        Bump::Prerelease => "Pre-release",
    }
}

/// The meaning of the kind for readers, in one line.
pub(crate) fn explanation(kind: &Bump) -> &'static str {
    match kind {
        Bump::Major => "Big changes that may need your attention, such as 2.0.0",
        Bump::Minor => "New features, nothing taken away, such as 1.3.0",
        Bump::Patch => "Fixes, such as 1.2.4",
        Bump::Prerelease => "Betas and release candidates, such as 2.0.0-rc.1",
    }
}

/// Joins kinds for a sentence: `major, minor and patch`.
pub(crate) fn sentence(kinds: &[Bump]) -> String {
    let names: Vec<String> = kinds.iter().map(|kind| name(kind).to_lowercase()).collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_read_as_a_sentence() {
        assert_eq!(sentence(&[]), "");
        assert_eq!(sentence(&[Bump::Patch]), "patch");
        assert_eq!(sentence(Bump::ALL), "major, minor, patch and pre-release");
    }
}
