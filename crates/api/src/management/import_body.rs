//! The body of an import. It is processed piece by piece and is never in memory as a whole.
//!
//! Parsing waits for bytes, so it runs on a blocking thread. Two short queues connect it with the handler. A client
//! that sends faster than the database writes has to wait.

use std::{
    io::{self, Read},
    time::Duration,
};

use actix_web::{dev::Payload, web::Bytes};
use futures_util::StreamExt;
use releasepage_http::body::BodyFault;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

/// Largest body of an import, in bytes.
pub(super) const IMPORT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The longest waits for bytes: for the next ones, and for all of them together.
const NEXT_TIMEOUT: Duration = Duration::from_secs(15);
const ALL_TIMEOUT: Duration = Duration::from_secs(300);

/// The number of pieces of the body that may wait to be parsed.
const QUEUE: usize = 4;

/// The limits in bytes and in time for reading the rest of an unwanted body. A client that sends everything before it
/// reads then gets the answer, wherever in the file the fault is. The answer waits for this reading.
const DRAINED: usize = IMPORT_BYTES_MAX + 2 * 1024 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(15);

/// A piece of the body, or the fault that ended the body.
type Piece = Result<Bytes, BodyFault>;

/// Makes the two ends of the queue to the parsing thread.
pub(super) fn import_body() -> (BodySender, BodyReader) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (BodySender { pieces: sender }, BodyReader { pieces: receiver, piece: Bytes::new() })
}

/// The end of the queue that takes pieces.
pub(super) struct BodySender {
    pieces: mpsc::Sender<Piece>,
}

impl BodySender {
    /// Passes on the whole body, or its fault. Ends early if the reader is gone.
    pub(super) async fn pump(self, mut payload: Payload) {
        let mut length = 0_usize;
        let mut waited = Duration::ZERO;
        loop {
            let began = Instant::now();
            let piece = match timeout(NEXT_TIMEOUT, payload.next()).await {
                Err(_) => Err(BodyFault::TooSlow),
                Ok(None) => return,
                Ok(Some(Err(_))) => Err(BodyFault::Broken),
                Ok(Some(Ok(bytes))) => Ok(bytes),
            };
            waited += began.elapsed();
            length = length.saturating_add(piece.as_ref().map_or(0, Bytes::len));
            let piece = match piece {
                Ok(_) if length > IMPORT_BYTES_MAX => Err(BodyFault::TooLarge { limit: IMPORT_BYTES_MAX }),
                Ok(_) if waited > ALL_TIMEOUT => Err(BodyFault::TooSlow),
                piece => piece,
            };
            let fault = piece.as_ref().err().copied();
            if self.pieces.send(piece).await.is_err() || fault.is_some() {
                let is_readable = !matches!(fault, Some(BodyFault::Broken | BodyFault::TooSlow));
                drop(self.pieces);
                if is_readable {
                    drain(payload, DRAIN_TIMEOUT).await;
                }
                return;
            }
        }
    }
}

/// Reads and discards the rest of a body, for at most `limit`.
async fn drain(mut payload: Payload, limit: Duration) {
    let read = async {
        let mut length = 0_usize;
        while let Some(Ok(bytes)) = payload.next().await {
            length = length.saturating_add(bytes.len());
            if length > DRAINED {
                break;
            }
        }
    };
    // One limit for the whole rest: a client that sends a byte now and then must not hold the server.
    let _too_slow = timeout(limit, read).await;
}

/// The end of the queue from which the parsing thread reads. Reading blocks. A fault of the body is an error that holds
/// the [`BodyFault`].
pub(super) struct BodyReader {
    pieces: mpsc::Receiver<Piece>,
    piece: Bytes,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                None => return Ok(0),
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(fault)) => return Err(io::Error::other(fault)),
            }
        }
        let length = buffer.len().min(self.piece.len());
        buffer[..length].copy_from_slice(&self.piece.split_to(length));
        Ok(length)
    }
}

/// Returns the fault of the body that ended reading.
pub(super) fn body_fault(error: &io::Error) -> BodyFault {
    error.get_ref().and_then(|inner| inner.downcast_ref()).copied().unwrap_or(BodyFault::Broken)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use tokio::time::sleep;

    use super::*;

    #[actix_web::test]
    async fn nobody_is_waited_for_who_sends_a_byte_now_and_then() {
        let bytes = stream::repeat_with(|| Ok(Bytes::from_static(b"x")));
        // At this speed, reading up to the limit would take hours.
        let dripping = bytes.then(async |byte| {
            sleep(Duration::from_millis(1)).await;
            byte
        });
        drain(Payload::Stream { payload: Box::pin(dripping) }, Duration::from_millis(20)).await;
    }
}
