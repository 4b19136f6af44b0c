//! Token introspection (RFC 7662): what an API, or the client itself, may learn about a token.
//!
//! A caller that may not know about a token gets the same answer as for one that does not exist (§2.2).

use crate::issue::AccessTokenClaims;
use crate::policy::Policy;
use crate::subject::SubjectKeys;
use valetkey_model::grant::{GrantState, GrantedBy};
use valetkey_model::{Client, Grant};
use valetkey_protocol::introspect::{Request, Response};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::AnyToken;
use valetkey_protocol::time::Timestamp;

/// The token to tell about, when the caller (who has authenticated) may ask at all (§2.1).
///
/// # Errors
/// The rule that refused.
pub fn read<'a>(request: &'a Request, caller: &Client, trail: &mut Trail) -> Result<&'a AnyToken, Refusal> {
    trail.require(Rule::IntrospectNotAllowed, !caller.is_public(), || {
        (
            "a confidential client".into(),
            format!("{}, a public client", caller.id),
        )
    })?;
    let Some(token) = &request.token else {
        return Err(trail.refuse(Refusal::new(Rule::IntrospectTokenMissing, "a token", "none")));
    };
    trail.passed(Rule::IntrospectTokenMissing);
    Ok(token)
}

/// What the caller learns about an access token; `counts` is [`crate::access_token::counts`]. Told to the
/// API that the token is for, and to the client that it was issued to.
#[must_use]
pub fn decide(claims: Option<&AccessTokenClaims>, counts: bool, caller: &Client) -> Response {
    let Some(claims) = claims.filter(|claims| counts && may_know(claims, caller)) else {
        return Response::inactive();
    };
    Response {
        active: true,
        scope: Some(claims.scope.clone()),
        client_id: Some(claims.client_id.to_string()),
        username: None,
        token_type: Some("Bearer".to_owned()),
        exp: Some(claims.exp.0),
        iat: Some(claims.iat.0),
        sub: Some(claims.sub.clone()),
        aud: Some(claims.aud.clone()),
        iss: Some(claims.iss.clone()),
        jti: Some(claims.jti.clone()),
        grant_id: claims.gid.map(|id| id.to_string()),
        act: claims.act.as_ref().and_then(|act| serde_json::to_value(act).ok()),
        rule: None,
    }
}

/// What the caller learns about the refresh token of `generation` of a grant. Told only to the client that
/// it was issued to, and active only when it is the current one.
#[must_use]
pub fn decide_refresh(
    grant: Option<&Grant>,
    generation: u32,
    caller: &Client,
    subjects: &SubjectKeys,
    policy: &Policy,
    now: Timestamp,
) -> Response {
    let theirs = |grant: &&Grant| grant.client == caller.id && grant.by != GrantedBy::OAuth1;
    let Some(grant) = grant.filter(theirs) else {
        return Response::inactive();
    };
    let GrantState::Active(active) = &grant.state else {
        return Response::inactive();
    };
    let end = active.idle_expires_at.min(grant.expires_at);
    if active.generation != generation || now >= end {
        return Response::inactive();
    }
    Response {
        active: true,
        scope: Some(grant.scope.clone()),
        client_id: Some(grant.client.to_string()),
        exp: Some(end.0),
        iat: Some(active.rotated_at.0),
        sub: Some(subjects.subject(caller, grant.user)),
        iss: Some(policy.issuer.clone()),
        grant_id: Some(grant.id.to_string()),
        ..Response::inactive()
    }
}

fn may_know(claims: &AccessTokenClaims, caller: &Client) -> bool {
    claims.client_id == caller.id
        || caller
            .introspects
            .iter()
            .any(|resource| resource.as_str() == claims.aud)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::Actor;
    use crate::samples::{self, NOW};
    use valetkey_model::grant::RevokedWhy;
    use valetkey_model::relying_party::SubjectType;

    fn api() -> Client {
        Client {
            introspects: [samples::resource(samples::PHOTOS)].into(),
            ..samples::service_client()
        }
    }

    fn subjects() -> SubjectKeys {
        SubjectKeys::new(&[7; 32])
    }

    fn refresh(grant: Option<&Grant>, generation: u32, caller: &Client, now: Timestamp) -> Response {
        decide_refresh(grant, generation, caller, &subjects(), &samples::policy(), now)
    }

    fn asks(token: Option<&str>) -> Request {
        Request {
            token: token.map(AnyToken::new),
            token_type_hint: None,
        }
    }

    #[test]
    fn a_public_client_may_not_introspect() {
        let request = asks(Some("x"));
        let refusal = read(&request, &samples::native_client(), &mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, Rule::IntrospectNotAllowed);
    }

    #[test]
    fn a_request_without_a_token_is_refused() {
        let request = asks(None);
        let refusal = read(&request, &api(), &mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, Rule::IntrospectTokenMissing);
        let request = asks(Some("x"));
        let mut trail = Trail::recording();
        assert_eq!(read(&request, &api(), &mut trail).unwrap().expose(), "x");
        assert_eq!(trail.into_checks().len(), 2);
    }

    #[test]
    fn a_token_for_another_api_an_unknown_one_and_a_dead_one_look_the_same() {
        let claims = samples::access_claims();
        let stranger = samples::service_client();
        assert_eq!(decide(Some(&claims), true, &stranger), Response::inactive());
        assert_eq!(decide(Some(&claims), false, &api()), Response::inactive());
        assert_eq!(decide(None, true, &api()), Response::inactive());
        assert_eq!(
            serde_json::to_string(&Response::inactive()).unwrap(),
            "{\"active\":false}"
        );
    }

    #[test]
    fn the_api_and_the_client_of_a_token_learn_what_it_says() {
        let claims = samples::access_claims();
        for caller in [api(), samples::web_client()] {
            let answer = decide(Some(&claims), true, &caller);
            assert!(answer.active);
            assert_eq!(answer.sub, Some(claims.sub.clone()));
            assert_eq!(answer.aud.as_deref(), Some(samples::PHOTOS));
            assert_eq!(answer.scope, Some(claims.scope.clone()));
        }
    }

    #[test]
    fn an_exchanged_token_tells_the_api_who_acts_and_its_first_client_nothing() {
        let actor = Actor {
            sub: "photo-backup".into(),
            client_id: Some(samples::service_client().id),
            act: None,
        };
        let claims = AccessTokenClaims {
            client_id: samples::service_client().id,
            grant_client: Some(samples::web_client().id),
            act: Some(actor),
            ..samples::access_claims()
        };
        assert_eq!(
            decide(Some(&claims), true, &samples::web_client()),
            Response::inactive()
        );
        let answer = decide(Some(&claims), true, &api());
        assert_eq!(answer.sub, Some(samples::user().to_string()));
        assert_eq!(
            answer.act.unwrap(),
            serde_json::json!({"sub": "photo-backup", "client_id": "photo-backup"})
        );
    }

    #[test]
    fn an_oauth_1_grant_has_no_refresh_token() {
        let grant = Grant {
            by: GrantedBy::OAuth1,
            ..samples::active_grant()
        };
        let answer = refresh(Some(&grant), 1, &samples::web_client(), NOW);
        assert_eq!(answer, Response::inactive());
    }

    #[test]
    fn only_the_current_refresh_token_is_active_and_only_its_client_learns_it() {
        let grant = samples::active_grant();
        let client = samples::web_client();
        let answer = |generation, caller: &Client, now| refresh(Some(&grant), generation, caller, now).active;
        assert!(answer(1, &client, NOW));
        assert!(!answer(0, &client, NOW));
        assert!(!answer(2, &client, NOW));
        assert!(!answer(1, &api(), NOW));
        assert!(!answer(
            1,
            &client,
            NOW.plus_seconds(samples::policy().refresh_idle_ttl_seconds)
        ));
        let revoked = grant.clone().revoked(RevokedWhy::SignedOut, NOW);
        assert!(!refresh(Some(&revoked), 1, &client, NOW).active);
        assert!(!refresh(Some(&samples::code_grant()), 1, &client, NOW).active);
        assert!(!refresh(None, 1, &client, NOW).active);
    }

    #[test]
    fn a_pairwise_client_learns_the_person_as_it_knows_them() {
        let mut client = samples::web_client();
        client.openid.subject_type = SubjectType::Pairwise;
        let sub = refresh(Some(&samples::active_grant()), 1, &client, NOW).sub;
        assert_eq!(sub, Some(subjects().subject(&client, samples::user())));
        assert_ne!(sub, Some(samples::user().to_string()));
    }
}
