//! What can go wrong. Callers map these to the rules of their protocol; nothing here is meant for the wire.

/// Longest algorithm name that an error repeats: the name comes from a stranger.
const MAX_REPEATED_CHARS: usize = 32;

/// Why a key, a token or a sealed value was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JoseError {
    /// Not the expected encoding: parts, base64url, JSON, or a member given twice.
    #[error("malformed token or encoding")]
    Malformed,
    /// Longer than this crate is ready to read or to write.
    #[error("too large")]
    TooLarge,
    /// The algorithm is unknown, not allowed by the caller, or not the one of the key.
    #[error("algorithm {received:?} is not allowed")]
    AlgorithmNotAllowed {
        /// What the header or the key said, cut short.
        received: String,
    },
    /// No key answers to the token's `kid`, or several could and it names none.
    #[error("unknown key")]
    UnknownKey,
    /// The signature does not verify.
    #[error("bad signature")]
    BadSignature,
    /// The key is broken, too weak, for another purpose, or of a kind not supported.
    #[error("unusable key")]
    BadKey,
    /// The signature is good, but the claims are not of the expected shape.
    #[error("claims are not of the expected shape")]
    Claims,
    /// The `typ` of the token is not the expected one.
    #[error("token is of another type")]
    Type,
    /// The header has `crit`, and no extension is understood here (RFC 7515 §4.1.11).
    #[error("critical header extensions are not understood")]
    Crit,
    /// The header has `zip`. What is compressed together with a secret can tell of it, so it is not understood
    /// (RFC 8725 §3.6).
    #[error("compressed content is not understood")]
    Zip,
    /// A sealed value or an encrypted token did not open. There is one such error on purpose.
    #[error("cannot open sealed value")]
    Decrypt,
    /// The crypto library failed to do its work.
    #[error("crypto library failure")]
    Crypto,
}

impl JoseError {
    pub(crate) fn algorithm(received: &str) -> Self {
        Self::AlgorithmNotAllowed {
            received: received.chars().take(MAX_REPEATED_CHARS).collect(),
        }
    }
}
