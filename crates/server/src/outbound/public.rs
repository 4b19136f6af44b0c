//! Which addresses are public: the complement of the special-purpose registries of IANA (RFC 6890 and what followed).
//!
//! Addresses that wrap another (IPv4-mapped, NAT64, 6to4, Teredo) are not public whatever they wrap, since what is
//! connected to is then decided elsewhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether the address is one that anybody on the internet reaches.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        // "This" network, private use, loopback.
        (0 | 10 | 127, _, _)
            // Shared by the customers of a carrier (RFC 6598).
            | (100, 64..=127, _)
            // Link-local, where clouds keep their metadata service.
            | (169, 254, _)
            | (172, 16..=31, _)
            // Protocol assignments, documentation, the former 6to4 relays.
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            // Benchmarks (RFC 2544), documentation.
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            // Multicast, reserved, broadcast.
            | (224..=255, _, _)
    )
}

/// Only 2000::/3 was ever given out (RFC 4291 §2.4); some of it is special again.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_special = matches!(
        (a, b),
        // Protocol assignments: Teredo, benchmarks, ORCHID.
        (0x2001, 0..=0x01ff)
            // Documentation (RFC 3849, RFC 9637).
            | (0x2001, 0x0db8)
            | (0x3fff, 0..=0x0fff)
            // 6to4.
            | (0x2002, _)
    );
    (0x2000..=0x3fff).contains(&a) && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_registries_set_apart_is_not_public() {
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
    }

    #[test]
    fn neighbours_of_what_is_set_apart_are_public() {
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.114.1",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700::1111",
            "3fff:1000::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
