//! How this crate reaches the authorization server: one small trait, so that any HTTP library serves and a test needs
//! none.

use std::future::Future;
use std::pin::Pin;

/// Some servers answer nobody who does not say who asks.
pub(crate) const USER_AGENT: &str = concat!("valetkey-client/", env!("CARGO_PKG_VERSION"));

/// A future on the heap, sendable between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A request with its whole body.
pub type HttpRequest = http::Request<Vec<u8>>;

/// An answer with its whole body.
pub type HttpResponse = http::Response<Vec<u8>>;

/// Sends one request and gives its answer, whatever its status.
///
/// An implementation must not follow redirects: a token endpoint that redirects would send secrets elsewhere. It should
/// bound the size of an answer and the time it takes. Functions of the right shape implement it.
pub trait HttpClient: Send + Sync {
    /// Sends the request.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpError>>;
}

impl<F, Fut> HttpClient for F
where
    F: Fn(HttpRequest) -> Fut + Send + Sync,
    Fut: Future<Output = Result<HttpResponse, HttpError>> + Send + 'static,
{
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpError>> {
        Box::pin(self(request))
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// Neither https nor http to this machine: a secret would travel in clear.
    #[error("{0:?} is neither https nor http to the loopback interface")]
    NotSecure(String),
    /// The request is no request.
    #[error("the request cannot be sent: {0}")]
    Request(String),
    /// Name, connection, TLS or protocol failed.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    /// No whole answer in time.
    #[error("the server did not answer in time")]
    Timeout,
    /// The answer is longer than anything this protocol sends.
    #[error("the answer is too large")]
    TooLarge,
}
