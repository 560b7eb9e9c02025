//! The parameters of a query, taken one by one, so that an answer can name every parameter at fault.

use std::{collections::HashSet, str::FromStr};

use actix_web::HttpRequest;
use releasepage_domain::{
    fault::{Fault, Faults},
    text::{Named, names_expected},
};

use crate::urlencoded::urlencoded_pairs;

/// Longest parameter that names or chooses something, in characters: the longest `repo` has 201.
const NAME_MAX: usize = 300;

/// Longest cursor, in characters; ours have fewer than a hundred.
const CURSOR_MAX: usize = 200;

/// The parameters of a query. Of one that comes twice, the first counts; unknown ones are ignored.
#[derive(Debug)]
pub struct Query(Vec<(String, Option<String>)>);

impl Query {
    /// The query of a request.
    pub fn of(request: &HttpRequest) -> Self {
        let mut seen = HashSet::new();
        let pairs = urlencoded_pairs(request.query_string().as_bytes());
        let named = pairs.filter_map(|(name, value)| Some((name?, value)));
        Self(named.filter(|(name, _)| seen.insert(name.clone())).collect())
    }

    /// Whether a parameter was given, right or wrong. An empty one is as good as missing.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// A parameter; inside, `None` for one that is not UTF-8.
    fn value(&self, name: &str) -> Option<Option<&str>> {
        let (_, value) = self.0.iter().find(|(given, _)| given == name)?;
        Some(value.as_deref()).filter(|value| *value != Some(""))
    }

    /// A parameter as it was given; `None` where it is missing or empty. What is not UTF-8, holds U+0000 or has more
    /// than `longest` characters is a fault.
    pub fn text(&self, faults: &mut Faults, name: &str, longest: usize) -> Option<&str> {
        let value = self.value(name)?.filter(|value| !value.contains('\0') && value.chars().count() <= longest);
        let expected = || format!("must be a text in UTF-8 of at most {longest} characters without U+0000");
        faults.take(value.ok_or_else(|| Fault::invalid(name, expected())))
    }

    /// A parameter as `take` reads it. `expected` ends the sentence that begins with its name.
    pub fn parsed<T>(
        &self,
        faults: &mut Faults,
        name: &str,
        expected: &str,
        take: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(faults, name, NAME_MAX)?;
        faults.take(take(text).ok_or_else(|| Fault::invalid(name, expected)))
    }

    /// A parameter that names a value of an enumeration.
    pub fn named<T: Named + FromStr>(&self, faults: &mut Faults, name: &str) -> Option<T> {
        self.parsed(faults, name, &names_expected::<T>(), |text| text.parse().ok())
    }

    /// The number of rows of a part of a list: from 1 to `most`, and `usual` where nothing is said.
    pub fn limit(&self, faults: &mut Faults, name: &str, most: u32, usual: u32) -> u32 {
        let expected = format!("must be a whole number from 1 to {most}");
        let take = |text: &str| text.parse().ok().filter(|limit| (1..=most).contains(limit));
        self.parsed(faults, name, &expected, take).unwrap_or(usual)
    }

    /// The beginning of a part of a list, as `parse` reads it.
    pub fn cursor<C>(
        &self,
        faults: &mut Faults,
        name: &str,
        parse: impl FnOnce(&str) -> Result<C, Fault>,
    ) -> Option<C> {
        let text = self.text(faults, name, CURSOR_MAX)?;
        faults.take(parse(text))
    }

    /// A parameter that `check` accepts.
    pub fn checked(
        &self,
        faults: &mut Faults,
        name: &str,
        check: impl FnOnce(&str, &str) -> Result<(), Fault>,
    ) -> Option<&str> {
        let text = self.text(faults, name, NAME_MAX)?;
        faults.take(check(name, text)).map(|()| text)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn query(text: &str) -> Query {
        Query::of(&TestRequest::with_uri(&format!("/?{text}")).to_http_request())
    }

    fn names(faults: &Faults) -> Vec<&str> {
        faults.as_slice().iter().map(|fault| fault.field.as_str()).collect()
    }

    #[test]
    fn parameters_are_decoded() {
        let query = query("a=1&a=2&b=&repo=a%2Fb&words=x+y&other=%ff&%ff=1");
        let mut faults = Faults::new();
        assert_eq!(query.text(&mut faults, "a", 10), Some("1"));
        assert_eq!(query.text(&mut faults, "b", 10), None);
        assert_eq!(query.text(&mut faults, "repo", 10), Some("a/b"));
        assert_eq!(query.text(&mut faults, "words", 10), Some("x y"));
        assert_eq!(query.limit(&mut faults, "limit", 100, 20), 20);
        assert!(faults.is_empty() && query.has("a") && !query.has("b") && !query.has("c"));
    }

    #[test]
    fn what_cannot_be_used_is_a_fault() {
        let query = query("limit=101&nul=x%00&bytes=%c3%28&long=%C3%BC%C3%BC%C3%BC&cursor=x");
        let mut faults = Faults::new();
        query.limit(&mut faults, "limit", 100, 20);
        query.text(&mut faults, "nul", 10);
        query.text(&mut faults, "bytes", 10);
        assert_eq!(query.text(&mut faults, "long", 3), Some("üüü"));
        query.text(&mut faults, "long", 2);
        query.cursor::<()>(&mut faults, "cursor", |_| Err(Fault::invalid("cursor", "must be another")));
        assert_eq!(names(&faults), ["limit", "nul", "bytes", "long", "cursor"]);
        assert!(query.has("bytes"), "it was given, if wrong");
    }

    #[test]
    fn long_parameters_are_refused_unread() {
        let long = "x".repeat(301);
        let query = query(&format!("repo={long}&cursor={long}"));
        let mut faults = Faults::new();
        query.parsed(&mut faults, "repo", "must be a repo", |_| -> Option<()> { panic!("read") });
        query.cursor::<()>(&mut faults, "cursor", |_| panic!("read"));
        assert_eq!(names(&faults), ["repo", "cursor"]);
    }
}
