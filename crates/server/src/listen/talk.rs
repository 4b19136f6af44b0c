//! One connection: which HTTP it speaks, its requests to the router, and its end.
//!
//! hyper ends what is slow within a request of HTTP/1. Here ends what it lets live: connections that never say which HTTP
//! they speak, and those of HTTP/2 that bring no request for long, although they answer pings.

use super::Limits;
use crate::address::Peer;
use axum::Router;
use axum::body::Body;
use http::HeaderValue;
use http::header::{CONNECTION, TRANSFER_ENCODING};
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tower::ServiceExt as _;

/// What the requests of one HTTP/2 connection may send before they were read. Forms are smaller than that.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;
/// Streams that were taken back before their request was looked at (the rapid reset attack); one more ends the connection.
const RESET_STREAMS: usize = 20;

/// What all connections have in common.
pub(super) struct Talk {
    router: Router,
    builder: auto::Builder<TokioExecutor>,
    /// How long the first request may take to begin.
    first: Duration,
    /// How long there may be no request after it.
    idle: Duration,
}

impl Talk {
    pub(super) fn new(router: Router, limits: &Limits) -> Self {
        Self {
            router,
            builder: builder(limits),
            first: Duration::from_secs(limits.header_seconds),
            idle: Duration::from_secs(limits.idle_seconds.max(limits.header_seconds)),
        }
    }

    pub(super) fn with(&self, peer: SocketAddr, stop: watch::Receiver<()>) -> Connection {
        Connection {
            peer,
            router: self.router.clone(),
            builder: self.builder.clone(),
            first: self.first,
            idle: self.idle,
            stop,
        }
    }
}

fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let wait = Duration::from_secs(limits.header_seconds);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(wait)
        // An answer's head and body are small: to copy the body behind the head takes less than to write them as two.
        .writev(false)
        .max_headers(limits.headers)
        .max_buf_size(limits.head_bytes.max(8192));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(wait)
        .keep_alive_timeout(wait)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_concurrent_streams(limits.streams)
        .max_pending_accept_reset_streams(RESET_STREAMS)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX));
    builder
}

/// One connection.
pub(super) struct Connection {
    peer: SocketAddr,
    router: Router,
    builder: auto::Builder<TokioExecutor>,
    first: Duration,
    idle: Duration,
    /// Held until the end: the stop waits for it.
    stop: watch::Receiver<()>,
}

/// The requests of one connection.
#[derive(Default)]
struct Requests {
    begun: AtomicU64,
    answered: AtomicU64,
}

impl Requests {
    fn begun(&self) -> u64 {
        self.begun.load(Ordering::Acquire)
    }

    /// Whether the router is at work for it.
    fn any_open(&self) -> bool {
        self.begun() > self.answered.load(Ordering::Acquire)
    }
}

/// Counts a request as answered, also when the client took it back.
struct Answering(Arc<Requests>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answered.fetch_add(1, Ordering::AcqRel);
    }
}

impl Connection {
    /// Answers requests until either side ends it.
    pub(super) async fn over<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self {
            peer,
            router,
            builder,
            first,
            idle,
            mut stop,
        } = self;
        let requests = Arc::new(Requests::default());
        let counted = Arc::clone(&requests);
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            counted.begun.fetch_add(1, Ordering::AcqRel);
            let answering = Answering(Arc::clone(&counted));
            // RFC 9112 §6.1: a proxy before us may have counted the length instead, so nothing that follows is believed.
            let is_last = request.headers().contains_key(TRANSFER_ENCODING);
            request.extensions_mut().insert(Peer(peer));
            let answer = router.clone().oneshot(request.map(Body::new));
            async move {
                let mut answer = answer.await;
                if let (true, Ok(answer)) = (is_last, &mut answer) {
                    answer
                        .headers_mut()
                        .insert(CONNECTION, HeaderValue::from_static("close"));
                }
                drop(answering);
                answer
            }
        });
        let mut serving = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut look = std::pin::pin!(tokio::time::sleep(first));
        let (mut seen, mut is_closing, mut is_stopping) = (0, false, false);
        let ended = loop {
            tokio::select! {
                ended = &mut serving => break ended,
                _ = stop.changed(), if !is_stopping => {
                    is_stopping = true;
                    serving.as_mut().graceful_shutdown();
                }
                () = &mut look => {
                    let begun = requests.begun();
                    if begun == 0 {
                        return tracing::debug!("a connection brought no request");
                    }
                    if begun == seen && !requests.any_open() {
                        if is_closing {
                            return tracing::debug!("a connection would not end");
                        }
                        is_closing = true;
                        serving.as_mut().graceful_shutdown();
                    }
                    seen = begun;
                    look.as_mut().reset(tokio::time::Instant::now() + idle);
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
