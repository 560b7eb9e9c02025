//! What people see of ReleasePage: HTML pages, their style, and the badge.
//!
//! Each page is a struct of plain data, its view, next to the template that it fills; [`View::html`]
//! makes the document. This crate renders and decides nothing: it reads no clock and no database, checks no
//! permission, builds no link but those to its own assets, and knows no HTTP beyond the
//! [`security`] policies that its documents are made for. No page needs JavaScript, and no text
//! reaches a document unescaped but notes that `releasepage-content` has sanitized ([`NotesHtml`]).

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
