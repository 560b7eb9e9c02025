//! The mail of one address and the actions of its owner.

use mail_parser::{Message, MessageParser};
use reqwest::Method;

use super::api::{Answer, Api};
use super::browser::Form;
use super::smtp::{Received, SmtpSink};
use super::wait::eventually;

/// The mail that arrived for one address.
pub(crate) struct Inbox {
    address: String,
    sink: SmtpSink,
    api: Api,
}

impl Inbox {
    pub(super) fn new(address: &str, sink: SmtpSink, api: &Api) -> Self {
        Self { address: address.to_owned(), sink, api: api.anonymous() }
    }

    /// The subjects of the messages so far, oldest first.
    pub(crate) fn subjects(&self) -> Vec<String> {
        self.mails().into_iter().map(|mail| mail.subject).collect()
    }

    /// The messages so far, oldest first.
    pub(crate) fn mails(&self) -> Vec<Mail> {
        let received = self.sink.received();
        received.into_iter().filter(|received| received.to.contains(&self.address)).map(Mail::parse).collect()
    }

    /// Waits until there is this number of messages and returns all.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Mail> {
        let what = format!("{} gets {count} mails", self.address);
        eventually(&what, async || Some(self.mails()).filter(|mails| mails.len() >= count)).await
    }

    /// Waits for a message with these words in its subject. Returns the newest one.
    pub(crate) async fn mail(&self, subject: &str) -> Mail {
        let what = format!("{} gets a mail about {subject:?}", self.address);
        eventually(&what, async || self.mails().into_iter().rev().find(|mail| mail.subject.contains(subject))).await
    }

    /// Waits for the newest confirmation email, opens its link and presses the button.
    pub(crate) async fn confirm(&self) -> Answer {
        let what = format!("{} gets a confirmation mail", self.address);
        let link = eventually(&what, async || self.mails().iter().rev().find_map(|mail| mail.link("/confirm"))).await;
        let shown = self.open(&link).await;
        self.press(&link, &shown).await.expect(200)
    }

    /// Opens a link of an email. This must not change anything.
    pub(crate) async fn open(&self, link: &str) -> Answer {
        self.api.get(link).await.expect(200)
    }

    /// Presses the button of the document behind a link: posts its first form with its hidden fields.
    pub(crate) async fn press(&self, link: &str, shown: &Answer) -> Answer {
        let form = Form::first_of(&shown.text());
        let target = form.action.as_deref().unwrap_or(link);
        self.api.send(self.api.request(Method::POST, target).form(&form.hidden)).await
    }
}

/// One message, decoded.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    /// The subject.
    pub(crate) subject: String,
    /// The body as text.
    pub(crate) text: String,
    /// The body as HTML.
    pub(crate) html: String,
    /// The message as it arrived: envelope, time and bytes.
    pub(crate) received: Received,
}

impl Mail {
    pub(super) fn parse(received: Received) -> Self {
        let (subject, text, html) = {
            let message = parsed(&received);
            (
                message.subject().unwrap_or_default().to_owned(),
                message.body_text(0).unwrap_or_default().into_owned(),
                message.body_html(0).unwrap_or_default().into_owned(),
            )
        };
        Self { subject, text, html, received }
    }

    /// The first link whose address contains this text.
    pub(crate) fn link(&self, part: &str) -> Option<String> {
        let words = self.text.split(|character: char| character.is_whitespace() || "<>\"".contains(character));
        words.filter(|word| word.starts_with("http")).find(|word| word.contains(part)).map(str::to_owned)
    }

    /// Every web address in text, HTML and headers, as a scanner finds them.
    pub(crate) fn links(&self) -> Vec<String> {
        let header = self.header("List-Unsubscribe").unwrap_or_default();
        let all = [self.text.clone(), self.html.replace("&#38;", "&").replace("&amp;", "&"), header].join(" ");
        let words = all.split(|character: char| character.is_whitespace() || "<>\"'()".contains(character));
        words.filter(|word| word.starts_with("http:") || word.starts_with("https:")).map(str::to_owned).collect()
    }

    /// A header of the message, unfolded. `None` if there is none.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let message = parsed(&self.received);
        let raw = message.header_raw(name)?;
        Some(raw.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

fn parsed(received: &Received) -> Message<'_> {
    MessageParser::default().parse(&received.message).expect("what was received is a message")
}
