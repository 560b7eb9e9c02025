//! A line to the mail server for one message, from the wait for the line to the answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use releasepage_domain::reply::ReplyMeaning;

use super::{
    carrier::{Kind, Transport},
    error::{Accepted, Phase, SendError},
    lines::{Errand, Place},
    session::Session,
};
use crate::message::Letter;

/// The time for which the check of a message stays valid. More time passes only if the machine slept or is overloaded.
const LOOK_LASTS: Duration = Duration::from_secs(5);

/// The reason why a message was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// The server got no part of the message, so it waits for a line again. The cause is that the server limits
    /// connections or that a kept connection was closed.
    Again,
    /// The server did not accept the message, or the server cannot be reached.
    Failed(SendError),
}

/// A line that belongs to one message. When it is dropped, the next message gets it with its connection.
#[derive(Debug)]
pub struct Line {
    // Dropped after the connection, so that the next message finds that connection.
    session: Option<Session>,
    place: Place,
    transport: Arc<Transport>,
}

impl Line {
    pub(super) fn new(transport: Arc<Transport>, place: Place) -> Self {
        Self { session: None, place, transport }
    }

    /// Takes a kept connection that still works, or opens a new one. Blocks the thread until then.
    ///
    /// # Errors
    ///
    /// Returns [`Unsent::Failed`] with the phase that failed and the cause. Returns [`Unsent::Again`] if the server
    /// refused one more connection beside others.
    pub fn open(&mut self) -> Result<(), Unsent> {
        let Kind::Smtp(pool) = &self.transport.kind else { return Ok(()) };
        match pool.session() {
            Ok(session) => {
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

    /// Sends one message on the connection of [`Line::open`] and waits for the answer. Blocks the thread for at most
    /// the sum of all timeouts. `looked_at` is the time of the last check that the message is still wanted.
    ///
    /// # Errors
    ///
    /// Returns [`Unsent::Failed`] with a [`SendError`], which names the next step for the message. An error that the
    /// operator has to fix is also logged. Returns [`Unsent::Again`] if the message must wait for another line.
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

/// True if the connection failed before the server got any part of the message. The server closed it or accepts no more
/// messages on it. Another connection may work.
fn is_unbegun(error: &SendError) -> bool {
    error.phase == Phase::Sender && matches!(error.code, None | Some(421)) && error.about == ReplyMeaning::Later
}

fn failed(error: SendError) -> Unsent {
    if error.is_ours() {
        tracing::warn!(%error, "the mail server refuses us, not a message: check the settings below mail.");
    }
    Unsent::Failed(error)
}

impl Transport {
    /// Waits for a line. The settings and the server limit their number.
    pub async fn line(self: &Arc<Self>, errand: Errand) -> Line {
        let place = self.lines.place(errand).await;
        Line::new(Arc::clone(self), place)
    }
}
