//! Why a forge lists no releases.

use releasepage_domain::time::{UtcTime, time_iso8601};
use releasepage_egress::EgressError;

/// Why a forge lists no releases: one sentence for the repository's owner, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    /// 401.
    #[error("the forge does not accept the token, or wants one")]
    Unauthorized,
    /// 403 that is no rate limit.
    #[error("the forge does not allow this token to read the releases")]
    Forbidden,
    /// 404.
    #[error("the forge knows no repository of this name, or hides it from this token")]
    NotFound,
    /// The requests that the forge allows are used up: 429, or 403 that says so.
    #[error("the forge allows no more requests before {}", time_iso8601(*until))]
    RateLimited {
        /// When it may be asked again.
        until: UtcTime,
    },
    /// The forge cannot be reached or has failed.
    #[error("the forge is not available: {reason}")]
    Unavailable {
        /// The end of the sentence.
        reason: String,
        /// When it may be asked again, where it says so.
        until: Option<UtcTime>,
    },
    /// The answer is none to this question.
    #[error("the forge's answer cannot be used: {reason}")]
    Broken {
        /// The end of the sentence.
        reason: String,
    },
    /// The address is not asked.
    #[error("{0}")]
    Refused(EgressError),
}

impl ForgeError {
    /// Whether another try may help although nobody changes anything. Where it is `true`, see [`Self::until`].
    pub const fn retry(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unavailable { .. } | Self::Broken { .. } => true,
            Self::Unauthorized | Self::Forbidden | Self::NotFound | Self::Refused(_) => false,
        }
    }

    /// When the forge may be asked again, where it says so.
    pub const fn until(&self) -> Option<UtcTime> {
        match self {
            Self::RateLimited { until } => Some(*until),
            Self::Unavailable { until, .. } => *until,
            Self::Unauthorized | Self::Forbidden | Self::NotFound | Self::Broken { .. } | Self::Refused(_) => None,
        }
    }
}

impl From<EgressError> for ForgeError {
    fn from(error: EgressError) -> Self {
        match error {
            EgressError::Unresolved { .. }
            | EgressError::Connect { .. }
            | EgressError::Tls { .. }
            | EgressError::TimedOut { .. }
            | EgressError::Broken { .. } => Self::Unavailable { reason: error.to_string(), until: None },
            EgressError::Address(_)
            | EgressError::Secret { .. }
            | EgressError::Refused { .. }
            | EgressError::TooLarge { .. }
            | EgressError::Redirect { .. }
            | EgressError::RedirectsTooMany { .. } => Self::Refused(error),
        }
    }
}
