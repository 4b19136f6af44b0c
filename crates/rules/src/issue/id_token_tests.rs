//! ID tokens: what is told, and above all what is not.

use super::*;
use crate::samples::{self, NOW, scope};
use crate::subject::SubjectKeys;
use serde_json::json;
use std::collections::BTreeMap;
use valetkey_jose::b64;
use valetkey_model::relying_party::SubjectType;
use valetkey_protocol::claims_request::ClaimsRequest;

const TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
const CODE: &str = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";

fn alice() -> StandardClaims {
    StandardClaims {
        name: Some("Alice".into()),
        email: Some("alice@example.com".into()),
        ..StandardClaims::default()
    }
}

struct Made {
    grant: Grant,
    client: Client,
    person: StandardClaims,
}

impl Made {
    fn new() -> Self {
        Self {
            grant: Grant {
                sid: Some(samples::session().sid),
                ..samples::active_grant()
            },
            client: samples::web_client(),
            person: alice(),
        }
    }

    fn about(&self) -> About<'_> {
        About {
            grant: &self.grant,
            client: &self.client,
            sub: "alice",
            sid: self.grant.sid,
            person: Some(&self.person),
            with_scope_claims: false,
            access_token: Some(TOKEN),
            code: None,
        }
    }
}

fn json_of(about: &About<'_>) -> serde_json::Value {
    serde_json::to_value(id_token(about, &samples::policy(), NOW)).unwrap()
}

fn names(json: &serde_json::Value) -> Vec<&str> {
    json.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn an_id_token_of_the_code_flow_tells_who_signed_in_and_nothing_of_the_profile() {
    let made = Made::new();
    assert!(made.grant.scope.contains("profile"));
    assert!(!made.about().tells_about_the_person());
    let json = json_of(&made.about());
    assert_eq!(
        names(&json),
        [
            "acr",
            "amr",
            "at_hash",
            "aud",
            "auth_time",
            "exp",
            "iat",
            "iss",
            "nonce",
            "sid",
            "sub"
        ]
    );
    assert_eq!((&json["sub"], &json["nonce"]), (&json!("alice"), &json!("n-1")));
    assert_eq!(json["acr"], "1");
    assert_eq!(json["aud"], "mysweetapp", "one text, so there is no azp");
    assert_eq!(
        serde_json::from_value::<IdTokenClaims>(json).unwrap(),
        id_token(&made.about(), &samples::policy(), NOW)
    );
}

#[test]
fn without_access_token_code_nonce_and_session_their_claims_are_left_out() {
    let mut made = Made::new();
    made.grant.nonce = None;
    made.grant.sid = None;
    let about = About {
        access_token: None,
        ..made.about()
    };
    let json = json_of(&about);
    for name in ["at_hash", "c_hash", "nonce", "sid"] {
        assert!(json.get(name).is_none(), "{name}");
    }
}

#[test]
fn the_scope_opens_claims_in_the_id_token_only_when_no_access_token_could_fetch_them() {
    let made = Made::new();
    let about = About {
        access_token: None,
        with_scope_claims: true,
        ..made.about()
    };
    assert!(about.tells_about_the_person());
    let json = json_of(&about);
    assert_eq!(json["name"], "Alice");
    assert!(json.get("email").is_none(), "its scope was not granted");
    assert!(json_of(&made.about()).get("name").is_none());
}

#[test]
fn single_claims_stand_in_the_id_token_when_they_were_asked_for_there() {
    let mut made = Made::new();
    made.grant.claims =
        ClaimsRequest::parse(r#"{"id_token":{"email":{"essential":true},"sub":null,"phone_number":null}}"#)
            .unwrap();
    assert!(made.about().tells_about_the_person());
    let json = json_of(&made.about());
    assert_eq!(json["email"], "alice@example.com");
    assert_eq!(json["sub"], "alice", "once, and as the client knows the person");
    assert!(json.get("name").is_none() && json.get("phone_number").is_none());
    made.grant.claims = ClaimsRequest::parse(r#"{"userinfo":{"email":null}}"#).unwrap();
    assert!(
        json_of(&made.about()).get("email").is_none(),
        "asked for elsewhere"
    );
}

#[test]
fn no_claim_about_a_person_can_take_the_place_of_one_about_the_token() {
    let registered = [
        "iss", "sub", "aud", "exp", "iat", "nonce", "acr", "amr", "sid", "at_hash", "c_hash",
    ];
    let mut made = Made::new();
    made.grant.claims.id_token = registered
        .iter()
        .map(|name| ((*name).to_owned(), None))
        .collect::<BTreeMap<_, _>>();
    let claims = id_token(&made.about(), &samples::policy(), NOW);
    assert!(claims.person.is_empty());
}

/// The examples of Core appendix A.3 and A.4.
#[test]
fn the_half_hashes_are_those_of_the_spec() {
    let made = Made::new();
    let about = About {
        code: Some(CODE),
        ..made.about()
    };
    let json = json_of(&about);
    assert_eq!(json["at_hash"], "77QmUPtjPfzWtF2AnpK9RQ");
    assert_eq!(json["c_hash"], "LDktKdoQak3Pk0cnXxCltA");
}

#[test]
fn the_half_hashes_go_by_the_algorithm_of_the_id_token() {
    let mut made = Made::new();
    for (alg, bytes) in [
        (SigningAlg::RS256, 16),
        (SigningAlg::PS256, 16),
        (SigningAlg::ES256, 16),
        (SigningAlg::ES384, 24),
        (SigningAlg::Ed25519, 32),
    ] {
        made.client.id_token_signed_response_alg = alg;
        let json = json_of(&made.about());
        let half = b64::decode_url(json["at_hash"].as_str().unwrap()).unwrap();
        assert_eq!(half.len(), bytes, "{}", alg.as_str());
    }
}

#[test]
fn a_refreshed_id_token_keeps_who_when_and_how_but_not_the_nonce() {
    let made = Made::new();
    let policy = samples::policy();
    let first = id_token(&made.about(), &policy, NOW);
    let about = About {
        access_token: Some("another"),
        ..made.about()
    };
    let later = refreshed_id_token(&about, &policy, NOW.plus_seconds(900));
    assert_eq!(later.nonce, None);
    assert_ne!(later.at_hash, first.at_hash);
    assert_eq!(later.iat, NOW.plus_seconds(900));
    let kept = IdTokenClaims {
        nonce: first.nonce.clone(),
        at_hash: first.at_hash.clone(),
        exp: first.exp,
        iat: first.iat,
        ..later
    };
    assert_eq!(kept, first);
}

#[test]
fn a_pairwise_client_never_sees_the_public_subject() {
    let mut made = Made::new();
    made.client.openid.subject_type = SubjectType::Pairwise;
    let sub = SubjectKeys::new(&[7; 32]).subject(&made.client, made.grant.user);
    let about = About {
        sub: &sub,
        with_scope_claims: true,
        code: Some(CODE),
        ..made.about()
    };
    let text = json_of(&about).to_string();
    assert!(!text.contains(&samples::user().to_string()), "{text}");
    assert!(made.grant.scope == scope("openid profile photos.read"));
}
