//! The ports of `dev`: three in a row.

use crate::failure::{Failure, Outcome};
use crate::run::bind_loopback;
use std::net::{IpAddr, SocketAddr};
use tokio::net::TcpListener;

/// The last first port.
const LAST: u16 = u16::MAX - 2;
/// How often three free ports in a row are looked for.
const TRIES: usize = 50;
const WAY_OUT: &str = "choose another with --port N (N, N+1 and N+2 are used)";

/// The sockets, bound.
#[derive(Debug)]
pub(super) struct Ports {
    /// The first port.
    pub(super) first: u16,
    /// At the first port.
    pub(super) server: Vec<TcpListener>,
    /// At the second.
    pub(super) photos: Vec<TcpListener>,
    /// At the third.
    pub(super) app: Vec<TcpListener>,
}

impl Ports {
    /// Takes the ports from `first` on; 0 looks for free ones.
    pub(super) async fn take(addresses: &[IpAddr], first: u16) -> Outcome<Self> {
        if first != 0 {
            return Self::bind(addresses, first).await;
        }
        let address = addresses.first().copied().unwrap_or(IpAddr::from([127, 0, 0, 1]));
        for _ in 0..TRIES {
            let free = TcpListener::bind(SocketAddr::new(address, 0))
                .await
                .and_then(|socket| socket.local_addr());
            let free = free.map_err(Failure::system("a free port"))?.port();
            if free <= LAST
                && let Ok(ports) = Self::bind(addresses, free).await
            {
                return Ok(ports);
            }
        }
        Err(Failure::refused(
            "no three free ports in a row were found; name the first with --port N",
        ))
    }

    async fn bind(addresses: &[IpAddr], first: u16) -> Outcome<Self> {
        let after = |count: u16| first.saturating_add(count);
        Ok(Self {
            first,
            server: bind_loopback(addresses, first, WAY_OUT).await?,
            photos: bind_loopback(addresses, after(1), WAY_OUT).await?,
            app: bind_loopback(addresses, after(2), WAY_OUT).await?,
        })
    }
}
