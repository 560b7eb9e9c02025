//! The families of errors.

/// The form of errors that the operations below a path have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorFamily {
    /// `/v1`: errors are those of `releasepage-v1.md`.
    V1,
    /// `/api/2`: errors are those of `amplitude-2.md`.
    ReleasesApi,
    /// `/hooks`: for forges, with the errors of `/v1`.
    Hooks,
}

impl ErrorFamily {
    /// The family of a path.
    pub(super) fn of(path: &str) -> Self {
        match path.split('/').nth(1) {
            Some("api") => Self::ReleasesApi,
            Some("hooks") => Self::Hooks,
            _ => Self::V1,
        }
    }
}
