//! The page that `error_uri` leads to.

use askama::Template;

/// The API's errors, `/docs/errors`, with an anchor for each code.
#[derive(Debug, Template)]
#[template(path = "docs_errors.html")]
pub struct DocsErrors {
    /// The codes, in the order to show.
    pub errors: Vec<ErrorDoc>,
}

/// What a code means.
#[derive(Debug, Clone)]
pub struct ErrorDoc {
    /// The value of `error`, the anchor's name.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// When it is answered. Code stands between backticks.
    pub cause: String,
    /// What to do about it, written alike.
    pub cure: String,
}
