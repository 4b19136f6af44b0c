//! What the browser saw: CollectedClientData (§5.8.1), checked as §7.1 and §7.2 say.

use super::response::object;
use super::{RelyingParty, malformed};
use crate::shown::shown;
use serde::Deserialize;
use serde::de::IgnoredAny;
use valetkey_jose::b64;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::constant_time_eq;

/// Browsers write some 150 bytes; a long origin fits.
const MAX_CLIENT_DATA_BYTES: usize = 4 * 1024;

/// Members that are not known are read over: browsers add one now and then so that nobody relies on a template.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    #[serde(default)]
    top_origin: Option<IgnoredAny>,
}

/// Checks the client data for a ceremony: `webauthn.create` or `webauthn.get`.
pub(super) fn check(
    json: &[u8],
    ceremony: &'static str,
    challenge: &[u8],
    rp: &RelyingParty,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let data: Option<ClientData> = (json.len() <= MAX_CLIENT_DATA_BYTES)
        .then(|| object(json))
        .flatten();
    let Some(data) = data else {
        return Err(malformed(trail, "client data in JSON"));
    };
    if data.kind != ceremony {
        let refusal = Refusal::new(Rule::PasskeyResponseMalformed, ceremony, shown(&data.kind));
        return Err(trail.refuse(refusal));
    }
    let expected = b64::encode_url(challenge);
    let same = !challenge.is_empty() && constant_time_eq(expected.as_bytes(), data.challenge.as_bytes());
    trail.require(Rule::PasskeyChallengeMismatch, same, || {
        ("the challenge of this page".into(), "another one".into())
    })?;
    trail.require(Rule::PasskeyOriginMismatch, data.origin == rp.origin, || {
        (rp.origin.clone(), shown(&data.origin))
    })?;
    let framed = data.cross_origin || data.top_origin.is_some();
    trail.require(Rule::PasskeyOriginMismatch, !framed, || {
        (
            "a page of its own".into(),
            "a frame in a page of another site".into(),
        )
    })
}
