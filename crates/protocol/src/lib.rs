//! The vocabulary of OAuth 2.0, OpenID Connect and OAuth 1.0a, for every side that speaks it.
//!
//! One file per message or term, named by the spec's word. Nothing here decides, stores or talks:
//! bytes come in, types go out. [`rule`] is the catalogue of every check that can refuse a request.

pub mod acr;
pub mod authorize;
pub mod bearer;
pub mod claims;
pub mod claims_request;
pub mod client_auth;
pub mod device;
pub mod error;
pub mod introspect;
pub mod logout;
pub mod metadata;
pub mod oauth1;
pub mod observe;
pub mod params;
pub mod pkce;
pub mod redirect_uri;
pub mod register;
pub mod request_object;
pub mod resource;
pub mod revoke;
pub mod rule;
pub mod scope;
pub mod secret;
pub mod time;
pub mod token;
pub mod webfinger;
