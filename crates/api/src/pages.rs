//! The pages that people see, and the forms on them.
//!
//! Every document goes through [`documents`], which adds the headers that protect it and explains failures. Every form
//! is read by [`form::Form`], which refuses those of other sites, but for the few routes whose link is the authority.

pub(crate) mod asset;
pub(crate) mod badge;
pub(crate) mod confirm;
mod cookie;
pub(crate) mod docs;
mod document;
pub(crate) mod endpoint;
mod entries;
mod error;
mod form;
pub(crate) mod group_page;
pub(crate) mod health;
pub(crate) mod home;
pub(crate) mod mailbox;
mod next_steps;
mod origin;
mod paths;
pub(crate) mod preferences;
pub(crate) mod public_page;
mod session;
pub(crate) mod setup;
pub(crate) mod sign_in;
pub(crate) mod subscribe;
mod throttle;
pub(crate) mod unsubscribe;

pub(crate) use document::documents;
