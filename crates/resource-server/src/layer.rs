//! The tower layer: no request reaches the service behind it without a good access token.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower::{Layer, Service};

use crate::ResourceServer;

/// Lets requests through that carry an access token with the scope; see [`ResourceServer::require`].
#[derive(Clone)]
pub struct RequireLayer {
    server: ResourceServer,
    scope: Vec<String>,
}

impl RequireLayer {
    pub(crate) fn new(server: ResourceServer, scope: &str) -> Self {
        Self {
            server,
            scope: scope.split_whitespace().map(str::to_owned).collect(),
        }
    }
}

impl<S> Layer<S> for RequireLayer {
    type Service = Require<S>;

    fn layer(&self, inner: S) -> Require<S> {
        Require {
            inner,
            rule: self.clone(),
        }
    }
}

/// The service that [`RequireLayer`] makes.
#[derive(Clone)]
pub struct Require<S> {
    inner: S,
    rule: RequireLayer,
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
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The clone that was polled ready answers; the fresh one waits for its own turn.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let RequireLayer { server, scope } = self.rule.clone();
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            match server.admit(&head, &scope).await {
                Ok(admitted) => {
                    head.extensions.insert(admitted.access().clone());
                    let response = inner.call(Request::from_parts(head, body)).await?;
                    admitted.answered(&server, response.status(), response.headers());
                    Ok(response)
                }
                Err(refused) => Ok(refused.into_response()),
            }
        })
    }
}
