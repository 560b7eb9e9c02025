//! The mail with which a subscriber changes what they follow.

use askama::Template;
use url::Url;

use super::{FollowingView, PageView, RequestText, mail_of};
use crate::message::{Heading, Mail, MailError};

/// Asks whoever reads it to confirm other preferences.
///
/// Nothing in it is a text that a stranger could have typed.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The page that is followed.
    pub page: PageView<'a>,
    /// What the request asks for.
    pub asked: FollowingView<'a>,
    /// Shows a page with the button that applies it; good for 48 hours.
    pub change: &'a Url,
}

#[derive(Template)]
#[template(path = "change.txt")]
struct Text<'a> {
    mail: &'a RequestText,
}

#[derive(Template)]
#[template(path = "change.html")]
struct Html<'a> {
    mail: &'a RequestText,
}

impl Change<'_> {
    /// Writes the mail.
    ///
    /// # Errors
    ///
    /// Where a template fails.
    pub fn mail(&self, heading: Heading) -> Result<Mail, MailError> {
        let subject = |title: &str| format!("Change what you follow on {title}");
        let mail = RequestText::new(self.page, subject, Some(self.asked), self.change);
        mail_of(heading, &mail.subject, &Text { mail: &mail }, &Html { mail: &mail })
    }
}
