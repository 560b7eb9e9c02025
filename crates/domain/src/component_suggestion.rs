//! Components that the tags of a repository suggest.

use std::collections::BTreeMap;

use crate::{
    tag::{Tag, tag_part},
    time::UtcTime,
};

/// A part of a repository that could be a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentSuggestion {
    /// The start of its tags, such as `web-v` or `cmd/river/v`. `None` for tags that name no part: the repository's
    /// main product.
    pub tag_prefix: Option<String>,
    /// The number of its tags.
    pub tags: usize,
    /// The tag of its highest version. A pre-release counts only if there are no others.
    pub latest: String,
    /// The time when that version was published.
    pub latest_at: UtcTime,
}

/// The tags of one part, as they are collected.
#[derive(Default)]
struct Part<'a> {
    tags: Vec<(&'a str, UtcTime)>,
    /// The number of tags that are written with a `v`.
    with_v: usize,
}

/// Returns the parts that the tags of a repository name. The main product comes first, then the others by their number
/// of tags. Empty if no tag names a part, since one component without a prefix then shows everything.
///
/// A prefix ends in the `v` of its versions only if all of its tags have one. Tags without a version suggest nothing.
pub fn component_suggestions<'a>(tags: impl IntoIterator<Item = (&'a str, UtcTime)>) -> Vec<ComponentSuggestion> {
    let mut parts: BTreeMap<&str, Part<'a>> = BTreeMap::new();
    for (tag, at) in tags {
        let (name, has_v) = match tag_part(tag) {
            Some(part) => part,
            None if Tag::parse(tag, None).version().is_some() => ("", false),
            None => continue,
        };
        let part = parts.entry(name).or_default();
        part.tags.push((tag, at));
        part.with_v += usize::from(has_v);
    }
    if parts.keys().all(|name| name.is_empty()) {
        return Vec::new();
    }
    let mut suggestions: Vec<_> = parts.into_iter().filter_map(|(name, part)| part.suggestion(name)).collect();
    suggestions.sort_by(|one, other| {
        let key = |suggestion: &ComponentSuggestion| (suggestion.tag_prefix.is_some(), usize::MAX - suggestion.tags);
        key(one).cmp(&key(other)).then_with(|| one.tag_prefix.cmp(&other.tag_prefix))
    });
    suggestions
}

impl Part<'_> {
    fn suggestion(self, name: &str) -> Option<ComponentSuggestion> {
        let v = if self.with_v == self.tags.len() { "v" } else { "" };
        let tag_prefix = (!name.is_empty()).then(|| format!("{name}{v}"));
        let rank = |&&(tag, at): &&(&str, UtcTime)| {
            let read = Tag::parse(tag, tag_prefix.as_deref());
            (!read.is_prerelease(), read.sort_key(), at)
        };
        let &(latest, latest_at) = self.tags.iter().max_by_key(rank)?;
        Some(ComponentSuggestion { tag_prefix, tags: self.tags.len(), latest: latest.to_owned(), latest_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{tag::tag_component, time::time_parse};
    use proptest::prelude::*;

    fn suggested(tags: &[&str]) -> Vec<(Option<String>, usize, String)> {
        let at = time_parse("2024-05-01T12:00:00Z").expect("a time");
        let suggestions = component_suggestions(tags.iter().map(|tag| (*tag, at)));
        suggestions.into_iter().map(|found| (found.tag_prefix, found.tags, found.latest)).collect()
    }

    #[test]
    fn what_tags_suggest() {
        let none: &[(Option<&str>, usize, &str)] = &[];
        for (tags, suggestions) in [
            (&["v1.0.0", "v1.1.0", "nightly", "release-1.2.0"][..], none),
            (&[], none),
            (
                &["v1.0.0", "web-v4.5.0", "web-v4.10.0", "web-v5.0.0-rc.1", "nightly"],
                &[(None, 1, "v1.0.0"), (Some("web-v"), 3, "web-v4.10.0")],
            ),
            (
                &["cmd/river/v0.11.2", "rt-0.1.0", "rt-0.2.0", "driver/stable"],
                &[(Some("rt-"), 2, "rt-0.2.0"), (Some("cmd/river/v"), 1, "cmd/river/v0.11.2")],
            ),
            (
                &["http-0.1.0", "http-v0.2.0", "http-test-v0.1.0"],
                &[(Some("http-"), 2, "http-v0.2.0"), (Some("http-test-v"), 1, "http-test-v0.1.0")],
            ),
            (&["web-v1.0.0-rc.1", "web-v1.0.0-rc.2"], &[(Some("web-v"), 2, "web-v1.0.0-rc.2")]),
        ] {
            let found = suggested(tags);
            let found: Vec<_> =
                found.iter().map(|(prefix, tags, latest)| (prefix.as_deref(), *tags, latest.as_str())).collect();
            assert_eq!(found, suggestions, "{tags:?}");
        }
    }

    proptest! {
        /// With the suggested components, every tag of a named part has its component.
        #[test]
        fn suggestions_take_the_tags_that_made_them(
            tags in proptest::collection::vec("(web-|http-|http-test-|cmd/a/|)(v|)[0-9]\\.[0-9]\\.[0-9](-rc\\.[0-9]|)", 0..20),
        ) {
            let at = time_parse("2024-05-01T12:00:00Z").expect("a time");
            let suggestions = component_suggestions(tags.iter().map(|tag| (tag.as_str(), at)));
            let prefixes: Vec<Option<&str>> = suggestions.iter().map(|found| found.tag_prefix.as_deref()).collect();
            for (index, suggestion) in suggestions.iter().enumerate() {
                let own = tags.iter().filter(|tag| tag_component(tag, &prefixes) == Some(index)).count();
                prop_assert_eq!(own, suggestion.tags, "{:?} of {:?}", suggestion, &tags);
            }
        }
    }
}
