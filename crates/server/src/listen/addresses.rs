//! How many connections one address has open, so that one machine cannot take them all.
//!
//! Proxies are not counted: everybody comes from their address, and the header that names the others is not read before
//! there is a request.

use crate::address::{self, Network};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The addresses that have connections open, so never more of them than there are connections.
pub(super) struct Addresses {
    most: usize,
    proxies: Vec<Network>,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// The address has as many as it may have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// One connection of an address, until it is dropped.
pub(super) struct Entered {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Addresses {
    /// With `most` 0 nobody is counted.
    pub(super) fn new(most: usize, proxies: Vec<Network>) -> Arc<Self> {
        Arc::new(Self {
            most,
            proxies,
            open: Mutex::default(),
        })
    }

    /// Counts a connection; `None` for those that are not counted.
    pub(super) fn enter(self: &Arc<Self>, from: IpAddr) -> Result<Option<Entered>, TooMany> {
        if self.most == 0 || self.proxies.iter().any(|proxy| proxy.contains(from)) {
            return Ok(None);
        }
        let address = address::customer(from);
        self.with(|open| {
            let count = open.entry(address).or_default();
            if *count >= self.most {
                return Err(TooMany);
            }
            *count += 1;
            Ok(())
        })?;
        Ok(Some(Entered {
            addresses: Arc::clone(self),
            address,
        }))
    }

    fn with<T>(&self, look: impl FnOnce(&mut HashMap<IpAddr, usize>) -> T) -> T {
        look(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.addresses.with(|open| {
            if let Some(count) = open.get_mut(&self.address) {
                *count -= 1;
                if *count == 0 {
                    open.remove(&self.address);
                    // What one flood needed is not kept for ever.
                    if open.is_empty() {
                        open.shrink_to_fit();
                    }
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_that_has_its_share_gets_no_more_until_one_ends() {
        let addresses = Addresses::new(2, Vec::new());
        let enter = || addresses.enter(ip("203.0.113.5"));
        let (first, _second) = (enter().unwrap(), enter().unwrap());
        assert!(enter().is_err());
        assert!(addresses.enter(ip("203.0.113.6")).is_ok());
        drop(first);
        assert!(enter().is_ok());
    }

    #[test]
    fn the_addresses_of_one_ipv6_customer_are_one_and_a_mapped_ipv4_address_is_itself() {
        let addresses = Addresses::new(1, Vec::new());
        let _one = addresses.enter(ip("2001:db8:1:2::1")).unwrap();
        assert!(addresses.enter(ip("2001:db8:1:2:ffff::9")).is_err());
        assert!(addresses.enter(ip("2001:db8:1:3::1")).is_ok());
        let _mapped = addresses.enter(ip("::ffff:192.0.2.1")).unwrap();
        assert!(addresses.enter(ip("192.0.2.1")).is_err());
        assert!(addresses.enter(ip("::ffff:192.0.2.2")).is_ok());
    }

    #[test]
    fn proxies_and_an_absent_limit_are_not_counted_and_nothing_is_kept_of_who_left() {
        let addresses = Addresses::new(1, vec!["10.0.0.0/8".parse().unwrap()]);
        let proxied: Vec<_> = (0..50)
            .map(|_| addresses.enter(ip("10.1.1.1")).unwrap())
            .collect();
        assert!(proxied.iter().all(Option::is_none));
        let all: Vec<_> = (0..=255)
            .map(|last| addresses.enter(IpAddr::from([192, 0, 2, last])).unwrap())
            .collect();
        assert_eq!(addresses.with(|open| open.len()), 256);
        drop(all);
        assert_eq!(addresses.with(|open| (open.len(), open.capacity())), (0, 0));
        assert!(
            Addresses::new(0, Vec::new())
                .enter(ip("192.0.2.1"))
                .unwrap()
                .is_none()
        );
    }
}
