//! The documents for the confirmation of a subscription by the link in an email.

use askama::Template;
use releasepage_domain::bump::Bump;

/// The document for `GET` on a confirmation link: the request, and a button. It changes nothing, because mail scanners
/// follow links.
#[derive(Debug, Template)]
#[template(path = "confirm_ask.html")]
pub struct ConfirmAsk {
    /// The page's title.
    pub page_title: String,
    /// The URL of the page.
    pub page_href: String,
    /// The address, masked if it must not be shown in full.
    pub address: String,
    /// The kinds of releases that the request asks for.
    pub kinds: Vec<Bump>,
    /// The names of the components that it asks for. `None` means all components.
    pub components: Option<Vec<String>>,
    /// True if the request changes an existing subscription.
    pub change: bool,
    /// The URL that the form posts to.
    pub action: String,
    /// The CSRF token of the form, if it needs one.
    pub csrf: Option<String>,
}

/// The document after the button was pressed.
#[derive(Debug, Template)]
#[template(path = "confirm_done.html")]
pub struct ConfirmDone {
    /// The page's title.
    pub page_title: String,
    /// The URL of the page.
    pub page_href: String,
    /// The address, masked if it must not be shown in full.
    pub address: String,
    /// The kinds of releases that the subscriber gets emails about from now on.
    pub kinds: Vec<Bump>,
    /// The URL of the subscriber's preferences.
    pub preferences_href: String,
}

/// The reason why a link from an email does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkFault {
    /// The link has expired.
    Expired,
    /// The link was used, or a newer link has replaced it.
    Used,
    /// The address is suppressed, so no email can be sent to it.
    Suppressed,
    /// This server did not make the link, or a part of it is missing.
    Invalid,
}

/// The document for a link from an email that does not work.
#[derive(Debug, Template)]
#[template(path = "link_refused.html")]
pub struct LinkRefused {
    /// The reason.
    pub fault: LinkFault,
    /// The URL of the page, if it is known. The reader can subscribe there again.
    pub page_href: Option<String>,
}
