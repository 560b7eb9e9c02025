//! lettre's errors as ours.

use std::{error::Error, io};

use lettre::transport::smtp;

use super::error::{Phase, SendError};

/// What went wrong in a phase. Replies keep their code; everything else may pass.
pub(super) fn send_error(phase: Phase, error: &smtp::Error) -> SendError {
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    match error.status() {
        Some(code) => SendError::refused(phase, u16::from(code), &source),
        None if is_late(error) => SendError::passing(phase, "the server did not answer in time"),
        None if error.is_response() => SendError::passing(
            phase,
            &format!("the server closed the connection or answered what is not SMTP: {source}"),
        ),
        // lettre finds nothing to log in with.
        None if phase == Phase::Login && error.is_client() => SendError::passing(
            phase,
            "the server offers neither AUTH PLAIN nor AUTH LOGIN on this connection; many offer them inside TLS alone",
        ),
        None => SendError::passing(phase, &format!("{error}")),
    }
}

/// Whether a timeout of the socket ended the wait. Unix says `WouldBlock` for that.
fn is_late(error: &smtp::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return matches!(cause.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock);
        }
        source = cause.source();
    }
    false
}
