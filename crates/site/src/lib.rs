//! The pages of ReleasePage that people see in a browser, and the forms on them.
//!
//! Every document goes through [`middleware::documents`], which adds the headers that protect it and explains failures.
//! Forms and sessions are read by `releasepage_http`, which refuses those of other sites.
//!
//! This crate never writes SQL and never decides what a subscription becomes.

mod account_menu;
mod asset;
mod badge;
mod confirm;
pub mod document;
mod entries;
pub mod error;
mod group_page;
mod home;
mod mailbox;
pub mod middleware;
mod next_steps;
mod paths;
mod preferences;
mod public_page;
pub mod routes;
mod setup;
mod sign_in;
mod subscribe;
mod throttle;
mod unsubscribe;
