//! Codes, refresh tokens and opaque access tokens as texts. None is stored: a code is its grant's id, a
//! refresh token the grant's id and generation, each with a MAC that only this server can make; an
//! opaque access token is its claims, sealed. A stolen database holds no token (RFC 9700 §4.8).
//!
//! The same for device codes (RFC 8628) and for OAuth 1.0a (RFC 5849): temporary credentials are sealed, a token is its
//! grant's id with a MAC, and the secrets and the verifier are computed from the id.
//!
//! A text that reads well says only that this server once made it. Whether it still counts, the grant says.

use crate::issue::AccessTokenClaims;
use crate::letters::{half, letters, typed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use valetkey_jose::mac::MacKey;
use valetkey_jose::seal::SealKey;
use valetkey_jose::{b64, derive};
use valetkey_model::{ClientId, DeviceId, GrantId};
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::secret::{
    AuthorizationCode, DeviceCode, OAuth1Secret, RefreshToken, constant_time_eq,
};
use valetkey_protocol::time::Timestamp;

/// Begins every code.
pub const CODE_PREFIX: &str = "vkc_";
/// Begins every refresh token.
pub const REFRESH_PREFIX: &str = "vkr_";
/// Begins every opaque access token.
pub const ACCESS_PREFIX: &str = "vka_";
/// Begins every device code.
pub const DEVICE_PREFIX: &str = "vkd_";
/// Begins every token of OAuth 1.0a temporary credentials.
pub const TEMPORARY_PREFIX: &str = "vkt_";
/// Begins every token of OAuth 1.0a token credentials.
pub const OAUTH1_PREFIX: &str = "vko_";

const ID_BYTES: usize = 16;
const GENERATION_BYTES: usize = 4;
const ACCESS_AAD: &[u8] = b"access token";
const TEMPORARY_AAD: &[u8] = b"oauth1 temporary credentials";
/// Of a verifier that a person reads from one screen and types into another: 43 bits, and each guess is a signed request.
const SPOKEN_VERIFIER_LETTERS: usize = 10;

/// OAuth 1.0a temporary credentials (RFC 5849 §2.1), which travel sealed in their own token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Temporary {
    /// The name that the grant gets when the person allows it; a second grant of that name cannot be written.
    pub id: GrantId,
    /// Who asked.
    pub client: ClientId,
    /// Where the answer goes; `None` when the person is to carry the verifier over (`oob`).
    pub callback: Option<String>,
    /// What is asked for.
    pub scope: Scope,
    /// For which APIs.
    pub resources: BTreeSet<ResourceIndicator>,
    /// When they stop working.
    pub expires_at: Timestamp,
}

/// The keys behind the texts, each derived from the master key for one purpose.
#[derive(Debug)]
pub struct HandleKeys {
    code: MacKey,
    refresh: MacKey,
    access: SealKey,
    device: MacKey,
    user_code: MacKey,
    oauth1: OAuth1Keys,
}

#[derive(Debug)]
struct OAuth1Keys {
    temporary: SealKey,
    temporary_secret: MacKey,
    verifier: MacKey,
    token: MacKey,
    token_secret: MacKey,
}

impl HandleKeys {
    /// Derives the keys.
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        Self {
            code: MacKey::new(&derive::derive_key(master, "authorization code")),
            refresh: MacKey::new(&derive::derive_key(master, "refresh token")),
            access: SealKey::new(&derive::derive_key(master, "access token")),
            device: MacKey::new(&derive::derive_key(master, "device code")),
            user_code: MacKey::new(&derive::derive_key(master, "user code")),
            oauth1: OAuth1Keys::new(master),
        }
    }

    /// The code of a grant.
    #[must_use]
    pub fn code_for(&self, grant: GrantId) -> AuthorizationCode {
        AuthorizationCode::new(compose(CODE_PREFIX, &self.code, grant.0.as_bytes()))
    }

    /// The grant whose code this is.
    #[must_use]
    pub fn read_code(&self, code: &AuthorizationCode) -> Option<GrantId> {
        let body = read(CODE_PREFIX, &self.code, code.expose(), ID_BYTES)?;
        grant_id(&body)
    }

    /// The refresh token of a generation of a grant.
    #[must_use]
    pub fn refresh_for(&self, grant: GrantId, generation: u32) -> RefreshToken {
        let mut body = grant.0.as_bytes().to_vec();
        body.extend_from_slice(&generation.to_be_bytes());
        RefreshToken::new(compose(REFRESH_PREFIX, &self.refresh, &body))
    }

    /// The grant and the generation whose refresh token this is.
    #[must_use]
    pub fn read_refresh(&self, text: &str) -> Option<(GrantId, u32)> {
        let body = read(REFRESH_PREFIX, &self.refresh, text, ID_BYTES + GENERATION_BYTES)?;
        let (id, generation) = body.split_at_checked(ID_BYTES)?;
        Some((grant_id(id)?, u32::from_be_bytes(generation.try_into().ok()?)))
    }

    /// An opaque access token.
    #[must_use]
    pub fn seal_access(&self, claims: &AccessTokenClaims) -> String {
        // Claims are texts and numbers: writing them as JSON does not fail, and an empty text would not open.
        let json = serde_json::to_vec(claims).unwrap_or_default();
        format!("{ACCESS_PREFIX}{}", self.access.seal_to_text(ACCESS_AAD, &json))
    }

    /// The claims of an opaque access token. Whether they still count is not said.
    #[must_use]
    pub fn open_access(&self, text: &str) -> Option<AccessTokenClaims> {
        let sealed = text.strip_prefix(ACCESS_PREFIX)?;
        let json = self.access.open_from_text(ACCESS_AAD, sealed).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// The device code of a device request.
    #[must_use]
    pub fn device_code_for(&self, device: DeviceId) -> DeviceCode {
        DeviceCode::new(compose(DEVICE_PREFIX, &self.device, device.0.as_bytes()))
    }

    /// The device request whose code this is.
    #[must_use]
    pub fn read_device_code(&self, code: &DeviceCode) -> Option<DeviceId> {
        let body = read(DEVICE_PREFIX, &self.device, code.expose(), ID_BYTES)?;
        uuid::Uuid::from_slice(&body).ok().map(DeviceId)
    }

    /// What the store remembers of a user code: whoever reads the database cannot type it.
    #[must_use]
    pub fn user_code_key(&self, letters: &str) -> String {
        b64::encode_url(&self.user_code.tag(&[letters.as_bytes()]))
    }
}

/// OAuth 1.0a (RFC 5849).
impl HandleKeys {
    /// The token of temporary credentials.
    #[must_use]
    pub fn seal_temporary(&self, temporary: &Temporary) -> String {
        let json = serde_json::to_vec(temporary).unwrap_or_default();
        let sealed = self.oauth1.temporary.seal_to_text(TEMPORARY_AAD, &json);
        format!("{TEMPORARY_PREFIX}{sealed}")
    }

    /// The temporary credentials of that token. Whether they have expired is not said.
    #[must_use]
    pub fn open_temporary(&self, token: &str) -> Option<Temporary> {
        let sealed = token.strip_prefix(TEMPORARY_PREFIX)?;
        let json = self.oauth1.temporary.open_from_text(TEMPORARY_AAD, sealed).ok()?;
        serde_json::from_slice(&json).ok()
    }

    /// The secret of temporary credentials.
    #[must_use]
    pub fn temporary_secret(&self, id: GrantId) -> OAuth1Secret {
        secret_of(&self.oauth1.temporary_secret, id)
    }

    /// The verifier that goes out when the person has allowed it (§2.2): with the redirect, or as letters to be typed.
    #[must_use]
    pub fn verifier_for(&self, temporary: &Temporary) -> String {
        let tag = self.verifier_tag(temporary);
        match temporary.callback {
            Some(_) => b64::encode_url(&tag),
            None => {
                let code = letters(&half(&tag), SPOKEN_VERIFIER_LETTERS);
                let (first, second) = code.split_at(code.len() / 2);
                format!("{first}-{second}")
            }
        }
    }

    /// Whether this is the verifier. One that was typed counts without case, blanks and hyphens.
    #[must_use]
    pub fn verifier_fits(&self, temporary: &Temporary, received: &str) -> bool {
        let expected = self.verifier_for(temporary);
        match temporary.callback {
            Some(_) => constant_time_eq(expected.as_bytes(), received.as_bytes()),
            None => constant_time_eq(typed(&expected).as_bytes(), typed(received).as_bytes()),
        }
    }

    fn verifier_tag(&self, temporary: &Temporary) -> [u8; 32] {
        let client = temporary.client.as_str().as_bytes();
        self.oauth1.verifier.tag(&[temporary.id.0.as_bytes(), client])
    }

    /// The token of the token credentials of a grant.
    #[must_use]
    pub fn oauth1_token_for(&self, grant: GrantId) -> String {
        compose(OAUTH1_PREFIX, &self.oauth1.token, grant.0.as_bytes())
    }

    /// The grant whose token this is.
    #[must_use]
    pub fn read_oauth1_token(&self, token: &str) -> Option<GrantId> {
        grant_id(&read(OAUTH1_PREFIX, &self.oauth1.token, token, ID_BYTES)?)
    }

    /// The secret of the token credentials of a grant.
    #[must_use]
    pub fn oauth1_token_secret(&self, grant: GrantId) -> OAuth1Secret {
        secret_of(&self.oauth1.token_secret, grant)
    }
}

impl OAuth1Keys {
    fn new(master: &[u8; 32]) -> Self {
        let mac = |label| MacKey::new(&derive::derive_key(master, label));
        Self {
            temporary: SealKey::new(&derive::derive_key(master, "oauth1 temporary credentials")),
            temporary_secret: mac("oauth1 temporary secret"),
            verifier: mac("oauth1 verifier"),
            token: mac("oauth1 token"),
            token_secret: mac("oauth1 token secret"),
        }
    }
}

fn secret_of(key: &MacKey, id: GrantId) -> OAuth1Secret {
    OAuth1Secret::new(b64::encode_url(&key.tag(&[id.0.as_bytes()])))
}

fn compose(prefix: &str, key: &MacKey, body: &[u8]) -> String {
    let mut bytes = body.to_vec();
    bytes.extend_from_slice(&key.tag(&[body]));
    format!("{prefix}{}", b64::encode_url(&bytes))
}

fn read(prefix: &str, key: &MacKey, text: &str, body_bytes: usize) -> Option<Vec<u8>> {
    let mut bytes = b64::decode_url(text.strip_prefix(prefix)?).ok()?;
    let (body, tag) = bytes.split_at_checked(body_bytes)?;
    if !key.verify(&[body], tag) {
        return None;
    }
    bytes.truncate(body_bytes);
    Some(bytes)
}

fn grant_id(bytes: &[u8]) -> Option<GrantId> {
    uuid::Uuid::from_slice(bytes).ok().map(GrantId)
}

#[cfg(test)]
#[path = "handle_tests.rs"]
mod tests;
