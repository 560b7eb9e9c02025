//! The home document.

use askama::Template;

use crate::account::AccountMenu;

/// The home document, at `/`.
#[derive(Debug, Template)]
#[template(path = "home.html")]
pub struct Home {
    /// The signed-in user. `None` if nobody is signed in.
    pub account: Option<AccountMenu>,
    /// The URL to sign in.
    pub sign_in_href: String,
    /// The URL of the captured mailbox, for users who may read it.
    pub mailbox_href: Option<String>,
    /// The pages to link to: those of the member's organization, or the published ones of the demo.
    pub pages: Vec<PageLink>,
    /// True for the demo, which has sample data.
    pub demo: bool,
    /// The next steps for the signed-in user.
    pub steps: Vec<Step>,
    /// The URL of the API documentation.
    pub api_href: String,
}

/// A step that the user does in a shell.
#[derive(Debug, Clone)]
pub struct Step {
    /// The purpose of the step.
    pub what: &'static str,
    /// The lines to run.
    pub lines: String,
}

/// A link to a public page.
#[derive(Debug, Clone)]
pub struct PageLink {
    /// The page's title.
    pub title: String,
    /// The URL of the page.
    pub href: String,
}
