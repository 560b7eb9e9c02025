//! The email for a request to unsubscribe.

use askama::Template;
use url::Url;

use super::{PageView, RequestText, mail_of};
use crate::message::{Heading, Mail, MailError};

/// Asks the reader to confirm that they unsubscribe.
///
/// The email holds no text that a stranger could have typed.
#[derive(Clone, Copy, Debug)]
pub struct Leave<'a> {
    /// The page that the subscriber follows.
    pub page: PageView<'a>,
    /// The link to a page with a button that unsubscribes. It is valid for 48 hours.
    pub leave: &'a Url,
}

#[derive(Template)]
#[template(path = "leave.txt")]
struct Text<'a> {
    mail: &'a RequestText,
}

#[derive(Template)]
#[template(path = "leave.html")]
struct Html<'a> {
    mail: &'a RequestText,
}

impl Leave<'_> {
    /// Writes the email.
    ///
    /// # Errors
    ///
    /// Returns an error if a template fails.
    pub fn mail(&self, heading: Heading) -> Result<Mail, MailError> {
        let subject = |title: &str| format!("Unsubscribe from {title}");
        let mail = RequestText::new(self.page, subject, None, self.leave);
        mail_of(heading, &mail.subject, &Text { mail: &mail }, &Html { mail: &mail })
    }
}
