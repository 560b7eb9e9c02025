//! The parts of ReleasePage that people see: HTML documents, their style sheet, and the badge.
//!
//! Each document is a struct of plain data, its view, beside the template that it fills. [`View::html`] renders it.
//!
//! This crate renders and decides nothing. It reads no clock and no database, and checks no permissions. It makes no
//! links but those to its own assets. It knows nothing of HTTP but the [`security`] policies for its documents. Every
//! document works without JavaScript. Every text is escaped, except notes that `releasepage-content` has sanitized
//! ([`NotesHtml`]).

pub mod assets;
pub mod badge;
pub mod confirm;
pub mod docs_api;
pub mod docs_errors;
pub mod error_page;
pub mod group;
pub mod home;
pub mod mailbox;
pub mod page;
pub mod preferences;
pub mod release;
pub mod security;
pub mod setup;
pub mod sign_in;
pub mod unsubscribe;

mod account;
mod kind;
mod moment;
mod notes;
mod phrase;
mod view;

pub use account::AccountMenu;
pub use assets::{Asset, asset, css_path};
pub use notes::NotesHtml;
pub use view::View;
