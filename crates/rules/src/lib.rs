//! What Valetkey decides: plain functions, `(request, facts, policy, now) -> decision`.
//!
//! No clock, no randomness, no database, no HTTP: facts come in as records, decisions go out as types,
//! and the server acts on them. Every check that can refuse goes through
//! [`Trail`](valetkey_protocol::rule::Trail) and names its [`Rule`](valetkey_protocol::rule::Rule).
//!
//! One file an endpoint, one file a check where there are many. [`policy`] holds every limit and lifetime.

pub mod access_token;
pub mod account;
pub mod authorize;
mod claims;
pub mod client_auth;
pub mod device;
pub mod handle;
pub mod introspect;
pub mod issue;
mod letters;
pub mod logout;
pub mod oauth1;
pub mod once;
pub mod passkey;
pub mod policy;
pub mod recovery;
pub mod register;
pub mod revoke;
pub mod sealed;
pub mod second_factor;
mod shown;
pub mod subject;
pub mod throttle;
pub mod token;
pub mod totp;
pub mod upstream;
pub mod userinfo;

#[cfg(test)]
mod samples;

pub use handle::{HandleKeys, Temporary};
pub use once::Once;
pub use policy::{NEVER, Policy, Resource, TokenFormat};
pub use sealed::{Purpose, SecretKeys};
