//! Keys, JWK (RFC 7517), JWS (RFC 7515), JWE (RFC 7516), JWT (RFC 7519) and thumbprints (RFC 7638), with the sealing and
//! MAC helpers that Valetkey computes its own tokens from. Bytes in, bytes out, on aws-lc-rs.
//!
//! Two rules hold everywhere. The algorithm of a signature follows from the key and must be one the caller named;
//! the header only has to agree. And shared secrets have a key type and functions of their own ([`hs256`], [`oauth1`]),
//! so a public key can never be taken for a shared secret.
//!
//! This crate reads no clock and no socket. It draws randomness only inside the crypto library, to make keys, to sign,
//! to seal and to encrypt. It does not judge claims: `exp`, `iss` and `aud` are the caller's.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use valetkey_jose::{Algorithm, JwkSet, KeySet, SigningKey, jwt};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Claims {
//!     sub: String,
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The issuer signs, and publishes the public half.
//! let key = SigningKey::generate(Algorithm::ES256)?;
//! let token = key.sign_jwt("at+jwt", &Claims { sub: "alice".into() })?;
//! let published = serde_json::to_string(&JwkSet { keys: vec![key.public_jwk()] })?;
//!
//! // The API reads the published keys, and says what it is ready to accept.
//! let keys = KeySet::from_jwks(&JwkSet::from_json(&published)?);
//! let expect = jwt::Expect { algs: &[Algorithm::ES256], typ: Some("at+jwt") };
//! let verified = jwt::verify::<Claims>(&token, &keys, &expect)?;
//! assert_eq!(verified.claims.sub, "alice");
//! assert_eq!(verified.header.kid.as_deref(), Some(key.kid()));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod algorithm;
pub mod b64;
mod certain;
pub mod derive;
mod error;
pub mod hash;
pub mod hs256;
mod json;
pub mod jwe;
mod jwk;
pub mod jwt;
mod key_set;
pub mod mac;
pub mod oauth1;
pub mod seal;
mod signing;
#[cfg(test)]
mod tests;
mod verifying;

pub use algorithm::Algorithm;
pub use error::JoseError;
pub use jwk::{Jwk, JwkSet, MAX_KEYS};
pub use key_set::{KeySet, KeySource};
pub use signing::SigningKey;
pub use verifying::VerifyingKey;
