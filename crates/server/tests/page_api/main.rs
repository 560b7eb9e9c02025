//! The page API over a real database, without a network: routes, keys, headers and errors as `releasepage-v1.md` has
//! them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod badge;
#[path = "../../../../tests/support/conformity.rs"]
mod conformity;
mod headers;
mod keys;
mod limits;
mod memory;
mod releases;
mod subscribers;
mod support;
mod version;
