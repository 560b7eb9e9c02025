//! The document to set the first password by a one-time link.

use askama::Template;

/// The form for the first password. Its fields are `password`, `password_again` and `csrf`.
#[derive(Debug, Template)]
#[template(path = "setup.html")]
pub struct Setup {
    /// The user's address.
    pub email: String,
    /// The URL that the form posts to.
    pub action: String,
    /// The error of the last try.
    pub error: Option<String>,
    /// The CSRF token of the form.
    pub csrf: Option<String>,
}
