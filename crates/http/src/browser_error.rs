//! The failures of forms and sessions. All surfaces for browsers share them.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use releasepage_storage::StoreError;

use crate::body::BodyFault;

/// The failure of a form or a session, found before a handler decides anything.
///
/// The answer has no body: each surface draws its own document for it.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// The form cannot be read.
    #[error("the request makes no sense")]
    RequestInvalid,
    /// The form comes from another site.
    #[error("not allowed")]
    Forbidden,
    /// The form was opened at an address that does not belong to this server.
    #[error("the form was opened at another address")]
    WrongAddress {
        /// The address of this server, without a slash at the end.
        public_url: String,
    },
    /// The form came without the cookie that its token is bound to.
    #[error("the form is stale")]
    FormStale,
    /// The form is larger than 64 KiB.
    #[error("the body is too large")]
    BodyTooLarge,
    /// The database cannot answer at the moment.
    #[error("unavailable")]
    Unavailable(#[source] StoreError),
    /// A fault of the database or of this program.
    #[error("internal")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl BrowserError {
    /// A failure that only a defect can cause.
    pub fn defect(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<StoreError> for BrowserError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(error),
            other => Self::defect(other),
        }
    }
}

impl From<BodyFault> for BrowserError {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge { .. } => Self::BodyTooLarge,
            BodyFault::TooSlow | BodyFault::Broken => Self::RequestInvalid,
        }
    }
}

impl ResponseError for BrowserError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::RequestInvalid => StatusCode::BAD_REQUEST,
            Self::Forbidden | Self::WrongAddress { .. } | Self::FormStale => StatusCode::FORBIDDEN,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).finish()
    }
}
