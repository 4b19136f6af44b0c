//! Encrypted tokens in compact form (RFC 7516), and signed JWTs inside them (RFC 7519 §5.2, OpenID Connect Core §16.14:
//! first signed, then encrypted). Keys come from the caller, never from the token (`jwk`, `jku`, `x5c` and `x5u` are not
//! looked at).
//!
//! Encryption says nothing about who sent a token. Whoever needs to know that opens it with [`decrypt_jwt`], which
//! takes nothing that is not signed inside. Secrets shared with a client, more recipients than one and compression are
//! not here.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use valetkey_jose::jwe::{self, ContentEncryption, DecryptingKey, EncryptingKey, KeyManagement};
//! use valetkey_jose::{Algorithm, JwkSet, SigningKey, jwt};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Claims {
//!     sub: String,
//! }
//!
//! # fn main() -> Result<(), valetkey_jose::JoseError> {
//! // The client publishes a key, and the issuer encrypts to it what it has signed.
//! let client = DecryptingKey::generate(KeyManagement::EcdhEs)?;
//! let published = JwkSet { keys: vec![client.public_jwk()] };
//! let issuer = SigningKey::generate(Algorithm::ES256)?;
//! let signed = issuer.sign_jwt("JWT", &Claims { sub: "alice".into() })?;
//! let recipient = EncryptingKey::select(&published, KeyManagement::EcdhEs, None)?;
//! let token = recipient.encrypt_jwt(ContentEncryption::A256Gcm, &signed)?;
//!
//! // The client opens it, and says what it is ready to accept outside and inside.
//! let outside = jwe::Expect { algs: &[KeyManagement::EcdhEs], encs: &[ContentEncryption::A256Gcm] };
//! let inside = jwt::Expect { algs: &[Algorithm::ES256], typ: None };
//! let signed_by = issuer.verifying_key();
//! let verified = jwe::decrypt_jwt::<Claims>(&token, (&[&client], &outside), (&signed_by, &inside))?;
//! assert_eq!(verified.claims.sub, "alice");
//! # Ok(())
//! # }
//! ```

mod agreement;
mod algorithm;
mod compact;
mod content;
mod decrypting;
mod encrypting;
#[cfg(test)]
mod tests;
mod wrap;

use std::fmt;

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

pub use agreement::Curve;
pub use algorithm::{ContentEncryption, KeyManagement};
pub use compact::{Header, MAX_JWE_BYTES, Unopened};
pub use decrypting::DecryptingKey;
pub use encrypting::EncryptingKey;

use crate::key_set::KeySource;
use crate::{JoseError, jwt};

/// `cty` of a token with a JWT inside (RFC 7519 §5.2).
const NESTED: &str = "JWT";

/// What the caller is ready to accept.
#[derive(Debug, Clone, Copy)]
pub struct Expect<'a> {
    /// The key managements; the key must be made for the one in the header.
    pub algs: &'a [KeyManagement],
    /// The content encryptions.
    pub encs: &'a [ContentEncryption],
}

/// A token that was opened.
pub struct Decrypted {
    /// Its header.
    pub header: Header,
    /// Its content.
    pub plaintext: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decrypted")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// Whether the text has the five parts of an encrypted token, where a signed one has three.
#[must_use]
pub fn is_encrypted(token: &str) -> bool {
    token.bytes().filter(|byte| *byte == b'.').count() == 4
}

/// Opens `token` with the one of `keys` that it names.
///
/// # Errors
/// Those of [`Unopened::parse`], then in this order: [`JoseError::AlgorithmNotAllowed`], [`JoseError::UnknownKey`], and
/// once there is a key [`JoseError::Decrypt`], whatever is wrong.
pub fn decrypt(token: &str, keys: &[&DecryptingKey], expect: &Expect<'_>) -> Result<Decrypted, JoseError> {
    let unopened = Unopened::parse(token)?;
    let header = unopened.header();
    if !expect.algs.contains(&header.alg) {
        return Err(JoseError::algorithm(header.alg.as_str()));
    }
    if !expect.encs.contains(&header.enc) {
        return Err(JoseError::algorithm(header.enc.as_str()));
    }
    let key = recipient(keys, header)?;
    let plaintext = unopened.open(key)?;
    Ok(Decrypted {
        header: header.clone(),
        plaintext,
    })
}

/// Opens `token`, verifies the signed JWT inside and reads its claims. Each side is given with what is expected of it.
///
/// # Errors
/// Those of [`decrypt`], [`JoseError::Type`] when the header does not say that a JWT is inside, and those of
/// [`jwt::verify`].
pub fn decrypt_jwt<C: DeserializeOwned>(
    token: &str,
    (keys, outside): (&[&DecryptingKey], &Expect<'_>),
    (signers, inside): (&(impl KeySource + ?Sized), &jwt::Expect<'_>),
) -> Result<jwt::Verified<C>, JoseError> {
    let decrypted = decrypt(token, keys, outside)?;
    if !jwt::same_type(NESTED, decrypted.header.cty.as_deref()) {
        return Err(JoseError::Type);
    }
    let signed = std::str::from_utf8(&decrypted.plaintext).map_err(|_| JoseError::Malformed)?;
    jwt::verify(signed, signers, inside)
}

/// The key for this header. A token without `kid` is taken only when one key alone fits it (OpenID Connect Core §10.2).
fn recipient<'k>(keys: &[&'k DecryptingKey], header: &Header) -> Result<&'k DecryptingKey, JoseError> {
    let kid = header.kid.as_deref();
    let named = || keys.iter().filter(|key| kid.is_none_or(|kid| key.kid() == kid));
    if named().next().is_none() {
        return Err(JoseError::UnknownKey);
    }
    let mut fitting = named().filter(|key| key.alg() == header.alg);
    match (fitting.next(), fitting.next()) {
        (None, _) => Err(JoseError::algorithm(header.alg.as_str())),
        // Two of one name have one thumbprint: they are the same key.
        (Some(_), Some(_)) if kid.is_none() => Err(JoseError::UnknownKey),
        (Some(key), _) => Ok(key),
    }
}
