//! The pages that people see, over a real database, with a clock that the test sets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod links;
mod mailbox;
mod public_page;
mod sessions;
mod support;
