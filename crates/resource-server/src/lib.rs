//! A tower layer that protects an API with OAuth access tokens, for axum, hyper and whatever else speaks [`tower`].
//!
//! A [`ResourceServer`] knows one API and the authorization server it trusts. [`ResourceServer::require`] makes a layer
//! out of it: behind the layer there are only requests with a good access token that carries the scope, and each has an
//! [`Access`] in its extensions. All others get the answer that RFC 6750 §3 wants, with the way to the API's metadata
//! (RFC 9728), from which a client learns where to get a token.
//!
//! How a token is checked:
//!
//! - [`Builder::jwt`]: signed tokens (RFC 9068), with the keys that the issuer publishes. The keys are found by RFC 8414,
//!   kept, fetched again for an unknown `kid` (not at the will of whoever makes up names), and used for up to an hour
//!   while the issuer is down. A token that was checked is remembered, by its hash, until it expires.
//! - [`Builder::introspect`]: opaque tokens, by asking the issuer (RFC 7662).
//! - [`Builder::online`]: asks about signed tokens too. A signed token counts until it expires, whatever the issuer did
//!   meanwhile; with `online(0)` access that a person takes away ends at once, at the price of a question per request.
//!
//! With [`Builder::oauth1`], routes behind [`ResourceServer::require_any`] take requests signed by OAuth 1.0a (RFC 5849)
//! as well, for apps that have not moved yet. The handler finds the same [`Access`]; [`Access::via`] tells which it was.
//! The signature base string is composed for the API's public address and verified by the issuer, once for each request;
//! a replay is refused here. A request that brings both, a token and a signature, gets neither in.
//!
//! A token is read from one `Authorization: Bearer` header and nowhere else: never from the query, never from a body.
//! When the issuer must be asked and cannot, the answer is 503 with `Retry-After`, never a guess.
//!
//! # Example
//!
//! ```
//! use std::sync::Arc;
//!
//! use axum::{Extension, Json, Router, body::Body, routing::get};
//! use http::{Request, Response, StatusCode};
//! use serde_json::json;
//! use tower::ServiceExt as _;
//! use valetkey_jose::{JwkSet, SigningKey};
//! use valetkey_resource_server::{Access, Algorithm, HttpRequest, ResourceServer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # const NOW: i64 = 1_800_000_000;
//! // The authorization server, here in the same process: its metadata and its keys. Leave `.http(..)` out to reach a
//! // real one over https.
//! let key = SigningKey::generate(Algorithm::ES256)?;
//! let published = serde_json::to_vec(&JwkSet { keys: vec![key.public_jwk()] })?;
//! let issuer = move |request: HttpRequest| {
//!     let body = match request.uri().path() {
//!         "/.well-known/oauth-authorization-server" => json!({
//!             "issuer": "https://login.example",
//!             "jwks_uri": "https://login.example/jwks",
//!         }).to_string().into_bytes(),
//!         _ => published.clone(),
//!     };
//!     async move { Ok(Response::new(body)) }
//! };
//!
//! // The API.
//! let photos = ResourceServer::builder("https://photos.example", "https://login.example")
//!     .jwt()
//!     .http(Arc::new(issuer))
//! #   .clock(|| valetkey_protocol::time::Timestamp(NOW))
//!     .build()?;
//! let about = photos.metadata().clone();
//! let app: Router = Router::new()
//!     .route(
//!         "/photos",
//!         get(|Extension(access): Extension<Access>| async move { format!("photos of {}", access.subject) })
//!             .layer(photos.require("photos.read")),
//!     )
//!     .route(photos.metadata_path(), get(|| async { Json(about) }));
//!
//! // Without a token: 401, and where to read what is needed.
//! let request = Request::get("/photos").body(Body::empty())?;
//! let answer = app.clone().oneshot(request).await?;
//! assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
//! assert_eq!(
//!     answer.headers()["www-authenticate"],
//!     "Bearer scope=\"photos.read\", \
//!      resource_metadata=\"https://photos.example/.well-known/oauth-protected-resource\"",
//! );
//!
//! // With a good one: the photos.
//! let token = key.sign_jwt("at+jwt", &json!({
//!     "iss": "https://login.example", "aud": "https://photos.example", "sub": "alice",
//!     "client_id": "mysweetapp", "scope": "photos.read", "jti": "1", "iat": NOW, "exp": NOW + 300,
//! }))?;
//! let request = Request::get("/photos").header("authorization", format!("Bearer {token}"));
//! let answer = app.clone().oneshot(request.body(Body::empty())?).await?;
//! assert_eq!(answer.status(), StatusCode::OK);
//! let body = axum::body::to_bytes(answer.into_body(), 1024).await?;
//! assert_eq!(body, "photos of alice");
//! # Ok(())
//! # }
//! ```
//!
//! This crate decides whether a request may enter. What the person may see behind the door is the API's to decide, by
//! [`Access::subject`].
#![forbid(unsafe_code)]

mod access;
mod bearer;
mod clock;
mod config;
mod introspection;
mod issuer;
mod jwt;
mod layer;
mod oauth1;
mod remembered;
mod server;
mod stop;
#[cfg(test)]
mod tests;
mod watch;

pub use access::{Access, Actor, Via};
pub use config::{Builder, ConfigError};
pub use layer::{Require, RequireAny, RequireAnyLayer, RequireLayer};
pub use server::ResourceServer;
pub use valetkey_client::{BoxFuture, HttpClient, HttpError, HttpRequest, HttpResponse, HyperClient};
pub use valetkey_jose::Algorithm;
