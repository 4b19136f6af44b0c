//! What an ID token says (OpenID Connect Core §2, §3.1.3.6, §3.3.2.11). Claims about the person are told where §5.4 and
//! §5.5 say: when they were asked for by `claims`, or by scope when no access token could fetch them.
//!
//! There is one audience, so `azp` is left out (§2).

use crate::claims;
use crate::policy::Policy;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use valetkey_jose::{Algorithm, hash};
use valetkey_model::client::SigningAlg;
use valetkey_model::{Client, ClientId, Grant, Sid};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

/// The `typ` of ID tokens.
pub const ID_TOKEN_TYPE: &str = "JWT";

/// The claims of an ID token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The person, as the client knows them.
    pub sub: String,
    /// The client.
    pub aud: ClientId,
    /// When it ends.
    pub exp: Timestamp,
    /// When it was made.
    pub iat: Timestamp,
    /// When the person signed in.
    pub auth_time: Timestamp,
    /// The `nonce` of the authorization request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// How surely it was the person.
    pub acr: Acr,
    /// How the person signed in (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The session, for sign-out (OpenID Connect Front-Channel Logout §3, Back-Channel Logout §2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Sid>,
    /// The half hash of the access token beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// The half hash of the code beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub c_hash: Option<String>,
    /// What is told about the person.
    #[serde(flatten)]
    pub person: Map<String, Value>,
}

/// What an ID token is made from.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// What the person gave.
    pub grant: &'a Grant,
    /// To whom.
    pub client: &'a Client,
    /// The person, as the client knows them ([`crate::subject::SubjectKeys::subject`]).
    pub sub: &'a str,
    /// The session, as the client knows it ([`crate::subject::SubjectKeys::session`]).
    pub sid: Option<Sid>,
    /// What is known about the person; needed only where [`About::tells_about_the_person`].
    pub person: Option<&'a StandardClaims>,
    /// Whether the scope opens claims here: the client gets no access token, so it can fetch them nowhere (§5.4).
    pub with_scope_claims: bool,
    /// The access token that goes out beside it.
    pub access_token: Option<&'a str>,
    /// The code that goes out beside it.
    pub code: Option<&'a str>,
}

impl About<'_> {
    /// Whether the person's own claims are needed to make it.
    #[must_use]
    pub fn tells_about_the_person(&self) -> bool {
        self.with_scope_claims || !self.grant.claims.id_token.is_empty()
    }
}

/// The claims of an ID token.
#[must_use]
pub fn id_token(about: &About<'_>, policy: &Policy, now: Timestamp) -> IdTokenClaims {
    let (grant, client) = (about.grant, about.client);
    let alg = signature_algorithm(client.id_token_signed_response_alg);
    let half_hash = |text: &str| hash::left_half_b64(alg, text);
    let nothing = Scope::default();
    let scope = if about.with_scope_claims {
        &grant.scope
    } else {
        &nothing
    };
    IdTokenClaims {
        iss: policy.issuer.clone(),
        sub: about.sub.to_owned(),
        aud: grant.client.clone(),
        exp: now.plus_seconds(policy.id_token_ttl_seconds),
        iat: now,
        auth_time: grant.auth_time,
        nonce: grant.nonce.clone(),
        acr: grant.acr,
        amr: grant.amr.clone(),
        sid: about.sid,
        at_hash: about.access_token.map(half_hash),
        c_hash: about.code.map(half_hash),
        person: about.person.map_or_else(Map::new, |person| {
            claims::told(person, scope, &grant.claims.id_token)
        }),
    }
}

/// The same when a grant is refreshed: all but the times of the token itself stays, and `nonce`, which
/// belonged to the authorization request, is left out (§12.2).
#[must_use]
pub fn refreshed_id_token(about: &About<'_>, policy: &Policy, now: Timestamp) -> IdTokenClaims {
    IdTokenClaims {
        nonce: None,
        ..id_token(about, policy, now)
    }
}

/// The signature algorithm of a client's choice, as the crypto knows it.
#[must_use]
pub const fn signature_algorithm(alg: SigningAlg) -> Algorithm {
    match alg {
        SigningAlg::RS256 => Algorithm::RS256,
        SigningAlg::PS256 => Algorithm::PS256,
        SigningAlg::ES256 => Algorithm::ES256,
        SigningAlg::ES384 => Algorithm::ES384,
        SigningAlg::Ed25519 => Algorithm::Ed25519,
    }
}

#[cfg(test)]
#[path = "id_token_tests.rs"]
mod tests;
