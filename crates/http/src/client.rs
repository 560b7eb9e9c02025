//! The address of the client, found behind trusted proxies.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use actix_web::http::header::HeaderMap;
use ipnet::IpNet;

/// The header in which each proxy appends the address of its own client.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// A range of addresses in CIDR notation, or a single address: `10.0.0.0/8`, `fd00::/8`, `192.0.2.7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

/// The failure to parse a text as a [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an address or a network, such as 192.0.2.7, 10.0.0.0/8 or fd00::/8")]
pub struct NetworkInvalid;

impl Network {
    /// Returns true if the network contains the address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = NetworkInvalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = || text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
        text.parse::<IpNet>().or_else(|_| address()).map(|network| Self(network.trunc())).map_err(|_| NetworkInvalid)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The address of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Finds the client behind the connection's peer.
    ///
    /// `X-Forwarded-For` is read from the right, where our own proxies write. While an address belongs to a trusted
    /// proxy, the address to its left is believed. Anyone can write the rest.
    pub fn of(peer: Option<SocketAddr>, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let Some(peer) = peer else {
            return Self(Ipv4Addr::UNSPECIFIED.into());
        };
        let mut client = peer.ip().to_canonical();
        let is_trusted = |address| trusted.iter().any(|network| network.contains(address));
        if trusted.is_empty() || !is_trusted(client) {
            return Self(client);
        }
        let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).filter_map(|line| line.to_str().ok()).collect();
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            let Some(address) = hop_parse(hop.trim()) else {
                break;
            };
            client = address;
            if !is_trusted(client) {
                break;
            }
        }
        Self(client)
    }

    /// Returns the address. An IPv4 address inside an IPv6 address is returned as IPv4.
    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// Returns the bucket in which the client's requests are counted. This is an IPv4 address, or the /64 of an IPv6
    /// address: one household or machine usually gets a whole /64.
    pub fn bucket(self) -> ClientBucket {
        match self.0 {
            IpAddr::V4(address) => ClientBucket(address.to_ipv6_mapped()),
            IpAddr::V6(address) => ClientBucket(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        }
    }
}

/// The clients whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientBucket(Ipv6Addr);

/// Parses one address of the list. Some proxies add the port to it.
fn hop_parse(hop: &str) -> Option<IpAddr> {
    let address = hop.parse::<IpAddr>().or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn client(peer: &str, lines: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(HeaderName::from_static(FORWARDED_FOR), HeaderValue::from_str(line).unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        ClientAddress::of(peer.parse().ok(), &headers, &trusted).ip().to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let ours: &[&str] = &["10.0.0.0/8", "fd00::/8", "127.0.0.1"];
        for (peer, lines, trusted, found) in [
            ("203.0.113.9:1", &[][..], ours, "203.0.113.9"),
            ("203.0.113.9:1", &["198.51.100.1"][..], ours, "203.0.113.9"),
            ("10.1.1.1:1", &["198.51.100.1"][..], &[][..], "10.1.1.1"),
            ("10.1.1.1:1", &["198.51.100.1"][..], ours, "198.51.100.1"),
            ("10.1.1.1:1", &["6.6.6.6, 198.51.100.1"][..], ours, "198.51.100.1"),
            ("10.1.1.1:1", &["198.51.100.1, 10.2.2.2,127.0.0.1"][..], ours, "198.51.100.1"),
            ("10.1.1.1:1", &["6.6.6.6", "198.51.100.1", "10.2.2.2"][..], ours, "198.51.100.1"),
            ("10.1.1.1:1", &["198.51.100.1, nonsense, 10.2.2.2"][..], ours, "10.2.2.2"),
            ("10.1.1.1:1", &["unknown"][..], ours, "10.1.1.1"),
            ("10.1.1.1:1", &["10.3.3.3"][..], ours, "10.3.3.3"),
            ("10.1.1.1:1", &["198.51.100.1:4711"][..], ours, "198.51.100.1"),
            ("10.1.1.1:1", &["[2001:db8::1]:4711"][..], ours, "2001:db8::1"),
            ("[fd00::1]:1", &["2001:db8::1"][..], ours, "2001:db8::1"),
            ("[::ffff:10.1.1.1]:1", &["::ffff:198.51.100.1"][..], ours, "198.51.100.1"),
        ] {
            assert_eq!(client(peer, lines, trusted), found, "{peer} {lines:?}");
        }
    }

    #[test]
    fn networks_of_ipv6_are_counted_together() {
        let bucket = |address: &str| ClientAddress(address.parse().unwrap()).bucket();
        assert_eq!(bucket("2001:db8:1:2:3::4"), bucket("2001:db8:1:2::ffff"));
        assert_ne!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:3::1"));
        assert_ne!(bucket("192.0.2.1"), bucket("192.0.2.2"));
    }

    #[test]
    fn networks_are_written_as_they_are_read() {
        for (text, written) in
            [("10.1.2.3/8", "10.0.0.0/8"), ("192.0.2.7", "192.0.2.7/32"), ("fd00::/8", "fd00::/8"), ("::1", "::1/128")]
        {
            let network: Network = text.parse().unwrap();
            assert_eq!(network.to_string(), written);
            assert_eq!(written.parse(), Ok(network));
        }
        for text in ["", "10.0.0.0/33", "10.0.0", "localhost", "10.0.0.0/", "*"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkInvalid), "{text}");
        }
    }
}
