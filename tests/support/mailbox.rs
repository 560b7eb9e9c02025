//! The captured mailbox, as a member reads it.

use std::net::SocketAddr;
use std::time::Instant;

use super::app::Owner;
use super::browser::Browser;
use super::inbox::Mail;
use super::smtp::Received;
use super::wait::eventually;

/// The mailbox behind a signed-in browser.
pub(crate) struct Mailbox {
    browser: Browser,
}

impl Mailbox {
    /// Signs in.
    pub(super) async fn open(address: SocketAddr, owner: &Owner) -> Self {
        let browser = Browser::new(address);
        let shown = browser.open("/sign-in").await.expect(200);
        let filled_in = [("email", owner.email.as_str()), ("password", owner.password.as_str())];
        browser.submit("/sign-in", &shown, &filled_in).await.expect(303);
        Self { browser }
    }

    /// The mailbox of a demo, which is open without signing in.
    pub(crate) fn of_demo(address: SocketAddr) -> Self {
        Self { browser: Browser::new(address) }
    }

    /// The messages on the first slice of the list, oldest first.
    pub(crate) async fn mails(&self) -> Vec<Mail> {
        let list = self.browser.open("/mailbox").await.expect(200).text();
        let mut mails = Vec::new();
        for link in list.split("href=\"/mailbox/").skip(1) {
            let id = link.split('"').next().unwrap_or_default();
            let source = self.browser.open(&format!("/mailbox/{id}/source")).await.expect(200);
            let message = source.body;
            let (client, from, to) = (String::new(), String::new(), Vec::new());
            mails.push(Mail::parse(Received { at: Instant::now(), accepted: true, client, from, to, message }));
        }
        mails.reverse();
        mails
    }

    /// Waits for a message to this address with these words in its subject. Returns the newest one.
    pub(crate) async fn mail(&self, address: &str, subject: &str) -> Mail {
        let is_it = |mail: &Mail| {
            mail.subject.contains(subject) && mail.header("To").is_some_and(|recipient| recipient.contains(address))
        };
        let what = format!("the mailbox has a mail to {address} about {subject:?}");
        eventually(&what, async || self.mails().await.into_iter().rev().find(is_it)).await
    }
}
