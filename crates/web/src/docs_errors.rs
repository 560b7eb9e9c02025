//! The document that `error_uri` links to.

use askama::Template;

/// The errors of the API, at `/docs/errors`. The document has an anchor for each code.
#[derive(Debug, Template)]
#[template(path = "docs_errors.html")]
pub struct DocsErrors {
    /// The codes in the order of display.
    pub errors: Vec<ErrorDoc>,
}

/// The description of an error code.
#[derive(Debug, Clone)]
pub struct ErrorDoc {
    /// The value of `error`, which is also the anchor.
    pub code: String,
    /// The HTTP status.
    pub status: u16,
    /// The cause of the error. Code is between backticks.
    pub cause: String,
    /// The way to fix the error. Code is between backticks.
    pub cure: String,
}
