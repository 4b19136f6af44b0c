//! Where a request came from: the peer's address, or, behind a trusted proxy, the right-most address of
//! `X-Forwarded-For` that is no trusted proxy. Whatever a stranger wrote further left is not read.

use http::HeaderMap;
use http::request::Parts;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address of the other end of the connection; the accept loop puts it into the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// A network: an address and how many of its leading bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// The text is no address and no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a network is an IP address, or one with a prefix length, as 10.0.0.0/8")]
pub struct InvalidNetwork;

impl std::str::FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| InvalidNetwork)?)),
        };
        let address: IpAddr = address.parse().map_err(|_| InvalidNetwork)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        if prefix > longest {
            return Err(InvalidNetwork);
        }
        Ok(Self { address, prefix })
    }
}

impl Network {
    /// Whether the address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(address)) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix))
                    .unwrap_or_default();
                net.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(net), IpAddr::V6(address)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix))
                    .unwrap_or_default();
                net.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// The address that a request came from.
pub(crate) fn of_request(parts: &Parts, trusted: &[Network]) -> IpAddr {
    let peer = parts.extensions.get::<Peer>().copied();
    of_client(peer, &parts.headers, trusted)
}

/// The address to count failures by. Without a peer (in-process calls) it is the unspecified one.
pub(crate) fn of_client(peer: Option<Peer>, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let Some(Peer(peer)) = peer else {
        return IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    };
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = peer.ip().to_canonical();
    if !is_trusted(peer) {
        return peer;
    }
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .collect();
    let mut nearest = peer;
    for hop in forwarded.into_iter().rev() {
        let Some(address) = parse_hop(hop) else { break };
        nearest = address.to_canonical();
        if !is_trusted(nearest) {
            break;
        }
    }
    nearest
}

fn parse_hop(hop: &str) -> Option<IpAddr> {
    hop.parse()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

/// The address as a person is shown it.
pub(crate) fn shown(address: IpAddr) -> String {
    if address.is_unspecified() {
        String::from("an unknown address")
    } else {
        address.to_string()
    }
}

/// Whether an address that a person was [`shown`] is of the network that they use themselves. `None` when nobody can
/// tell: of two addresses of different families either answer may be wrong.
pub(crate) fn is_same_network(shown: &str, here: IpAddr) -> Option<bool> {
    let there: IpAddr = shown.parse().ok()?;
    if there.is_loopback() && here.is_loopback() {
        return Some(true);
    }
    (there.is_ipv4() == here.is_ipv4()).then(|| counted(there) == counted(here))
}

/// What failures are counted by: one IPv4 address, or the /64 that one IPv6 customer has.
pub(crate) fn counted(address: IpAddr) -> String {
    match customer(address) {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(network) => format!("{network}/64"),
    }
}

/// The IPv4 address, also of a mapped one, or the first address of the /64 that one IPv6 customer has.
pub(crate) fn customer(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn address(peer: &str, forwarded: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", HeaderValue::from_str(forwarded).unwrap());
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        of_client(Some(Peer(peer.parse().unwrap())), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_the_address_it_is_counted_by() {
        assert_eq!(address("203.0.113.5:1", "198.51.100.1"), "203.0.113.5");
        assert_eq!(address("10.1.1.1:1", "198.51.100.1, 203.0.113.5"), "203.0.113.5");
        assert_eq!(
            address("10.1.1.1:1", "198.51.100.1, 203.0.113.5, 10.2.2.2"),
            "203.0.113.5"
        );
        assert_eq!(address("10.1.1.1:1", "198.51.100.1, junk"), "10.1.1.1");
        assert_eq!(address("[::1]:1", "[2001:db8::1]:443"), "2001:db8::1");
    }

    #[test]
    fn a_network_counts_only_its_leading_bits() {
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("203.0.113.5".parse().unwrap()));
        let small: Network = "192.0.2.128/25".parse().unwrap();
        assert!(small.contains("192.0.2.129".parse().unwrap()));
        assert!(!small.contains("192.0.2.127".parse().unwrap()));
        assert!(small.contains("::ffff:192.0.2.200".parse().unwrap()));
        for bad in ["", "10.0.0.0/33", "10.0.0/8", "x/8", "10.0.0.0/-1"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    #[test]
    fn of_addresses_of_different_families_nobody_can_tell_whether_they_are_of_one_network() {
        let same = |shown, here: &str| is_same_network(shown, here.parse().unwrap());
        assert_eq!(same("203.0.113.5", "2001:db8::1"), None);
        assert_eq!(same("an unknown address", "203.0.113.5"), None);
        assert_eq!(same("203.0.113.5", "203.0.113.6"), Some(false));
        assert_eq!(same("203.0.113.5", "203.0.113.5"), Some(true));
        assert_eq!(same("2001:db8:1:2::7", "2001:db8:1:2::8"), Some(true));
        assert_eq!(same("127.0.0.1", "::1"), Some(true));
        assert_eq!(shown(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), "an unknown address");
    }

    #[test]
    fn one_ipv6_customer_is_counted_once() {
        let counted = |text: &str| super::counted(text.parse().unwrap());
        assert_eq!(counted("2001:db8:1:2:3::4"), counted("2001:db8:1:2:ffff::5"));
        assert_ne!(counted("2001:db8:1:2::1"), counted("2001:db8:1:3::1"));
    }
}
