//! The mail to somebody who subscribes again.

use askama::Template;
use url::Url;

use super::{FollowingView, PageView, RequestText, mail_of};
use crate::message::{Heading, Mail, MailError};

/// Says that nothing has changed, and how to change it.
///
/// Nothing in it is a text that a stranger could have typed.
#[derive(Clone, Copy, Debug)]
pub struct Remind<'a> {
    /// The page that was subscribed to.
    pub page: PageView<'a>,
    /// What the request asks for, where it differs from what is followed.
    pub asked: Option<FollowingView<'a>>,
    /// Shows a page with the button that applies what is asked, good for 48 hours; where nothing is asked, the
    /// preferences.
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
    /// Writes the mail.
    ///
    /// # Errors
    ///
    /// Where a template fails.
    pub fn mail(&self, heading: Heading) -> Result<Mail, MailError> {
        let subject = |title: &str| format!("You already follow {title}");
        let mail = RequestText::new(self.page, subject, self.asked, self.change);
        mail_of(heading, &mail.subject, &Text { mail: &mail }, &Html { mail: &mail })
    }
}
