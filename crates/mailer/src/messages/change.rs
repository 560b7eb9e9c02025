//! The email for a change of preferences.

use askama::Template;
use url::Url;

use super::{FollowingView, PageView, RequestText, mail_of};
use crate::message::{Heading, Mail, MailError};

/// Asks the reader to confirm new preferences.
///
/// The email holds no text that a stranger could have typed.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The page that the subscriber follows.
    pub page: PageView<'a>,
    /// The preferences that the request asks for.
    pub asked: FollowingView<'a>,
    /// The link to a page with a button that applies the change. It is valid for 48 hours.
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
    /// Writes the email.
    ///
    /// # Errors
    ///
    /// Returns an error if a template fails.
    pub fn mail(&self, heading: Heading) -> Result<Mail, MailError> {
        let subject = |title: &str| format!("Change what you follow on {title}");
        let mail = RequestText::new(self.page, subject, Some(self.asked), self.change);
        mail_of(heading, &mail.subject, &Text { mail: &mail }, &Html { mail: &mail })
    }
}
