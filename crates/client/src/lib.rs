//! OAuth 2.0 and OpenID Connect for app authors.
#![forbid(unsafe_code)]

mod after;
mod ask;
mod callback;
mod client;
mod discovery;
mod error;
mod grants;

mod hyper_client;
mod id_token;
mod random;
mod registration;
mod token_endpoint;
mod tokens;
mod transport;
mod watch;

pub use ask::{Ask, Pending};
pub use client::Client;
pub use error::Error;
pub use hyper_client::HyperClient;
pub use registration::{ClientAuthentication, Registration};
pub use tokens::{IdClaims, Tokens, UserInfo};
pub use transport::{BoxFuture, HttpClient, HttpError, HttpRequest, HttpResponse};
