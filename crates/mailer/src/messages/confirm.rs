//! The mail that makes a subscription: double opt-in.

use askama::Template;
use url::Url;

use super::{FollowingView, PageView, RequestText, mail_of};
use crate::message::{Heading, Mail, MailError};

/// Asks whoever reads it to confirm a subscription.
///
/// Nothing in it is a text that a stranger could have typed: the address was, and it stands in `To` alone.
#[derive(Clone, Copy, Debug)]
pub struct Confirm<'a> {
    /// The page that was subscribed to.
    pub page: PageView<'a>,
    /// What the request asks for.
    pub asked: FollowingView<'a>,
    /// Shows a page with the button that confirms; good for 48 hours.
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
    /// Writes the mail.
    ///
    /// # Errors
    ///
    /// Where a template fails.
    pub fn mail(&self, heading: Heading) -> Result<Mail, MailError> {
        let subject = |title: &str| format!("Confirm your subscription to {title}");
        let mail = RequestText::new(self.page, subject, Some(self.asked), self.confirm);
        mail_of(heading, &mail.subject, &Text { mail: &mail }, &Html { mail: &mail })
    }
}
