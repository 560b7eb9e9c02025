//! The public page: its releases, and the form to subscribe.

use askama::Template;
use chrono::NaiveDateTime;
use releasepage_domain::bump::Bump;

use crate::group::GroupView;
use crate::moment;
use crate::release::ReleaseView;

/// The public page at `/p/{slug}`.
#[derive(Debug, Template)]
#[template(path = "page.html")]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// Where it is, whichever part of its list is shown and under whatever name of the server.
    pub canonical: String,
    /// The latest version of all components together, on a page with groups.
    pub latest_grouped: Option<LatestGrouped>,
    /// The latest version of each component, newest first.
    pub latest: Vec<LatestVersion>,
    /// The history, newest first.
    pub entries: Vec<Entry>,
    /// Where newer releases are listed.
    pub newer_href: Option<String>,
    /// Where older releases are listed.
    pub older_href: Option<String>,
    /// The form to subscribe; `None` where the page takes no subscribers.
    pub subscribe: Option<SubscribeForm>,
    /// The address of the badge's image.
    pub badge_src: Option<String>,
}

/// An entry of a page's history.
#[derive(Debug, Clone)]
pub enum Entry {
    /// Releases that readers see as one version.
    Group(GroupView),
    /// A release that stands by itself.
    Release(Box<ReleaseView>),
}

/// The latest version of a page with groups.
#[derive(Debug, Clone)]
pub struct LatestGrouped {
    /// The version.
    pub version: String,
    /// When its newest release was published, UTC.
    pub published_at: NaiveDateTime,
    /// Where the group is.
    pub href: String,
}

/// The latest version of a component.
#[derive(Debug, Clone)]
pub struct LatestVersion {
    /// The component's name.
    pub component: String,
    /// The version.
    pub version: String,
    /// When it was published, UTC.
    pub published_at: NaiveDateTime,
    /// Where its release is.
    pub href: String,
}

/// The form to subscribe. Its fields: `address`; `kind`, once for each chosen kind; `csrf` where given.
#[derive(Debug, Clone)]
pub struct SubscribeForm {
    /// Where it is posted to.
    pub action: String,
    /// What was typed before, to be corrected.
    pub address: String,
    /// The chosen kinds.
    pub kinds: Vec<Bump>,
    /// What is wrong with what was typed.
    pub error: Option<String>,
    /// The form's token, where it needs one.
    pub csrf: Option<String>,
}

/// The answer to the form: the same for every address, known or not.
#[derive(Debug, Template)]
#[template(path = "subscribe_done.html")]
pub struct SubscribeDone {
    /// The page's title.
    pub page_title: String,
    /// Where the page is.
    pub page_href: String,
    /// The address as it was typed.
    pub address: String,
    /// Where the message can be read on a server that sends no mail.
    pub mailbox_href: Option<String>,
}
