//! The menu of who is signed in.

/// Who is signed in, for the head of a page.
#[derive(Debug, Clone)]
pub struct AccountMenu {
    /// The user's address.
    pub email: String,
    /// Where the sign-out form is posted to.
    pub sign_out_action: String,
    /// The form's token.
    pub csrf: Option<String>,
}
