//! Public keys that check signatures (RFC 7515 §5.2, RFC 7518 §3, RFC 8037 §3.1). A key knows its algorithms; nothing a
//! token says can add one.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{
    self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};

use crate::jwk::Members;
use crate::{Algorithm, JoseError, Jwk, b64};

/// A parsed public key. Cloning is cheap.
#[derive(Clone)]
pub struct VerifyingKey(Arc<Inner>);

struct Inner {
    kid: String,
    /// Never empty. Two entries only for an RSA key whose JWK leaves `alg` open.
    keys: Vec<(Algorithm, ParsedPublicKey)>,
}

impl VerifyingKey {
    /// Reads and checks a key. Its algorithms follow from `kty` and `crv`; `alg`, where present, must agree. An RSA key
    /// without `alg` knows RS256 and PS256. Without `kid`, the key is named by its thumbprint.
    ///
    /// # Errors
    /// [`JoseError::BadKey`]: another use than signatures, another algorithm, RSA outside 2048 to 8192 bits, a point
    /// that is not on its curve.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, JoseError> {
        if !meant_for_signatures(jwk) {
            return Err(JoseError::BadKey);
        }
        let algs = algorithms(jwk)?;
        let keys = match jwk.members() {
            Members::Rsa { n, e } => rsa_keys(&decode(n)?, &decode(e)?, &algs)?,
            Members::Ec { x, y, .. } => ec_keys(&decode(x)?, &decode(y)?, &algs)?,
            Members::Okp { x, .. } => ed25519_keys(&decode(x)?)?,
        };
        let kid = jwk.kid.clone().unwrap_or_else(|| jwk.thumbprint());
        Ok(Self(Arc::new(Inner { kid, keys })))
    }

    /// The JWK's `kid`, or the key's thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.0.kid
    }

    /// The algorithms that this key checks.
    pub fn algs(&self) -> impl Iterator<Item = Algorithm> + '_ {
        self.0.keys.iter().map(|(alg, _)| *alg)
    }

    /// Checks `signature` of `message`.
    ///
    /// # Errors
    /// [`JoseError::AlgorithmNotAllowed`] when the key is not for `alg`, else [`JoseError::BadSignature`].
    pub fn verify(&self, alg: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), JoseError> {
        self.parsed(alg)?
            .verify_sig(message, signature)
            .map_err(|_| JoseError::BadSignature)
    }

    /// Checks an ES256 signature in ASN.1 DER, as WebAuthn carries it (WebAuthn Level 3 §6.5.5); JOSE has r and s side
    /// by side, which [`VerifyingKey::verify`] reads. It reads the key once more at each call.
    ///
    /// # Errors
    /// As [`VerifyingKey::verify`].
    pub fn verify_es256_asn1(&self, message: &[u8], signature: &[u8]) -> Result<(), JoseError> {
        let point = self.parsed(Algorithm::ES256)?;
        signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point)
            .verify(message, signature)
            .map_err(|_| JoseError::BadSignature)
    }

    fn parsed(&self, alg: Algorithm) -> Result<&ParsedPublicKey, JoseError> {
        let key = self.0.keys.iter().find(|(own, _)| *own == alg);
        key.map(|(_, key)| key)
            .ok_or_else(|| JoseError::algorithm(alg.as_str()))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algs: Vec<_> = self.algs().collect();
        f.debug_struct("VerifyingKey")
            .field("kid", &self.kid())
            .field("algs", &algs)
            .finish()
    }
}

fn decode(member: &str) -> Result<Vec<u8>, JoseError> {
    b64::decode_url(member).map_err(|_| JoseError::BadKey)
}

fn meant_for_signatures(jwk: &Jwk) -> bool {
    let by_use = jwk.key_use.as_deref().is_none_or(|key_use| key_use == "sig");
    let by_ops = jwk
        .key_ops
        .as_ref()
        .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
    by_use && by_ops
}

/// What the kind of key allows, narrowed by its `alg`.
fn algorithms(jwk: &Jwk) -> Result<Vec<Algorithm>, JoseError> {
    let possible: &[Algorithm] = match jwk.members() {
        Members::Rsa { .. } => &[Algorithm::RS256, Algorithm::PS256],
        Members::Ec { crv, .. } if crv == "P-256" => &[Algorithm::ES256],
        Members::Ec { crv, .. } if crv == "P-384" => &[Algorithm::ES384],
        Members::Okp { crv, .. } if crv == "Ed25519" => &[Algorithm::Ed25519],
        Members::Ec { .. } | Members::Okp { .. } => return Err(JoseError::BadKey),
    };
    let Some(name) = &jwk.alg else {
        return Ok(possible.to_vec());
    };
    let alg = name.parse().map_err(|_| JoseError::BadKey)?;
    if possible.contains(&alg) {
        Ok(vec![alg])
    } else {
        Err(JoseError::BadKey)
    }
}

fn rsa_keys(n: &[u8], e: &[u8], algs: &[Algorithm]) -> Result<Vec<(Algorithm, ParsedPublicKey)>, JoseError> {
    check_rsa(n, e)?;
    let components = RsaPublicKeyComponents { n, e };
    algs.iter()
        .map(|alg| {
            let parameters: &'static RsaParameters = match alg {
                Algorithm::RS256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                Algorithm::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
                _ => return Err(JoseError::BadKey),
            };
            let key = components
                .to_parsed_public_key(parameters)
                .map_err(|_| JoseError::BadKey)?;
            Ok((*alg, key))
        })
        .collect()
}

/// 2048 to 8192 bits (RFC 7518 §3.3 sets the floor; the ceiling bounds the work), and a sane exponent.
pub(crate) fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), JoseError> {
    let (Some(first), Some(last)) = (n.first(), n.last()) else {
        return Err(JoseError::BadKey);
    };
    // An even modulus is no product of two odd primes. A leading zero would let one key have two thumbprints.
    if *first == 0 || last % 2 == 0 {
        return Err(JoseError::BadKey);
    }
    let bits = n
        .len()
        .saturating_mul(8)
        .saturating_sub(first.leading_zeros() as usize);
    let exponent = match e {
        [first, ..] if *first != 0 && e.len() <= 4 => {
            e.iter().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte))
        }
        _ => return Err(JoseError::BadKey),
    };
    if (2048..=8192).contains(&bits) && exponent >= 3 && exponent % 2 == 1 {
        Ok(())
    } else {
        Err(JoseError::BadKey)
    }
}

fn ec_keys(x: &[u8], y: &[u8], algs: &[Algorithm]) -> Result<Vec<(Algorithm, ParsedPublicKey)>, JoseError> {
    let (alg, scheme, length): (_, &'static dyn VerificationAlgorithm, _) = match algs {
        [Algorithm::ES256] => (Algorithm::ES256, &signature::ECDSA_P256_SHA256_FIXED, 32),
        [Algorithm::ES384] => (Algorithm::ES384, &signature::ECDSA_P384_SHA384_FIXED, 48),
        _ => return Err(JoseError::BadKey),
    };
    // RFC 7518 §6.2.1.2: the full length of the curve's coordinates, leading zeros included.
    if x.len() != length || y.len() != length {
        return Err(JoseError::BadKey);
    }
    // SEC 1 §2.3.3: uncompressed point. Parsing checks that it is on the curve.
    let point = [&[4], x, y].concat();
    let key = ParsedPublicKey::new(scheme, point).map_err(|_| JoseError::BadKey)?;
    Ok(vec![(alg, key)])
}

fn ed25519_keys(x: &[u8]) -> Result<Vec<(Algorithm, ParsedPublicKey)>, JoseError> {
    // The library would also read a DER key of another length.
    if x.len() != signature::ED25519_PUBLIC_KEY_LEN {
        return Err(JoseError::BadKey);
    }
    let key = ParsedPublicKey::new(&signature::ED25519, x).map_err(|_| JoseError::BadKey)?;
    Ok(vec![(Algorithm::Ed25519, key)])
}
