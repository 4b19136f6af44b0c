//! The accept loop: connections, their limits, TLS, and the orderly stop.
//!
//! `axum::serve` sets no timer, so a client that sends its headers slowly would hold a connection for
//! ever; here every wait has an end. What happens inside a request is the router's business.

mod addresses;
mod pressed;
mod talk;

use crate::address::Network;
use addresses::{Addresses, Entered};
use axum::Router;
use pressed::Pressed;
use prometheus_client::metrics::gauge::Gauge;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use talk::Talk;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// The limits of a listener.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many connections may be open at once; more wait in the kernel's queue.
    pub open_connections: usize,
    /// How many of them one address may have, or one /64 network of IPv6; further ones are closed at once. 0: as many as
    /// it likes.
    pub connections_per_address: usize,
    /// How long a client may take for the headers of a request, and be idle before the next one.
    pub header_seconds: u64,
    /// How long an HTTP/2 connection may bring no request; it may go on answering pings meanwhile.
    pub idle_seconds: u64,
    /// How long a client may take nothing of an answer that waits for it.
    pub write_seconds: u64,
    /// How long a TLS handshake may take.
    pub handshake_seconds: u64,
    /// How many headers a request may have.
    pub headers: usize,
    /// How large the head of a request may be.
    pub head_bytes: usize,
    /// How many requests one HTTP/2 connection may have open.
    pub streams: u32,
    /// How long open requests may take to finish after the stop.
    pub drain_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            open_connections: 4096,
            connections_per_address: 256,
            header_seconds: 15,
            idle_seconds: 60,
            write_seconds: 15,
            handshake_seconds: 10,
            headers: 100,
            head_bytes: 64 * 1024,
            streams: 100,
            drain_seconds: 20,
        }
    }
}

/// How to serve.
#[derive(Clone, Default)]
pub struct Serving {
    /// The limits.
    pub limits: Limits,
    /// With a certificate: TLS. Without: plain HTTP, for loopback and behind a trusted proxy.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// The gauge of open connections, from [`crate::metrics::Metrics::connections`].
    pub connections: Gauge,
    /// Proxies: everybody's connections come from their addresses, so those are not counted.
    pub proxies: Vec<Network>,
}

impl std::fmt::Debug for Serving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serving")
            .field("limits", &self.limits)
            .field("tls", &self.tls.is_some())
            .field("proxies", &self.proxies)
            .finish_non_exhaustive()
    }
}

/// Serves until `shutdown` is ready; then takes no new connection, lets open requests finish, and
/// returns when they have, or when the time for it is over.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    serving: Serving,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let doors = Doors {
        slots: Arc::new(Semaphore::new(serving.limits.open_connections)),
        addresses: Addresses::new(serving.limits.connections_per_address, serving.proxies.clone()),
    };
    let acceptor = serving.tls.clone().map(TlsAcceptor::from);
    let handshake = Duration::from_secs(serving.limits.handshake_seconds);
    let writes = Duration::from_secs(serving.limits.write_seconds);
    let talk = Talk::new(router, &serving.limits);
    // Told once, at the stop; whoever holds a receiver is a connection that lives.
    let (stop, _) = watch::channel(());
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = doors.next(&listener) => accepted,
        };
        let Some((stream, peer, admitted)) = accepted else {
            continue;
        };
        let open = Open::new(&serving.connections, admitted);
        let (stream, talk) = (Pressed::new(stream, writes), talk.with(peer, stop.subscribe()));
        let secured = acceptor.clone().map(|acceptor| (acceptor, handshake));
        begin(stream, talk, secured, open);
    }
    // From here on the kernel refuses newcomers, so a load balancer sends them elsewhere at once.
    drop(listener);
    stop.send_replace(());
    let drain = Duration::from_secs(serving.limits.drain_seconds);
    if tokio::time::timeout(drain, stop.closed()).await.is_err() {
        tracing::warn!("some requests did not finish before the stop");
    }
    Ok(())
}

/// Begins one connection.
fn begin(
    stream: Pressed<TcpStream>,
    talk: talk::Connection,
    secured: Option<(TlsAcceptor, Duration)>,
    open: Open,
) {
    tokio::spawn(async move {
        match secured {
            None => talk.over(stream).await,
            Some((acceptor, limit)) => match tokio::time::timeout(limit, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => talk.over(stream).await,
                Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                Err(_) => tracing::debug!("TLS handshake took too long"),
            },
        }
        drop(open);
    });
}

/// Who comes in: so many at once, and so many of one address.
struct Doors {
    slots: Arc<Semaphore>,
    addresses: Arc<Addresses>,
}

/// The places that a connection holds until it ends.
type Admitted = (OwnedSemaphorePermit, Option<Entered>);

impl Doors {
    /// The next connection, once there is room for it.
    async fn next(&self, listener: &TcpListener) -> Option<(TcpStream, SocketAddr, Admitted)> {
        let permit = Arc::clone(&self.slots).acquire_owned().await.ok()?;
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Ok(entered) = self.addresses.enter(peer.ip()) else {
                    tracing::debug!("an address has too many connections open");
                    return None;
                };
                // Answers are written at once and whole; waiting to fill a packet would only delay them.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY could not be set");
                }
                Some((stream, peer, (permit, entered)))
            }
            Err(error) => {
                if !is_of_the_connection(&error) {
                    tracing::error!(%error, "a connection could not be accepted");
                    // Mostly "too many open files": give others the time to close theirs.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                None
            }
        }
    }
}

fn is_of_the_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// Counts an open connection while it lives.
struct Open {
    gauge: Gauge,
    _admitted: Admitted,
}

impl Open {
    fn new(gauge: &Gauge, admitted: Admitted) -> Self {
        gauge.inc();
        Self {
            gauge: gauge.clone(),
            _admitted: admitted,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

#[cfg(test)]
mod tests;
