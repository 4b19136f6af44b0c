//! Passkeys (W3C WebAuthn Level 3) between the page and the store: challenges, each for one page and one answer, and the
//! passkey that answers. The checks are `valetkey_rules::passkey`'s.

use crate::call::{Call, Failure};
use crate::context::Context;
use crate::random;
use serde::{Deserialize, Serialize};
use valetkey_jose::{b64, hash};
use valetkey_model::Passkey;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::time::Timestamp;
use valetkey_rules::passkey::{
    self, AuthenticationResponse, Credential, Registered, RegistrationResponse, RelyingParty, RequestOptions,
};
use valetkey_rules::second_factor::{WAITS_SECONDS, challenge_counts};

/// What a passkey signs (§13.4.3): made for one page, answered once, and soon. It travels sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Challenge {
    value: String,
    at: Timestamp,
}

impl Challenge {
    pub(crate) fn new(app: &Context) -> Self {
        Self {
            value: random::text::<32>(app.random.as_ref()),
            at: app.now(),
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        b64::decode_url(&self.value).unwrap_or_default()
    }

    /// Whether this is the first good answer to it. Asked after the signature was found good: nobody else may fill the
    /// store.
    async fn use_up(&self, call: &mut Call<'_>) -> Result<(), Failure> {
        let key = format!(
            "passkey.{}",
            b64::encode_url(&hash::sha256(self.value.as_bytes()))
        );
        let expires_at = self.at.plus_seconds(WAITS_SECONDS);
        let is_first = call.app.store.insert_nonce_once(&key, expires_at).await?;
        call.trail.require(Rule::PasskeyChallengeMismatch, is_first, || {
            (
                String::from("a challenge that nobody has answered"),
                String::from("one that was answered before"),
            )
        })?;
        Ok(())
    }
}

/// The relying party of this server; `None` where browsers have no passkeys.
pub(crate) fn relying_party(app: &Context) -> Option<RelyingParty> {
    RelyingParty::of_issuer(&app.policy().issuer)
}

/// The options of a page where somebody may sign in with any passkey of theirs; `None` where there are none.
pub(crate) fn sign_in_options(app: &Context, challenge: &Challenge) -> Option<String> {
    let rp = relying_party(app)?;
    // The list of the person's own would tell whether they have any, and a device need not name the account then.
    Some(RequestOptions::new(&rp, &challenge.bytes(), Vec::new()).to_json())
}

/// The passkey that answered, used up once more.
pub(crate) async fn answered(
    call: &mut Call<'_>,
    challenge: Option<&Challenge>,
    answer: &str,
) -> Result<Passkey, Failure> {
    let (app, now) = (call.app, call.now);
    let (rp, challenge) = asked(call, challenge)?;
    let response = AuthenticationResponse::from_json(answer, &mut call.trail)?;
    let found = app.store.find_passkey(&response.raw_id.0).await?;
    let passkey = passkey::known(found, &mut call.trail)?;
    let credential = Credential::from(&passkey);
    let said = passkey::authenticate(&response, &credential, &challenge.bytes(), &rp, &mut call.trail)?;
    challenge.use_up(call).await?;
    let (from, to) = (passkey.sign_count, said.sign_count);
    let counts_on = app.store.use_passkey(&passkey.id, from, to, now).await?;
    call.trail.require(Rule::PasskeyCloned, counts_on, || {
        (
            String::from("a count that nobody else has moved on"),
            String::from("one that was moved on meanwhile"),
        )
    })?;
    Ok(passkey)
}

/// The new passkey that answered.
pub(crate) async fn registered(
    call: &mut Call<'_>,
    challenge: Option<&Challenge>,
    answer: &str,
) -> Result<Registered, Failure> {
    let (rp, challenge) = asked(call, challenge)?;
    let response = RegistrationResponse::from_json(answer, &mut call.trail)?;
    let registered = passkey::register(&response, &challenge.bytes(), &rp, &mut call.trail)?;
    challenge.use_up(call).await?;
    Ok(registered)
}

/// What was asked, while it may be answered.
fn asked(call: &mut Call<'_>, challenge: Option<&Challenge>) -> Result<(RelyingParty, Challenge), Refusal> {
    challenge_counts(challenge.map(|challenge| challenge.at), call.now, &mut call.trail)?;
    let Some(challenge) = challenge else {
        return Err(Refusal::plain(Rule::PasskeyChallengeMismatch));
    };
    let Some(rp) = relying_party(call.app) else {
        let refusal = Refusal::new(
            Rule::PasskeyOriginMismatch,
            "an issuer with a name, reached by https",
            call.app.policy().issuer.clone(),
        );
        return Err(call.trail.refuse(refusal));
    };
    Ok((rp, challenge.clone()))
}

/// What happened to a passkey, for the person.
pub(crate) const fn says(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::PasskeyChallengeMismatch => {
            "This page was open for too long, or the passkey was used on it already. Please try again."
        }
        Rule::PasskeyOriginMismatch => {
            "Passkeys do not work at this address. Open this site by its own address."
        }
        Rule::PasskeyNotVerified => {
            "The device did not check that it is you. Set up a screen lock or a PIN there, and try again."
        }
        Rule::PasskeyUnknown => {
            "This passkey belongs to no account here. It may have been removed. Please sign in another way."
        }
        Rule::PasskeyCloned => {
            "This passkey may be a copy, so it was not taken. Sign in another way, and put a new passkey in its place."
        }
        Rule::PasskeySignatureInvalid | Rule::PasskeyResponseMalformed => {
            "The passkey could not be used. Please try again, or sign in another way."
        }
        Rule::PasskeyTaken => "This passkey is in use already.",
        Rule::PasskeyLastWay => {
            "This passkey is your only way to sign in, so it stays. Add another passkey or set a password first."
        }
        _ => return None,
    })
}
