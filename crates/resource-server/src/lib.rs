//! A tower layer that protects an API with OAuth access tokens.
#![forbid(unsafe_code)]

mod access;
mod bearer;
mod clock;
mod config;
mod hyper_client;
mod introspection;
mod issuer;
mod jwt;
mod layer;
mod remembered;
mod server;
mod stop;
mod transport;
mod watch;

pub use access::Access;
pub use config::{Builder, ConfigError};
pub use hyper_client::HyperClient;
pub use layer::{Require, RequireLayer};
pub use server::ResourceServer;
pub use transport::{BoxFuture, HttpClient, HttpError, HttpRequest, HttpResponse};
pub use valetkey_jose::Algorithm;
