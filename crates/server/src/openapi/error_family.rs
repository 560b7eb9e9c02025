//! The families of errors.

/// The form of errors for the operations below a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorFamily {
    /// Operations below `/v1`, with the errors of `releasepage-v1.md`.
    V1,
    /// Operations below `/api/2`, with the errors of `amplitude-2.md`.
    ReleasesApi,
    /// Operations below `/hooks`, for forges. They have the errors of `/v1`.
    Hooks,
}

impl ErrorFamily {
    /// Returns the family of a path.
    pub(super) fn of(path: &str) -> Self {
        match path.split('/').nth(1) {
            Some("api") => Self::ReleasesApi,
            Some("hooks") => Self::Hooks,
            _ => Self::V1,
        }
    }
}
