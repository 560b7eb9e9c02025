//! What a delivery of any forge comes to, before anything is stored.

use releasepage_domain::{
    fault::Faults,
    source_event::{SourceEvent, SourceRepository},
};
use serde_json::{Map, Value};

/// A delivery that can be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgeMessage {
    /// The forge tries whether it can reach the server.
    Ping,
    /// It is about nothing that is used here; the sentence says what would be.
    Ignored(&'static str),
    /// Something happened to a release.
    Release {
        /// The repository it is of; `None` where its source does not tell.
        repository: Option<SourceRepository>,
        /// What happened.
        event: SourceEvent,
    },
}

/// What is said of an event that is of no release.
pub(crate) const EVENT_UNUSED: ForgeMessage =
    ForgeMessage::Ignored("only the events of releases are used: no other one need be sent");

/// What is said of an action that changes nothing that readers see.
pub(crate) const ACTION_UNUSED: ForgeMessage =
    ForgeMessage::Ignored("this action of a release changes nothing that readers see");

/// A delivery that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// It is not a JSON object in UTF-8.
    #[error("the payload must be a JSON object in UTF-8")]
    Json,
    /// Fields are missing or cannot be used: every one of them.
    #[error("{0}")]
    Fields(#[from] Faults),
}

/// The JSON object that a payload is.
pub(crate) fn payload_read(payload: &[u8]) -> Result<Map<String, Value>, MessageError> {
    match serde_json::from_slice(payload) {
        Ok(Value::Object(payload)) => Ok(payload),
        _ => Err(MessageError::Json),
    }
}
