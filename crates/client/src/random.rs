//! The one place where this crate draws randomness: `state`, `nonce` and the PKCE verifier.

use valetkey_jose::b64;

use crate::Error;

/// 256 random bits in base64url: 43 characters, as RFC 7636 §4.1 advises for a verifier.
pub(crate) fn text() -> Result<String, Error> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(b64::encode_url(&bytes))
}
