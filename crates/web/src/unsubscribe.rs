//! The documents to unsubscribe by the link in an email.

use askama::Template;

/// The document for `GET` on an unsubscribe link: a button. It changes nothing.
#[derive(Debug, Template)]
#[template(path = "unsubscribe_ask.html")]
pub struct UnsubscribeAsk {
    /// The page's title.
    pub page_title: String,
    /// The URL of the page.
    pub page_href: String,
    /// The address, masked if it must not be shown in full.
    pub address: String,
    /// The URL that the form posts to.
    pub action: String,
    /// The URL of the preferences, to get fewer emails instead of none.
    pub preferences_href: String,
    /// The CSRF token of the form, if it needs one.
    pub csrf: Option<String>,
}

/// The document after the button was pressed.
#[derive(Debug, Template)]
#[template(path = "unsubscribe_done.html")]
pub struct UnsubscribeDone {
    /// The page's title.
    pub page_title: String,
    /// The URL of the page.
    pub page_href: String,
    /// The address, masked if it must not be shown in full.
    pub address: String,
    /// The URL of the preferences, to subscribe again.
    pub preferences_href: String,
}
