//! The repository of its forge that a webhook belongs to.

use crate::{conflict::Conflict, repository::RepositoryOrigin, source_event::SourceRepository};

/// The repository of the forge that a webhook is bound to: by its number where the forge gives one, else by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookBound {
    /// Its number.
    pub id: Option<i64>,
    /// Its name, as of the last delivery that was taken.
    pub name: Option<String>,
}

impl HookBound {
    /// Tells that no delivery has decided yet which repository it is.
    pub fn is_open(&self) -> bool {
        self.id.is_none() && self.name.is_none()
    }

    /// Tells a repository that is another one. Without a number to go by, a repository with another name is.
    pub fn is_other(&self, told: &SourceRepository) -> bool {
        match (self.id, told.id) {
            (Some(own), Some(told)) => own != told,
            _ => self.name.as_ref().is_some_and(|own| !own.eq_ignore_ascii_case(&told.name)),
        }
    }

    /// Tells an edit of the number that changes something. One without a number is bound by its name, and let go of
    /// likewise.
    pub fn is_changed_by(&self, id: Option<i64>) -> bool {
        self.id != id || (id.is_none() && self.name.is_some())
    }
}

/// The name that the repository of a first delivery should have, where it has neither its own nor the one at its forge.
/// The one at its forge, which its owner gave, counts more.
pub fn hook_expected_name<'a>(told: &str, own: &'a str, at_forge: Option<&'a str>) -> Option<&'a str> {
    let is_named = [Some(own), at_forge].into_iter().flatten().any(|name| name.eq_ignore_ascii_case(told));
    (!is_named).then(|| at_forge.unwrap_or(own))
}

/// Writes the sentence for the owner on a delivery of another repository than the one that is bound. `own` is the name
/// here, for a bound repository whose name at the forge is not known.
pub fn hook_foreign(told: &SourceRepository, bound: &HookBound, own: &str) -> String {
    let bound_name = bound.name.as_deref().unwrap_or(own);
    format!(
        "it is of the repository {}, and the deliveries before it were of {}; if the repository was made anew there, \
         set source_id to null, and the next delivery counts",
        shown(&told.name, told.id),
        shown(bound_name, bound.id),
    )
}

/// The name of a repository with its number at the forge, for a sentence. Two repositories may have had one name.
fn shown(name: &str, id: Option<i64>) -> String {
    let name = cleaned(name);
    id.map(|id| format!("{name} (number {id})")).unwrap_or(name)
}

/// A name from outside, for a sentence.
fn cleaned(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).take(200).collect()
}

/// Writes the sentence for the owner on a first delivery whose repository is not the one that is named here.
pub fn hook_misnamed(told: &str, expected: &str) -> String {
    let told = cleaned(told);
    format!(
        "it is of the repository {told}, and this one is {expected}; if they are the same, give this one that name, or \
         its source (source.name) where it is to be called otherwise here"
    )
}

/// Checks an edit of the number that a repository has at its forge, and answers the number where the edit changes it.
/// `bound` is what its webhook is bound to, where it has one.
pub fn source_id_edit(bound: Option<&HookBound>, id: Option<i64>) -> Result<Option<Option<i64>>, Conflict> {
    match (bound, id) {
        (None, Some(_)) => Err(Conflict("a repository of origin api has no forge, and no source_id")),
        (Some(bound), id) if bound.is_changed_by(id) => Ok(Some(id)),
        _ => Ok(None),
    }
}

/// Checks that the secret of a webhook may be one that was made at the forge.
pub fn hook_secret_check(origin: RepositoryOrigin) -> Result<(), Conflict> {
    match origin {
        RepositoryOrigin::Gitlab => Ok(()),
        _ => Err(Conflict("only a repository of origin gitlab takes a secret that was made elsewhere")),
    }
}

/// Checks that a repository has a webhook whose secret can be made anew.
pub fn hook_check(has_hook: bool) -> Result<(), Conflict> {
    if has_hook { Ok(()) } else { Err(Conflict("a repository of origin api has no webhook, and no secret")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(id: Option<i64>, name: Option<&str>) -> HookBound {
        HookBound { id, name: name.map(str::to_owned) }
    }

    #[test]
    fn a_number_tells_repositories_apart_and_else_the_name() {
        let told = |id, name: &str| SourceRepository { id, name: name.into() };
        for (own, told, is_other) in [
            (bound(None, None), told(Some(7), "acme/api"), false),
            (bound(Some(7), Some("acme/api")), told(Some(7), "acme/renamed"), false),
            (bound(Some(7), Some("acme/api")), told(Some(8), "acme/api"), true),
            (bound(None, Some("acme/api")), told(Some(7), "Acme/API"), false),
            (bound(None, Some("acme/api")), told(None, "acme/web"), true),
            (bound(Some(7), Some("acme/api")), told(None, "acme/web"), true),
            (bound(Some(7), None), told(None, "acme/web"), false),
        ] {
            assert_eq!(own.is_other(&told), is_other, "{own:?} {told:?}");
        }
    }

    #[test]
    fn the_first_delivery_is_of_the_repository_that_is_named() {
        for (told, own, at_forge, expected) in [
            ("acme/api", "acme/api", None, None),
            ("Acme/API", "acme/api", None, None),
            ("acme/web", "acme/api", None, Some("acme/api")),
            ("acme/web", "acme/api", Some("acme/web"), None),
            ("acme/api", "acme/api", Some("acme/web"), None),
            ("acme/cli", "acme/api", Some("acme/web"), Some("acme/web")),
        ] {
            assert_eq!(hook_expected_name(told, own, at_forge), expected, "{told} {own} {at_forge:?}");
        }
        assert!(hook_misnamed("a\nb", "acme/api").starts_with("it is of the repository ab, and this one is acme/api;"));
    }

    #[test]
    fn a_refusal_names_both_repositories() {
        for (bound, told, words) in [
            (
                bound(Some(7), Some("acme/api")),
                SourceRepository { id: Some(8), name: "acme/web".into() },
                "it is of the repository acme/web (number 8), and the deliveries before it were of acme/api (number 7);",
            ),
            (
                bound(Some(7), None),
                SourceRepository { id: Some(8), name: "a\nb".into() },
                "it is of the repository ab (number 8), and the deliveries before it were of acme/own (number 7);",
            ),
            (
                bound(None, Some("acme/api")),
                SourceRepository { id: None, name: "acme/web".into() },
                "it is of the repository acme/web, and the deliveries before it were of acme/api;",
            ),
        ] {
            let sentence = hook_foreign(&told, &bound, "acme/own");
            assert!(sentence.starts_with(words), "{sentence}");
        }
    }

    #[test]
    fn the_number_is_edited_where_there_is_a_forge() {
        let named = bound(None, Some("acme/api"));
        let numbered = bound(Some(7), None);
        for (bound, id, edit) in [
            (None, None, Ok(None)),
            (Some(&numbered), Some(7), Ok(None)),
            (Some(&numbered), Some(8), Ok(Some(Some(8)))),
            (Some(&numbered), None, Ok(Some(None))),
            (Some(&named), None, Ok(Some(None))),
            (Some(&HookBound::default()), None, Ok(None)),
        ] {
            assert_eq!(source_id_edit(bound, id), edit, "{bound:?} {id:?}");
        }
        assert!(source_id_edit(None, Some(7)).is_err());
        assert!(hook_check(true).is_ok() && hook_check(false).is_err());
    }

    #[test]
    fn gitlab_alone_takes_a_secret_of_its_own() {
        for origin in [RepositoryOrigin::Api, RepositoryOrigin::Github, RepositoryOrigin::Gitea] {
            assert!(hook_secret_check(origin).is_err(), "{origin}");
        }
        assert!(hook_secret_check(RepositoryOrigin::Gitlab).is_ok());
    }
}
