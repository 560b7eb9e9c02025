//! The preferences of a subscriber, in words.

use releasepage_domain::bump::Bump;

use crate::text;

/// The preferences that a subscriber has or asks for.
#[derive(Clone, Copy, Debug)]
pub struct FollowingView<'a> {
    /// The bumps, in the order of the text.
    pub bumps: &'a [Bump],
    /// The names of the components. An empty list means all components of the page.
    pub components: &'a [&'a str],
}

impl FollowingView<'_> {
    /// Writes half a sentence: `major and minor releases of Acme`, `patch releases of API and Web by Acme`.
    pub(super) fn of_page(self, title: &str) -> String {
        let title = text::line(title);
        let bumps: Vec<String> = self.bumps.iter().map(|bump| bump_word(*bump).to_owned()).collect();
        let components: Vec<String> = self.components.iter().map(|name| text::line(name)).collect();
        let bumps = enumeration(&bumps);
        if components.is_empty() {
            format!("{bumps} releases of {title}")
        } else {
            format!("{bumps} releases of {} by {title}", enumeration(&components))
        }
    }
}

/// The adjective for a release with this bump.
const fn bump_word(bump: Bump) -> &'static str {
    match bump {
        Bump::Major => "major",
        Bump::Minor => "minor",
        Bump::Patch => "patch",
        Bump::Prerelease => "preview",
    }
}

/// Joins words for a sentence: `a`, `a and b`, `a, b and c`.
fn enumeration(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [word] => word.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        for (bumps, components, expected) in [
            (&[Bump::Major][..], &[][..], "major releases of Acme"),
            (&[Bump::Major, Bump::Minor], &["API"], "major and minor releases of API by Acme"),
            (
                &[Bump::Major, Bump::Minor, Bump::Prerelease],
                &["API", "Web", "iOS\r\napp"],
                "major, minor and preview releases of API, Web and iOS app by Acme",
            ),
        ] {
            assert_eq!(FollowingView { bumps, components }.of_page("Acme"), expected);
        }
    }
}
