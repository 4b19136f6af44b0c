//! Access tokens, each claim in its place.

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
    let claims = exchanged_access_token(&exchanged(subject.clone(), None), &client, &policy, [1; 16], late);
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
        Subject::Person {
            grant: &grant,
            sub: "alice as the client knows her",
        },
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
    assert_eq!(json["sub"], "alice as the client knows her");
    assert_eq!(json["exp"], NOW.0 + samples::issue().ttl_seconds);
    assert_eq!(serde_json::from_value::<AccessTokenClaims>(json).unwrap(), claims);
}
