//! ID tokens that must not be believed, and refreshed ones.

use std::sync::Arc;

use serde_json::{Value, json};
use valetkey_jose::{Algorithm, SigningKey, b64};
use valetkey_protocol::rule::Rule;

use super::{ISSUER, NOW, OPENID, World, now, refused};
use crate::{Ask, Error};

fn refuses(changes: Value, rule: Rule) {
    let world = World::new();
    world.id_claims(changes);
    refused(world.sign_in(&world.client()), rule);
}

#[test]
fn a_replayed_id_token_with_another_nonce_is_refused() {
    refuses(json!({"nonce": "of-another-request"}), Rule::IdTokenNonce);
    refuses(json!({"nonce": ""}), Rule::IdTokenNonce);
    refuses(json!({"nonce": null}), Rule::IdTokenNonce);
}

#[test]
fn an_id_token_for_another_client_is_refused() {
    refuses(json!({"aud": "other"}), Rule::IdTokenAudience);
    refuses(json!({"aud": []}), Rule::IdTokenAudience);
    refuses(json!({"aud": ["my app", "other"]}), Rule::IdTokenAudience);
    refuses(
        json!({"aud": ["my app", "other"], "azp": "other"}),
        Rule::IdTokenAudience,
    );
    refuses(json!({"azp": "other"}), Rule::IdTokenAudience);
    let world = World::new();
    world.id_claims(json!({"aud": ["my app", "other"], "azp": "my app"}));
    assert!(world.sign_in(&world.client()).is_ok());
}

#[test]
fn an_id_token_of_another_issuer_is_refused() {
    refuses(json!({"iss": "https://evil.example"}), Rule::IdTokenIssuer);
    refuses(json!({"iss": format!("{ISSUER}/")}), Rule::IdTokenIssuer);
}

#[test]
fn an_id_token_that_ended_or_comes_from_the_future_is_refused_beyond_the_leeway() {
    refuses(json!({"exp": NOW.0 - 30}), Rule::IdTokenExpired);
    refuses(json!({"iat": NOW.0 + 31}), Rule::IdTokenExpired);
    let world = World::new();
    world.id_claims(json!({"exp": NOW.0 - 29, "iat": NOW.0 + 30}));
    assert!(world.sign_in(&world.client()).is_ok());
}

#[test]
fn an_id_token_without_a_required_claim_is_refused() {
    for claim in ["iss", "sub", "aud", "exp", "iat"] {
        refuses(json!({claim: null}), Rule::IdTokenMalformed);
    }
}

#[test]
fn an_access_token_injected_beside_a_foreign_id_token_is_refused_by_at_hash() {
    refuses(
        json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
        Rule::IdTokenMalformed,
    );
}

#[test]
fn an_access_token_in_the_place_of_the_id_token_is_refused() {
    let world = World::new();
    *world.id_typ.lock().unwrap() = "at+jwt";
    refused(world.sign_in(&world.client()), Rule::IdTokenMalformed);
}

#[test]
fn a_missing_id_token_is_refused_when_openid_was_asked_for() {
    let world = World::new();
    *world.token_answer.lock().unwrap() = json!({"id_token": null});
    refused(world.sign_in(&world.client()), Rule::IdTokenMalformed);
}

#[test]
fn an_id_token_nobody_asked_for_is_not_handed_on() {
    let world = World::new();
    let client = world.client();
    let ask = Ask {
        scope: "photos.read",
        ..Ask::default()
    };
    let pending = world.begin(&client, &ask);
    let tokens = now(client.finish(pending, &world.callback(), NOW)).unwrap();
    assert_eq!((tokens.id_token, tokens.id_claims), (None, None));
}

#[test]
fn alg_none_and_algorithm_confusion_are_refused() {
    let world = World::new();
    let claims = json!({"iss": ISSUER, "sub": "mallory", "aud": "my app", "exp": NOW.0 + 60, "iat": NOW.0});
    for alg in ["none", "NONE", "HS256"] {
        let header = json!({"alg": alg, "kid": world.key.lock().unwrap().kid()});
        let parts = [header.to_string(), claims.to_string(), "signature".to_owned()];
        let token = parts.map(|part| b64::encode_url(part.as_bytes())).join(".");
        *world.token_answer.lock().unwrap() = json!({"id_token": token});
        refused(world.sign_in(&world.client()), Rule::IdTokenSignature);
    }
}

#[test]
fn an_algorithm_that_the_metadata_does_not_name_is_refused() {
    let world = World::new();
    world.change(json!({"id_token_signing_alg_values_supported": ["RS256"]}));
    refused(world.sign_in(&world.client()), Rule::IdTokenSignature);
    // Where it names none, RS256 alone is meant.
    world.change(json!({"id_token_signing_alg_values_supported": null}));
    refused(world.sign_in(&world.client()), Rule::IdTokenSignature);
}

#[test]
fn a_tampered_id_token_and_one_of_a_foreign_key_are_refused() {
    let world = World::new();
    let client = world.client();
    let tokens = world.sign_in(&client).unwrap();
    let mut parts: Vec<_> = tokens
        .id_token
        .as_ref()
        .unwrap()
        .split('.')
        .map(str::to_owned)
        .collect();
    parts[1] = b64::encode_url(json!({"sub": "mallory"}).to_string().as_bytes());
    *world.token_answer.lock().unwrap() = json!({"id_token": parts.join(".")});
    refused(world.sign_in(&client), Rule::IdTokenSignature);
    let foreign = SigningKey::generate(Algorithm::ES256).unwrap();
    let token = foreign.sign_jwt("JWT", &json!({"sub": "mallory"})).unwrap();
    *world.token_answer.lock().unwrap() = json!({"id_token": token});
    refused(world.sign_in(&client), Rule::IdTokenSignature);
}

#[test]
fn an_old_sign_in_is_refused_when_a_fresh_one_was_asked_for() {
    let ask = Ask {
        max_age: Some(60),
        ..OPENID
    };
    for (auth_time, accepted) in [
        (None, false),
        (Some(NOW.0 - 91), false),
        (Some(NOW.0 + 31), false),
        (Some(NOW.0 - 90), true),
    ] {
        let world = World::new();
        let client = world.client();
        world.id_claims(json!({"auth_time": auth_time}));
        let pending = world.begin(&client, &ask);
        let outcome = now(client.finish(pending, &world.callback(), NOW));
        if accepted {
            assert!(outcome.is_ok());
        } else {
            refused(outcome, Rule::IdTokenExpired);
        }
    }
}

#[test]
fn a_weaker_sign_in_is_refused_when_a_surer_one_was_essential() {
    let one_of = json!({"id_token": {"acr": {"essential": true, "values": ["2", "3"]}}});
    let one = json!({"id_token": {"acr": {"essential": true, "value": "2"}}});
    let any = json!({"id_token": {"acr": {"essential": true}}});
    let wish = json!({"id_token": {"acr": {"values": ["2"]}}});
    for (claims, acr, accepted) in [
        (&one_of, json!("1"), false),
        (&one_of, json!(null), false),
        (&one_of, json!(2), false),
        (&one_of, json!("2 3"), false),
        (&one_of, json!("3"), true),
        (&one, json!("3"), false),
        (&one, json!("2"), true),
        (&any, json!(null), false),
        (&any, json!("0"), true),
        (&wish, json!("1"), true),
        (&wish, json!(null), true),
    ] {
        let world = World::new();
        let client = world.client();
        world.id_claims(json!({"acr": acr}));
        let ask = Ask {
            claims: Some(claims),
            ..OPENID
        };
        let pending = world.begin(&client, &ask);
        let outcome = now(client.finish(pending, &world.callback(), NOW));
        if accepted {
            assert!(outcome.is_ok(), "{claims} {acr}: {outcome:?}");
        } else {
            refused(outcome, Rule::IdTokenAcr);
        }
    }
}

#[test]
fn another_person_than_the_hint_names_is_refused() {
    let world = World::new();
    let client = world.client();
    let hint = world.sign_in(&client).unwrap().id_token.unwrap();
    let ask = Ask {
        id_token_hint: Some(&hint),
        ..OPENID
    };
    for (sub, accepted) in [("mallory", false), ("alice", true)] {
        world.id_claims(json!({"sub": sub}));
        let pending = world.begin(&client, &ask);
        let outcome = now(client.finish(pending, &world.callback(), NOW));
        if accepted {
            assert!(outcome.is_ok());
        } else {
            refused(outcome, Rule::IdTokenSubjectDiffers);
        }
    }
}

#[test]
fn an_id_token_of_every_algorithm_is_taken_where_the_metadata_names_it_and_nowhere_else() {
    for alg in Algorithm::ALL {
        let world = World::new();
        *world.key.lock().unwrap() = Arc::new(SigningKey::generate(alg).unwrap());
        world.change(json!({"id_token_signing_alg_values_supported": [alg]}));
        let tokens = world.sign_in(&world.client()).unwrap();
        assert_eq!(tokens.id_claims.unwrap().sub, "alice", "{alg}");
        let others: Vec<_> = Algorithm::ALL.into_iter().filter(|other| *other != alg).collect();
        world.change(json!({"id_token_signing_alg_values_supported": others}));
        refused(world.sign_in(&world.client()), Rule::IdTokenSignature);
    }
}

#[test]
fn ed25519_is_taken_by_its_older_name_as_well() {
    let world = World::new();
    *world.key.lock().unwrap() = Arc::new(SigningKey::generate(Algorithm::Ed25519).unwrap());
    world.change(json!({"id_token_signing_alg_values_supported": ["EdDSA"]}));
    assert!(world.sign_in(&world.client()).is_ok());
}

#[test]
fn a_refreshed_id_token_about_another_person_or_for_another_client_is_refused() {
    let world = World::new();
    let client = world.client();
    let tokens = world.sign_in(&client).unwrap();
    for (changes, rule) in [
        (json!({"sub": "mallory"}), Rule::IdTokenSubjectDiffers),
        (json!({"iss": "https://evil.example"}), Rule::IdTokenIssuer),
        (json!({"aud": "other"}), Rule::IdTokenAudience),
        (json!({"nonce": "another"}), Rule::IdTokenNonce),
    ] {
        world.id_claims(changes);
        refused(now(client.refresh(&tokens, NOW)), rule);
    }
}

#[test]
fn a_refreshed_id_token_is_held_against_the_issuer_and_the_audience_of_the_first() {
    let world = World::new();
    let client = world.client();
    let tokens = world.sign_in(&client).unwrap();
    let with = |change: &dyn Fn(&mut crate::IdClaims)| {
        let mut tokens = tokens.clone();
        change(tokens.id_claims.as_mut().unwrap());
        now(client.refresh(&tokens, NOW))
    };
    let of_another_issuer = with(&|claims| claims.iss = "https://evil.example".to_owned());
    refused(of_another_issuer, Rule::IdTokenIssuer);
    let for_more = with(&|claims| claims.aud.push("other".to_owned()));
    refused(for_more, Rule::IdTokenAudience);
    assert!(with(&|_| ()).is_ok());
}

#[test]
fn a_refresh_keeps_what_the_answer_does_not_bring() {
    let world = World::new();
    let client = world.client();
    let tokens = world.sign_in(&client).unwrap();
    *world.token_answer.lock().unwrap() =
        json!({"refresh_token": null, "id_token": null, "access_token": "at2"});
    let next = now(client.refresh(&tokens, NOW.plus_seconds(200))).unwrap();
    assert_eq!(next.access_token.expose(), "at2");
    assert_eq!(next.expires_at, Some(NOW.plus_seconds(500)));
    assert_eq!(next.refresh_token.as_ref().unwrap().expose(), "rt1");
    assert_eq!(
        (&next.id_token, &next.id_claims, &next.scope),
        (&tokens.id_token, &tokens.id_claims, &tokens.scope)
    );
    *world.token_answer.lock().unwrap() = json!({"refresh_token": "rt2", "scope": "photos.read"});
    let last = now(client.refresh(&next, NOW)).unwrap();
    assert_eq!(last.refresh_token.unwrap().expose(), "rt2");
    assert_eq!(last.scope.to_string(), "photos.read");
    assert_ne!(last.id_token, tokens.id_token, "the new ID token counts");
    assert_eq!(
        world.asked("/token").last().unwrap().get("refresh_token"),
        Some("rt1")
    );
}

#[test]
fn a_refresh_needs_a_refresh_token_and_invents_no_person() {
    let world = World::new();
    let client = world.client();
    let mut tokens = now(client.client_credentials("photos.read", None, NOW)).unwrap();
    tokens.refresh_token = None;
    assert_eq!(
        now(client.refresh(&tokens, NOW)).unwrap_err(),
        Error::NoToken("refresh token")
    );
    tokens.refresh_token = Some(valetkey_protocol::secret::RefreshToken::new("rt1"));
    let next = now(client.refresh(&tokens, NOW)).unwrap();
    assert_eq!((next.id_token, next.id_claims), (None, None));
}
