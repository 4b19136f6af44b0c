//! base64url without padding (RFC 7515 §2, RFC 4648 §5), read strictly: one text for one value.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::JoseError;

/// Encodes without padding.
#[must_use]
pub fn encode_url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// [`encode_url`], to the end of a text.
pub(crate) fn append_url(text: &mut String, bytes: &[u8]) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Decodes; padding, line breaks, the `+/` alphabet and non-zero trailing bits are refused.
///
/// # Errors
/// [`JoseError::Malformed`].
pub fn decode_url(text: &str) -> Result<Vec<u8>, JoseError> {
    // This engine refuses padding and trailing bits.
    URL_SAFE_NO_PAD.decode(text).map_err(|_| JoseError::Malformed)
}
