//! The two environments of a page's keys and subscribers: live and test.

use serde::{Deserialize, Serialize};

/// The environment of a page key, from its prefix. With `test`, no email leaves the server (`releasepage-v1.md`,
/// Authentication).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Real readers and real email.
    Live,
    /// Email goes only to the captured mailbox.
    Test,
}

crate::text::named! {
    Environment {
        Live => "live",
        Test => "test",
    }
}
