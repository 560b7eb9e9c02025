//! The way out of a finished mail: the transport, or the captured mailbox.

use std::sync::Arc;

use releasepage_domain::{environment::Environment, reply::ReplyMeaning};
use releasepage_jobs::handler::JobFailure;
use releasepage_storage::{
    deliveries::Refusal,
    mailbox::{MailboxNew, mailbox_put},
};
use tokio::sync::Semaphore;

use super::MailWorker;
use crate::{
    message::Mail,
    transport::{Fate, Phase, SendError},
};

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Posted {
    /// It was accepted, written, or captured; what the server said.
    Accepted(String),
    /// There is no way to the mail server: no other mail would fare better now.
    NoWay(String),
    /// It was not taken, or it cannot be written.
    Refused(Refusal),
}

impl MailWorker {
    /// Hands a mail over, once one of the lines is free. Mail of test subscribers never leaves the server.
    pub(super) async fn post(
        &self,
        mail: Mail,
        page_id: &str,
        environment: Environment,
        lines: &Arc<Semaphore>,
    ) -> Result<Posted, JobFailure> {
        let letter = match mail.letter() {
            Ok(letter) => letter,
            Err(unwritable) => return Ok(Posted::Refused(Refusal::new(ReplyMeaning::Message, unwritable.to_string()))),
        };
        let transport = match (&self.transport, environment) {
            (Some(transport), Environment::Live) => Arc::clone(transport),
            _ => {
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
                return Ok(Posted::Accepted("captured".into()));
            }
        };
        let line = Arc::clone(lines).acquire_owned().await.map_err(|error| JobFailure::Retry(error.to_string()))?;
        let span = tracing::Span::current();
        let sent = tokio::task::spawn_blocking(move || {
            let _line = line;
            span.in_scope(|| transport.send(&letter))
        });
        Ok(match sent.await {
            Ok(Ok(accepted)) => Posted::Accepted(accepted.answer),
            Ok(Err(error)) => not_taken(&error),
            // Whatever is wrong with this message, others have nothing to do with it.
            Err(_) => Posted::Refused(Refusal::new(ReplyMeaning::Later, "sending the message panicked")),
        })
    }
}

fn not_taken(error: &SendError) -> Posted {
    let about = match error.fate {
        Fate::Retry if matches!(error.phase, Phase::Connect | Phase::Tls | Phase::Login) => {
            return Posted::NoWay(error.to_string());
        }
        Fate::Retry => ReplyMeaning::Later,
        Fate::SenderRefused => ReplyMeaning::Sender,
        Fate::AddressRefused => ReplyMeaning::Address,
        Fate::MessageRefused => ReplyMeaning::Message,
        Fate::Unclear => ReplyMeaning::Unclear,
    };
    Posted::Refused(Refusal::new(about, error.to_string()))
}
