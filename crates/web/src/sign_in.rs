//! Signing in.

use askama::Template;

/// The sign-in form. Its fields: `email`, `password`, `csrf`, `next`.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// Where it is posted to.
    pub action: String,
    /// What was typed before.
    pub email: String,
    /// Why the last attempt failed, in words that do not tell whether the address is known.
    pub error: Option<String>,
    /// Where to go afterwards, a path on this server.
    pub next: Option<String>,
    /// The form's token.
    pub csrf: Option<String>,
}
