//! What the operator decides of the client, and what is fixed.

use std::time::Duration;

use crate::allowed::AllowedHost;

/// The most bytes of an answer: 10 MiB.
pub const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;

/// How long a look-up, and then a connection, may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most redirects that are followed.
pub const REDIRECTS_MAX: usize = 5;

/// What the operator decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressSettings {
    /// Hosts that may be private.
    pub allowed_hosts: Vec<AllowedHost>,
    /// How long a request may take as a whole, with its redirects and the answer's body.
    pub timeout: Duration,
}

impl Default for EgressSettings {
    fn default() -> Self {
        Self { allowed_hosts: Vec::new(), timeout: Duration::from_secs(30) }
    }
}
