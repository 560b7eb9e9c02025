//! The addresses of the pages of a list.

use url::form_urlencoded;

use super::{Forge, link::next_target};

/// The address of a page of a list of releases. It holds only the query, and can be stored as text.
///
/// A forge names its next page by a complete address, but only the query is used. The rest is known already. So a token
/// goes only to the forge it was made for. A forge behind a proxy often does not know its own public name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageAddress(String);

impl PageAddress {
    /// The first page, with `size` releases or the forge's maximum if that is less.
    pub fn first(forge: Forge, size: u64) -> Self {
        let size = size.clamp(1, forge.page_size_max());
        Self(match forge {
            Forge::Github => format!("per_page={size}"),
            Forge::Gitlab => format!("order_by=released_at&sort=desc&per_page={size}"),
            Forge::Gitea => format!("limit={size}"),
        })
    }

    /// The query of the page.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The page after this one, by the `Link` headers of an answer that listed `listed` releases. The error completes
    /// the sentence "the answer cannot be used: …".
    pub(super) fn next<'a>(
        &self,
        mut links: impl Iterator<Item = &'a str>,
        listed: usize,
    ) -> Result<Option<Self>, &'static str> {
        // Some forges sometimes omit the header, so a full page without it may not be the last.
        let mut is_linked = false;
        let target = links.find_map(|link| {
            is_linked = true;
            next_target(link)
        });
        let Some(target) = target else {
            let is_full = self.number(is_size).is_some_and(|size| listed as u64 >= size);
            let is_numbered = self.number(is_page).is_some() || !self.has_cursor();
            let page = self.number(is_page).unwrap_or(1);
            let follows = !is_linked && is_full && is_numbered;
            return Ok(follows.then(|| self.with(page + 1, None)));
        };
        let query = target.split_once('?').map(|(_, query)| query.split('#').next().unwrap_or_default());
        match query {
            None | Some("") => Err("the address of its next page has no query"),
            Some(query) if query == self.0 => Err("it names itself as the next page"),
            Some(query) => Ok(Some(Self(query.to_owned()))),
        }
    }

    /// The first part of this page with fewer releases. `None` if the page cannot be made smaller.
    pub(super) fn smaller(&self) -> Option<Self> {
        let size = self.number(is_size).filter(|size| *size > 1)?;
        let part = (2..=size).find(|part| size.is_multiple_of(*part))?;
        let page = self.number(is_page).map(|page| page.saturating_sub(1).saturating_mul(part).saturating_add(1));
        Some(match page {
            Some(page) => self.with(page, Some(size / part)),
            None => self.changed(|name| is_size(name).then(|| size / part)),
        })
    }

    /// The numeric value of a parameter.
    fn number(&self, is_it: fn(&str) -> bool) -> Option<u64> {
        let mut pairs = form_urlencoded::parse(self.0.as_bytes());
        pairs.find(|(name, _)| is_it(name)).and_then(|(_, value)| value.parse().ok())
    }

    /// True if pages are addressed by a cursor instead of a number.
    fn has_cursor(&self) -> bool {
        form_urlencoded::parse(self.0.as_bytes())
            .any(|(name, _)| !is_page(&name) && !is_size(&name) && !is_order(&name))
    }

    /// The page with this number, and with another size if one is given.
    fn with(&self, page: u64, size: Option<u64>) -> Self {
        let changed = self.changed(|name| if is_page(name) { Some(page) } else { size.filter(|_| is_size(name)) });
        match changed.number(is_page) {
            Some(_) => changed,
            None => Self(format!("{}&page={page}", changed.0)),
        }
    }

    /// The query with other numbers for some parameters.
    fn changed(&self, number: impl Fn(&str) -> Option<u64>) -> Self {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(self.0.as_bytes()) {
            match number(&name) {
                Some(number) => query.append_pair(&name, &number.to_string()),
                None => query.append_pair(&name, &value),
            };
        }
        Self(query.finish())
    }
}

impl From<String> for PageAddress {
    /// Takes a page that was stored.
    fn from(query: String) -> Self {
        Self(query)
    }
}

fn is_page(name: &str) -> bool {
    name == "page"
}

fn is_size(name: &str) -> bool {
    matches!(name, "per_page" | "limit")
}

fn is_order(name: &str) -> bool {
    matches!(name, "order_by" | "sort")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page(query: &str) -> PageAddress {
        PageAddress::from(query.to_owned())
    }

    fn next(query: &str, link: Option<&str>, listed: usize) -> Result<Option<String>, &'static str> {
        page(query).next(link.into_iter(), listed).map(|next| next.map(|next| next.0))
    }

    #[test]
    fn forges_have_queries_of_their_own() {
        assert_eq!(PageAddress::first(Forge::Github, 100).as_str(), "per_page=100");
        assert_eq!(PageAddress::first(Forge::Gitlab, 1_000).as_str(), "order_by=released_at&sort=desc&per_page=100");
        assert_eq!(PageAddress::first(Forge::Gitea, 100).as_str(), "limit=50");
        assert_eq!(PageAddress::first(Forge::Gitea, 0).as_str(), "limit=1");
    }

    #[test]
    fn the_next_page_is_a_query() {
        let link = |target: &str| format!("<{target}>; rel=\"next\"");
        for (target, expected) in [
            ("https://api.github.com/repositories/7/releases?per_page=2&page=2", Ok("per_page=2&page=2")),
            // The forge does not know its public name.
            ("http://localhost:3000/api/v1/repos/a/b/releases?limit=2&page=2", Ok("limit=2&page=2")),
            ("/releases?cursor=a%2Fb#part", Ok("cursor=a%2Fb")),
            ("https://a.example/releases", Err("the address of its next page has no query")),
            ("https://a.example/releases?", Err("the address of its next page has no query")),
            ("https://a.example/releases?per_page=2", Err("it names itself as the next page")),
        ] {
            let found = next("per_page=2", Some(&link(target)), 2);
            assert_eq!(found, expected.map(|query| Some(query.to_owned())), "{target}");
        }
        assert_eq!(next("per_page=2", Some("<https://a.example/?page=1>; rel=\"first\""), 2), Ok(None));
    }

    #[test]
    fn a_full_page_without_a_link_may_not_be_the_last() {
        for (query, listed, expected) in [
            ("per_page=2", 1, None),
            ("per_page=2", 2, Some("per_page=2&page=2")),
            ("per_page=2&page=3", 2, Some("per_page=2&page=4")),
            ("per_page=2&page=3", 0, None),
            ("limit=2", 2, Some("limit=2&page=2")),
            ("order_by=released_at&sort=desc&per_page=2", 2, Some("order_by=released_at&sort=desc&per_page=2&page=2")),
            ("cursor=x&per_page=2", 2, None),
            ("", 2, None),
        ] {
            assert_eq!(next(query, None, listed), Ok(expected.map(str::to_owned)), "{query} {listed}");
        }
    }

    #[test]
    fn pages_are_made_smaller_down_to_one_release() {
        for (query, smaller) in [
            ("per_page=100", Some("per_page=50")),
            ("per_page=100&page=1", Some("per_page=50&page=1")),
            ("per_page=100&page=3", Some("per_page=50&page=5")),
            ("page=3&per_page=25", Some("page=11&per_page=5")),
            ("limit=7&page=2", Some("limit=1&page=8")),
            ("cursor=x&per_page=10", Some("cursor=x&per_page=5")),
            ("per_page=1&page=9", None),
            ("page=9", None),
        ] {
            assert_eq!(page(query).smaller(), smaller.map(page), "{query}");
        }
    }

    proptest! {
        #[test]
        fn smaller_pages_begin_with_the_same_release(size in 2..=100_u64, number in 1..=1_000_u64) {
            let whole = page(&format!("per_page={size}&page={number}"));
            let smaller = whole.smaller().expect("the size is above 1");
            let begins = |page: &PageAddress| page.number(is_size).zip(page.number(is_page)).map(|(size, number)| size * (number - 1));
            prop_assert_eq!(begins(&smaller), begins(&whole));
            prop_assert!(smaller.number(is_size) < whole.number(is_size));
        }

        #[test]
        fn nothing_stops_it(query in ".{0,40}", listed in 0..200_usize) {
            let page = page(&query);
            let _ = page.next(std::iter::empty(), listed);
            page.smaller();
        }
    }
}
