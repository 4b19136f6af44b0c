//! Signed JWTs in compact form (RFC 7519, RFC 7515 §5.2, RFC 8725): parsed strictly, verified, and only then read. Keys
//! come from the caller, never from the token (`jwk`, `jku`, `x5c` and `x5u` are not looked at). Time, issuer and
//! audience are the caller's to judge.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::key_set::{KeySource, candidates};
use crate::{Algorithm, JoseError, b64, json};

/// Longest token that is read or written.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// More than most claims take.
const USUAL_CLAIMS_BYTES: usize = 512;
/// What an RSA signature of 2048 bits takes in base64url, two dots and what is rounded up.
const ROOM_BYTES: usize = 352;

/// The protected header, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The name as sent; never `none`.
    pub alg: String,
    /// Which of the signer's keys.
    pub kid: Option<String>,
    /// What kind of token, e.g. `at+jwt`.
    pub typ: Option<String>,
}

/// What the caller is ready to accept.
#[derive(Debug, Clone, Copy)]
pub struct Expect<'a> {
    /// The algorithms; the key must be made for the one in the header.
    pub algs: &'a [Algorithm],
    /// The type (RFC 8725 §3.11), compared without case, with or without `application/`. `None` takes any, or none.
    pub typ: Option<&'a str>,
}

/// A token whose signature is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<C> {
    /// Its header.
    pub header: Header,
    /// Its claims.
    pub claims: C,
}

/// A token that is well-formed, and no more than that.
#[derive(Debug)]
pub struct Unverified<'a> {
    header: Header,
    signing_input: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Splits and decodes a token, to learn which key it wants.
    ///
    /// # Errors
    /// [`JoseError::TooLarge`], [`JoseError::Malformed`], [`JoseError::Crit`], or
    /// [`JoseError::AlgorithmNotAllowed`] for an unsecured token.
    pub fn parse(token: &'a str) -> Result<Self, JoseError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JoseError::TooLarge);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JoseError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JoseError::Malformed)?;
        let header = parse_header(header)?;
        // A fourth part would leave a dot in the payload, which is no base64url.
        let payload = b64::decode_url(payload)?;
        let signature = b64::decode_url(signature)?;
        if signature.is_empty() {
            return Err(JoseError::Malformed);
        }
        Ok(Self {
            header,
            signing_input,
            payload,
            signature,
        })
    }

    /// What the header claims.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What was signed, and the signature.
    pub(crate) fn signed(&self) -> (&[u8], &[u8]) {
        (self.signing_input.as_bytes(), &self.signature)
    }

    /// What the token claims, before anybody has checked it: good to find out whose key to fetch, for nothing else.
    ///
    /// # Errors
    /// [`JoseError::Malformed`] or [`JoseError::Claims`].
    pub fn unverified_claims<C: DeserializeOwned>(&self) -> Result<C, JoseError> {
        json::object(&self.payload, JoseError::Claims)
    }

    /// Whether the token is of the type that is wanted; `None` takes any.
    pub(crate) fn check_type(&self, typ: Option<&str>) -> Result<(), JoseError> {
        if typ.is_none_or(|typ| same_type(typ, self.header.typ.as_deref())) {
            Ok(())
        } else {
            Err(JoseError::Type)
        }
    }

    /// For a caller that has checked the signature.
    pub(crate) fn into_verified<C: DeserializeOwned>(self) -> Result<Verified<C>, JoseError> {
        let claims = self.unverified_claims()?;
        Ok(Verified {
            header: self.header,
            claims,
        })
    }
}

/// Verifies `token` with one of `keys` and reads its claims.
///
/// Anybody can turn an ECDSA signature into a second one that is as good, so the text of a token does not identify it:
/// against replay, remember `jti`.
///
/// # Errors
/// Those of [`Unverified::parse`], then in this order: [`JoseError::AlgorithmNotAllowed`], [`JoseError::Type`],
/// [`JoseError::UnknownKey`], [`JoseError::BadSignature`], and once the signature is good [`JoseError::Malformed`] or
/// [`JoseError::Claims`].
pub fn verify<C: DeserializeOwned>(
    token: &str,
    keys: &(impl KeySource + ?Sized),
    expect: &Expect<'_>,
) -> Result<Verified<C>, JoseError> {
    let token = Unverified::parse(token)?;
    let alg: Algorithm = token.header.alg.parse()?;
    if !expect.algs.contains(&alg) {
        return Err(JoseError::algorithm(&token.header.alg));
    }
    token.check_type(expect.typ)?;
    let verified = candidates(keys, token.header.kid.as_deref(), alg)?
        .into_iter()
        .any(|key| {
            let (message, signature) = token.signed();
            key.verify(alg, message, signature).is_ok()
        });
    if !verified {
        return Err(JoseError::BadSignature);
    }
    token.into_verified()
}

/// Puts a token together: header and claims encoded, then what `sign` makes of them.
pub(crate) fn compact<C: Serialize>(
    header: &impl Serialize,
    claims: &C,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, JoseError>,
) -> Result<String, JoseError> {
    let mut json = Vec::with_capacity(USUAL_CLAIMS_BYTES);
    serde_json::to_writer(&mut json, header).map_err(|_| JoseError::Malformed)?;
    let claims_from = json.len();
    serde_json::to_writer(&mut json, claims).map_err(|_| JoseError::Claims)?;
    let (header, payload) = json.split_at(claims_from);
    if payload.first() != Some(&b'{') {
        return Err(JoseError::Claims);
    }
    // With room for the signature, so that nothing is moved.
    let mut token = String::with_capacity(json.len() / 3 * 4 + ROOM_BYTES);
    b64::append_url(&mut token, header);
    token.push('.');
    b64::append_url(&mut token, payload);
    let signature = sign(token.as_bytes())?;
    token.push('.');
    b64::append_url(&mut token, &signature);
    if token.len() > MAX_TOKEN_BYTES {
        Err(JoseError::TooLarge)
    } else {
        Ok(token)
    }
}

/// Media types compare without case; `application/` may be left out (RFC 7515 §4.1.9).
pub(crate) fn same_type(expected: &str, received: Option<&str>) -> bool {
    received.is_some_and(|received| short_type(received).eq_ignore_ascii_case(short_type(expected)))
}

fn short_type(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => typ,
    }
}

fn parse_header(encoded: &str) -> Result<Header, JoseError> {
    let wire: WireHeader = json::object(&b64::decode_url(encoded)?, JoseError::Malformed)?;
    if wire.crit {
        return Err(JoseError::Crit);
    }
    // Named here, so that no list of a caller could ever let it in.
    if wire.alg.eq_ignore_ascii_case("none") {
        return Err(JoseError::algorithm(&wire.alg));
    }
    Ok(Header {
        alg: wire.alg,
        kid: wire.kid,
        typ: wire.typ,
    })
}

#[derive(Deserialize)]
struct WireHeader {
    alg: String,
    #[serde(default, deserialize_with = "json::given")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "json::given")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    crit: bool,
}
