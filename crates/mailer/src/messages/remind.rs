//! The email to a subscriber who subscribes again.

use askama::Template;
use url::Url;

use super::{FollowingView, PageView, RequestText, mail_of};
use crate::message::{Heading, Mail, MailError};

/// Tells the subscriber that nothing has changed and how to change it.
///
/// The email holds no text that a stranger could have typed.
#[derive(Clone, Copy, Debug)]
pub struct Remind<'a> {
    /// The page that the request is for.
    pub page: PageView<'a>,
    /// The preferences that the request asks for, if they differ from the subscriber's.
    pub asked: Option<FollowingView<'a>>,
    /// The link to a page with a button that applies the new preferences. It is valid for 48 hours. Without new
    /// preferences it leads to the present ones.
    pub change: &'a Url,
}

#[derive(Template)]
#[template(path = "remind.txt")]
struct Text<'a> {
    mail: &'a RequestText,
}

#[derive(Template)]
#[template(path = "remind.html")]
struct Html<'a> {
    mail: &'a RequestText,
}

impl Remind<'_> {
    /// Writes the email.
    ///
    /// # Errors
    ///
    /// Returns an error if a template fails.
    pub fn mail(&self, heading: Heading) -> Result<Mail, MailError> {
        let subject = |title: &str| format!("You already follow {title}");
        let mail = RequestText::new(self.page, subject, self.asked, self.change);
        mail_of(heading, &mail.subject, &Text { mail: &mail }, &Html { mail: &mail })
    }
}
