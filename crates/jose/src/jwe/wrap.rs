//! The content key: random, agreed upon, or wrapped by an agreed key with AES Key Wrap (RFC 7518 §4.4, RFC 3394).

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::key_wrap::{AES_128, AES_256, AesKek, KeyWrap as _};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::agreement::Purpose;
use super::{ContentEncryption, KeyManagement};

/// What RFC 3394 adds to a key.
const WRAP_BYTES: usize = 8;

pub(super) fn random_key(enc: ContentEncryption) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let mut key = Zeroizing::new(vec![0; enc.key_bytes()]);
    rand::fill(&mut key)?;
    Ok(key)
}

/// What the agreed key is for: the content itself, or the wrapping of the content key (RFC 7518 §4.6).
pub(super) fn purpose<'a>(alg: KeyManagement, enc: ContentEncryption, parties: [&'a [u8]; 2]) -> Purpose<'a> {
    let (algorithm, key_bytes) = match alg {
        KeyManagement::EcdhEsA128Kw => (alg.as_str(), 16),
        KeyManagement::EcdhEsA256Kw => (alg.as_str(), 32),
        KeyManagement::EcdhEs | KeyManagement::RsaOaep256 => (enc.as_str(), enc.key_bytes()),
    };
    Purpose {
        algorithm,
        key_bytes,
        parties,
    }
}

/// The content key and its wrapped form, which is empty when the agreed key is the content key.
pub(super) fn wrap(
    alg: KeyManagement,
    enc: ContentEncryption,
    agreed: Zeroizing<Vec<u8>>,
) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), Unspecified> {
    let Some(kek) = wrapping_key(alg, &agreed)? else {
        return Ok((agreed, Vec::new()));
    };
    let key = random_key(enc)?;
    let mut wrapped = vec![0; key.len() + WRAP_BYTES];
    let length = kek.wrap(&key, &mut wrapped)?.len();
    wrapped.truncate(length);
    Ok((key, wrapped))
}

/// The content key from what was sent as its wrapped form.
pub(super) fn unwrap(
    alg: KeyManagement,
    agreed: Zeroizing<Vec<u8>>,
    wrapped: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let Some(kek) = wrapping_key(alg, &agreed)? else {
        // RFC 7516 §5.2 step 10: then nothing may stand there.
        return if wrapped.is_empty() {
            Ok(agreed)
        } else {
            Err(Unspecified)
        };
    };
    let mut key = Zeroizing::new(vec![0; wrapped.len()]);
    let length = kek.unwrap(wrapped, &mut key)?.len();
    key.truncate(length);
    Ok(key)
}

fn wrapping_key(alg: KeyManagement, agreed: &[u8]) -> Result<Option<AesKek>, Unspecified> {
    match alg {
        KeyManagement::EcdhEsA128Kw => AesKek::new(&AES_128, agreed).map(Some),
        KeyManagement::EcdhEsA256Kw => AesKek::new(&AES_256, agreed).map(Some),
        KeyManagement::EcdhEs | KeyManagement::RsaOaep256 => Ok(None),
    }
}
