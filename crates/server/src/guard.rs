//! Around every request: a reference id, a log span, a limit in time, a catch for panics, and the count.
//!
//! The log carries the route, the status and the duration: never a query, a header or a body. It tells each failed request;
//! those that went well are counted, and told at level `debug` alone, span and all: writing a line takes as long as
//! answering (docs/decisions/0034-performance.md).

use crate::call::{Call, Told};
use crate::context::App;
use crate::{cors, wire_error};
use axum::extract::{MatchedPath, Request, State};
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};
use std::any::Any;
use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;
use tower::{Layer, Service};
use tracing::Instrument as _;
use valetkey_protocol::observe::{Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};

/// Names a request in the log, on error pages and in error answers.
#[derive(Debug, Clone, Copy)]
pub struct Reference([u8; LENGTH]);

impl Reference {
    /// What people see.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Letters and digits that cannot be taken for one another when somebody reads them out.
const LETTERS: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";

/// How many letters a reference has.
const LENGTH: usize = 10;

/// Where the next reference comes from: it tells requests apart and is no secret, so it is counted on, and the count mixed
/// with two random numbers, so that nobody reads from two of them how many requests there were between.
pub(crate) struct References {
    next: AtomicU64,
    mixed_with: u64,
}

impl References {
    pub(crate) fn new(random: &dyn crate::random::Random) -> Self {
        let drawn = || u64::from_le_bytes(crate::random::bytes(random));
        Self {
            next: AtomicU64::new(drawn()),
            mixed_with: drawn(),
        }
    }

    fn next(&self) -> Reference {
        let mut rest = mixed(self.next.fetch_add(1, Ordering::Relaxed) ^ self.mixed_with);
        rest = mixed(rest.wrapping_add(self.mixed_with));
        let letters = std::array::from_fn(|_| {
            let letter = usize::try_from(rest % 31).ok().and_then(|at| LETTERS.get(at));
            rest /= 31;
            letter.copied().unwrap_or_default()
        });
        Reference(letters)
    }
}

/// Each number becomes one other number, unlike its neighbour's (the finalizer of `SplitMix64`).
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// For a year; other hosts of the domain are their owners' business.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The route that answers.
fn endpoint(request: &Request) -> &str {
    request
        .extensions()
        .get::<MatchedPath>()
        .map_or(NO_ROUTE, MatchedPath::as_str)
}

const NO_ROUTE: &str = "unknown";

/// The layer.
#[derive(Clone)]
pub(crate) struct Watch(pub(crate) App);

impl<S> Layer<S> for Watch {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Watched<S> {
        Watched {
            app: Arc::clone(&self.0),
            inner,
        }
    }
}

/// A route with the layer around it.
#[derive(Clone)]
pub(crate) struct Watched<S> {
    app: App,
    inner: S,
}

impl<S> Service<Request> for Watched<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + Unpin + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let reference = self.app.references.next();
        request.extensions_mut().insert(reference);
        let asked = Asked {
            app: Arc::clone(&self.app),
            reference,
            matched: request.extensions().get::<MatchedPath>().cloned(),
            method: request.method().clone(),
        };
        let mut answering = self.inner.call(request);
        Box::pin(async move { Ok(asked.watch(&mut answering).await) })
    }
}

/// What a route answers, when it has.
trait Answering: Future<Output = Result<Response, Infallible>> + Send {}

impl<F: Future<Output = Result<Response, Infallible>> + Send> Answering for F {}

/// What is told of a request afterwards.
struct Asked {
    app: App,
    reference: Reference,
    matched: Option<MatchedPath>,
    method: Method,
}

impl Asked {
    async fn watch(&self, answering: &mut (impl Answering + Unpin)) -> Response {
        let Self {
            app,
            reference,
            matched,
            method,
        } = self;
        let endpoint = matched.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
        let span = tracing::debug_span!(
            "request",
            method = method.as_str(),
            endpoint,
            reference = reference.as_str(),
        );
        let started = Instant::now();
        let is_open = cors::is_open(endpoint, &app.issuer.path);
        let preflight = is_open.then(|| cors::preflight(method)).flatten();
        let mut response = match preflight {
            Some(preflight) => preflight,
            None => {
                let until = started + Duration::from_secs(app.settings.request_seconds);
                in_time(until, answering).instrument(span.clone()).await
            }
        };
        if is_open {
            cors::allow(response.headers_mut());
        }
        if app.issuer.is_https {
            // RFC 6797, RFC 9700 §2.6: who once came by https never comes by http again.
            let headers = response.headers_mut();
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
        }
        let status = response.status();
        app.metrics.request(endpoint, status.as_u16());
        let millis = || u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if status.is_client_error() || status.is_server_error() {
            let (status, millis, method) = (status.as_u16(), millis(), method.as_str());
            tracing::info!(
                status,
                millis,
                method,
                endpoint,
                reference = reference.as_str(),
                "failed"
            );
        } else {
            span.in_scope(|| tracing::debug!(status = status.as_u16(), millis = millis(), "answered"));
        }
        response
    }
}

/// The answer, or that it took too long, or that it panicked.
async fn in_time(until: Instant, answering: &mut (impl Answering + Unpin)) -> Response {
    let caught = poll_fn(|cx| {
        // After a panic it is not asked again.
        match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut *answering).poll(cx))) {
            Ok(polled) => polled.map(|Ok(response)| response),
            Err(panic) => Poll::Ready(panicked(panic.as_ref())),
        }
    });
    tokio::time::timeout_at(until, caught).await.unwrap_or_else(|_| {
        tracing::info!("the request took too long");
        too_slow()
    })
}

fn too_slow() -> Response {
    let body = String::from(
        "{\"error\":\"invalid_request\",\"error_description\":\"The request was not finished in time.\"}",
    );
    wire_error::no_store_json(StatusCode::REQUEST_TIMEOUT, body)
}

/// The answer after a panic: the details are in the log only.
fn panicked(panic: &(dyn Any + Send)) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    tracing::error!(panic = text, "a handler panicked");
    wire_error::server_error("")
}

/// The answer to a method that an endpoint does not know; axum adds `Allow`.
pub(crate) async fn method_not_allowed(State(app): State<App>, request: Request) -> Response {
    let mut call = Call::new(&app, request.extensions());
    let method = request.method().as_str();
    let refusal = Refusal::new(Rule::MethodNotAllowed, "a method that Allow names", method);
    let refusal = call.trail.refuse(refusal);
    call.tell(Told {
        from: Role::Client,
        to: Role::AuthorizationServer,
        step: Step::Other,
        title: "Request by another method",
        line: format!("{method} {}", endpoint(&request)),
        parameters: Vec::new(),
    });
    wire_error::json(&call, &refusal.into())
}

/// The page for an address that leads nowhere.
pub(crate) async fn not_found(State(app): State<App>, request: Request) -> Response {
    let call = Call::new(&app, request.extensions());
    let view = crate::pages::error::View {
        status: 404,
        title: String::from("There is no such page"),
        text: String::from("The address leads nowhere on this server."),
        reference: call.reference().to_owned(),
        ..crate::pages::error::View::default()
    };
    crate::pages::error::render(&app.settings.brand, &view)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;
    use std::collections::BTreeSet;

    #[tokio::test]
    async fn a_panic_is_answered_with_500_and_what_takes_too_long_with_408() {
        let mut panics = Box::pin(async {
            tokio::task::yield_now().await;
            panic!("the secret of the handler")
        });
        let soon = Instant::now() + Duration::from_secs(60);
        let answer = in_time(soon, &mut panics).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        assert!(!String::from_utf8_lossy(&body).contains("secret"), "{body:?}");

        let mut hangs = std::future::pending();
        let answer = in_time(Instant::now(), &mut hangs).await;
        assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    }

    #[test]
    fn no_two_references_are_alike_and_none_tells_how_many_there_were() {
        let references = References::new(&SystemRandom);
        let made: Vec<String> = (0..10_000)
            .map(|_| references.next().as_str().to_owned())
            .collect();
        let is_one = |text: &String| text.len() == LENGTH && text.bytes().all(|byte| LETTERS.contains(&byte));
        assert!(made.iter().all(is_one), "{:?}", made.first());
        assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), made.len());
        let last_letters: BTreeSet<_> = made.iter().filter_map(|text| text.chars().next_back()).collect();
        assert_eq!(last_letters.len(), LETTERS.len(), "neighbours differ everywhere");
    }
}
