//! One line to the mail server, from the wait for it to the answer to a message.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Accepted, Kind, Transport,
    error::{Fate, Phase, SendError},
    lines::Place,
    session::Session,
};
use crate::message::Letter;

/// How long what was looked up of a message may be relied on before its first command. Longer passes only where the
/// machine was asleep or hardly gets to work.
const LOOK_LASTS: Duration = Duration::from_secs(5);

/// Why a message is not on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// Nothing was said of it, and it is to wait for a line again: other connections carry mail, or a kept one was
    /// gone.
    Again,
    /// It was not taken, or there is no way to the server.
    Failed(SendError),
}

/// A line that belongs to one message. Dropped, it is the next one's, with the connection that it has.
#[derive(Debug)]
pub struct Line {
    // Given back after the connection, so that whoever is next finds that one.
    session: Option<Session>,
    place: Place,
    transport: Arc<Transport>,
}

impl Line {
    pub(super) fn new(transport: Arc<Transport>, place: Place) -> Self {
        Self { session: None, place, transport }
    }

    /// Sees to a connection: a kept one that still lives, or a new one. Blocks for as long as that takes.
    ///
    /// # Errors
    ///
    /// [`Unsent::Failed`] says in which phase it failed, and why.
    pub fn open(&mut self) -> Result<(), Unsent> {
        let Kind::Smtp(pool) = &self.transport.kind else { return Ok(()) };
        match pool.session() {
            Ok(session) => {
                self.place.connected();
                self.session = Some(session);
                Ok(())
            }
            Err(error) if self.place.refused(pool.idle_count()) => {
                tracing::debug!(%error, "a connection was refused while others carry mail");
                Err(Unsent::Again)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Sends one message on the connection of [`Line::open`], and waits for its fate: in the worst case as long as all
    /// timeouts together. `looked_at` is when it was last seen that the message is still wanted.
    ///
    /// # Errors
    ///
    /// [`SendError`] says whether to try again, and whether the address or the message is at fault. What is the
    /// operator's to mend is also logged.
    pub fn send(mut self, letter: &Letter, looked_at: Instant) -> Result<Accepted, Unsent> {
        if looked_at.elapsed() > LOOK_LASTS {
            return Err(Unsent::Again);
        }
        let transport = Arc::clone(&self.transport);
        let pool = match &transport.kind {
            Kind::Directory(directory) => return directory.store(letter).map_err(failed),
            Kind::Smtp(pool) => pool,
        };
        let Some(mut session) = self.session.take() else { return Err(Unsent::Again) };
        let was_kept = session.was_used();
        let sent = session.send(letter);
        pool.keep(session);
        sent.map_err(|error| {
            if is_unbegun(&error) && (was_kept || self.place.refused(pool.idle_count())) {
                return Unsent::Again;
            }
            failed(error)
        })
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let (Some(session), Kind::Smtp(pool)) = (self.session.take(), &self.transport.kind) {
            pool.keep(session);
        }
    }
}

/// Whether a connection turned out to be gone before anything of the message was said: the server had closed it or
/// takes no more on it, and another one may do.
fn is_unbegun(error: &SendError) -> bool {
    error.phase == Phase::Sender && matches!(error.code, None | Some(421)) && error.fate == Fate::Retry
}

fn failed(error: SendError) -> Unsent {
    if error.is_ours() {
        tracing::warn!(%error, "the mail server refuses us, not a message: check the settings below mail.");
    }
    Unsent::Failed(error)
}
