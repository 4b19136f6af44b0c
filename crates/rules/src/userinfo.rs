//! The userinfo endpoint (OpenID Connect Core §5.3): whose claims a token opens, and by which scope.
//!
//! Any access token of this server that carries `openid` opens it, also one whose audience is an API:
//! clients use one token for both. An exchanged token (RFC 8693) opens the claims of its subject, never of its actor. Who wants a token that opens userinfo alone names the issuer as `resource`
//! in the token request.

use crate::issue::AccessTokenClaims;
use valetkey_model::UserId;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::{OPENID, Scope};

/// Whose claims to tell, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The person; `sub` of the answer.
    pub user: UserId,
    /// The scope that picks the claims (§5.4).
    pub scope: Scope,
}

/// Decides what the token opens; `claims` is `None` when it could not be read, `counts` is
/// [`crate::access_token::counts`].
///
/// # Errors
/// The rule that refused.
pub fn decide(
    claims: Option<&AccessTokenClaims>,
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
    // A client's own token has the client as its subject, and no person.
    let person = claims.gid.and_then(|_| uuid::Uuid::try_parse(&claims.sub).ok());
    let Some(user) = person.map(UserId) else {
        return Err(refuse(trail, "a client's own token, behind which is no person"));
    };
    trail.passed(Rule::UserinfoTokenInvalid);
    trail.require(Rule::UserinfoScopeMissing, claims.scope.contains(OPENID), || {
        (OPENID.into(), claims.scope.to_string())
    })?;
    Ok(Access {
        user,
        scope: claims.scope.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, scope};

    fn refused(claims: Option<&AccessTokenClaims>, counts: bool) -> Rule {
        decide(claims, counts, &mut Trail::off()).unwrap_err().rule
    }

    #[test]
    fn an_unreadable_revoked_or_personless_token_opens_nothing() {
        let claims = samples::access_claims();
        assert_eq!(refused(None, true), Rule::UserinfoTokenInvalid);
        assert_eq!(refused(Some(&claims), false), Rule::UserinfoTokenInvalid);
        let own = AccessTokenClaims {
            sub: "photo-backup".into(),
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
    fn a_token_with_openid_opens_the_persons_claims_by_its_scope() {
        let claims = samples::access_claims();
        let mut trail = Trail::recording();
        let access = decide(Some(&claims), true, &mut trail).unwrap();
        assert_eq!(access.user, samples::user());
        assert_eq!(access.scope, claims.scope);
        assert_eq!(trail.into_checks().len(), 2);
    }

    #[test]
    fn an_exchanged_token_opens_its_subjects_claims_and_only_by_openid() {
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
        let access = decide(Some(&claims), true, &mut Trail::off()).unwrap();
        assert_eq!(access.user, samples::user());
        let narrower = AccessTokenClaims {
            scope: scope("photos.read"),
            ..claims
        };
        assert_eq!(refused(Some(&narrower), true), Rule::UserinfoScopeMissing);
    }
}
