//! An email and its form on the wire.
//!
//! The same [`Mail`] makes the same bytes on every try. A server that gets it twice can then see that it is one
//! message.

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

/// The longest URL in a header, in octets. With the header's name, the line stays below the 998 characters of RFC 5322,
/// section 2.1.1.
const URL_LENGTH: usize = 900;

/// The longest subject, in characters.
pub(crate) const SUBJECT_LENGTH: usize = 150;

/// The last second of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// The headers of every email.
#[derive(Clone, Debug)]
pub struct Heading {
    /// The message's id, the same on every try.
    pub message_id: MessageId,
    /// The time when the message was first written. It is the `Date` on every try.
    pub date: UtcTime,
    /// The sender.
    pub from: Sender,
    /// The recipient.
    pub to: Recipient,
    /// The list of the message: the page.
    pub list_id: ListId,
    /// The link to unsubscribe. A POST unsubscribes at once (RFC 8058). A browser asks first.
    pub unsubscribe: Url,
}

/// An email: its headers, and its content in both forms.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The headers.
    pub heading: Heading,
    /// The subject, in one line.
    pub subject: String,
    /// The content as text.
    pub text: String,
    /// The content as HTML.
    pub html: String,
}

/// An email that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// A template failed.
    #[error("the mail's template failed: {0}")]
    Template(#[from] askama::Error),
    /// The link to unsubscribe is too long for a header.
    #[error("the link to unsubscribe is longer than {URL_LENGTH} characters")]
    LinkTooLong,
    /// lettre could not build the message.
    #[error("the mail's parts make no message: {0}")]
    Message(#[from] lettre::error::Error),
}

/// An email in its form on the wire: the envelope and the bytes.
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

    /// The recipient in the envelope.
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// The message (RFC 5322), with lines that end in CRLF. It is ASCII unless the recipient [needs
    /// more](Recipient::needs_utf8).
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn sender(&self) -> &Address {
        &self.sender
    }
}

impl Mail {
    /// Writes the email as `multipart/alternative`, with the text first. Both parts are encoded to fit into seven bits.
    ///
    /// # Errors
    ///
    /// Returns an error if the link to unsubscribe is longer than 900 characters.
    pub fn letter(&self) -> Result<Letter, MailError> {
        let Heading { message_id, date, from, to, list_id, unsubscribe } = &self.heading;
        if unsubscribe.as_str().len() > URL_LENGTH {
            return Err(MailError::LinkTooLong);
        }
        let content = MultiPart::alternative()
            .boundary(boundary(message_id))
            .singlepart(part(ContentType::TEXT_PLAIN, &self.text))
            .singlepart(part(ContentType::TEXT_HTML, &self.html));
        // By default lettre reads the envelope from the headers. That fails on a quoted local part.
        let envelope = Envelope::new(Some(from.address().clone()), vec![to.address().clone()])?;
        let message = Message::builder()
            .envelope(envelope)
            .date(system_time(*date))
            .from(from.mailbox())
            // A raw header: lettre would parse its own header, fold it, and fail on a quoted local part.
            .raw_header(recipient_header(to))
            .subject(text::cut(&text::line(&self.subject), SUBJECT_LENGTH))
            .message_id(Some(message_id.to_string()))
            // RFC 3834, section 5: the header stops automatic answers, such as holiday notices.
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

/// A header for ids and URLs. The value must be ASCII without white space or control characters.
fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// The `To` header. The address fits on one line and is never encoded. A local part that is not ASCII stays as it is
/// (RFC 6532).
fn recipient_header(to: &Recipient) -> HeaderValue {
    let address = to.as_str().to_owned();
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str("To"), address.clone(), address)
}

/// One form of the content. ASCII is also encoded as quoted-printable, so that no line is long or equals the
/// [`boundary`]. For other text lettre picks the shorter of quoted-printable and base64.
fn part(content_type: ContentType, content: &str) -> SinglePart {
    let builder = SinglePart::builder().header(content_type);
    if content.is_ascii() {
        builder.header(ContentTransferEncoding::QuotedPrintable).body(text::lines(content))
    } else {
        builder.body(text::lines(content))
    }
}

/// The line between the parts, made from the message's id alone. `=_` can occur neither in quoted-printable nor in
/// base64 (RFC 2045, section 6.7). So no content can hold the boundary.
fn boundary(message_id: &MessageId) -> String {
    // FNV-1a: the hash must differ between messages and be the same in every build. It needs no more strength.
    let hash = message_id
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("=_releasepage_{hash:016x}")
}

/// The time in the form for lettre. `Date` holds whole seconds only. lettre can write the years 1970 to 9999 only.
fn system_time(time: UtcTime) -> SystemTime {
    let seconds = u64::try_from(time.and_utc().timestamp()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_SECOND))
}

#[cfg(test)]
mod tests;
