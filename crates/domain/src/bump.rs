//! The size of a release for its readers.

use serde::{Deserialize, Serialize};

/// The size of a release from the reader's point of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bump {
    /// A change that may break its users.
    Major,
    /// A new feature.
    Minor,
    /// A repair.
    Patch,
    /// A version before the finished one.
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
