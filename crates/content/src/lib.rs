//! Release notes of ReleasePage as safe HTML and as text.
//!
//! This crate owns what becomes of the Markdown that publishers write: [`notes_html`] for pages and
//! HTML mails, [`notes_text`] for text mails, [`notes_summary`] for one-line previews,
//! [`notes_beginning`] for lists. Notes are
//! hostile until proven otherwise, so every function here is total: any input, of any depth and up
//! to the 1 MiB that the routes let through, gives an answer in bounded stack and time. What would take more than
//! there is for it (`budget.rs`) is shown as it was written.
//!
//! It never fetches anything, never decides who may see a note, and knows no page layout.

mod beginning;
mod budget;
mod finish;
mod html;
mod links;
mod plain;
mod raw_html;
mod sanitizer;
mod source;
mod summary;
mod text;
mod tree;

pub use beginning::notes_beginning;
pub use html::{RemoteImages, notes_html};
pub use summary::notes_summary;
pub use text::notes_text;
