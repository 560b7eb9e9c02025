//! The page API, version 1 (`releasepage-v1.md`), and what every other API under `/v1` shares with it: errors, headers,
//! limits, keys and tokens.

pub(crate) mod badge;
pub(crate) mod changes;
pub(crate) mod endpoint;
pub mod error;
pub(crate) mod etag;
pub(crate) mod index;
pub(crate) mod media_type;
pub(crate) mod page_access;
pub(crate) mod release_json;
pub(crate) mod releases;
pub(crate) mod response;
pub(crate) mod standing;
pub(crate) mod subscribers;
pub(crate) mod token;
pub(crate) mod version;
