//! The way out of a finished mail: a line of the transport, or the captured mailbox.

use std::time::Instant;

use releasepage_domain::{environment::Environment, reply::ReplyMeaning};
use releasepage_jobs::handler::JobFailure;
use releasepage_storage::{
    deliveries::Refusal,
    mailbox::{MailboxNew, mailbox_put},
};

use super::MailWorker;
use crate::{
    message::Mail,
    transport::{Errand, Fate, Line, SendError, Unsent},
};

/// The way that a mail takes.
#[derive(Debug)]
pub(super) enum Way {
    /// The captured mailbox.
    Mailbox(Environment),
    /// A connection to the mail server.
    Line(Line),
}

/// There is no way to the mail server, for this reason: no other mail would fare better now.
#[derive(Debug)]
pub(super) struct NoWay(pub(super) String);

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Posted {
    /// It was accepted, written, or captured; what the server said.
    Accepted(String),
    /// It was not taken, or it cannot be written.
    Refused(Refusal),
}

impl MailWorker {
    /// Waits for a line and its connection. Only then is looked whether the mail is still wanted: the wait may be long.
    /// Mail of test subscribers never leaves the server.
    pub(super) async fn way(&self, errand: Errand, environment: Environment) -> Result<Result<Way, NoWay>, JobFailure> {
        let (Some(transport), Environment::Live) = (&self.transport, environment) else {
            return Ok(Ok(Way::Mailbox(environment)));
        };
        loop {
            let mut line = transport.line(errand).await;
            let opened = unblocked(move || line.open().map(|()| line)).await?;
            match opened {
                Ok(line) => {
                    self.outage.ends();
                    return Ok(Ok(Way::Line(line)));
                }
                Err(Unsent::Again) => {}
                Err(Unsent::Failed(error)) => return Ok(Err(NoWay(error.to_string()))),
            }
        }
    }

    /// Hands a mail over that was still wanted at `looked_at`. `None` where nothing was said of it, and it is to wait
    /// for another line.
    pub(super) async fn post(
        &self,
        mail: Mail,
        page_id: &str,
        way: Way,
        looked_at: Instant,
    ) -> Result<Option<Posted>, JobFailure> {
        let letter = match mail.letter() {
            Ok(letter) => letter,
            Err(unwritable) => {
                return Ok(Some(Posted::Refused(Refusal::new(ReplyMeaning::Message, unwritable.to_string()))));
            }
        };
        let line = match way {
            Way::Line(line) => line,
            Way::Mailbox(environment) => {
                let new = MailboxNew {
                    page_id: page_id.to_owned(),
                    environment,
                    message_id: letter.message_id().to_string(),
                    recipient: letter.recipient().as_str().to_owned(),
                    source: String::from_utf8_lossy(letter.bytes()).into_owned(),
                    subject: mail.subject,
                    text: mail.text,
                    html: mail.html,
                };
                mailbox_put(&self.store, new, self.clock.now()).await?;
                return Ok(Some(Posted::Accepted("captured".into())));
            }
        };
        Ok(Some(match unblocked(move || line.send(&letter, looked_at)).await {
            Ok(Ok(accepted)) => Posted::Accepted(accepted.answer),
            Ok(Err(Unsent::Again)) => return Ok(None),
            Ok(Err(Unsent::Failed(error))) => Posted::Refused(refusal_of(&error)),
            // Whatever is wrong with this message, others have nothing to do with it.
            Err(_) => Posted::Refused(Refusal::new(ReplyMeaning::Later, "sending the message panicked")),
        }))
    }
}

fn refusal_of(error: &SendError) -> Refusal {
    let about = match error.fate {
        Fate::Retry => ReplyMeaning::Later,
        Fate::SenderRefused => ReplyMeaning::Sender,
        Fate::AddressRefused => ReplyMeaning::Address,
        Fate::MessageRefused => ReplyMeaning::Message,
        Fate::Unclear => ReplyMeaning::Unclear,
    };
    Refusal::new(about, error.to_string())
}

/// Does what blocks on a thread that may be.
async fn unblocked<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JobFailure> {
    let span = tracing::Span::current();
    let done = tokio::task::spawn_blocking(move || span.in_scope(work));
    done.await.map_err(|_| JobFailure::Retry("sending a message panicked".into()))
}
