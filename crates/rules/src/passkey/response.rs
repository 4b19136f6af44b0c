//! What the browser answers: RegistrationResponseJSON and AuthenticationResponseJSON (§5.1), as
//! `PublicKeyCredential.toJSON()` makes them. Members that nothing here needs are read over. Nothing is judged but form
//! and size.

use super::malformed;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use valetkey_jose::b64;
use valetkey_protocol::rule::{Refusal, Trail};

/// The longest answer that is read. An attestation statement with a chain of certificates, which nobody asked for, fits.
const MAX_RESPONSE_BYTES: usize = 32 * 1024;
/// More ways to reach an authenticator than are named (§5.8.4).
const MAX_TRANSPORTS: usize = 8;
const MAX_TRANSPORT_BYTES: usize = 32;

/// Bytes that travel as base64url without padding (§3, Base64url encoding).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&b64::encode_url(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        b64::decode_url(&text).map(Self).map_err(D::Error::custom)
    }
}

/// A new passkey (RegistrationResponseJSON).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationResponse {
    /// The credential's id.
    pub id: Bytes,
    /// The same.
    pub raw_id: Bytes,
    /// `public-key`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the authenticator said.
    pub response: AttestationResponse,
}

/// AuthenticatorAttestationResponseJSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttestationResponse {
    /// What the browser saw (§5.8.1), as the bytes that were hashed.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: Bytes,
    /// What the authenticator made (§6.5.4).
    pub attestation_object: Bytes,
    /// How the authenticator can be reached.
    #[serde(default)]
    pub transports: Vec<String>,
}

/// A passkey in use (AuthenticationResponseJSON).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthenticationResponse {
    /// The credential's id.
    pub id: Bytes,
    /// The same: what to look the passkey up by.
    pub raw_id: Bytes,
    /// `public-key`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the authenticator said.
    pub response: AssertionResponse,
}

/// AuthenticatorAssertionResponseJSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssertionResponse {
    /// What the browser saw (§5.8.1), as the bytes that were hashed.
    #[serde(rename = "clientDataJSON")]
    pub client_data_json: Bytes,
    /// What the authenticator saw (§6.1).
    pub authenticator_data: Bytes,
    /// Its signature over both (§6.3.3).
    pub signature: Bytes,
    /// Whose passkey it is: the handle that the passkey was made with.
    #[serde(default)]
    pub user_handle: Option<Bytes>,
}

impl RegistrationResponse {
    /// Reads what the form brought.
    ///
    /// # Errors
    /// [`PasskeyResponseMalformed`](valetkey_protocol::rule::Rule::PasskeyResponseMalformed).
    pub fn from_json(text: &str, trail: &mut Trail) -> Result<Self, Refusal> {
        read(text, trail)
    }

    /// How the authenticator can be reached, for a [`super::Descriptor`]: names that are not known are kept (§5.8.4), what
    /// is no name is dropped.
    pub(super) fn transports(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in &self.response.transports {
            if is_transport(name) && !names.contains(name) && names.len() < MAX_TRANSPORTS {
                names.push(name.clone());
            }
        }
        names
    }
}

impl AuthenticationResponse {
    /// Reads what the form brought.
    ///
    /// # Errors
    /// [`PasskeyResponseMalformed`](valetkey_protocol::rule::Rule::PasskeyResponseMalformed).
    pub fn from_json(text: &str, trail: &mut Trail) -> Result<Self, Refusal> {
        read(text, trail)
    }
}

fn read<T: DeserializeOwned>(text: &str, trail: &mut Trail) -> Result<T, Refusal> {
    if text.len() > MAX_RESPONSE_BYTES {
        return Err(malformed(trail, "at most 32768 bytes"));
    }
    object(text.as_bytes()).ok_or_else(|| malformed(trail, "the JSON of a PublicKeyCredential"))
}

/// A JSON object; a derived reader would take an array by position too.
pub(super) fn object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    if !json.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// The credential's id, once it stands there in both ways and names a public key (§5.1).
pub(super) fn credential_id<'a>(
    id: &'a Bytes,
    raw_id: &Bytes,
    kind: &str,
    trail: &mut Trail,
) -> Result<&'a [u8], Refusal> {
    if kind != "public-key" {
        return Err(malformed(trail, "type public-key"));
    }
    if id != raw_id || id.0.is_empty() || id.0.len() > super::MAX_CREDENTIAL_ID_BYTES {
        return Err(malformed(
            trail,
            "one credential id of 1 to 1023 bytes, in id and in rawId",
        ));
    }
    Ok(&id.0)
}

fn is_transport(name: &str) -> bool {
    (1..=MAX_TRANSPORT_BYTES).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
