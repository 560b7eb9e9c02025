//! Setting the first password by a one-time link.

use askama::Template;

/// The form that a set-up link shows. Its fields: `password`, `password_again`, `csrf`.
#[derive(Debug, Template)]
#[template(path = "setup.html")]
pub struct Setup {
    /// Whose password it is.
    pub email: String,
    /// Where it is posted to.
    pub action: String,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// The form's token.
    pub csrf: Option<String>,
}
