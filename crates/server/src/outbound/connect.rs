//! The connector below hyper: it looks the name up itself, checks every address that it gets, and connects to a checked
//! one. IP literals take the same way. TLS is hyper-rustls' own, over a connection that was checked.

use super::public::is_public;
use crate::address::Network;
use http::Uri;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tower::Service;

/// How many names are looked up at once. A lookup cannot be called off, so slow name servers would otherwise take every
/// thread for blocking work.
const LOOKUPS_AT_ONCE: usize = 16;
/// The share of the deadline that one address may take: a site with a dead address is still reached at the next.
const ATTEMPTS_IN_A_DEADLINE: u32 = 3;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// http to anything but an allowed loopback address.
    #[error("plain http")]
    NotHttps,
    /// No address of the site may be connected to.
    #[error("no address of the site may be connected to")]
    AddressRefused,
    /// Nobody answered.
    #[error("no connection in time")]
    TimedOut,
    /// Lookup or connection failed.
    #[error(transparent)]
    Failed(#[from] io::Error),
}

/// Connections with TLS, or without to this machine, within a time.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    inner: HttpsConnector<Checked>,
    deadline: Duration,
}

impl Connector {
    pub(super) fn new(tls: ClientConfig, allow_private: Vec<Network>, deadline: Duration) -> Self {
        let checked = Checked {
            allow_private: allow_private.into(),
            lookups: Arc::new(Semaphore::new(LOOKUPS_AT_ONCE)),
            attempt: deadline / ATTEMPTS_IN_A_DEADLINE,
        };
        let inner = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(checked);
        Self { inner, deadline }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Connecting<Self::Response, BoxError>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    // hyper finishes a connection in the background when its request got another one, beyond that request's deadline.
    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.inner.call(uri);
        let deadline = self.deadline;
        Box::pin(async move {
            tokio::time::timeout(deadline, connecting)
                .await
                .unwrap_or_else(|_| Err(ConnectError::TimedOut.into()))
        })
    }
}

/// TCP connections to checked addresses.
#[derive(Debug, Clone)]
pub(super) struct Checked {
    allow_private: Arc<[Network]>,
    lookups: Arc<Semaphore>,
    attempt: Duration,
}

impl Service<Uri> for Checked {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Connecting<Self::Response, ConnectError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let checked = self.clone();
        Box::pin(async move { checked.connect(&uri).await.map(TokioIo::new) })
    }
}

impl Checked {
    async fn connect(&self, uri: &Uri) -> Result<TcpStream, ConnectError> {
        let is_encrypted = uri.scheme() == Some(&Scheme::HTTPS);
        let host = uri.host().unwrap_or_default();
        let port = uri.port_u16().unwrap_or(if is_encrypted { 443 } else { 80 });
        let found = self.look_up(host, port).await?;
        let usable: Vec<_> = found
            .iter()
            .filter(|address| may_connect(address.ip(), is_encrypted, &self.allow_private))
            .collect();
        let mut failed = ConnectError::Failed(io::Error::other("the name has no address"));
        if usable.is_empty() && !found.is_empty() {
            tracing::info!(host, ?found, is_encrypted, "outbound connection refused");
            failed = if is_encrypted {
                ConnectError::AddressRefused
            } else {
                ConnectError::NotHttps
            };
        }
        for address in usable {
            match tokio::time::timeout(self.attempt, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => failed = error.into(),
                Err(_) => failed = ConnectError::TimedOut,
            }
        }
        Err(failed)
    }

    async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if let Ok(address) = literal.unwrap_or(host).parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let permit = Arc::clone(&self.lookups)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let host = host.to_owned();
        let lookup = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            (host.as_str(), port).to_socket_addrs().map(Iterator::collect)
        });
        lookup.await.map_err(io::Error::other)?
    }
}

/// Whether a connection to the address may be made: public ones with TLS; others only where they are allowed, and of
/// these a loopback address without TLS too.
fn may_connect(address: IpAddr, is_encrypted: bool, allow_private: &[Network]) -> bool {
    let is_allowed = || allow_private.iter().any(|network| network.contains(address));
    if is_encrypted {
        is_public(address) || is_allowed()
    } else {
        address.to_canonical().is_loopback() && is_allowed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(address: &str, is_encrypted: bool, allowed: &[&str]) -> bool {
        let allowed: Vec<Network> = allowed.iter().map(|network| network.parse().unwrap()).collect();
        may_connect(address.parse().unwrap(), is_encrypted, &allowed)
    }

    #[test]
    fn a_private_address_is_reached_only_inside_a_network_that_is_allowed() {
        assert!(!may("10.1.2.3", true, &[]));
        assert!(!may("10.1.2.3", true, &["10.2.0.0/16", "::/0"]));
        assert!(may("10.1.2.3", true, &["10.1.0.0/16"]));
        assert!(may("fd00::1", true, &["fc00::/7"]));
        assert!(may("1.1.1.1", true, &[]));
    }

    #[test]
    fn a_wrapped_address_is_judged_as_what_it_wraps_and_never_public() {
        assert!(!may("::ffff:1.1.1.1", true, &[]));
        assert!(!may("::ffff:10.1.2.3", true, &["127.0.0.0/8"]));
        assert!(may("::ffff:127.0.0.1", true, &["127.0.0.0/8"]));
    }

    #[test]
    fn without_tls_only_an_allowed_loopback_address_is_reached() {
        assert!(!may("127.0.0.1", false, &[]));
        assert!(!may("1.1.1.1", false, &["0.0.0.0/0"]));
        assert!(!may("10.1.2.3", false, &["10.0.0.0/8"]));
        assert!(may("127.0.0.1", false, &["127.0.0.0/8"]));
        assert!(may("::1", false, &["::1"]));
    }
}
