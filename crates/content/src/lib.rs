//! Release notes of ReleasePage as safe HTML and as text.
//!
//! This crate renders the Markdown that publishers write:
//!
//! - [`notes_html`] for pages;
//! - [`notes_mail_html`] for HTML emails;
//! - [`notes_text`] for text emails;
//! - [`notes_summary`] for one-line previews;
//! - [`notes_beginning`] for lists.
//!
//! Notes are treated as hostile. Every function here gives an answer for any input of any depth, up to the 1 MiB that
//! the routes accept. Stack and time are bounded. Notes that exceed a limit of `budget.rs` are shown as they were
//! written.
//!
//! The crate fetches nothing, does not decide who may see notes, and knows no layout of a document.

mod beginning;
mod budget;
mod finish;
mod html;
mod links;
mod plain;
mod raw_html;
mod remote_images;
mod sanitizer;
mod source;
mod summary;
mod text;
mod tree;

pub use beginning::notes_beginning;
pub use html::{notes_html, notes_mail_html};
pub use remote_images::RemoteImages;
pub use summary::notes_summary;
pub use text::notes_text;
