//! The document to sign in.

use askama::Template;

/// The sign-in form. Its fields are `email`, `password`, `csrf` and `next`.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// The URL that the form posts to.
    pub action: String,
    /// The address from the last try.
    pub email: String,
    /// The error of the last try. It does not tell if the address is known.
    pub error: Option<String>,
    /// The path on this server to open after signing in.
    pub next: Option<String>,
    /// The CSRF token of the form.
    pub csrf: Option<String>,
}
