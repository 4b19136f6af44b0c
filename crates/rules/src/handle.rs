//! Codes, refresh tokens and opaque access tokens as texts. None is stored: a code is its grant's id, a
//! refresh token the grant's id and generation, each with a MAC that only this server can make; an
//! opaque access token is its claims, sealed. A stolen database holds no token (RFC 9700 §4.8).
//!
//! A text that reads well says only that this server once made it. Whether it still counts, the grant says.

use crate::issue::AccessTokenClaims;
use valetkey_jose::mac::MacKey;
use valetkey_jose::seal::SealKey;
use valetkey_jose::{b64, derive};
use valetkey_model::GrantId;
use valetkey_protocol::secret::{AuthorizationCode, RefreshToken};

/// Begins every code.
pub const CODE_PREFIX: &str = "vkc_";
/// Begins every refresh token.
pub const REFRESH_PREFIX: &str = "vkr_";
/// Begins every opaque access token.
pub const ACCESS_PREFIX: &str = "vka_";

const ID_BYTES: usize = 16;
const GENERATION_BYTES: usize = 4;
const ACCESS_AAD: &[u8] = b"access token";

/// The keys behind the texts, each derived from the master key for one purpose.
#[derive(Debug)]
pub struct HandleKeys {
    code: MacKey,
    refresh: MacKey,
    access: SealKey,
}

impl HandleKeys {
    /// Derives the keys.
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        Self {
            code: MacKey::new(&derive::derive_key(master, "authorization code")),
            refresh: MacKey::new(&derive::derive_key(master, "refresh token")),
            access: SealKey::new(&derive::derive_key(master, "access token")),
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
mod tests {
    use super::*;
    use crate::samples;
    use proptest::prelude::*;

    fn keys() -> HandleKeys {
        HandleKeys::new(&[7; 32])
    }

    fn id(number: u128) -> GrantId {
        GrantId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn a_token_of_another_server_reads_as_nothing() {
        let other = HandleKeys::new(&[8; 32]);
        assert_eq!(keys().read_code(&other.code_for(id(1))), None);
        assert_eq!(keys().read_refresh(other.refresh_for(id(1), 1).expose()), None);
        assert_eq!(
            keys().open_access(&other.seal_access(&samples::access_claims())),
            None
        );
    }

    #[test]
    fn a_token_of_one_kind_is_none_of_another_kind() {
        let code = keys().code_for(id(1));
        let refresh = keys().refresh_for(id(1), 1);
        let as_refresh = code.expose().replace(CODE_PREFIX, REFRESH_PREFIX);
        let as_code = refresh.expose().replace(REFRESH_PREFIX, CODE_PREFIX);
        assert_eq!(keys().read_refresh(&as_refresh), None);
        assert_eq!(keys().read_code(&AuthorizationCode::new(as_code)), None);
        assert_eq!(keys().read_refresh(code.expose()), None);
        assert_eq!(keys().open_access(refresh.expose()), None);
    }

    #[test]
    fn a_changed_character_anywhere_makes_a_token_unreadable() {
        let refresh = keys().refresh_for(id(5), 3);
        let text = refresh.expose();
        for at in 0..text.len() {
            let mut forged = text.as_bytes().to_vec();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(keys().read_refresh(&forged), None, "{at}");
        }
        for cut in 0..text.len() {
            assert_eq!(keys().read_refresh(&text[..cut]), None, "{cut}");
        }
        assert_eq!(keys().read_refresh(&format!("{text}A")), None);
    }

    #[test]
    fn an_opaque_access_token_gives_its_claims_back_and_hides_them() {
        let claims = samples::access_claims();
        let token = keys().seal_access(&claims);
        assert!(token.starts_with(ACCESS_PREFIX) && !token.contains("alice"));
        assert_eq!(keys().open_access(&token), Some(claims));
    }

    proptest! {
        #[test]
        fn every_id_and_generation_comes_back(number: u128, generation: u32) {
            let keys = keys();
            prop_assert_eq!(keys.read_code(&keys.code_for(id(number))), Some(id(number)));
            prop_assert_eq!(
                keys.read_refresh(keys.refresh_for(id(number), generation).expose()),
                Some((id(number), generation))
            );
        }

        #[test]
        fn no_text_of_a_stranger_reads_as_a_token(text in "(vkc_|vkr_|vka_)?[A-Za-z0-9_-]{0,120}") {
            let keys = keys();
            prop_assert_eq!(keys.read_code(&AuthorizationCode::new(text.clone())), None);
            prop_assert_eq!(keys.read_refresh(&text), None);
            prop_assert_eq!(keys.open_access(&text), None);
        }
    }
}
