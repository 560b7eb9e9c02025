//! The private hosts that the operator allows.

use std::{fmt, str::FromStr};

use url::{Host, Url};

/// A host name or an IP address in the form of URLs, on one port or on all. It is compared as a whole. Other names of
/// the same machine and subdomains do not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    host: Host,
    port: Option<u16>,
}

/// A text that is not a host name or an IP address, with or without a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a host name or an IP address, with or without a port")]
pub struct AllowedHostInvalid;

impl AllowedHost {
    /// True if a URL leads to this host.
    pub fn matches(&self, url: &Url) -> bool {
        let is_host = url.host().is_some_and(|host| host_plain(host.to_owned()) == self.host);
        is_host && self.port.is_none_or(|port| url.port_or_known_default() == Some(port))
    }
}

impl FromStr for AllowedHost {
    type Err = AllowedHostInvalid;

    /// Reads `git.internal`, `git.internal:8443`, `10.0.0.5`, `10.0.0.5:3000`, `fd00::1`, `[fd00::1]` or
    /// `[fd00::1]:3000`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host.to_owned(), Some(port)),
            // A bare IPv6 address.
            Some(_) if !text.starts_with('[') => (format!("[{text}]"), None),
            _ => (text.to_owned(), None),
        };
        let port = port.map(str::parse).transpose().map_err(|_| AllowedHostInvalid)?;
        if port == Some(0) {
            return Err(AllowedHostInvalid);
        }
        let host = Host::parse(&host).map_err(|_| AllowedHostInvalid)?;
        // A pattern would have to match several hosts, but hosts are compared as a whole.
        match &host {
            Host::Domain(name) if name.contains('*') => Err(AllowedHostInvalid),
            _ => Ok(Self { host: host_plain(host), port }),
        }
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(formatter, "{}:{port}", self.host),
            None => self.host.fmt(formatter),
        }
    }
}

/// The host without the final dot of an absolute name.
fn host_plain(host: Host<impl Into<String>>) -> Host {
    match host {
        Host::Domain(name) => {
            let mut name = name.into();
            if name.ends_with('.') {
                name.pop();
            }
            Host::Domain(name)
        }
        Host::Ipv4(address) => Host::Ipv4(address),
        Host::Ipv6(address) => Host::Ipv6(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_as_a_whole() {
        for (allowed, url, matches) in [
            ("git.internal", "https://git.internal/api", true),
            ("git.internal", "http://GIT.internal:3000/", true),
            ("git.internal.", "http://git.internal/", true),
            ("git.internal", "http://git.internal./", true),
            ("git.internal", "https://api.git.internal/", false),
            ("git.internal", "https://git.internal.example.com/", false),
            ("git.internal:8443", "https://git.internal:8443/", true),
            ("git.internal:8443", "https://git.internal/", false),
            ("git.internal:443", "https://git.internal/", true),
            ("git.internal:443", "http://git.internal/", false),
            ("10.0.0.5", "http://10.0.0.5:3000/", true),
            ("10.0.0.5", "http://0xa000005/", true),
            ("10.0.0.5:3000", "http://10.0.0.5/", false),
            ("10.0.0.5", "http://[::ffff:10.0.0.5]/", false),
            ("fd00::1", "http://[fd00:0::1]/", true),
            ("[fd00::1]", "http://[fd00::1]/", true),
            ("[fd00::1]:3000", "http://[fd00::1]:3000/", true),
            ("[fd00::1]:3000", "http://[fd00::1]/", false),
            ("münchen.example", "https://xn--mnchen-3ya.example/", true),
        ] {
            let allowed: AllowedHost = allowed.parse().expect(allowed);
            assert_eq!(allowed.matches(&Url::parse(url).expect(url)), matches, "{allowed} {url}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", "*", "*.internal", "10.0.0.0/8", "git.internal:", "git.internal:0", "git.internal:65536"] {
            assert_eq!(text.parse::<AllowedHost>(), Err(AllowedHostInvalid), "{text}");
        }
        for text in ["http://git.internal", "git.internal/api", "a b", "fd00::1::2", "[fd00::1", "user@git.internal"] {
            assert_eq!(text.parse::<AllowedHost>(), Err(AllowedHostInvalid), "{text}");
        }
    }

    #[test]
    fn what_is_printed_is_read_again() {
        for text in ["git.internal", "git.internal:8443", "10.0.0.5:3000", "[fd00::1]", "[fd00::1]:3000"] {
            let allowed: AllowedHost = text.parse().expect(text);
            assert_eq!(allowed.to_string(), text);
        }
    }
}
