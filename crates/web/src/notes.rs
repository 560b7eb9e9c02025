//! Notes as HTML that is safe in a document.

use std::fmt;

use askama::filters::HtmlSafe;
use releasepage_content::{RemoteImages, notes_html};
use url::Url;

/// Sanitized HTML of release notes. It can be made only from Markdown, so templates can write it unescaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotesHtml(String);

impl NotesHtml {
    /// Renders notes. `files` is the URL of the repository's files, see [`notes_html`].
    pub fn from_markdown(markdown: &str, images: RemoteImages, files: Option<&Url>) -> Self {
        Self(notes_html(markdown, images, files))
    }

    /// True if there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.trim().is_empty()
    }
}

impl fmt::Display for NotesHtml {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl HtmlSafe for NotesHtml {}
