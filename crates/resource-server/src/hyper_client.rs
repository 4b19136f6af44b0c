//! The [`HttpClient`] that comes along: hyper with rustls. It speaks https, and plain http to this machine alone; it
//! follows no redirect, reads no proxy from the environment, and gives up on what is slow or large.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use valetkey_protocol::redirect_uri::is_loopback_host;

use crate::transport::{BoxFuture, HttpClient, HttpError, HttpRequest, HttpResponse};

/// Longest answer that is read.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for the whole answer, the connection included.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long an idle connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// An HTTP client on hyper and rustls. Needs a tokio runtime. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct HyperClient(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl HyperClient {
    /// A client that trusts the certification authorities that Mozilla trusts.
    ///
    /// # Errors
    /// When the crypto library offers no TLS version.
    pub fn new() -> Result<Self, HttpError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| HttpError::Request(error.to_string()))?
            .with_webpki_roots()
            .with_no_client_auth();
        Ok(Self::with_tls(config))
    }

    /// A client with its own TLS settings, for a certification authority of one's own.
    #[must_use]
    pub fn with_tls(config: ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(connector);
        Self(client)
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answer = self.0.request(request.map(|body| Full::new(body.into())));
        let answer = answer.await.map_err(unreachable)?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|error| match error.downcast::<LengthLimitError>() {
            Ok(_) => HttpError::TooLarge,
            Err(other) => HttpError::Unreachable(other.to_string()),
        })?;
        Ok(HttpResponse::from_parts(head, body.to_bytes().to_vec()))
    }
}

impl HttpClient for HyperClient {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpError>> {
        Box::pin(async move {
            check_target(request.uri())?;
            tokio::time::timeout(DEADLINE, self.exchange(request))
                .await
                .unwrap_or(Err(HttpError::Timeout))
        })
    }
}

/// https anywhere, http to this machine.
fn check_target(uri: &http::Uri) -> Result<(), HttpError> {
    let text = uri.to_string();
    let url = url::Url::parse(&text).map_err(|_| HttpError::NotSecure(text.clone()))?;
    let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback_host(&url));
    if secure {
        Ok(())
    } else {
        Err(HttpError::NotSecure(text))
    }
}

/// The innermost reason says what happened; the outer ones say "client error".
fn unreachable(error: hyper_util::client::legacy::Error) -> HttpError {
    let mut reason: &dyn std::error::Error = &error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    HttpError::Unreachable(reason.to_string())
}
