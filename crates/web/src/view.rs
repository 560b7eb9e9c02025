//! The rendering of views as documents.

/// The data of an HTML document.
pub trait View {
    /// Renders the whole document in UTF-8, for the type `text/html; charset=utf-8`.
    fn html(&self) -> String;
}

impl<T: askama::Template> View for T {
    fn html(&self) -> String {
        self.render().expect("writing to a String cannot fail, and no filter here can")
    }
}
