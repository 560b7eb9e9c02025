//! The texts of the emails. Each file fills the two templates of one email and makes a [`Mail`].

mod announcement;
mod change;
mod confirm;
mod following;
mod group_announcement;
mod leave;
mod remind;

use askama::Template;
use url::Url;

pub use self::{
    announcement::{Announcement, Notes},
    change::Change,
    confirm::Confirm,
    following::FollowingView,
    group_announcement::{GroupAnnouncement, GroupRelease},
    leave::Leave,
    remind::Remind,
};
use crate::{
    message::{Heading, Mail, MailError},
    text,
};

/// The page that an email is about. Its owner wrote both fields, no reader did.
#[derive(Clone, Copy, Debug)]
pub struct PageView<'a> {
    /// The title.
    pub title: &'a str,
    /// The public URL of the page.
    pub url: &'a Url,
}

/// The page in the form for templates: the title in one clean line, and the server's name for the small print.
struct PageText {
    title: String,
    url: String,
    host: String,
}

impl PageText {
    fn new(page: PageView<'_>) -> Self {
        Self {
            title: text::line(page.title),
            url: page.url.to_string(),
            host: page.url.host_str().unwrap_or_default().to_owned(),
        }
    }
}

/// The values that emails answering a request print.
struct RequestText {
    page: PageText,
    subject: String,
    /// The preferences that the request asks for, as half a sentence.
    asked: Option<String>,
    link: String,
}

impl RequestText {
    fn new(page: PageView<'_>, subject: impl Fn(&str) -> String, asked: Option<FollowingView<'_>>, link: &Url) -> Self {
        let asked = asked.map(|asked| asked.of_page(page.title));
        let page = PageText::new(page);
        Self { subject: subject(&page.title), asked, link: link.to_string(), page }
    }
}

/// Fills both templates of an email.
fn mail_of(heading: Heading, subject: &str, text: &impl Template, html: &impl Template) -> Result<Mail, MailError> {
    Ok(Mail { heading, subject: subject.to_owned(), text: text.render()?, html: html.render()? })
}
