//! The mail with which a subscriber leaves.

use askama::Template;
use url::Url;

use super::{PageView, RequestText, mail_of};
use crate::message::{Heading, Mail, MailError};

/// Asks whoever reads it to confirm that they unsubscribe.
///
/// Nothing in it is a text that a stranger could have typed.
#[derive(Clone, Copy, Debug)]
pub struct Leave<'a> {
    /// The page that is followed.
    pub page: PageView<'a>,
    /// Shows a page with the button that unsubscribes; good for 48 hours.
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
    /// Writes the mail.
    ///
    /// # Errors
    ///
    /// Where a template fails.
    pub fn mail(&self, heading: Heading) -> Result<Mail, MailError> {
        let subject = |title: &str| format!("Unsubscribe from {title}");
        let mail = RequestText::new(self.page, subject, None, self.leave);
        mail_of(heading, &mail.subject, &Text { mail: &mail }, &Html { mail: &mail })
    }
}
