//! The userinfo endpoint (OpenID Connect Core §5.3): whose claims a token opens, and which: those of its scope (§5.4) and
//! the single ones that its client asked for (§5.5).
//!
//! Any access token of this server that carries `openid` opens it, also one whose audience is an API:
//! clients use one token for both. An exchanged token (RFC 8693) opens the claims of its subject, never of its actor, and
//! no single ones: those were asked for by another client. Who wants a token that opens userinfo alone names the issuer
//! as `resource` in the token request.

use crate::claims;
use crate::issue::AccessTokenClaims;
use crate::policy::Policy;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use valetkey_model::{Client, ClientId, Grant, UserId};
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::claims_request::Asked;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::{OPENID, Scope};

/// Whose claims to tell, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The person.
    pub user: UserId,
    /// Who that is to the client; `sub` of the answer.
    pub sub: String,
    /// The scope that picks the claims (§5.4).
    pub scope: Scope,
    /// The single claims that were asked for (§5.5).
    pub asked: BTreeMap<String, Option<Asked>>,
}

/// The answer (§5.3.2), `sub` first. Signed, it also names its issuer and its audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The person, as the client knows them.
    pub sub: String,
    /// The issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// The client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<ClientId>,
    /// What is told about the person.
    #[serde(flatten)]
    pub person: Map<String, Value>,
}

/// Decides what the token opens; `claims` is `None` when it could not be read, `grant` is the one that it names, `counts`
/// is [`crate::access_token::counts`].
///
/// # Errors
/// The rule that refused.
pub fn decide(
    claims: Option<&AccessTokenClaims>,
    grant: Option<&Grant>,
    counts: bool,
    trail: &mut Trail,
) -> Result<Access, Refusal> {
    let refuse = |trail: &mut Trail, received: &str| {
        trail.refuse(Refusal::new(
            Rule::UserinfoTokenInvalid,
            "an access token of this server that still counts",
            received,
        ))
    };
    let Some(claims) = claims else {
        return Err(refuse(trail, "a text that is none, or one that has expired"));
    };
    if !counts {
        return Err(refuse(trail, "one that was revoked"));
    }
    // A client's own token has the client as its subject, and no grant.
    let Some(grant) = grant.filter(|grant| Some(grant.id) == claims.gid) else {
        return Err(refuse(trail, "a client's own token, behind which is no person"));
    };
    trail.passed(Rule::UserinfoTokenInvalid);
    trail.require(Rule::UserinfoScopeMissing, claims.scope.contains(OPENID), || {
        (OPENID.into(), claims.scope.to_string())
    })?;
    let asked = if claims.was_exchanged() {
        BTreeMap::new()
    } else {
        grant.claims.userinfo.clone()
    };
    Ok(Access {
        user: grant.user,
        sub: claims.sub.clone(),
        scope: claims.scope.clone(),
        asked,
    })
}

/// What the client is told. A client that wants the answer signed has it name who answers whom (§5.3.2).
#[must_use]
pub fn answer(access: &Access, person: &StandardClaims, client: &Client, policy: &Policy) -> Answer {
    let signed = client.openid.userinfo_signed_response_alg.is_some();
    Answer {
        sub: access.sub.clone(),
        iss: signed.then(|| policy.issuer.clone()),
        aud: signed.then(|| client.id.clone()),
        person: claims::told(person, &access.scope, &access.asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, scope};
    use valetkey_model::client::SigningAlg;
    use valetkey_protocol::claims_request::ClaimsRequest;

    fn refused(claims: Option<&AccessTokenClaims>, counts: bool) -> Rule {
        decide(claims, Some(&samples::active_grant()), counts, &mut Trail::off())
            .unwrap_err()
            .rule
    }

    fn asking() -> Grant {
        Grant {
            claims: ClaimsRequest::parse(r#"{"userinfo":{"nickname":null},"id_token":{"email":null}}"#)
                .unwrap(),
            ..samples::active_grant()
        }
    }

    fn alice() -> StandardClaims {
        StandardClaims {
            name: Some("Alice".into()),
            nickname: Some("Al".into()),
            email: Some("alice@example.com".into()),
            ..StandardClaims::default()
        }
    }

    #[test]
    fn an_unreadable_revoked_or_personless_token_opens_nothing() {
        let claims = samples::access_claims();
        assert_eq!(refused(None, true), Rule::UserinfoTokenInvalid);
        assert_eq!(refused(Some(&claims), false), Rule::UserinfoTokenInvalid);
        let own = AccessTokenClaims {
            sub: samples::user().to_string(),
            gid: None,
            ..claims
        };
        assert_eq!(refused(Some(&own), true), Rule::UserinfoTokenInvalid);
    }

    #[test]
    fn a_token_without_openid_opens_nothing() {
        let claims = AccessTokenClaims {
            scope: scope("profile photos.read"),
            ..samples::access_claims()
        };
        assert_eq!(refused(Some(&claims), true), Rule::UserinfoScopeMissing);
    }

    #[test]
    fn a_token_with_openid_opens_the_claims_of_its_scope_and_those_asked_for() {
        let claims = AccessTokenClaims {
            sub: "alice as her client knows her".into(),
            scope: scope("openid photos.read"),
            ..samples::access_claims()
        };
        let mut trail = Trail::recording();
        let access = decide(Some(&claims), Some(&asking()), true, &mut trail).unwrap();
        assert_eq!(access.user, samples::user(), "found by the grant, not by sub");
        assert_eq!(trail.into_checks().len(), 2);
        let answer = answer(&access, &alice(), &samples::web_client(), &samples::policy());
        let text = serde_json::to_string(&answer).unwrap();
        assert_eq!(text, r#"{"sub":"alice as her client knows her","nickname":"Al"}"#);
    }

    #[test]
    fn a_signed_answer_names_its_issuer_and_its_client() {
        let mut client = samples::web_client();
        client.openid.userinfo_signed_response_alg = Some(SigningAlg::ES256);
        let access = decide(
            Some(&samples::access_claims()),
            Some(&asking()),
            true,
            &mut Trail::off(),
        );
        let answer = answer(&access.unwrap(), &alice(), &client, &samples::policy());
        let json = serde_json::to_value(&answer).unwrap();
        assert_eq!(json["iss"], samples::ISSUER);
        assert_eq!(json["aud"], client.id.as_str());
        assert_eq!(json["name"], "Alice");
    }

    #[test]
    fn an_exchanged_token_opens_its_subjects_claims_by_its_scope_alone() {
        let actor = crate::issue::Actor {
            sub: uuid::Uuid::from_u128(0xb0b).to_string(),
            client_id: None,
            act: None,
        };
        let claims = AccessTokenClaims {
            client_id: samples::service_client().id,
            grant_client: Some(samples::web_client().id),
            act: Some(actor),
            ..samples::access_claims()
        };
        let access = decide(Some(&claims), Some(&asking()), true, &mut Trail::off()).unwrap();
        assert_eq!(access.user, samples::user());
        assert!(access.asked.is_empty(), "another client asked for those");
        let narrower = AccessTokenClaims {
            scope: scope("photos.read"),
            ..claims
        };
        assert_eq!(refused(Some(&narrower), true), Rule::UserinfoScopeMissing);
    }
}
