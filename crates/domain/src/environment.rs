//! Live and test: the two environments of a page's keys and subscribers.

use serde::{Deserialize, Serialize};

/// Which key of a page was used. With `test`, no mail leaves the server (`releasepage-v1.md`, Authentication).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Real readers, real mail.
    Live,
    /// Mail goes to the captured mailbox only.
    Test,
}

crate::text::named! {
    Environment {
        Live => "live",
        Test => "test",
    }
}
