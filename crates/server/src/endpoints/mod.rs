//! One file an endpoint: parse, load facts, let the rules decide, commit with one verb of the store, render.

pub(crate) mod account;
mod answer;
pub(crate) mod authorize;
pub(crate) mod client_auth;
pub(crate) mod consent;
pub(crate) mod device;
pub(crate) mod device_authorization;
mod first_factor;
mod flow;
pub(crate) mod health;
pub(crate) mod introspect;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod metadata;
pub(crate) mod oauth1;
pub(crate) mod page;
pub(crate) mod revoke;
mod shown_token;
mod signed_in;
pub(crate) mod token;
mod told;
pub(crate) mod userinfo;
