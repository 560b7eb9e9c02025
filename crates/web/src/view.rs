//! How a view becomes a document.

/// A page's data that can be shown as an HTML document.
pub trait View {
    /// The whole document, UTF-8, to be served as `text/html; charset=utf-8`.
    fn html(&self) -> String;
}

impl<T: askama::Template> View for T {
    fn html(&self) -> String {
        self.render().expect("templates write to a String and call no filter that can fail")
    }
}
