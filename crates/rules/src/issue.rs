//! What tokens say: the claims of access tokens (RFC 9068 §2.2), exchanged ones too (RFC 8693 §4), and ID tokens
//! (OpenID Connect Core §2). Signing, sealing and random bytes are the caller's.
//!
//! ID tokens of the code flow carry no profile claims: those are at the userinfo endpoint (§5.4).

use crate::policy::Policy;
use crate::token::Issue;
use crate::token::exchange::Exchanged;
use serde::{Deserialize, Serialize};
use valetkey_jose::{Algorithm, b64, hash};
use valetkey_model::client::SigningAlg;
use valetkey_model::{Client, ClientId, Grant, GrantId};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

/// The `typ` of access tokens (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";
/// The `typ` of ID tokens.
pub const ID_TOKEN_TYPE: &str = "JWT";

/// The claims of an access token, in a JWT as in an opaque one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The person; the client itself when there is none.
    pub sub: String,
    /// The API the token is for; the issuer when it is for the userinfo endpoint alone.
    pub aud: String,
    /// When it ends.
    pub exp: Timestamp,
    /// When it was made.
    pub iat: Timestamp,
    /// Its own name.
    pub jti: String,
    /// The client it was issued to.
    pub client_id: ClientId,
    /// What it allows.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// When the person signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    /// The grant it came from; none for client credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<GrantId>,
    /// Who acts for the subject, when the token was exchanged (RFC 8693 §4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Actor>,
    /// Valetkey's own: whose grant it came from, when the token was exchanged and that is not `client_id`.
    #[serde(default, rename = "grant_client_id", skip_serializing_if = "Option::is_none")]
    pub grant_client: Option<ClientId>,
}

impl AccessTokenClaims {
    /// The client of the grant that it came from, or whose own token it was in the beginning.
    #[must_use]
    pub fn granted_to(&self) -> &ClientId {
        self.grant_client.as_ref().unwrap_or(&self.client_id)
    }

    /// Whether it was exchanged for another token, as its claims say.
    #[must_use]
    pub const fn was_exchanged(&self) -> bool {
        self.act.is_some() || self.grant_client.is_some()
    }
}

/// Who acts, and through whom it came to them: the outermost is the one who acts now (RFC 8693 §4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The subject of the actor's own token.
    pub sub: String,
    /// The client that sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// Who acted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Self>>,
}

impl Actor {
    /// How many there are, one inside the other.
    #[must_use]
    pub fn depth(&self) -> usize {
        std::iter::successors(Some(self), |actor| actor.act.as_deref()).count()
    }
}

/// The claims of an ID token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The person.
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
    /// The half hash of the access token beside it (§3.1.3.6).
    pub at_hash: String,
    /// How the person signed in (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
}

/// On whose behalf an access token acts.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A person, by a grant.
    Grant(&'a Grant),
    /// The client itself (RFC 6749 §4.4).
    Client(&'a ClientId),
}

/// The claims of a new access token; `jti` is 16 random bytes.
#[must_use]
pub fn access_token(
    issue: &Issue,
    subject: Subject<'_>,
    policy: &Policy,
    jti: [u8; 16],
    now: Timestamp,
) -> AccessTokenClaims {
    let (sub, client_id, auth_time, gid) = match subject {
        Subject::Grant(grant) => (
            grant.user.to_string(),
            grant.client.clone(),
            Some(grant.auth_time),
            Some(grant.id),
        ),
        Subject::Client(id) => (id.to_string(), id.clone(), None, None),
    };
    AccessTokenClaims {
        iss: policy.issuer.clone(),
        sub,
        aud: issue
            .audience
            .as_ref()
            .map_or_else(|| policy.issuer.clone(), ToString::to_string),
        exp: now.plus_seconds(issue.ttl_seconds),
        iat: now,
        jti: b64::encode_url(&jti),
        client_id,
        scope: issue.scope.clone(),
        auth_time,
        gid,
        act: None,
        grant_client: None,
    }
}

/// The claims of a token that `client` got in exchange for another (RFC 8693 §2.2). Its subject and grant are those of
/// the other one, so that it ends with that grant, and it does not outlive the token that it was made from.
#[must_use]
pub fn exchanged_access_token(
    exchanged: &Exchanged,
    client: &Client,
    policy: &Policy,
    jti: [u8; 16],
    now: Timestamp,
) -> AccessTokenClaims {
    let subject = &exchanged.subject;
    let own = access_token(&exchanged.issue, Subject::Client(&client.id), policy, jti, now);
    AccessTokenClaims {
        sub: subject.sub.clone(),
        exp: own.exp.min(subject.exp),
        auth_time: subject.auth_time,
        gid: subject.gid,
        act: exchanged.act.clone(),
        grant_client: Some(subject.granted_to().clone()).filter(|granted_to| *granted_to != client.id),
        ..own
    }
}

/// The claims of the ID token that goes with `access_token` when a code is redeemed (§3.1.3.3).
#[must_use]
pub fn id_token(
    grant: &Grant,
    client: &Client,
    access_token: &str,
    policy: &Policy,
    now: Timestamp,
) -> IdTokenClaims {
    IdTokenClaims {
        iss: policy.issuer.clone(),
        sub: grant.user.to_string(),
        aud: grant.client.clone(),
        exp: now.plus_seconds(policy.id_token_ttl_seconds),
        iat: now,
        auth_time: grant.auth_time,
        nonce: grant.nonce.clone(),
        at_hash: hash::left_half_b64(
            id_token_algorithm(client.id_token_signed_response_alg),
            access_token,
        ),
        amr: grant.amr.clone(),
    }
}

/// The same when a grant is refreshed: all but the times of the token itself stays, and `nonce`, which
/// belonged to the authorization request, is left out (§12.2).
#[must_use]
pub fn refreshed_id_token(
    grant: &Grant,
    client: &Client,
    access_token: &str,
    policy: &Policy,
    now: Timestamp,
) -> IdTokenClaims {
    IdTokenClaims {
        nonce: None,
        ..id_token(grant, client, access_token, policy, now)
    }
}

/// The signature algorithm of a client's ID tokens.
#[must_use]
pub const fn id_token_algorithm(alg: SigningAlg) -> Algorithm {
    match alg {
        SigningAlg::RS256 => Algorithm::RS256,
        SigningAlg::PS256 => Algorithm::PS256,
        SigningAlg::ES256 => Algorithm::ES256,
        SigningAlg::ES384 => Algorithm::ES384,
        SigningAlg::Ed25519 => Algorithm::Ed25519,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, NOW};

    #[test]
    fn a_clients_own_token_names_no_person_and_no_grant() {
        let claims = access_token(
            &samples::issue(),
            Subject::Client(&samples::web_client().id),
            &samples::policy(),
            [1; 16],
            NOW,
        );
        assert_eq!(claims.sub, "mysweetapp");
        assert_eq!((claims.auth_time, claims.gid), (None, None));
        let json = serde_json::to_value(&claims).unwrap();
        assert!(json.get("gid").is_none() && json.get("auth_time").is_none());
    }

    fn actor(sub: &str, act: Option<Actor>) -> Actor {
        Actor {
            sub: sub.to_owned(),
            client_id: None,
            act: act.map(Box::new),
        }
    }

    fn exchanged(subject: AccessTokenClaims, act: Option<Actor>) -> Exchanged {
        Exchanged {
            issue: Issue {
                refresh_token: false,
                id_token: false,
                ..samples::issue()
            },
            subject,
            act,
        }
    }

    #[test]
    fn an_exchanged_token_never_outlives_the_one_it_was_made_from() {
        let (client, policy) = (samples::service_client(), samples::policy());
        let subject = samples::access_claims();
        let late = subject.exp.plus_seconds(-10);
        let claims =
            exchanged_access_token(&exchanged(subject.clone(), None), &client, &policy, [1; 16], late);
        assert_eq!((claims.iat, claims.exp), (late, subject.exp));
        assert_ne!(claims.jti, subject.jti);
    }

    #[test]
    fn an_exchanged_token_names_the_person_the_grant_the_client_and_who_acts() {
        let (client, policy) = (samples::service_client(), samples::policy());
        let subject = samples::access_claims();
        let act = actor("photo-backup", Some(actor("gateway", None)));
        assert_eq!(act.depth(), 2);
        let made = exchanged(subject.clone(), Some(act));
        let claims = exchanged_access_token(&made, &client, &policy, [1; 16], NOW);
        assert_eq!((&claims.sub, claims.gid), (&subject.sub, subject.gid));
        assert_eq!(claims.auth_time, subject.auth_time);
        assert!(claims.was_exchanged() && !subject.was_exchanged());
        let json = serde_json::to_value(&claims).unwrap();
        assert_eq!(json["client_id"], "photo-backup");
        assert_eq!(json["grant_client_id"], "mysweetapp");
        assert_eq!(
            json["act"],
            serde_json::json!({"sub": "photo-backup", "act": {"sub": "gateway"}})
        );
        assert_eq!(serde_json::from_value::<AccessTokenClaims>(json).unwrap(), claims);
        let again = exchanged(claims, None);
        let back = exchanged_access_token(&again, &samples::web_client(), &policy, [2; 16], NOW);
        assert_eq!(back.grant_client, None, "back at the client of the grant");
    }

    #[test]
    fn an_access_token_carries_every_claim_that_rfc9068_requires() {
        let grant = samples::active_grant();
        let claims = access_token(
            &samples::issue(),
            Subject::Grant(&grant),
            &samples::policy(),
            [1; 16],
            NOW,
        );
        let json = serde_json::to_value(&claims).unwrap();
        for name in [
            "iss",
            "exp",
            "aud",
            "sub",
            "client_id",
            "iat",
            "jti",
            "scope",
            "auth_time",
            "gid",
        ] {
            assert!(json.get(name).is_some(), "{name}");
        }
        assert!(json.get("act").is_none() && json.get("grant_client_id").is_none());
        assert_eq!(json["aud"], samples::PHOTOS);
        assert_eq!(json["exp"], NOW.0 + samples::issue().ttl_seconds);
        assert_eq!(serde_json::from_value::<AccessTokenClaims>(json).unwrap(), claims);
    }

    #[test]
    fn an_id_token_tells_who_signed_in_and_nothing_of_the_profile() {
        let grant = samples::active_grant();
        let claims = id_token(&grant, &samples::web_client(), "token", &samples::policy(), NOW);
        assert_eq!(claims.nonce.as_deref(), Some("n-1"));
        let json = serde_json::to_value(&claims).unwrap();
        let names: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "amr",
                "at_hash",
                "aud",
                "auth_time",
                "exp",
                "iat",
                "iss",
                "nonce",
                "sub"
            ]
        );
    }

    #[test]
    fn a_refreshed_id_token_keeps_who_and_when_but_not_the_nonce() {
        let grant = samples::active_grant();
        let (client, policy) = (samples::web_client(), samples::policy());
        let first = id_token(&grant, &client, "a", &policy, NOW);
        let later = refreshed_id_token(&grant, &client, "b", &policy, NOW.plus_seconds(900));
        assert_eq!(later.nonce, None);
        assert_eq!(
            (later.sub, later.aud, later.iss, later.auth_time),
            (first.sub, first.aud, first.iss, first.auth_time)
        );
        assert_ne!(later.at_hash, first.at_hash);
    }
}
