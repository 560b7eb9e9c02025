//! A mail and its form on the wire.
//!
//! The same [`Mail`] is the same bytes on every try, so that a server that got it twice sees one message.

use std::time::{Duration, SystemTime};

use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use releasepage_domain::time::UtcTime;
use url::Url;

use crate::{
    address::{Recipient, Sender},
    site::{ListId, MessageId},
    text,
};

/// The longest URL in a header: with the header's name, a line stays below the 998 characters of RFC 5322, section
/// 2.1.1.
const URL_LENGTH: usize = 900;

/// The longest subject, in characters.
pub(crate) const SUBJECT_LENGTH: usize = 150;

/// The last second of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// What every mail carries besides its content.
#[derive(Clone, Debug)]
pub struct Heading {
    /// The message's id, the same on every try.
    pub message_id: MessageId,
    /// When the message was first written; its `Date` on every try.
    pub date: UtcTime,
    /// Who it comes from.
    pub from: Sender,
    /// Who it goes to.
    pub to: Recipient,
    /// The list it belongs to: the page.
    pub list_id: ListId,
    /// Unsubscribes its reader: at once when posted to (RFC 8058), after a question when opened.
    pub unsubscribe: Url,
}

/// A mail: its heading, and its content in both forms.
#[derive(Clone, Debug)]
pub struct Mail {
    /// What it carries besides its content.
    pub heading: Heading,
    /// Its subject, one line.
    pub subject: String,
    /// Its content as text.
    pub text: String,
    /// Its content as HTML.
    pub html: String,
}

/// A mail that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// A template failed.
    #[error("the mail's template failed: {0}")]
    Template(#[from] askama::Error),
    /// A link that makes a header too long.
    #[error("the link to unsubscribe is longer than {URL_LENGTH} characters")]
    LinkTooLong,
    /// The parts make no message.
    #[error("the mail's parts make no message: {0}")]
    Message(#[from] lettre::error::Error),
}

/// A mail as it goes over the wire: the envelope and the bytes.
#[derive(Clone, Debug)]
pub struct Letter {
    message_id: MessageId,
    sender: Address,
    recipient: Recipient,
    bytes: Vec<u8>,
}

impl Letter {
    /// The message's id.
    pub fn message_id(&self) -> &MessageId {
        &self.message_id
    }

    /// Who the envelope names as recipient.
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// The message (RFC 5322), lines ending in CRLF. ASCII unless the recipient [needs more](Recipient::needs_utf8).
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn sender(&self) -> &Address {
        &self.sender
    }
}

impl Mail {
    /// Writes the mail: `multipart/alternative`, text first, both encoded so that seven bits carry them.
    ///
    /// # Errors
    ///
    /// Where the link to unsubscribe is longer than 900 characters.
    pub fn letter(&self) -> Result<Letter, MailError> {
        let Heading { message_id, date, from, to, list_id, unsubscribe } = &self.heading;
        if unsubscribe.as_str().len() > URL_LENGTH {
            return Err(MailError::LinkTooLong);
        }
        let content = MultiPart::alternative()
            .boundary(boundary(message_id))
            .singlepart(part(ContentType::TEXT_PLAIN, &self.text))
            .singlepart(part(ContentType::TEXT_HTML, &self.html));
        // lettre would read the envelope out of the headers again, where it knows no quoted local part.
        let envelope = Envelope::new(Some(from.address().clone()), vec![to.address().clone()])?;
        let message = Message::builder()
            .envelope(envelope)
            .date(system_time(*date))
            .from(from.mailbox())
            // As it is: lettre would read its own header back, fold it and, where the local part is quoted, fail.
            .raw_header(recipient_header(to))
            .subject(text::cut(&text::line(&self.subject), SUBJECT_LENGTH))
            .message_id(Some(message_id.to_string()))
            // RFC 3834, section 5: no holiday notice answers.
            .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
            .raw_header(header("List-Id", list_id.to_string()))
            .raw_header(header("List-Unsubscribe", format!("<{unsubscribe}>")))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()))
            .multipart(content)?;
        Ok(Letter {
            message_id: message_id.clone(),
            sender: from.address().clone(),
            recipient: to.clone(),
            bytes: message.formatted(),
        })
    }
}

/// A header whose value is ASCII without white space or control characters: ids and URLs.
fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// The recipient, which fits on one line and is never encoded: a local part that is not ASCII stays as it is (RFC 6532).
fn recipient_header(to: &Recipient) -> HeaderValue {
    let address = to.as_str().to_owned();
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str("To"), address.clone(), address)
}

/// One form of the content. ASCII is quoted-printable too, so that no line of it is long or is the [`boundary`]; for
/// the rest lettre takes what is shorter, quoted-printable or base64.
fn part(content_type: ContentType, content: &str) -> SinglePart {
    let builder = SinglePart::builder().header(content_type);
    if content.is_ascii() {
        builder.header(ContentTransferEncoding::QuotedPrintable).body(text::lines(content))
    } else {
        builder.body(text::lines(content))
    }
}

/// The line between the parts, from the message's id alone. `=_` can occur neither in quoted-printable nor in base64
/// (RFC 2045, section 6.7), so that no content holds it.
fn boundary(message_id: &MessageId) -> String {
    // FNV-1a: it only has to differ from message to message, and to be the same in every build.
    let hash = message_id
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("=_releasepage_{hash:016x}")
}

/// The moment as lettre takes it, in whole seconds, which is all that `Date` has, and within the years that it can
/// write, 1970 to 9999.
fn system_time(time: UtcTime) -> SystemTime {
    let seconds = u64::try_from(time.and_utc().timestamp()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_SECOND))
}

#[cfg(test)]
mod tests;
