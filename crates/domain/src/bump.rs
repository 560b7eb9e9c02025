//! What a release is to a component's readers.

use serde::{Deserialize, Serialize};

/// How much a release changes, from the reader's point of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bump {
    /// May break its users.
    Major,
    /// Adds something.
    Minor,
    /// Repairs something.
    Patch,
    /// Comes before a release.
    Prerelease,
}

crate::text::named! {
    Bump {
        Major => "major",
        Minor => "minor",
        Patch => "patch",
        Prerelease => "prerelease",
    }
}
