//! The account menu.

/// The signed-in user, for the head of a document.
#[derive(Debug, Clone)]
pub struct AccountMenu {
    /// The user's address.
    pub email: String,
    /// The URL that the sign-out form posts to.
    pub sign_out_action: String,
    /// The CSRF token of the form.
    pub csrf: Option<String>,
}
