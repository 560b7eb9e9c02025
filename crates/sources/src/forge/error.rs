//! The reasons why a forge lists no releases.

use releasepage_domain::time::{UtcTime, time_iso8601};
use releasepage_egress::EgressError;

/// The reason why a forge lists no releases. The text is one sentence for the repository's owner, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    /// The forge answered with 401.
    #[error("the forge does not accept the token, or wants one")]
    Unauthorized,
    /// The forge answered with 403, but not because of a rate limit.
    #[error("the forge does not allow this token to read the releases")]
    Forbidden,
    /// The forge answered with 404.
    #[error("the forge knows no repository of this name, or hides it from this token")]
    NotFound,
    /// The forge's limit is used up. The forge answered with 429, or with 403 and a sign of a limit.
    #[error("the forge allows no more requests before {}", time_iso8601(*until))]
    RateLimited {
        /// The time when the forge may be asked again.
        until: UtcTime,
    },
    /// The forge cannot be reached or has failed.
    #[error("the forge is not available: {reason}")]
    Unavailable {
        /// The end of the sentence.
        reason: String,
        /// The time when the forge may be asked again, if it says so.
        until: Option<UtcTime>,
    },
    /// The answer does not fit the request.
    #[error("the forge's answer cannot be used: {reason}")]
    Broken {
        /// The end of the sentence.
        reason: String,
    },
    /// The request was not sent, or its answer was refused.
    #[error("{0}")]
    Refused(EgressError),
}

impl ForgeError {
    /// True if another try may help without any change. See also [`Self::until`].
    pub const fn retry(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unavailable { .. } | Self::Broken { .. } => true,
            Self::Unauthorized | Self::Forbidden | Self::NotFound | Self::Refused(_) => false,
        }
    }

    /// The time when the forge may be asked again, if it says so.
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
