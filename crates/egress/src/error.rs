//! The reasons why a request got no answer.

use crate::settings::{BODY_BYTES_MAX, REDIRECTS_MAX};

/// The reason why a request got no answer. The text is one sentence for the person who typed the address. It names the
/// host, with its port if the URL has one. It never holds paths, queries or headers, because they may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The URL cannot be requested.
    #[error("the address {0}")]
    Address(&'static str),
    /// The secret holds characters that a header cannot hold.
    #[error("the token for {host} holds characters that cannot be sent")]
    Secret {
        /// The host.
        host: String,
    },
    /// The host is not on the public internet.
    #[error("{host} is or resolves to a private address; the operator can allow it with egress.allowed_hosts")]
    Refused {
        /// The host.
        host: String,
    },
    /// The host's name cannot be resolved.
    #[error("{host} cannot be resolved to an address")]
    Unresolved {
        /// The host.
        host: String,
    },
    /// A connection cannot be made.
    #[error("no connection to {host} can be made: {reason}")]
    Connect {
        /// The host.
        host: String,
        /// The reason from the operating system, such as `connection refused`.
        reason: String,
    },
    /// A secure connection cannot be made.
    #[error("no secure connection to {host} can be made: {reason}")]
    Tls {
        /// The host.
        host: String,
        /// The reason, such as a certificate that no trusted authority signed.
        reason: String,
    },
    /// The request took longer than allowed.
    #[error("{host} took too long to answer")]
    TimedOut {
        /// The host.
        host: String,
    },
    /// The answer ended early or is not HTTP.
    #[error("{host} did not answer as an HTTP server does")]
    Broken {
        /// The host.
        host: String,
    },
    /// The answer is larger than the limit.
    #[error("the answer of {host} is larger than {} MiB", BODY_BYTES_MAX / 1024 / 1024)]
    TooLarge {
        /// The host.
        host: String,
    },
    /// A redirect leads to an address that cannot be followed.
    #[error("{host} redirects to an address that {reason}")]
    Redirect {
        /// The host that redirects.
        host: String,
        /// The fault of the address.
        reason: &'static str,
    },
    /// The redirects exceed the limit.
    #[error("{host} redirects more than {REDIRECTS_MAX} times")]
    RedirectsTooMany {
        /// The last host.
        host: String,
    },
}
