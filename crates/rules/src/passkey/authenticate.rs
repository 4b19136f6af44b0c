//! A passkey signs in (§7.2).

use super::authenticator_data::AuthenticatorData;
use super::cose::PublicKey;
use super::response::{AuthenticationResponse, credential_id};
use super::{RelyingParty, client_data, malformed, user_handle};
use valetkey_jose::hash::sha256;
use valetkey_model::Passkey;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::constant_time_eq;

/// An RSA signature of 8192 bits.
const MAX_SIGNATURE_BYTES: usize = 1024;

/// A passkey as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Credential<'a> {
    /// Its id.
    pub credential_id: &'a [u8],
    /// Its public key in COSE.
    pub public_key: &'a [u8],
    /// The count of its last signature.
    pub sign_count: u32,
    /// The handle of the account that it belongs to.
    pub user_handle: &'a [u8],
}

impl<'a> From<&'a Passkey> for Credential<'a> {
    fn from(passkey: &'a Passkey) -> Self {
        Self {
            credential_id: &passkey.id,
            public_key: &passkey.public_key,
            sign_count: passkey.sign_count,
            user_handle: user_handle(&passkey.user),
        }
    }
}

/// What a good answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authenticated {
    /// The count of this signature, to be kept.
    pub sign_count: u32,
    /// The authenticator verified the person; always so, because nothing else is accepted.
    pub user_verified: bool,
    /// Whether the passkey is copied to its owner's other devices now.
    pub backed_up: bool,
}

/// The passkey that was looked up by [`AuthenticationResponse::raw_id`], once there is one (§7.2).
///
/// # Errors
/// [`Rule::PasskeyUnknown`].
pub fn known<T>(found: Option<T>, trail: &mut Trail) -> Result<T, Refusal> {
    found.ok_or_else(|| {
        trail.refuse(Refusal::new(
            Rule::PasskeyUnknown,
            "a passkey of an account here",
            "one that is in no account",
        ))
    })
}

/// Checks the answer to [`super::RequestOptions`] that were made with `challenge`.
///
/// # Errors
/// The first rule that the answer breaks.
pub fn authenticate(
    response: &AuthenticationResponse,
    credential: &Credential<'_>,
    challenge: &[u8],
    rp: &RelyingParty,
    trail: &mut Trail,
) -> Result<Authenticated, Refusal> {
    let id = credential_id(&response.id, &response.raw_id, &response.kind, trail)?;
    let said = &response.response;
    belongs(
        id,
        said.user_handle.as_ref().map(|handle| handle.0.as_slice()),
        credential,
        trail,
    )?;
    client_data::check(&said.client_data_json.0, "webauthn.get", challenge, rp, trail)?;
    // §6.1: only a new passkey comes with its key.
    let data = AuthenticatorData::parse(&said.authenticator_data.0).filter(|data| data.credential.is_none());
    let Some(data) = data else {
        return Err(malformed(trail, "authenticator data without a new credential"));
    };
    data.check(rp, trail)?;
    trail.passed(Rule::PasskeyResponseMalformed);
    let hash = sha256(&said.client_data_json.0);
    let signed = [said.authenticator_data.0.as_slice(), &hash].concat();
    let good = said.signature.0.len() <= MAX_SIGNATURE_BYTES
        && PublicKey::from_cose(credential.public_key)
            .is_some_and(|key| key.verifies(&signed, &said.signature.0));
    trail.require(Rule::PasskeySignatureInvalid, good, || {
        ("a signature of this passkey".into(), "another one".into())
    })?;
    counts_on(data.sign_count, credential.sign_count, trail)?;
    Ok(Authenticated {
        sign_count: data.sign_count,
        user_verified: true,
        backed_up: data.backed_up(),
    })
}

/// The passkey is the one that was looked up, and says itself whose it is (§7.2). Every passkey that is made here is
/// discoverable, so each of them knows its handle. This also keeps a person from being led into the account of somebody who
/// added a passkey that was seen elsewhere: the device still names the account that it was made for.
fn belongs(
    id: &[u8],
    handle: Option<&[u8]>,
    credential: &Credential<'_>,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let same = constant_time_eq(id, credential.credential_id);
    trail.require(Rule::PasskeyUnknown, same, || {
        ("the passkey that was looked up".into(), "another one".into())
    })?;
    let owner = handle.is_some_and(|handle| constant_time_eq(handle, credential.user_handle));
    trail.require(Rule::PasskeyUnknown, owner, || {
        let received = if handle.is_some() { "another one" } else { "none" };
        ("the handle of the passkey's account".into(), received.into())
    })
}

/// §6.1.1. A counter that stands still or goes back shows that two authenticators have the key; where both say 0,
/// nobody counts. What it leaves to the site to decide, this site refuses.
fn counts_on(received: u32, last: u32, trail: &mut Trail) -> Result<(), Refusal> {
    let holds = (received == 0 && last == 0) || received > last;
    trail.require(Rule::PasskeyCloned, holds, || {
        (format!("a count above {last}"), received.to_string())
    })
}
