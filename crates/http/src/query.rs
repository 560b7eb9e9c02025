//! The parameters of a query. They are read one by one, so that an answer can name every parameter at fault.

use std::{collections::HashSet, str::FromStr};

use actix_web::HttpRequest;
use releasepage_domain::{
    fault::{Fault, Faults},
    text::{Named, names_expected},
};

use crate::urlencoded::urlencoded_pairs;

/// The longest parameter that names or chooses something, in characters. The longest `repo` has 201.
const NAME_MAX: usize = 300;

/// The longest cursor, in characters. Our own have fewer than a hundred.
const CURSOR_MAX: usize = 200;

/// The parameters of a query. The first of several with the same name counts. Unknown parameters are ignored.
#[derive(Debug)]
pub struct Query(Vec<(String, Option<String>)>);

impl Query {
    /// Returns the query of a request.
    pub fn of(request: &HttpRequest) -> Self {
        let mut seen = HashSet::new();
        let pairs = urlencoded_pairs(request.query_string().as_bytes());
        let named = pairs.filter_map(|(name, value)| Some((name?, value)));
        Self(named.filter(|(name, _)| seen.insert(name.clone())).collect())
    }

    /// Returns true if a parameter was given, even a wrong one. An empty parameter counts as missing.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Returns a parameter. The inner value is `None` if it is not UTF-8.
    fn value(&self, name: &str) -> Option<Option<&str>> {
        let (_, value) = self.0.iter().find(|(given, _)| given == name)?;
        Some(value.as_deref()).filter(|value| *value != Some(""))
    }

    /// Returns a parameter as it was given, or `None` if it is missing or empty. Text is a fault if it is not UTF-8,
    /// holds U+0000 or has more than `longest` characters.
    pub fn text(&self, faults: &mut Faults, name: &str, longest: usize) -> Option<&str> {
        let value = self.value(name)?.filter(|value| !value.contains('\0') && value.chars().count() <= longest);
        let expected = || format!("must be a text in UTF-8 of at most {longest} characters without U+0000");
        faults.take(value.ok_or_else(|| Fault::invalid(name, expected())))
    }

    /// Returns a parameter as `take` parses it. In a fault, `expected` follows the parameter's name.
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

    /// Returns a parameter that names a value of an enumeration.
    pub fn named<T: Named + FromStr>(&self, faults: &mut Faults, name: &str) -> Option<T> {
        self.parsed(faults, name, &names_expected::<T>(), |text| text.parse().ok())
    }

    /// Returns the number of rows of a slice: from 1 to `most`, or `usual` if none is given.
    pub fn limit(&self, faults: &mut Faults, name: &str, most: u32, usual: u32) -> u32 {
        let expected = format!("must be a whole number from 1 to {most}");
        let take = |text: &str| text.parse().ok().filter(|limit| (1..=most).contains(limit));
        self.parsed(faults, name, &expected, take).unwrap_or(usual)
    }

    /// Returns the beginning of a slice, as `parse` reads it.
    pub fn cursor<C>(
        &self,
        faults: &mut Faults,
        name: &str,
        parse: impl FnOnce(&str) -> Result<C, Fault>,
    ) -> Option<C> {
        let text = self.text(faults, name, CURSOR_MAX)?;
        faults.take(parse(text))
    }

    /// Returns a parameter that `check` accepts.
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
