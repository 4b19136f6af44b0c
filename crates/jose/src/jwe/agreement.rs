//! ECDH-ES (RFC 7518 §4.6, RFC 8037 §3.2): the curves, a public point from and to a JWK, and the key that both sides
//! derive.

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::digest;
use aws_lc_rs::error::Unspecified;
use zeroize::Zeroizing;

use crate::jwk::Members;
use crate::{JoseError, b64};

/// The curve of a key for an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256, which every implementation has.
    P256,
    /// NIST P-384.
    P384,
    /// Curve25519 in its form for agreements (RFC 7748).
    X25519,
}

impl Curve {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::P256, Self::P384, Self::X25519];

    /// The name as it stands in `crv`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::X25519 => "X25519",
        }
    }

    pub(super) fn algorithm(self) -> &'static agreement::Algorithm {
        match self {
            Self::P256 => &ECDH_P256,
            Self::P384 => &ECDH_P384,
            Self::X25519 => &X25519,
        }
    }

    /// How many bytes a coordinate has, leading zeros included.
    const fn coordinate_bytes(self) -> usize {
        match self {
            Self::P256 | Self::X25519 => 32,
            Self::P384 => 48,
        }
    }
}

/// Somebody's public key, as the library wants it. Whether it is on its curve comes out at each agreement.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) curve: Curve,
    bytes: Vec<u8>,
}

impl Point {
    pub(super) fn from_members(members: &Members) -> Result<Self, JoseError> {
        let (crv, okp) = match members {
            Members::Ec { crv, .. } => (crv, false),
            Members::Okp { crv, .. } => (crv, true),
            Members::Rsa { .. } => return Err(JoseError::BadKey),
        };
        let known = Curve::ALL
            .into_iter()
            .find(|curve| curve.as_str() == crv && (*curve == Curve::X25519) == okp);
        let curve = known.ok_or(JoseError::BadKey)?;
        let coordinate = |text: &str| {
            let bytes = b64::decode_url(text).ok();
            // The library would also read other forms of a key, of other lengths.
            bytes
                .filter(|bytes| bytes.len() == curve.coordinate_bytes())
                .ok_or(JoseError::BadKey)
        };
        let bytes = match members {
            // SEC 1 §2.3.3: uncompressed point.
            Members::Ec { x, y, .. } => [vec![4], coordinate(x)?, coordinate(y)?].concat(),
            Members::Okp { x, .. } => coordinate(x)?,
            Members::Rsa { .. } => return Err(JoseError::BadKey),
        };
        Ok(Self { curve, bytes })
    }

    pub(super) fn of(curve: Curve, private: &PrivateKey) -> Result<Self, Unspecified> {
        let bytes = private.compute_public_key()?.as_ref().to_vec();
        Ok(Self { curve, bytes })
    }

    pub(super) fn to_members(&self) -> Option<Members> {
        let crv = self.curve.as_str();
        match self.curve {
            Curve::P256 | Curve::P384 => Members::from_point(crv, &self.bytes),
            Curve::X25519 => Some(Members::Okp {
                crv: crv.to_owned(),
                x: b64::encode_url(&self.bytes),
            }),
        }
    }
}

/// What a derived key is bound to (RFC 7518 §4.6.2).
#[derive(Debug, Clone, Copy)]
pub(super) struct Purpose<'a> {
    /// The `enc` or, where the derived key only wraps, the `alg`.
    pub(super) algorithm: &'a str,
    pub(super) key_bytes: usize,
    /// `apu` and `apv`, decoded.
    pub(super) parties: [&'a [u8]; 2],
}

/// The key that the owner of `private` shares with the owner of `public`. Fails for a point that is not on the curve,
/// of small order, or of another curve.
pub(super) fn agree(
    private: &PrivateKey,
    public: &Point,
    purpose: &Purpose<'_>,
) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let peer = UnparsedPublicKey::new(public.curve.algorithm(), &public.bytes);
    agreement::agree(private, peer, Unspecified, |secret| {
        Ok(concat_kdf(secret, purpose))
    })
}

/// The Concat KDF (NIST SP 800-56A §5.8.1) with SHA-256.
fn concat_kdf(secret: &[u8], purpose: &Purpose<'_>) -> Zeroizing<Vec<u8>> {
    let mut info = Vec::new();
    for part in [purpose.algorithm.as_bytes()].into_iter().chain(purpose.parties) {
        info.extend_from_slice(&length_u32(part.len()));
        info.extend_from_slice(part);
    }
    info.extend_from_slice(&length_u32(purpose.key_bytes.saturating_mul(8)));
    let mut key = Zeroizing::new(Vec::with_capacity(purpose.key_bytes + digest::SHA256_OUTPUT_LEN));
    for round in 1_u32.. {
        if key.len() >= purpose.key_bytes {
            break;
        }
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(&round.to_be_bytes());
        hash.update(secret);
        hash.update(&info);
        key.extend_from_slice(hash.finish().as_ref());
    }
    key.truncate(purpose.key_bytes);
    key
}

/// Nothing here is near 4 GiB: the header that holds the parts is bounded.
fn length_u32(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}
