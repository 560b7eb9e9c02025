//! A subscriber's preferences.

use askama::Template;
use releasepage_domain::bump::Bump;

/// What the server does for the subscriber now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Mails are sent.
    Confirmed,
    /// The address has not been confirmed yet.
    Pending,
    /// The reader has unsubscribed; saving the form subscribes again.
    Unsubscribed,
    /// Mail to the address has come back, and none is sent any more.
    Suppressed,
}

/// What is said above the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The preferences have been saved.
    Saved,
    /// Not saved: no kind was chosen.
    KindMissing,
    /// Not saved: no component was chosen.
    ComponentMissing,
}

/// A component to choose.
#[derive(Debug, Clone)]
pub struct ComponentChoice {
    /// Its `repo` value, the value of the field.
    pub repo: String,
    /// Its display name.
    pub name: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// The preferences form. Its fields: `kind`, once for each chosen kind (`major`, `minor`, `patch`,
/// `prerelease`); `all_components=on`; `component`, once for each chosen `repo`; `csrf` where given.
#[derive(Debug, Template)]
#[template(path = "preferences.html")]
pub struct Preferences {
    /// The page's title.
    pub page_title: String,
    /// Where the page is.
    pub page_href: String,
    /// The address, masked if it should not be shown whole.
    pub address: String,
    /// What the server does for the subscriber.
    pub standing: Standing,
    /// The chosen kinds.
    pub kinds: Vec<Bump>,
    /// Whether all components are chosen, future ones too.
    pub all_components: bool,
    /// The page's components.
    pub components: Vec<ComponentChoice>,
    /// What is said above the form.
    pub notice: Option<Notice>,
    /// Where the form is posted to.
    pub action: String,
    /// Where the unsubscribe button posts to.
    pub unsubscribe_action: String,
    /// The forms' token, where they need one.
    pub csrf: Option<String>,
}

impl Preferences {
    fn has_form(&self) -> bool {
        matches!(self.standing, Standing::Confirmed | Standing::Unsubscribed)
    }
}
