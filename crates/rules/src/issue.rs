//! What tokens say: the claims of access tokens (RFC 9068 §2.2), exchanged ones too (RFC 8693 §4), and, in a file of its
//! own, of ID tokens (OpenID Connect Core §2). Signing, encryption, sealing and random bytes are the caller's.

mod id_token;

pub use id_token::{About, ID_TOKEN_TYPE, IdTokenClaims, id_token, refreshed_id_token, signature_algorithm};

use crate::policy::Policy;
use crate::token::Issue;
use crate::token::exchange::Exchanged;
use serde::{Deserialize, Serialize};
use valetkey_jose::b64;
use valetkey_model::{Client, ClientId, Grant, GrantId};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

/// The `typ` of access tokens (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The claims of an access token, in a JWT as in an opaque one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The person as the client of the grant knows them ([`crate::subject`]); the client itself when there is none.
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

/// On whose behalf an access token acts.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// A person, by a grant.
    Person {
        /// The grant.
        grant: &'a Grant,
        /// The person, as the client knows them ([`crate::subject::SubjectKeys::subject`]).
        sub: &'a str,
    },
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
        Subject::Person { grant, sub } => (
            sub.to_owned(),
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

#[cfg(test)]
#[path = "issue_tests.rs"]
mod tests;
