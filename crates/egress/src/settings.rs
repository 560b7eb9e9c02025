//! The settings and the fixed limits of the client.

use std::time::Duration;

use crate::allowed::AllowedHost;

/// The largest body of an answer: 10 MiB.
pub const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;

/// The longest time for a look-up, and then for a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most redirects that are followed in one request.
pub const REDIRECTS_MAX: usize = 5;

/// The settings of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressSettings {
    /// The hosts that may have private addresses. Default: none.
    pub allowed_hosts: Vec<AllowedHost>,
    /// The longest time for a whole request, with its redirects and the answer's body. Default: 30 seconds.
    pub timeout: Duration,
}

impl Default for EgressSettings {
    fn default() -> Self {
        Self { allowed_hosts: Vec::new(), timeout: Duration::from_secs(30) }
    }
}
