//! Unsubscribing by the link in a mail.

use askama::Template;

/// What `GET` on an unsubscribe link shows: a button. It changes nothing.
#[derive(Debug, Template)]
#[template(path = "unsubscribe_ask.html")]
pub struct UnsubscribeAsk {
    /// The page's title.
    pub page_title: String,
    /// Where the page is.
    pub page_href: String,
    /// The address, masked if it should not be shown whole.
    pub address: String,
    /// Where the form is posted to.
    pub action: String,
    /// Where fewer mails can be had instead of none.
    pub preferences_href: String,
    /// The form's token, where it needs one.
    pub csrf: Option<String>,
}

/// What the button leads to.
#[derive(Debug, Template)]
#[template(path = "unsubscribe_done.html")]
pub struct UnsubscribeDone {
    /// The page's title.
    pub page_title: String,
    /// Where the page is.
    pub page_href: String,
    /// The address, masked if it should not be shown whole.
    pub address: String,
    /// Where one can subscribe again.
    pub preferences_href: String,
}
