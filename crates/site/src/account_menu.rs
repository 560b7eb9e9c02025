//! The menu of the signed-in user.

use releasepage_http::{form::FormToken, session::Visitor};
use releasepage_web::AccountMenu;

use crate::paths;

/// Returns the menu of the signed-in user, or `None` if nobody is signed in.
pub(crate) fn account_menu(visitor: &Visitor, token: &FormToken) -> Option<AccountMenu> {
    let user = visitor.0.as_ref()?;
    Some(AccountMenu {
        email: user.email.clone(),
        sign_out_action: paths::SIGN_OUT.to_owned(),
        csrf: Some(token.value()),
    })
}
