//! The documents that report an error.

use askama::Template;

/// The errors that have a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 400: the request cannot be understood, for example because a form is too old.
    RequestInvalid,
    /// 403: the user may not do this.
    Forbidden,
    /// 403: the form came without its cookie.
    FormStale,
    /// 404: nothing exists at this address.
    NotFound,
    /// 405: the address does not support this method.
    MethodNotAllowed,
    /// 413: the body is too large.
    BodyTooLarge,
    /// 429: too many requests.
    RateLimited,
    /// 500: the server failed.
    Internal,
    /// 503: the server is not available for now.
    Unavailable,
}

/// The document that reports an error.
#[derive(Debug, Template)]
#[template(path = "error_page.html")]
pub struct ErrorPage {
    /// The error.
    pub fault: Fault,
    /// The request's id. The user can give it to the operator.
    pub request_id: Option<String>,
    /// The seconds until another try may succeed, for 429 and 503.
    pub retry_after: Option<u64>,
}

/// The document for a form that was opened at an address other than the server's own.
#[derive(Debug, Template)]
#[template(path = "wrong_address.html")]
pub struct WrongAddress {
    /// The server's own address.
    pub public_url: String,
}

impl ErrorPage {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self.fault {
            Fault::RequestInvalid => 400,
            Fault::Forbidden | Fault::FormStale => 403,
            Fault::NotFound => 404,
            Fault::MethodNotAllowed => 405,
            Fault::BodyTooLarge => 413,
            Fault::RateLimited => 429,
            Fault::Internal => 500,
            Fault::Unavailable => 503,
        }
    }

    fn headline(&self) -> &'static str {
        match self.fault {
            Fault::RequestInvalid => "That did not work",
            Fault::Forbidden => "This is not open to you",
            Fault::FormStale => "Please send that once more",
            Fault::NotFound => "There is nothing here",
            Fault::MethodNotAllowed => "Not like this",
            Fault::BodyTooLarge => "That is too much at once",
            Fault::RateLimited => "A little slower, please",
            Fault::Internal => "Something broke on our side",
            Fault::Unavailable => "We will be right back",
        }
    }

    fn explanation(&self) -> &'static str {
        match self.fault {
            Fault::RequestInvalid => {
                "The request could not be understood. If you sent a form, go back, reload the page and send it again."
            }
            Fault::Forbidden => "You may need to sign in, or to ask someone who can let you in.",
            Fault::FormStale => {
                "The form came without the cookie that belongs to it: it was open for a long time, or your browser keeps \
                 no cookies of this site. Allow them, go back, reload the page and send the form again."
            }
            Fault::NotFound => "The address may be mistyped, or what was here has moved or is no longer published.",
            Fault::MethodNotAllowed => "This address exists, but not for this kind of request.",
            Fault::BodyTooLarge => "What was sent is larger than this server accepts.",
            Fault::RateLimited => "There were too many requests from you in a short time.",
            Fault::Internal => "Your request could not be completed. It has been noted; trying again later may help.",
            Fault::Unavailable => "The server cannot answer at the moment. Please try again shortly.",
        }
    }
}
