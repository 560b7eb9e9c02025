//! Confirming a subscription by the link in a mail.

use askama::Template;
use releasepage_domain::bump::Bump;

/// What `GET` on a confirmation link shows: the request, and a button. It changes nothing, since mail
/// scanners follow links.
#[derive(Debug, Template)]
#[template(path = "confirm_ask.html")]
pub struct ConfirmAsk {
    /// The page's title.
    pub page_title: String,
    /// Where the page is.
    pub page_href: String,
    /// The address, masked if it should not be shown whole.
    pub address: String,
    /// The kinds of releases that the request asks for.
    pub kinds: Vec<Bump>,
    /// The names of the components that it asks for; `None` for all.
    pub components: Option<Vec<String>>,
    /// Whether it changes a subscription that there is, instead of beginning one.
    pub change: bool,
    /// Where the form is posted to.
    pub action: String,
    /// The form's token, where it needs one.
    pub csrf: Option<String>,
}

/// What the button leads to.
#[derive(Debug, Template)]
#[template(path = "confirm_done.html")]
pub struct ConfirmDone {
    /// The page's title.
    pub page_title: String,
    /// Where the page is.
    pub page_href: String,
    /// The address, masked if it should not be shown whole.
    pub address: String,
    /// The kinds of releases that are mailed from now on.
    pub kinds: Vec<Bump>,
    /// Where they are changed.
    pub preferences_href: String,
}

/// Why a link from a mail does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkFault {
    /// It was good once, but not for ever.
    Expired,
    /// It has done its work, or a newer one has taken its place.
    Used,
    /// Mail to the address was refused, so that nothing can be sent to it.
    Suppressed,
    /// It is not a link that this server made, or not all of it.
    Invalid,
}

/// What a link from a mail shows that is no longer good, or never was.
#[derive(Debug, Template)]
#[template(path = "link_refused.html")]
pub struct LinkRefused {
    /// Why.
    pub fault: LinkFault,
    /// Where the page is, if it is known: there one can subscribe again.
    pub page_href: Option<String>,
}
