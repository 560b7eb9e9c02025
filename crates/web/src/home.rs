//! The front page.

use askama::Template;

use crate::account::AccountMenu;

/// The front page, `/`.
#[derive(Debug, Template)]
#[template(path = "home.html")]
pub struct Home {
    /// Who is signed in.
    pub account: Option<AccountMenu>,
    /// Where one signs in.
    pub sign_in_href: String,
    /// Where the captured mailbox is, for those who may read it.
    pub mailbox_href: Option<String>,
    /// Pages to show; on a server of others, none.
    pub pages: Vec<PageLink>,
    /// Whether this is the demo, with sample data.
    pub demo: bool,
    /// What whoever is signed in does next.
    pub steps: Vec<Step>,
    /// Where the API is described.
    pub api_href: String,
}

/// A thing to do, in a shell.
#[derive(Debug, Clone)]
pub struct Step {
    /// What it is for.
    pub what: &'static str,
    /// The lines to run.
    pub lines: String,
}

/// A link to a public page.
#[derive(Debug, Clone)]
pub struct PageLink {
    /// The page's title.
    pub title: String,
    /// Where it is.
    pub href: String,
}
