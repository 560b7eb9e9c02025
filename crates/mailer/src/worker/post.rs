//! The way of a finished email out of the worker: a line of the transport, or the captured mailbox.

use std::time::Instant;

use releasepage_domain::{environment::Environment, reply::ReplyMeaning};
use releasepage_jobs::handler::JobFailure;
use releasepage_storage::announcements::{
    deliveries::Refusal,
    mailbox::{MailboxNew, mailbox_put},
};

use super::mail_worker::MailWorker;
use crate::{
    message::Mail,
    transport::{Errand, Line, Unsent},
};

/// The way that an email takes.
#[derive(Debug)]
pub(super) enum Way {
    /// The captured mailbox.
    Mailbox(Environment),
    /// A connection to the mail server.
    Line(Line),
}

/// The reason why the mail server cannot be reached. No other email could be sent now.
#[derive(Debug)]
pub(super) struct NoWay(pub(super) String);

/// The result of sending an email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Posted {
    /// The email was accepted, written to a file, or captured. The field is the server's answer.
    Accepted(String),
    /// The email was not accepted, or it could not be written.
    Refused(Refusal),
}

impl MailWorker {
    /// Waits for a line and its connection. The caller checks after that if the email is still wanted, because the wait
    /// may be long. Email of test subscribers never leaves the server.
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

    /// Sends an email that was still wanted at `looked_at`. Returns `None` if the server got no part of it, so it must
    /// wait for another line.
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
            Ok(Err(Unsent::Failed(error))) => Posted::Refused(Refusal::new(error.about, error.to_string())),
            // The panic concerns this message only, so the others go on.
            Err(_) => Posted::Refused(Refusal::new(ReplyMeaning::Later, "sending the message panicked")),
        }))
    }
}

/// Runs blocking work on a thread for such work.
async fn unblocked<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, JobFailure> {
    let span = tracing::Span::current();
    let done = tokio::task::spawn_blocking(move || span.in_scope(work));
    done.await.map_err(|_| JobFailure::Retry("sending a message panicked".into()))
}
