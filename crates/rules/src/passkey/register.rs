//! A passkey is made (§7.1).

use super::authenticator_data::AuthenticatorData;
use super::cose::PublicKey;
use super::response::{RegistrationResponse, credential_id};
use super::{RelyingParty, client_data, malformed};
use minicbor::Decoder;
use valetkey_model::{Passkey, UserId};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;

const MAX_ATTESTATION_OBJECT_BYTES: usize = 16 * 1024;

/// A new passkey, to be kept with its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its id. No other account may have the same (§7.1).
    pub credential_id: Vec<u8>,
    /// Its public key in COSE, as it came.
    pub public_key: Vec<u8>,
    /// Where its counting begins.
    pub sign_count: u32,
    /// Whether it is copied to its owner's other devices; if not, losing the device loses the passkey.
    pub backed_up: bool,
    /// How it can be reached, for a [`super::Descriptor`].
    pub transports: Vec<String>,
}

impl Registered {
    /// As it is kept with its account.
    #[must_use]
    pub fn into_passkey(self, user: UserId, name: String, now: Timestamp) -> Passkey {
        Passkey {
            id: self.credential_id,
            user,
            name,
            public_key: self.public_key,
            sign_count: self.sign_count,
            backed_up: self.backed_up,
            transports: self.transports,
            created_at: now,
            last_used_at: None,
        }
    }
}

/// Checks the answer to [`super::CreationOptions`] that were made with `challenge`.
///
/// # Errors
/// The first rule that the answer breaks.
pub fn register(
    response: &RegistrationResponse,
    challenge: &[u8],
    rp: &RelyingParty,
    trail: &mut Trail,
) -> Result<Registered, Refusal> {
    let id = credential_id(&response.id, &response.raw_id, &response.kind, trail)?;
    let said = &response.response;
    client_data::check(&said.client_data_json.0, "webauthn.create", challenge, rp, trail)?;
    let Some(bytes) = authenticator_data(&said.attestation_object.0) else {
        return Err(malformed(trail, "an attestation object"));
    };
    let Some(data) = AuthenticatorData::parse(bytes) else {
        return Err(malformed(trail, "authenticator data"));
    };
    data.check(rp, trail)?;
    let Some(credential) = &data.credential else {
        return Err(malformed(trail, "a new credential in the authenticator data"));
    };
    if credential.id != id {
        return Err(malformed(trail, "the credential id of the authenticator data"));
    }
    if PublicKey::from_cose(credential.public_key).is_none() {
        return Err(malformed(trail, "a sound key for Ed25519, ES256 or RS256"));
    }
    trail.passed(Rule::PasskeyResponseMalformed);
    Ok(Registered {
        credential_id: credential.id.to_vec(),
        public_key: credential.public_key.to_vec(),
        sign_count: data.sign_count,
        backed_up: data.backed_up(),
        transports: response.transports(),
    })
}

/// The authenticator data of an attestation object (§6.5.4): a map of `fmt`, `attStmt` and `authData`, each once. The
/// statement is read over, see [`super`].
fn authenticator_data(bytes: &[u8]) -> Option<&[u8]> {
    if bytes.len() > MAX_ATTESTATION_OBJECT_BYTES {
        return None;
    }
    let mut decoder = Decoder::new(bytes);
    let (mut format, mut statement, mut data) = (None, None, None);
    for _ in 0..decoder.map().ok()?? {
        let before = match decoder.str().ok()? {
            "fmt" => format.replace(decoder.str().ok()?).is_some(),
            "attStmt" => {
                decoder.probe().map().ok()??;
                statement.replace(decoder.skip().ok()?).is_some()
            }
            "authData" => data.replace(decoder.bytes().ok()?).is_some(),
            _ => return None,
        };
        if before {
            return None;
        }
    }
    format.and(statement)?;
    data.filter(|_| decoder.position() == bytes.len())
}
