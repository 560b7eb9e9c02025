//! What a delivery of any forge comes to, before anything is stored.

use releasepage_domain::{
    fault::Faults,
    source_event::{SourceEvent, SourceRepository},
};

/// A delivery that can be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgeMessage {
    /// The forge tries whether it can reach the server.
    Ping,
    /// It is about nothing that is used here; the sentence says what would be.
    Ignored(&'static str),
    /// Something happened to a release.
    Release {
        /// The repository it is of.
        repository: SourceRepository,
        /// What happened.
        event: SourceEvent,
    },
}

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
