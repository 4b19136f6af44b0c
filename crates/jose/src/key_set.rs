//! Where the key for a token comes from: a published set, or keys at hand. Fetching and caching are the caller's.

use crate::{Algorithm, JoseError, JwkSet, VerifyingKey};

/// Most keys of the same name and algorithm that are tried on one token.
const MAX_TRIED: usize = 4;

/// Public keys, looked up by `kid`.
#[derive(Debug, Clone, Default)]
pub struct KeySet(Vec<VerifyingKey>);

impl KeySet {
    /// The keys of a published set that can check signatures; others are skipped (RFC 7517 §5).
    #[must_use]
    pub fn from_jwks(set: &JwkSet) -> Self {
        set.keys
            .iter()
            .filter_map(|jwk| VerifyingKey::from_jwk(jwk).ok())
            .collect()
    }

    /// The first key of that name.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.iter().find(|key| key.kid() == kid)
    }

    /// All keys, in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, VerifyingKey> {
        self.0.iter()
    }

    /// How many keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<VerifyingKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = VerifyingKey>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a KeySet {
    type Item = &'a VerifyingKey;
    type IntoIter = std::slice::Iter<'a, VerifyingKey>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Anything that holds the keys a token may be checked with: a [`KeySet`], one key, or a list of keys.
pub trait KeySource {
    /// All keys, in the order in which they are tried.
    fn keys(&self) -> impl Iterator<Item = &VerifyingKey>;
}

impl KeySource for KeySet {
    fn keys(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.iter()
    }
}

impl KeySource for VerifyingKey {
    fn keys(&self) -> impl Iterator<Item = &VerifyingKey> {
        std::iter::once(self)
    }
}

impl KeySource for [&VerifyingKey] {
    fn keys(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.iter().copied()
    }
}

impl<const N: usize> KeySource for [&VerifyingKey; N] {
    fn keys(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.iter().copied()
    }
}

/// The keys to try for a token that names `kid` and `alg`; never empty.
///
/// A token without `kid` is taken only when one key alone fits its algorithm (OpenID Connect Core §10.1). With `kid`,
/// several keys may share the name (RFC 7517 §4.5).
pub(crate) fn candidates<'k>(
    source: &'k (impl KeySource + ?Sized),
    kid: Option<&str>,
    alg: Algorithm,
) -> Result<Vec<&'k VerifyingKey>, JoseError> {
    let named: Vec<_> = source
        .keys()
        .filter(|key| kid.is_none_or(|kid| key.kid() == kid))
        .collect();
    if named.is_empty() {
        return Err(JoseError::UnknownKey);
    }
    let fitting: Vec<_> = named
        .into_iter()
        .filter(|key| key.algs().any(|own| own == alg))
        .collect();
    match fitting.len() {
        0 => Err(JoseError::algorithm(alg.as_str())),
        1 => Ok(fitting),
        _ if kid.is_none() => Err(JoseError::UnknownKey),
        _ => Ok(fitting.into_iter().take(MAX_TRIED).collect()),
    }
}
