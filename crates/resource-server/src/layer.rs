//! The tower layers: no request reaches the service behind them without a good access token, or a good signature.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Request, Response};
use http_body_util::BodyExt;
use tower::{Layer, Service};

use crate::ResourceServer;
use crate::oauth1::{self, Form};
use crate::stop::Refused;
use crate::watch::Ending;

/// What the services of this module answer with, later.
type Answering<R, E> = Pin<Box<dyn Future<Output = Result<Response<R>, E>> + Send>>;

/// What a layer asks for.
#[derive(Clone)]
struct Need {
    server: ResourceServer,
    scope: Vec<String>,
}

impl Need {
    fn new(server: ResourceServer, scope: &str) -> Self {
        Self {
            server,
            scope: scope.split_whitespace().map(str::to_owned).collect(),
        }
    }

    /// Whether the request may go on; if so, it carries its access from now on.
    async fn admit(&self, head: &mut Parts, form: Option<&Form>) -> Result<Ending, Refused> {
        let admitted = self.server.admit(head, &self.scope, form).await?;
        head.extensions.insert(admitted.access);
        Ok(admitted.ending)
    }

    fn answered<R>(&self, ending: Ending, response: &Response<R>) {
        self.server
            .answered(ending, response.status(), response.headers());
    }
}

/// Lets requests through that carry an access token with the scope; see [`ResourceServer::require`].
#[derive(Clone)]
pub struct RequireLayer(Need);

impl RequireLayer {
    pub(crate) fn new(server: ResourceServer, scope: &str) -> Self {
        Self(Need::new(server, scope))
    }
}

impl<S> Layer<S> for RequireLayer {
    type Service = Require<S>;

    fn layer(&self, inner: S) -> Require<S> {
        Require {
            inner,
            need: self.0.clone(),
        }
    }
}

/// The service that [`RequireLayer`] makes.
#[derive(Clone)]
pub struct Require<S> {
    inner: S,
    need: Need,
}

impl<S, B, R> Service<Request<B>> for Require<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Answering<R, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut inner = take_ready(&mut self.inner);
        let need = self.need.clone();
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            match need.admit(&mut head, None).await {
                Ok(ending) => {
                    let response = inner.call(Request::from_parts(head, body)).await?;
                    need.answered(ending, &response);
                    Ok(response)
                }
                Err(refused) => Ok(refused.into_response()),
            }
        })
    }
}

/// Lets requests through that carry an access token with the scope, or a signature of token credentials with it; see
/// [`ResourceServer::require_any`].
#[derive(Clone)]
pub struct RequireAnyLayer(Need);

impl RequireAnyLayer {
    pub(crate) fn new(server: ResourceServer, scope: &str) -> Self {
        Self(Need::new(server, scope))
    }
}

impl<S> Layer<S> for RequireAnyLayer {
    type Service = RequireAny<S>;

    fn layer(&self, inner: S) -> RequireAny<S> {
        RequireAny {
            inner,
            need: self.0.clone(),
        }
    }
}

/// The service that [`RequireAnyLayer`] makes. It can read a body and hand it on: axum's and hyper's `Full` will do.
#[derive(Clone)]
pub struct RequireAny<S> {
    inner: S,
    need: Need,
}

impl<S, B, R> Service<Request<B>> for RequireAny<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: BodyExt + From<Vec<u8>> + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Answering<R, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut inner = take_ready(&mut self.inner);
        let need = self.need.clone();
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            let (form, body) = match &need.server.config().oauth1 {
                Some(taken) => oauth1::read_form(&head, body, taken.form_bytes).await,
                None => (None, body),
            };
            match need.admit(&mut head, form.as_ref()).await {
                Ok(ending) => {
                    let response = inner.call(Request::from_parts(head, body)).await?;
                    need.answered(ending, &response);
                    Ok(response)
                }
                Err(refused) => Ok(refused.into_response()),
            }
        })
    }
}

/// The clone that was polled ready answers; the fresh one waits for its own turn.
fn take_ready<S: Clone>(inner: &mut S) -> S {
    let fresh = inner.clone();
    std::mem::replace(inner, fresh)
}
