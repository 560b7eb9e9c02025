//! The email that asks for a confirmation (double opt-in).

use askama::Template;
use url::Url;

use super::{FollowingView, PageView, RequestText, mail_of};
use crate::message::{Heading, Mail, MailError};

/// Asks the reader to confirm a subscription.
///
/// The email holds no text that a stranger could have typed, except the address in `To`.
#[derive(Clone, Copy, Debug)]
pub struct Confirm<'a> {
    /// The page that the request is for.
    pub page: PageView<'a>,
    /// The preferences that the request asks for.
    pub asked: FollowingView<'a>,
    /// The link to a page with a button that confirms. It is valid for 48 hours.
    pub confirm: &'a Url,
}

#[derive(Template)]
#[template(path = "confirm.txt")]
struct Text<'a> {
    mail: &'a RequestText,
}

#[derive(Template)]
#[template(path = "confirm.html")]
struct Html<'a> {
    mail: &'a RequestText,
}

impl Confirm<'_> {
    /// Writes the email.
    ///
    /// # Errors
    ///
    /// Returns an error if a template fails.
    pub fn mail(&self, heading: Heading) -> Result<Mail, MailError> {
        let subject = |title: &str| format!("Confirm your subscription to {title}");
        let mail = RequestText::new(self.page, subject, Some(self.asked), self.confirm);
        mail_of(heading, &mail.subject, &Text { mail: &mail }, &Html { mail: &mail })
    }
}
