//! Signing out: the way to the server, and what the server tells. A logout token that must not be believed comes first.

use std::sync::Arc;

use serde_json::{Value, json};
use valetkey_jose::{Algorithm, SigningKey, b64};
use valetkey_protocol::rule::Rule;

use super::observed::{Notebook, rules};
use super::{ISSUER, NOW, World, merge, now, refused};
use crate::{Client, Error, LogoutToken};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": "my app", "iat": NOW.0, "exp": NOW.0 + 120, "jti": "j1",
        "events": {EVENT: {}}, "sub": "alice", "sid": "s1",
    });
    merge(&mut claims, changes);
    claims
}

fn signed(world: &World, changes: &Value, typ: &'static str) -> String {
    world.key.lock().unwrap().sign_jwt(typ, &claims(changes)).unwrap()
}

fn verify(changes: Value) -> Result<LogoutToken, Error> {
    let world = World::new();
    let token = signed(&world, &changes, "logout+jwt");
    now(world.client().verify_logout_token(&token, NOW))
}

#[test]
fn an_id_token_or_another_jwt_of_the_issuer_ends_no_session() {
    let world = World::new();
    let client = world.client();
    let id_token = world.sign_in(&client).unwrap().id_token.unwrap();
    refused(
        now(client.verify_logout_token(&id_token, NOW)),
        Rule::ClientLogoutTokenMalformed,
    );
    for typ in ["at+jwt", "logout", "", "secevent+jwt"] {
        let token = signed(&world, &json!({}), typ);
        let outcome = now(client.verify_logout_token(&token, NOW));
        refused(outcome, Rule::ClientLogoutTokenMalformed);
    }
}

#[test]
fn a_logout_token_with_a_nonce_is_refused() {
    for nonce in [json!("n"), json!(1), json!("")] {
        refused(verify(json!({"nonce": nonce})), Rule::ClientLogoutTokenMalformed);
    }
    let world = World::new();
    let mut with_null = claims(&json!({}));
    with_null["nonce"] = Value::Null;
    let token = world
        .key
        .lock()
        .unwrap()
        .sign_jwt("logout+jwt", &with_null)
        .unwrap();
    let outcome = now(world.client().verify_logout_token(&token, NOW));
    refused(outcome, Rule::ClientLogoutTokenMalformed);
}

#[test]
fn a_logout_token_without_a_required_claim_is_refused() {
    for claim in ["iss", "aud", "iat", "exp", "jti", "events"] {
        refused(verify(json!({claim: null})), Rule::ClientLogoutTokenMalformed);
    }
    refused(
        verify(json!({"sub": null, "sid": null})),
        Rule::ClientLogoutTokenMalformed,
    );
    for one in ["sub", "sid"] {
        assert!(verify(json!({one: null})).is_ok(), "{one} may be missing alone");
    }
}

#[test]
fn the_event_is_known_by_its_exact_name_and_is_an_object() {
    for events in [
        json!({}),
        json!([EVENT]),
        json!({EVENT: null}),
        json!({EVENT: true}),
        json!({EVENT: []}),
        json!({"http://schemas.openid.net/event/backchannel-logout/": {}}),
        json!({"https://schemas.openid.net/event/backchannel-logout": {}}),
    ] {
        refused(
            verify(json!({"events": events})),
            Rule::ClientLogoutTokenMalformed,
        );
    }
    assert!(verify(json!({"events": {EVENT: {}, "urn:other": {}}})).is_ok());
}

#[test]
fn a_logout_token_of_another_issuer_or_for_another_app_is_refused() {
    for changes in [
        json!({"iss": "https://evil.example"}),
        json!({"iss": format!("{ISSUER}/")}),
        json!({"aud": "other"}),
        json!({"aud": []}),
    ] {
        refused(verify(changes), Rule::ClientLogoutTokenMisdirected);
    }
    assert!(verify(json!({"aud": ["other", "my app"]})).is_ok());
}

#[test]
fn an_old_logout_token_and_one_from_the_future_are_refused_beyond_the_leeway() {
    refused(verify(json!({"exp": NOW.0 - 30})), Rule::ClientLogoutTokenExpired);
    refused(verify(json!({"iat": NOW.0 + 31})), Rule::ClientLogoutTokenExpired);
    assert!(verify(json!({"exp": NOW.0 - 29, "iat": NOW.0 + 30})).is_ok());
}

#[test]
fn an_unsigned_a_tampered_and_a_strangers_logout_token_are_refused() {
    let world = World::new();
    let client = world.client();
    let good = signed(&world, &json!({}), "logout+jwt");
    let refuses = |token: &str, rule| refused(now(client.verify_logout_token(token, NOW)), rule);
    let kid = world.key.lock().unwrap().kid().to_owned();
    for alg in ["none", "HS256"] {
        let header = json!({"alg": alg, "typ": "logout+jwt", "kid": kid}).to_string();
        let parts = [header, claims(&json!({})).to_string(), "signature".to_owned()];
        let token = parts.map(|part| b64::encode_url(part.as_bytes())).join(".");
        refuses(&token, Rule::ClientLogoutTokenSignature);
    }
    let parts: Vec<_> = good.split('.').collect();
    let other = b64::encode_url(claims(&json!({"sub": "bob"})).to_string().as_bytes());
    let bent = format!("{}.{other}.{}", parts[0], parts[2]);
    refuses(&bent, Rule::ClientLogoutTokenSignature);
    let stranger = SigningKey::generate(Algorithm::ES256).unwrap();
    let foreign = stranger.sign_jwt("logout+jwt", &claims(&json!({}))).unwrap();
    refuses(&foreign, Rule::ClientLogoutTokenSignature);
    for nothing in ["", "x.y", "x.y.z"] {
        refuses(nothing, Rule::ClientLogoutTokenMalformed);
    }
}

#[test]
fn a_logout_token_tells_whose_sessions_ended_and_what_to_remember_against_replay() {
    let world = World::new();
    let notebook = Arc::new(Notebook::default());
    let client = world.client().with_observer(notebook.clone());
    for typ in ["logout+jwt", "application/logout+jwt", "Logout+JWT", "JWT"] {
        let token = signed(&world, &json!({"more": 1}), typ);
        let form = format!("logout_token={token}");
        let told = now(client.back_channel_logout(form.as_bytes(), NOW)).unwrap();
        assert_eq!(
            told,
            LogoutToken {
                sid: Some("s1".into()),
                sub: Some("alice".into()),
                jti: "j1".into(),
                iat: NOW,
                exp: NOW.plus_seconds(120),
            }
        );
    }
    let events = notebook.0.lock().unwrap();
    assert_eq!(
        rules(&events[0]),
        [
            Rule::ClientLogoutTokenSignature,
            Rule::ClientLogoutTokenMalformed,
            Rule::ClientLogoutTokenMisdirected,
            Rule::ClientLogoutTokenExpired,
        ]
    );
}

#[test]
fn a_form_without_a_logout_token_or_with_two_is_refused() {
    let client = World::new().client();
    for form in ["", "token=x", "logout_token"] {
        let outcome = now(client.back_channel_logout(form.as_bytes(), NOW));
        refused(outcome, Rule::ClientLogoutTokenMalformed);
    }
    let twice = now(client.back_channel_logout(b"logout_token=a&logout_token=b", NOW));
    assert!(matches!(twice, Err(Error::Malformed { .. })));
}

#[test]
fn a_front_channel_request_of_another_issuer_or_without_sid_names_no_session() {
    let client = World::new().client();
    let of = |query: &str| client.front_channel_sid(query);
    let issuer = "https%3A%2F%2Flogin.example";
    assert_eq!(of("sid=s1"), None);
    assert_eq!(of(&format!("iss={issuer}")), None);
    assert_eq!(of(&format!("iss={issuer}%2F&sid=s1")), None);
    assert_eq!(of("iss=https%3A%2F%2Fevil.example&sid=s1"), None);
    assert_eq!(of(&format!("iss={issuer}&sid=s1&sid=s2")), None);
    assert_eq!(of(&format!("iss={issuer}&sid=s1")), Some("s1".into()));
}

fn pairs(
    client: &Client,
    hint: Option<&str>,
    back: Option<&str>,
    state: Option<&str>,
) -> Vec<(String, String)> {
    let url = client.end_session_url(hint, back, state).unwrap();
    assert!(url.as_str().starts_with("https://login.example/end_session?"));
    url.query_pairs().into_owned().collect()
}

#[test]
fn signing_out_goes_to_the_server_with_what_proves_whose_session_it_is() {
    let client = World::new().client();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let own = [pair("tenant", "a"), pair("client_id", "my app")];
    assert_eq!(pairs(&client, None, None, None), own);
    let back = "https://app.example/signed-out?x=1&y";
    assert_eq!(
        pairs(&client, Some("a.b.c"), Some(back), Some("s&t")),
        [
            pair("tenant", "a"),
            pair("id_token_hint", "a.b.c"),
            pair("client_id", "my app"),
            pair("post_logout_redirect_uri", back),
            pair("state", "s&t"),
        ]
    );
}

#[test]
fn where_the_metadata_names_no_end_session_endpoint_none_is_guessed() {
    let world = World::new();
    world.change(json!({"end_session_endpoint": null}));
    let outcome = world.client().end_session_url(None, None, None);
    assert_eq!(outcome.unwrap_err(), Error::NotOffered("end session endpoint"));
}
