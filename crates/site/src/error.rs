//! The failures of documents, and the documents that explain them.

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

/// The failure of a document's handler.
///
/// Most are answered without a body. [`crate::middleware::documents`] draws it, and does the same for a failure before
/// any handler.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The request is malformed.
    #[error("the request makes no sense")]
    RequestInvalid,
    /// A form or a session failed.
    #[error(transparent)]
    Browser(#[from] BrowserError),
    /// The document does not exist, or the visitor may not see it.
    #[error("not found")]
    NotFound,
    /// The document has another address at present. The visitor is redirected, and asks for the old address again next
    /// time.
    #[error("moved")]
    Moved {
        /// The path and query of the present address.
        to: String,
    },
    /// The visitor has made too many requests.
    #[error("too many requests")]
    RateLimited {
        /// Seconds until another attempt may succeed.
        retry_after: u64,
    },
    /// The document is for signed-in users.
    #[error("not signed in")]
    SignedOut {
        /// The path to return to after signing in.
        next: String,
    },
    /// A link from an email is not valid, or is no longer valid.
    #[error("the link is not good")]
    Link {
        /// The reason.
        fault: LinkFault,
        /// The page that the link was for, if it is known.
        page_href: Option<String>,
    },
    /// The database cannot answer at the moment.
    #[error("unavailable")]
    Unavailable(#[source] StoreError),
    /// A failure of the database or a defect of this program.
    #[error("internal")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl PageError {
    /// Makes the error for a failure that only a defect can cause.
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
            // Not stored: another page may take the former slug, and not everyone may learn a hidden page's address.
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

/// Returns the failure of a form or a session, even one that happened before any handler.
pub(crate) fn browser_error_of(error: &actix_web::Error) -> Option<&BrowserError> {
    match error.as_error() {
        Some(PageError::Browser(error)) => Some(error),
        _ => error.as_error(),
    }
}

/// Returns the fault that the document of a failure shows. It follows from the status, except for a stale form.
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

/// Logs the failures that the operator must know. Mistakes of the sender are left out.
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
