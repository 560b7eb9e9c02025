//! What goes wrong on the way to a page, and the page that says so.

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, LOCATION, RETRY_AFTER},
    },
};
use releasepage_http::browser_error::BrowserError;
use releasepage_storage::StoreError;
use releasepage_web::{
    confirm::{LinkFault, LinkRefused},
    error_page::Fault,
};

use crate::{
    document::{Reach, document_with},
    paths,
};

/// The failure of a page's handler.
///
/// Most are answered without a body: [`crate::middleware::documents`] draws it, as it does for what fails before a handler
/// is reached.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The request makes no sense.
    #[error("the request makes no sense")]
    RequestInvalid,
    /// A form or a session failed.
    #[error(transparent)]
    Browser(#[from] BrowserError),
    /// Nothing there, or nothing for whoever asks.
    #[error("not found")]
    NotFound,
    /// What is there has another address, for now: whoever asks is sent there, and is to ask again the next time.
    #[error("moved")]
    Moved {
        /// Its path and query.
        to: String,
    },
    /// Too often.
    #[error("too many requests")]
    RateLimited {
        /// Seconds until another attempt may succeed.
        retry_after: u64,
    },
    /// Only for who is signed in.
    #[error("not signed in")]
    SignedOut {
        /// The path to come back to.
        next: String,
    },
    /// A link of a mail that is no longer good, or never was.
    #[error("the link is not good")]
    Link {
        /// Why.
        fault: LinkFault,
        /// The page that it was about, where that is known.
        page_href: Option<String>,
    },
    /// The database cannot answer now.
    #[error("unavailable")]
    Unavailable(#[source] StoreError),
    /// The database's fault, or ours.
    #[error("internal")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl PageError {
    /// A failure that only a defect can cause.
    pub fn defect(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(error))
    }
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Conflict(_) | StoreError::Faults(_) => Self::RequestInvalid,
            StoreError::Unavailable(_) => Self::Unavailable(error),
            StoreError::Database(_) => Self::Internal(Box::new(error)),
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::RequestInvalid => StatusCode::BAD_REQUEST,
            Self::Browser(error) => error.status_code(),
            Self::NotFound | Self::Link { fault: LinkFault::Invalid, .. } => StatusCode::NOT_FOUND,
            Self::Link { fault: LinkFault::Expired | LinkFault::Used, .. } => StatusCode::GONE,
            Self::Link { fault: LinkFault::Suppressed, .. } => StatusCode::CONFLICT,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Moved { .. } => StatusCode::TEMPORARY_REDIRECT,
            Self::SignedOut { .. } => StatusCode::SEE_OTHER,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        match self {
            Self::Link { fault, page_href } => {
                let page = LinkRefused { fault: *fault, page_href: page_href.clone() };
                return document_with(status, &page, Reach::Link);
            }
            // Kept nowhere: another page may take the former slug, and not everyone may see where a hidden page is.
            Self::Moved { to } => {
                response.insert_header((LOCATION, to.as_str())).insert_header((CACHE_CONTROL, "no-store"))
            }
            Self::SignedOut { next } => response.insert_header((LOCATION, paths::sign_in(Some(next)))),
            Self::RateLimited { retry_after } => response.insert_header((RETRY_AFTER, *retry_after)),
            Self::Unavailable(_) | Self::Browser(BrowserError::Unavailable(_)) => {
                response.insert_header((RETRY_AFTER, "5"))
            }
            _ => &mut response,
        };
        response.finish()
    }
}

/// The failure of a form or a session, also where no handler was reached.
pub(crate) fn browser_error_of(error: &actix_web::Error) -> Option<&BrowserError> {
    match error.as_error() {
        Some(PageError::Browser(error)) => Some(error),
        _ => error.as_error(),
    }
}

/// The fault that stands for a failure; one that is not of ours stands for its status.
pub(crate) fn fault_of(error: Option<&actix_web::Error>, status: StatusCode) -> Fault {
    if let Some(BrowserError::FormStale) = error.and_then(browser_error_of) {
        return Fault::FormStale;
    }
    match status.as_u16() {
        401 | 403 => Fault::Forbidden,
        404 | 410 => Fault::NotFound,
        405 => Fault::MethodNotAllowed,
        413 => Fault::BodyTooLarge,
        429 => Fault::RateLimited,
        503 => Fault::Unavailable,
        500.. => Fault::Internal,
        _ => Fault::RequestInvalid,
    }
}

/// Logs what the operator must know of a failure; what only its sender did wrong is nothing to them.
pub(crate) fn error_log(error: &actix_web::Error, request_id: Option<&str>) {
    match (error.as_error::<PageError>(), browser_error_of(error)) {
        (Some(PageError::Internal(source)), _) | (_, Some(BrowserError::Internal(source))) => {
            tracing::error!(request_id, error = %source, "a page failed");
        }
        (Some(PageError::Unavailable(source)), _) | (_, Some(BrowserError::Unavailable(source))) => {
            tracing::warn!(request_id, error = %source, "a page was unavailable");
        }
        _ => {}
    }
}
