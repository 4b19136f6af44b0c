//! JWTs signed with a shared secret: HS256 (RFC 7518 §3.2), for client assertions by `client_secret_jwt`
//! (OpenID Connect Core §9) and nothing else.
//!
//! The key is a type of its own. [`jwt::verify`] takes no [`HmacKey`], and [`verify`] takes nothing else, so a token that
//! names HS256 over the text of a public key finds no code to check it. Time, issuer and audience are the caller's.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use valetkey_jose::hs256::{self, HmacKey};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Claims {
//!     sub: String,
//! }
//!
//! # fn main() -> Result<(), valetkey_jose::JoseError> {
//! let key = HmacKey::new(b"a secret that carries 256 random bits")?;
//! let token = key.sign_jwt("JWT", &Claims { sub: "mysweetapp".into() })?;
//! assert_eq!(hs256::verify::<Claims>(&token, &key, Some("JWT"))?.claims.sub, "mysweetapp");
//! # Ok(())
//! # }
//! ```

use std::fmt;

use aws_lc_rs::hmac;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::jwt::{self, Unverified, Verified};
use crate::{JoseError, hash};

/// The only algorithm here.
pub const ALG: &str = "HS256";

/// A secret shorter than the hash is too weak (RFC 7518 §3.2).
pub const MIN_SECRET_BYTES: usize = 32;

/// A shared secret, ready to sign and to check.
pub struct HmacKey(hmac::Key);

impl HmacKey {
    /// From the bytes of the secret; of a client secret, those of its text (OpenID Connect Core §10.1).
    ///
    /// # Errors
    /// [`JoseError::BadKey`] for fewer than [`MIN_SECRET_BYTES`].
    pub fn new(secret: &[u8]) -> Result<Self, JoseError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(JoseError::BadKey);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    /// A signed JWT in compact form, with `alg` and `typ` in its header.
    ///
    /// # Errors
    /// [`JoseError::Claims`] when `claims` do not become a JSON object, [`JoseError::TooLarge`] when nobody here would
    /// read the result.
    pub fn sign_jwt<C: Serialize>(&self, typ: &str, claims: &C) -> Result<String, JoseError> {
        let header = ProtectedHeader { alg: ALG, typ };
        jwt::compact(&header, claims, |message| Ok(self.tag(message)))
    }

    fn tag(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, message).as_ref().to_vec()
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(..)")
    }
}

#[derive(Serialize)]
struct ProtectedHeader<'a> {
    alg: &'static str,
    typ: &'a str,
}

/// Verifies `token` with the shared secret and reads its claims. `typ` as in [`jwt::Expect`].
///
/// # Errors
/// Those of [`Unverified::parse`], then in this order: [`JoseError::AlgorithmNotAllowed`] for any other than HS256,
/// [`JoseError::Type`], [`JoseError::BadSignature`], and once the signature is good [`JoseError::Malformed`] or
/// [`JoseError::Claims`].
pub fn verify<C: DeserializeOwned>(
    token: &str,
    key: &HmacKey,
    typ: Option<&str>,
) -> Result<Verified<C>, JoseError> {
    let token = Unverified::parse(token)?;
    if token.header().alg != ALG {
        return Err(JoseError::algorithm(&token.header().alg));
    }
    token.check_type(typ)?;
    let (message, signature) = token.signed();
    if !hash::constant_time_eq(&key.tag(message), signature) {
        return Err(JoseError::BadSignature);
    }
    token.into_verified()
}
