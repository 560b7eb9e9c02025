//! The document with a subscriber's preferences.

use askama::Template;
use releasepage_domain::bump::Bump;

/// The state of the subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The subscriber gets emails.
    Confirmed,
    /// The address has not been confirmed yet.
    Pending,
    /// The reader has unsubscribed. Saving the form subscribes again.
    Unsubscribed,
    /// The address is suppressed. No email is sent to it.
    Suppressed,
}

/// The notice above the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The preferences have been saved.
    Saved,
    /// The preferences were not saved, because no kind was chosen.
    KindMissing,
    /// The preferences were not saved, because no component was chosen.
    ComponentMissing,
}

/// A component to choose.
#[derive(Debug, Clone)]
pub struct ComponentChoice {
    /// The component's `repo`, which is the value of the field.
    pub repo: String,
    /// The component's display name.
    pub name: String,
    /// True if the component is chosen.
    pub chosen: bool,
}

/// The preferences form. Its fields are one `kind` for each chosen kind (`major`, `minor`, `patch`, `prerelease`),
/// `all_components=on`, one `component` for each chosen `repo`, and `csrf` if it has a token.
#[derive(Debug, Template)]
#[template(path = "preferences.html")]
pub struct Preferences {
    /// The page's title.
    pub page_title: String,
    /// The URL of the page.
    pub page_href: String,
    /// The address, masked if it must not be shown in full.
    pub address: String,
    /// The state of the subscription.
    pub standing: Standing,
    /// The chosen kinds.
    pub kinds: Vec<Bump>,
    /// True if all components are chosen, with future ones.
    pub all_components: bool,
    /// The page's components.
    pub components: Vec<ComponentChoice>,
    /// The notice above the form.
    pub notice: Option<Notice>,
    /// The URL that the form posts to.
    pub action: String,
    /// The URL that the unsubscribe button posts to.
    pub unsubscribe_action: String,
    /// The CSRF token of both forms, if they need one.
    pub csrf: Option<String>,
}

impl Preferences {
    fn has_form(&self) -> bool {
        matches!(self.standing, Standing::Confirmed | Standing::Unsubscribed)
    }
}
