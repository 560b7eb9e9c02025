//! What went wrong, as a page.

use askama::Template;

/// The faults that have a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 400: the request makes no sense, for example a form that is too old.
    RequestInvalid,
    /// 403: not for whoever asks.
    Forbidden,
    /// 403: a form without the cookie that came with it.
    FormStale,
    /// 404: nothing here.
    NotFound,
    /// 405: not in this way.
    MethodNotAllowed,
    /// 413: too much.
    BodyTooLarge,
    /// 429: too often.
    RateLimited,
    /// 500: our fault.
    Internal,
    /// 503: our fault, for now.
    Unavailable,
}

/// An error as an HTML document.
#[derive(Debug, Template)]
#[template(path = "error_page.html")]
pub struct ErrorPage {
    /// What went wrong.
    pub fault: Fault,
    /// The request's id, to be told to whoever runs the server.
    pub request_id: Option<String>,
    /// For 429 and 503: seconds until another attempt may succeed.
    pub retry_after: Option<u64>,
}

/// The answer to a form that was opened at an address which the server does not know as its own.
#[derive(Debug, Template)]
#[template(path = "wrong_address.html")]
pub struct WrongAddress {
    /// Where the server is.
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
