//! The document of a page: its releases, and the form to subscribe.

use askama::Template;
use chrono::NaiveDateTime;
use releasepage_domain::bump::Bump;

use crate::group::GroupView;
use crate::moment;
use crate::release::ReleaseView;

/// The document of a page, at `/p/{slug}`.
#[derive(Debug, Template)]
#[template(path = "page.html")]
pub struct Page {
    /// The title.
    pub title: String,
    /// The description, if it has one.
    pub description: Option<String>,
    /// The canonical URL of the page, the same for every slice of the list and all host names of the server.
    pub canonical: String,
    /// The latest version of all components together, on a page with groups.
    pub latest_grouped: Option<LatestGrouped>,
    /// The latest version of each component, newest first.
    pub latest: Vec<LatestVersion>,
    /// The history, newest first.
    pub entries: Vec<Entry>,
    /// The URL of the slice with newer releases.
    pub newer_href: Option<String>,
    /// The URL of the slice with older releases.
    pub older_href: Option<String>,
    /// The form to subscribe. `None` if the page accepts no subscribers.
    pub subscribe: Option<SubscribeForm>,
    /// The URL of the badge's image.
    pub badge_src: Option<String>,
}

/// An entry of a page's history.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A group of releases.
    Group(GroupView),
    /// A release outside of any group.
    Release(Box<ReleaseView>),
}

/// The latest version of a page with groups.
#[derive(Debug, Clone)]
pub struct LatestGrouped {
    /// The version.
    pub version: String,
    /// The time when its newest release was published, in UTC.
    pub published_at: NaiveDateTime,
    /// The URL of the group.
    pub href: String,
}

/// The latest version of a component.
#[derive(Debug, Clone)]
pub struct LatestVersion {
    /// The component's name.
    pub component: String,
    /// The version.
    pub version: String,
    /// The time when it was published, in UTC.
    pub published_at: NaiveDateTime,
    /// The URL of the release.
    pub href: String,
}

/// The form to subscribe. Its fields are `address`, one `kind` for each chosen kind, and `csrf` if it has a token.
#[derive(Debug, Clone)]
pub struct SubscribeForm {
    /// The URL that the form posts to.
    pub action: String,
    /// The address from the last try, so that the reader can correct it.
    pub address: String,
    /// The chosen kinds.
    pub kinds: Vec<Bump>,
    /// The error of the last try.
    pub error: Option<String>,
    /// The CSRF token of the form, if it needs one.
    pub csrf: Option<String>,
}

/// The document after the form was sent. It is the same for every address, so it does not tell who subscribes.
#[derive(Debug, Template)]
#[template(path = "subscribe_done.html")]
pub struct SubscribeDone {
    /// The page's title.
    pub page_title: String,
    /// The URL of the page.
    pub page_href: String,
    /// The address as it was typed.
    pub address: String,
    /// The URL of the message, on a server that sends no email.
    pub mailbox_href: Option<String>,
}
