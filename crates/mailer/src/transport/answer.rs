//! The meaning of an SMTP error for a message.

use std::{error::Error, io};

use releasepage_domain::reply::Envelope;

use super::{
    connection::WireError,
    error::{Phase, SendError},
};

/// The error of a phase. A reply keeps its code. Any error but a refusal is temporary. Before MAIL, the envelope is
/// empty.
pub(super) fn send_error(phase: Phase, error: &WireError, envelope: &Envelope<'_>) -> SendError {
    match error {
        WireError::Refused(code, text) => SendError::refused(phase, *code, text, envelope),
        WireError::Unfit(code, _) => SendError::unfit(phase, *code, &error.to_string()),
        error if is_late(error) => SendError::passing(phase, "the server did not answer in time"),
        WireError::NoLogin => SendError::passing(
            phase,
            "the server offers neither AUTH PLAIN nor AUTH LOGIN on this connection; many offer them inside TLS alone",
        ),
        WireError::NotSmtp(_) | WireError::Broken(_) | WireError::Smtp(_) => {
            SendError::passing(phase, &error.to_string())
        }
    }
}

/// True if a timeout of the socket ended the wait. On Unix that is `WouldBlock`.
fn is_late(error: &WireError) -> bool {
    let late = |error: &io::Error| matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock);
    if let WireError::Broken(error) = error {
        return late(error);
    }
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return late(cause);
        }
        source = cause.source();
    }
    false
}
