//! The rule that tells public addresses from private ones.
//!
//! The ranges come from IANA's registries of special-purpose addresses (RFC 6890 and its updates). A doubtful range
//! counts as private, because the operator can allow a refused forge by name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The IPv4 networks that are not public, as address and prefix length.
const IPV4_RESERVED: &[(Ipv4Addr, u32)] = &[
    // This network (RFC 791). A connection to 0.0.0.0 reaches the machine itself.
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    // Private use (RFC 1918).
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Shared by the customers of a carrier (RFC 6598).
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    // Loopback (RFC 1122).
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local (RFC 3927). Clouds serve the metadata of a machine here.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Azure's service for its machines. The address is public, but it leads to the machine's own host.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    // Protocol assignments (RFC 6890).
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // Documentation (RFC 5737).
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Relays of 6to4 (RFC 7526).
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    // Benchmarks (RFC 2544).
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // Multicast (RFC 5771).
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // Reserved (RFC 1112), with the broadcast address.
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The IPv6 network for public addresses (RFC 4291, section 2.4). Loopback, unspecified, unique-local, link-local,
/// site-local, multicast and IPv4-compatible addresses are outside. So is 64:ff9b:1::/48 (RFC 8215).
const IPV6_GLOBAL: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The IPv6 networks inside [`IPV6_GLOBAL`] that are not public.
const IPV6_RESERVED: &[(Ipv6Addr, u32)] = &[
    // Protocol assignments (RFC 2928): benchmarks, ORCHID and Teredo. Teredo addresses hold IPv4 addresses.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation (RFC 3849, RFC 9637).
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    // 6to4 (RFC 3056), deprecated. Its addresses hold IPv4 addresses.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

/// The IPv6 networks whose last 32 bits are the IPv4 address that is really connected to. These are mapped addresses
/// (RFC 4291, section 2.5.5.2) and NAT64 addresses (RFC 6052). A machine without IPv4 reaches public servers through
/// NAT64.
const IPV6_OF_IPV4: &[(Ipv6Addr, u32)] =
    &[(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96)];

/// True if the address belongs to the public internet. Private, loopback, link-local, shared, multicast, unspecified,
/// reserved and documentation addresses do not. An address that is translated to another one follows the rule for that
/// one.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_ipv4(address),
        IpAddr::V6(address) => is_public_ipv6(address),
    }
}

fn is_public_ipv4(address: Ipv4Addr) -> bool {
    let lies_in = |(network, length): &(Ipv4Addr, u32)| {
        (address.to_bits() ^ network.to_bits()).checked_shr(u32::BITS - length).unwrap_or(0) == 0
    };
    !IPV4_RESERVED.iter().any(lies_in)
}

fn is_public_ipv6(address: Ipv6Addr) -> bool {
    let lies_in = |(network, length): &(Ipv6Addr, u32)| {
        (address.to_bits() ^ network.to_bits()).checked_shr(u128::BITS - length).unwrap_or(0) == 0
    };
    if IPV6_OF_IPV4.iter().any(lies_in) {
        let [.., a, b, c, d] = address.octets();
        return is_public_ipv4(Ipv4Addr::new(a, b, c, d));
    }
    lies_in(&IPV6_GLOBAL) && !IPV6_RESERVED.iter().any(lies_in)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_from_end_to_end() {
        for (first, last) in [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.88.99.0", "192.88.99.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "255.255.255.255"),
            ("168.63.129.16", "168.63.129.16"),
            ("::", "::fffe:ffff:ffff"),
            ("::ffff:10.0.0.0", "::ffff:10.255.255.255"),
            ("::ffff:127.0.0.0", "::ffff:127.255.255.255"),
            ("::1:0:0:0", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("64:ff9b::169.254.0.0", "64:ff9b::169.254.255.255"),
            ("64:ff9b::1:0:0", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] {
            let (first, last) = (ip(first), ip(last));
            assert!(!is_public(first), "{first}");
            assert!(!is_public(last), "{last}");
        }
        for neighbour in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.88.100.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "198.51.101.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "168.63.129.15",
            "168.63.129.17",
            "::ffff:9.255.255.255",
            "64:ff9b::169.255.0.0",
            "2000::",
            "2001:200::",
            "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
            "2001:db9::",
            "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "2003::",
            "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "3fff:1000::",
        ] {
            assert!(is_public(ip(neighbour)), "{neighbour}");
        }
    }

    #[test]
    fn addresses_that_attackers_like() {
        for (address, what) in [
            ("127.0.0.1", "loopback"),
            ("0.0.0.0", "unspecified, which connects to loopback"),
            ("169.254.169.254", "metadata of most clouds"),
            ("100.100.100.200", "metadata of Alibaba"),
            ("192.0.0.192", "metadata of Oracle"),
            ("168.63.129.16", "Azure"),
            ("255.255.255.255", "broadcast"),
            ("::", "unspecified"),
            ("::1", "loopback"),
            ("fd00:ec2::254", "metadata of AWS, unique-local"),
            ("fe80::1", "link-local"),
            ("febf::1", "link-local"),
            ("fec0::1", "site-local"),
            ("fc00::1", "unique-local"),
            ("ff02::1", "multicast"),
            ("::127.0.0.1", "IPv4-compatible"),
            ("::8.8.8.8", "IPv4-compatible"),
            ("::ffff:127.0.0.1", "IPv4-mapped"),
            ("::ffff:0:127.0.0.1", "IPv4-translated"),
            ("64:ff9b::127.0.0.1", "NAT64"),
            ("64:ff9b:1::8.8.8.8", "NAT64 of a network of its own"),
            ("2002:7f00:1::", "6to4 of 127.0.0.1"),
            ("2001:0:7f00:1::", "Teredo"),
            ("2001:2::1", "benchmarks"),
            ("100::1", "discarded"),
            ("5f00::1", "segment routing"),
        ] {
            assert!(!is_public(ip(address)), "{address}: {what}");
        }
        for address in ["8.8.8.8", "140.82.121.6", "2606:4700::1111", "64:ff9b::140.82.121.6", "::ffff:140.82.121.6"] {
            assert!(is_public(ip(address)), "{address}");
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    /// Addresses of all kinds. About half of them are private.
    fn any_ipv4() -> impl Strategy<Value = Ipv4Addr> {
        let reserved = (prop::sample::select(IPV4_RESERVED), any::<u32>()).prop_map(|((network, length), host)| {
            let mask = u32::MAX.checked_shr(length).unwrap_or(0);
            Ipv4Addr::from_bits(network.to_bits() | (host & mask))
        });
        prop_oneof![any::<u32>().prop_map(Ipv4Addr::from_bits), reserved]
    }

    proptest! {
        #[test]
        fn what_is_translated_is_what_it_is_translated_to(address in any_ipv4()) {
            let [a, b, c, d] = address.octets();
            let tail = u128::from(address.to_bits());
            let mapped = address.to_ipv6_mapped();
            let translated = Ipv6Addr::from_bits((0x0064_ff9b_u128 << 96) | tail);
            for held in [mapped, translated] {
                prop_assert_eq!(is_public(held.into()), is_public(address.into()), "{} holds {}", held, address);
            }
            // No public server needs these forms.
            let pair = |high: u8, low: u8| u16::from_be_bytes([high, low]);
            for held in [
                Ipv6Addr::from_bits(tail),
                Ipv6Addr::new(0x2002, pair(a, b), pair(c, d), 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, pair(a, b), pair(c, d), 0, 0, 0, 0),
                Ipv6Addr::new(0x2001, 0, 0x4136, 0xe378, 0, 0, !pair(a, b), !pair(c, d)),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, pair(a, b), pair(c, d)),
                Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, pair(a, b), pair(c, d)),
            ] {
                prop_assert!(!is_public(held.into()), "{}", held);
            }
        }

        #[test]
        fn no_public_address_is_what_the_standard_library_calls_otherwise(address in any::<u128>()) {
            let address = Ipv6Addr::from_bits(address);
            if is_public(address.into()) {
                prop_assert!(!address.is_loopback() && !address.is_unspecified() && !address.is_multicast());
                prop_assert!(!address.is_unique_local() && !address.is_unicast_link_local());
            }
        }

        #[test]
        fn no_public_ipv4_address_is_either(address in any_ipv4()) {
            if is_public(address.into()) {
                prop_assert!(!address.is_loopback() && !address.is_unspecified() && !address.is_multicast());
                prop_assert!(!address.is_private() && !address.is_link_local() && !address.is_broadcast());
                prop_assert!(!address.is_documentation());
            }
        }
    }
}
