//! Why there is no answer.

use crate::settings::{BODY_BYTES_MAX, REDIRECTS_MAX};

/// Why there is no answer. Hosts are named (with their port, where the URL has one); paths, queries and headers are not,
/// since they may hold secrets. Each is one sentence for who typed the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The URL is none that can be asked.
    #[error("the address {0}")]
    Address(&'static str),
    /// The secret holds characters that no header may have.
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
    /// No connection can be made.
    #[error("no connection to {host} can be made: {reason}")]
    Connect {
        /// The host.
        host: String,
        /// What the operating system says, such as `connection refused`.
        reason: String,
    },
    /// No secure connection can be made.
    #[error("no secure connection to {host} can be made: {reason}")]
    Tls {
        /// The host.
        host: String,
        /// What is wrong, such as a certificate that nobody known has signed.
        reason: String,
    },
    /// It took longer than a request may.
    #[error("{host} took too long to answer")]
    TimedOut {
        /// The host.
        host: String,
    },
    /// The answer broke off, or is not HTTP.
    #[error("{host} did not answer as an HTTP server does")]
    Broken {
        /// The host.
        host: String,
    },
    /// The answer is larger than answers may be.
    #[error("the answer of {host} is larger than {} MiB", BODY_BYTES_MAX / 1024 / 1024)]
    TooLarge {
        /// The host.
        host: String,
    },
    /// A redirect leads nowhere that can be followed.
    #[error("{host} redirects to an address that {reason}")]
    Redirect {
        /// The host that redirects.
        host: String,
        /// What is wrong with the address.
        reason: &'static str,
    },
    /// One redirect after the other.
    #[error("{host} redirects more than {REDIRECTS_MAX} times")]
    RedirectsTooMany {
        /// The last host.
        host: String,
    },
}
