//! Everything that the server fetches or posts on its own: clients' keys and request objects, sector identifiers,
//! logout tokens, upstream providers.
//!
//! Such addresses come from strangers, who can make the server ask wherever they like (RFC 9101 §10.4). Hence https, no
//! redirect, no proxy from the environment, a longest answer, one deadline for all of it, and a connection only to a
//! public address. That last check stands in the connector, behind the lookup of the name, so that neither an IP literal
//! nor a name that changes its mind gets around it.
//!
//! What a document means is not judged here; keeping documents is [`documents`].

mod connect;
pub mod documents;
mod public;
#[cfg(test)]
mod tests;

use crate::address::Network;
use connect::{ConnectError, Connector};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use url::Url;
use valetkey_client::{BoxFuture, HttpClient, HttpError, HttpRequest, HttpResponse};

/// How long an idle connection is kept.
const IDLE_SECONDS: u64 = 30;
/// How many idle connections are kept to one site.
const IDLE_CONNECTIONS: usize = 2;
/// The longest head of an answer.
const HEAD_BYTES: usize = 64 * 1024;
/// Who asks. Some providers answer nobody who does not say.
const AGENT: &str = "valetkey";

/// What outbound requests may do. By default they reach public addresses alone.
#[derive(Debug, Clone)]
pub struct OutboundSettings {
    /// Certification authorities that are trusted beside those that Mozilla trusts.
    pub extra_ca: Vec<CertificateDer<'static>>,
    /// Networks that may be connected to although they are not public.
    pub allow_private: Vec<Network>,
    /// The longest that a request may take, from the lookup of the name to the last byte.
    pub deadline_seconds: u64,
    /// The longest answer that is read.
    pub answer_bytes: usize,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self {
            extra_ca: Vec::new(),
            allow_private: Vec::new(),
            deadline_seconds: 10,
            answer_bytes: 1024 * 1024,
        }
    }
}

/// The settings are of no use: one of the extra authorities is no certificate.
#[derive(Debug, thiserror::Error)]
#[error("outbound TLS cannot be set up: {0}")]
pub struct InvalidOutbound(#[from] rustls::Error);

/// Why there is no answer. Sites are named without path and query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// Not an absolute URL, or one with a user name or a password.
    #[error("the address is no absolute URL without user name and password")]
    NotUrl,
    /// Neither https nor http to a loopback address that is allowed.
    #[error("{0} is neither https nor an allowed loopback address")]
    NotHttps(String),
    /// The site is at no public address, and at none that is allowed.
    #[error("{0} is at no address that may be connected to")]
    AddressRefused(String),
    /// Name, connection, TLS or protocol failed.
    #[error("{0} cannot be reached: {1}")]
    Unreachable(String, String),
    /// No whole answer in time.
    #[error("there was no whole answer in time")]
    Timeout,
    /// The answer is longer than is read.
    #[error("the answer is too large")]
    TooLarge,
    /// An answer, but no document. Redirects are among these.
    #[error("the answer has the status {0}")]
    Status(u16),
    /// The document is no set of keys (RFC 7517 §5).
    #[error("the document is no JWK set")]
    NotKeySet,
}

/// A document as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The status, one of the 200s.
    pub status: u16,
    /// What the site says it is.
    pub content_type: Option<String>,
    /// All of it.
    pub body: Vec<u8>,
    /// How long it may be kept (RFC 9111 §5.2.2), if the site says so; 0 when it is not to be kept.
    pub max_age_seconds: Option<u64>,
}

/// The server as a client. Needs a tokio runtime; cloning is cheap and shares the connections.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: Client<Connector, Full<Bytes>>,
    deadline: Duration,
    answer_bytes: usize,
}

impl Outbound {
    /// Sets up TLS. Nothing is connected to yet.
    ///
    /// # Errors
    /// When an extra authority is no certificate.
    pub fn new(settings: OutboundSettings) -> Result<Self, InvalidOutbound> {
        let deadline = Duration::from_secs(settings.deadline_seconds);
        let tls = tls(settings.extra_ca)?;
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(IDLE_SECONDS))
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .http1_max_buf_size(HEAD_BYTES)
            .build(Connector::new(tls, settings.allow_private, deadline));
        Ok(Self {
            client,
            deadline,
            answer_bytes: settings.answer_bytes,
        })
    }

    /// The same, which reads no more of an answer than that.
    #[must_use]
    pub fn at_most(&self, answer_bytes: usize) -> Self {
        Self {
            answer_bytes: self.answer_bytes.min(answer_bytes),
            ..self.clone()
        }
    }

    /// Fetches a document. A status other than one of the 200s is an error.
    pub async fn get(&self, url: &str, accept: &str) -> Result<Fetched, OutboundError> {
        let request = Request::get(target(url)?)
            .header(ACCEPT, accept)
            .body(Vec::new())
            .map_err(|_| OutboundError::NotUrl)?;
        self.within_deadline(async {
            let (site, answer) = self.start(request).await?;
            if !answer.status().is_success() {
                return Err(OutboundError::Status(answer.status().as_u16()));
            }
            let (head, body) = self.read(&site, answer).await?.into_parts();
            Ok(Fetched {
                status: head.status.as_u16(),
                content_type: text(&head.headers, &CONTENT_TYPE),
                body,
                max_age_seconds: max_age_seconds(&head.headers),
            })
        })
        .await
    }

    /// Posts a form and gives the status of the answer, whatever it is; the answer itself is not read.
    pub async fn post_form(&self, url: &str, body: String) -> Result<u16, OutboundError> {
        let request = Request::post(target(url)?)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.into_bytes())
            .map_err(|_| OutboundError::NotUrl)?;
        self.within_deadline(async {
            let (_, answer) = self.start(request).await?;
            Ok(answer.status().as_u16())
        })
        .await
    }

    async fn within_deadline<T>(
        &self,
        work: impl Future<Output = Result<T, OutboundError>>,
    ) -> Result<T, OutboundError> {
        tokio::time::timeout(self.deadline, work)
            .await
            .unwrap_or(Err(OutboundError::Timeout))
    }

    /// Sends the request; the answer's body is still to come.
    async fn start(
        &self,
        mut request: Request<Vec<u8>>,
    ) -> Result<(String, Response<Incoming>), OutboundError> {
        let site = site(request.uri())?;
        request
            .headers_mut()
            .entry(USER_AGENT)
            .or_insert(HeaderValue::from_static(AGENT));
        let answer = self
            .client
            .request(request.map(|body| Full::new(body.into())))
            .await;
        match answer {
            Ok(answer) => Ok((site, answer)),
            Err(error) => Err(failure(&error, site)),
        }
    }

    async fn read(&self, site: &str, answer: Response<Incoming>) -> Result<HttpResponse, OutboundError> {
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, self.answer_bytes).collect().await;
        let body = body.map_err(|error| match error.downcast::<LengthLimitError>() {
            Ok(_) => OutboundError::TooLarge,
            Err(other) => OutboundError::Unreachable(site.to_owned(), innermost(other.as_ref()).to_string()),
        })?;
        Ok(Response::from_parts(head, body.to_bytes().to_vec()))
    }
}

/// For the client crate, which signs people in with other providers: any status is an answer here.
impl HttpClient for Outbound {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, HttpError>> {
        Box::pin(async move {
            let answer = self.within_deadline(async {
                let (site, answer) = self.start(request).await?;
                self.read(&site, answer).await
            });
            answer.await.map_err(|error| match error {
                OutboundError::NotHttps(site) => HttpError::NotSecure(site),
                OutboundError::NotUrl => HttpError::Request(error.to_string()),
                OutboundError::Timeout => HttpError::Timeout,
                OutboundError::TooLarge => HttpError::TooLarge,
                OutboundError::Unreachable(_, reason) => HttpError::Unreachable(reason),
                other => HttpError::Unreachable(other.to_string()),
            })
        })
    }
}

fn tls(extra_ca: Vec<CertificateDer<'static>>) -> Result<ClientConfig, InvalidOutbound> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(extra_ca)?)
        .with_no_client_auth())
}

fn roots(extra_ca: Vec<CertificateDer<'static>>) -> Result<RootCertStore, InvalidOutbound> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for certificate in extra_ca {
        roots.add(certificate)?;
    }
    Ok(roots)
}

/// The URL as it is sent: without its fragment.
fn target(url: &str) -> Result<Uri, OutboundError> {
    let mut url = Url::parse(url).map_err(|_| OutboundError::NotUrl)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(OutboundError::NotUrl);
    }
    url.set_fragment(None);
    Uri::try_from(url.as_str()).map_err(|_| OutboundError::NotUrl)
}

/// The site as it may be shown: scheme, host and port. Refuses what is no web address.
fn site(uri: &Uri) -> Result<String, OutboundError> {
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(OutboundError::NotUrl);
    };
    if authority.as_str().contains('@') {
        return Err(OutboundError::NotUrl);
    }
    let site = format!("{scheme}://{authority}");
    match scheme {
        "https" | "http" => Ok(site),
        _ => Err(OutboundError::NotHttps(site)),
    }
}

/// What went wrong, from the error that the connector put below hyper's.
fn failure(error: &legacy::Error, site: String) -> OutboundError {
    let mut reason: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = reason {
        match inner.downcast_ref::<ConnectError>() {
            Some(ConnectError::NotHttps) => return OutboundError::NotHttps(site),
            Some(ConnectError::AddressRefused) => return OutboundError::AddressRefused(site),
            Some(ConnectError::TimedOut) => return OutboundError::Timeout,
            Some(ConnectError::Failed(_)) | None => reason = inner.source(),
        }
    }
    OutboundError::Unreachable(site, innermost(error).to_string())
}

/// The innermost reason says what happened; the outer ones say "client error".
fn innermost<'e>(error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    let mut reason = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    reason
}

fn text(headers: &HeaderMap, name: &http::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// How long the answer may be kept (RFC 9111 §5.2.2.1); what is not to be kept has no time left.
fn max_age_seconds(headers: &HeaderMap) -> Option<u64> {
    let mut max_age = None;
    for line in headers.get_all(CACHE_CONTROL) {
        for directive in line.to_str().ok()?.split(',').map(str::trim) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            match name.to_ascii_lowercase().as_str() {
                "no-store" | "no-cache" => return Some(0),
                "max-age" => max_age = max_age.or(value.trim_matches('"').parse().ok()),
                _ => {}
            }
        }
    }
    max_age
}
