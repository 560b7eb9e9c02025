//! The contents of a webhook request of any forge, before anything is stored.

use releasepage_domain::{
    fault::Faults,
    source_event::{SourceEvent, SourceRepository},
};
use serde_json::{Map, Value};

/// A webhook request that can be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgeMessage {
    /// The forge tests if it can reach the server.
    Ping {
        /// The repository that the forge tests for. `None` if the request does not name it.
        repository: Option<SourceRepository>,
    },
    /// The request is not about a change that is used here.
    Ignored {
        /// A sentence that says what would be used.
        because: &'static str,
        /// The repository of the request. `None` if the request does not name it.
        repository: Option<SourceRepository>,
    },
    /// An event of a release.
    Release {
        /// The repository of the release. `None` if the source does not name it.
        repository: Option<SourceRepository>,
        /// The event.
        event: SourceEvent,
    },
}

/// The message of an event that is not about a release. Some forges send one as a test.
pub(crate) fn event_unused(repository: Option<SourceRepository>) -> ForgeMessage {
    ForgeMessage::Ignored { because: "only the events of releases are used: no other one need be sent", repository }
}

/// The message of an action that changes nothing for readers.
pub(crate) fn action_unused(repository: Option<SourceRepository>) -> ForgeMessage {
    ForgeMessage::Ignored { because: "this action of a release changes nothing that readers see", repository }
}

/// A webhook request that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The payload is not a JSON object in UTF-8.
    #[error("the payload must be a JSON object in UTF-8")]
    Json,
    /// Fields are missing or faulty. The faults name all of them.
    #[error("{0}")]
    Fields(#[from] Faults),
}

/// Reads a payload as a JSON object.
///
/// # Errors
///
/// Returns [`MessageError::Json`] if the payload is not an object.
pub fn payload_read(payload: &[u8]) -> Result<Map<String, Value>, MessageError> {
    match serde_json::from_slice(payload) {
        Ok(Value::Object(payload)) => Ok(payload),
        _ => Err(MessageError::Json),
    }
}
