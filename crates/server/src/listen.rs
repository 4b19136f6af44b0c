//! The accept loop: connections, their limits, TLS, and the orderly stop.
//!
//! `axum::serve` sets no timer, so a client that sends its headers slowly would hold a connection for
//! ever; here every wait has an end. What happens inside a request is the router's business.

use crate::address::Peer;
use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use prometheus_client::metrics::gauge::Gauge;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// The limits of a listener.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many connections may be open at once; more wait in the kernel's queue.
    pub open_connections: usize,
    /// How long a client may take for the headers of a request, and be idle before the next one.
    pub header_seconds: u64,
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
            header_seconds: 15,
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
}

impl std::fmt::Debug for Serving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Serving")
            .field("limits", &self.limits)
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

/// What one connection needs.
struct Connection {
    peer: SocketAddr,
    router: Router,
    builder: auto::Builder<TokioExecutor>,
    watcher: Watcher,
    /// How long the first request may take to begin.
    first_request: Duration,
    /// Held until the connection ends.
    _open: Open,
}

/// Counts an open connection while it lives.
struct Open {
    gauge: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.gauge.dec();
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
    let slots = Arc::new(Semaphore::new(serving.limits.open_connections));
    let acceptor = serving.tls.clone().map(TlsAcceptor::from);
    let handshake = Duration::from_secs(serving.limits.handshake_seconds);
    let builder = builder(&serving.limits);
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else {
            continue;
        };
        serving.connections.inc();
        let connection = Connection {
            peer,
            router: router.clone(),
            builder: builder.clone(),
            watcher: graceful.watcher(),
            first_request: Duration::from_secs(serving.limits.header_seconds),
            _open: Open {
                gauge: serving.connections.clone(),
                _permit: permit,
            },
        };
        tokio::spawn(handle(stream, acceptor.clone(), handshake, connection));
    }
    // From here on the kernel refuses newcomers, so a load balancer sends them elsewhere at once.
    drop(listener);
    let drain = Duration::from_secs(serving.limits.drain_seconds);
    if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish before the stop");
    }
    Ok(())
}

/// The next connection, once there is room for it.
async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are written at once and whole; waiting to fill a packet would only delay them.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY could not be set");
            }
            Some((stream, peer, permit))
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

fn is_of_the_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let wait = Duration::from_secs(limits.header_seconds);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(wait)
        .max_headers(limits.headers)
        .max_buf_size(limits.head_bytes.max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(wait)
        .keep_alive_timeout(wait)
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX));
    builder
}

async fn handle(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    handshake: Duration,
    connection: Connection,
) {
    let Some(acceptor) = acceptor else {
        return talk(stream, connection).await;
    };
    match tokio::time::timeout(handshake, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => talk(stream, connection).await,
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => tracing::debug!("TLS handshake took too long"),
    }
}

async fn talk<S>(stream: S, connection: Connection)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Connection {
        peer,
        router,
        builder,
        watcher,
        first_request,
        _open,
    } = connection;
    let begun = Arc::new(Notify::new());
    let is_begun = Arc::clone(&begun);
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        is_begun.notify_one();
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request.map(Body::new))
    });
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(watcher.watch(serving.into_owned()));
    // hyper's timers run only once it knows which HTTP is spoken: whoever never says must not stay.
    let ended = tokio::select! {
        ended = &mut serving => ended,
        begun = tokio::time::timeout(first_request, begun.notified()) => match begun {
            Ok(()) => serving.await,
            Err(_) => return tracing::debug!("a connection brought no request"),
        },
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests;
