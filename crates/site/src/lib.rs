//! The pages of ReleasePage that people see in a browser, and the forms on them.
//!
//! Every document passes through [`middleware::documents`], which adds protective headers and explains failures.
//! `releasepage_http` reads forms and sessions, and refuses the forms of other sites.
//!
//! This crate never writes SQL and never decides the state of a subscription.

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
