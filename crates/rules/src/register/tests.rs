//! Each member refused first, then taken; what of it is stored; and the tokens of both specs.

mod managing;
mod refused;

use super::*;
use crate::samples::{self, NOW};
use serde_json::{Map, Value, json};
use valetkey_model::client::SecretHash;
use valetkey_model::relying_party::{Encryption, LogoutUri, SubjectType};
use valetkey_protocol::authorize::ResponseType;

/// A P-256 key for signatures (RFC 7515 appendix A.3).
const EC: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

fn keys() -> Value {
    json!({"keys": [serde_json::from_str::<Value>(EC).unwrap()]})
}

fn policy() -> Policy {
    let mut policy = samples::policy();
    policy.registration.mode = RegistrationMode::Open;
    policy
}

/// The least that works, with more members.
fn asked(more: Value) -> ClientMetadata {
    let mut members = Map::new();
    members.insert("redirect_uris".into(), json!(["https://app.example/cb"]));
    for (name, value) in more.as_object().unwrap() {
        members.insert(name.clone(), value.clone());
    }
    ClientMetadata::from_members(members).unwrap()
}

fn decided(more: Value, sector: Sector<'_>, policy: &Policy) -> Result<Decided<Registration>, Refusal> {
    decide(&asked(more), sector, policy, &mut Trail::off())
}

fn ready(more: Value, policy: &Policy) -> Registration {
    match decided(more.clone(), Sector::Vouched, policy) {
        Ok(Decided::Ready(registration)) => registration,
        other => panic!("{more}: {other:?}"),
    }
}

fn made() -> Made {
    Made {
        id: ClientId::parse("made").unwrap(),
        authentication: Authentication::ClientSecretBasic {
            secret: SecretHash([7; 32]),
        },
        created_at: NOW,
        registered: Registered::default(),
    }
}

fn client(more: Value, policy: &Policy) -> Client {
    ready(more, policy).client(made())
}

#[test]
fn who_says_little_gets_the_defaults_of_the_specs() {
    let policy = policy();
    let client = client(json!({}), &policy);
    assert_eq!(client.grant_types, [GrantType::AuthorizationCode].into());
    assert_eq!(client.openid.response_types, [ResponseType::CODE].into());
    assert_eq!(client.application_type, ApplicationType::Web);
    assert_eq!(client.scope, policy.registration.scope);
    assert_eq!(client.id_token_signed_response_alg, SigningAlg::RS256);
    assert_eq!(client.openid.subject_type, SubjectType::Public);
    assert_eq!(client.name, "app.example", "people see the host");
    assert!(client.require_pkce && client.oauth1.is_none() && client.keys.is_none());
    let said = metadata_of(&client).to_members();
    let expected = json!({
        "redirect_uris": ["https://app.example/cb"], "response_types": ["code"],
        "grant_types": ["authorization_code"], "application_type": "web", "client_name": "app.example",
        "scope": "address email offline_access openid phone profile",
        "token_endpoint_auth_method": "client_secret_basic", "subject_type": "public",
        "id_token_signed_response_alg": "RS256", "require_auth_time": false,
        "require_signed_request_object": false,
    });
    assert_eq!(Value::Object(said), expected);
}

/// Every member but those that shut one another out.
fn everything() -> Value {
    json!({
        "redirect_uris": ["https://app.example/cb", "https://app.example/other"],
        "response_types": ["code", "code id_token"],
        "grant_types": ["authorization_code", "refresh_token", "implicit"],
        "application_type": "web",
        "contacts": ["ops@app.example"],
        "client_name": "Photos \u{1f4f7}",
        "logo_uri": "https://cdn.example/logo.png",
        "client_uri": "https://app.example/#about",
        "policy_uri": "https://app.example/policy",
        "tos_uri": "https://app.example/tos",
        "jwks": keys(),
        "sector_identifier_uri": "https://app.example/sector.json",
        "subject_type": "pairwise",
        "id_token_signed_response_alg": "ES384",
        "id_token_encrypted_response_alg": "ECDH-ES",
        "id_token_encrypted_response_enc": "A256GCM",
        "userinfo_signed_response_alg": "PS256",
        "userinfo_encrypted_response_alg": "ECDH-ES+A256KW",
        "userinfo_encrypted_response_enc": "A128CBC-HS256",
        "request_object_signing_alg": "ES256",
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "default_max_age": 3600,
        "require_auth_time": true,
        "default_acr_values": ["2", "1"],
        "initiate_login_uri": "https://app.example/login",
        "request_uris": ["https://app.example/request.jwt#hash"],
        "require_signed_request_object": true,
        "post_logout_redirect_uris": ["https://elsewhere.example/bye"],
        "frontchannel_logout_uri": "https://app.example/front?a=b",
        "frontchannel_logout_session_required": true,
        "backchannel_logout_uri": "https://hooks.example/back",
        "backchannel_logout_session_required": false,
        "scope": "email openid",
        "software_id": "photos",
        "software_version": "1.2",
    })
}

#[test]
fn every_member_is_stored_and_told_again() {
    let mut policy = policy();
    policy.registration.allow_front_channel = true;
    let mut made = made();
    made.authentication = Authentication::PrivateKeyJwt;
    let client = ready(everything(), &policy).client(made);
    let told = Value::Object(metadata_of(&client).to_members());
    let mut expected = everything();
    expected["grant_types"] = json!(["authorization_code", "refresh_token", "implicit"]);
    assert_eq!(told, expected);
    let party = client.openid.clone();
    assert_eq!(
        party.id_token_encryption,
        Some(Encryption {
            alg: "ECDH-ES".into(),
            enc: "A256GCM".into()
        })
    );
    assert_eq!(
        party.frontchannel_logout,
        Some(LogoutUri {
            uri: "https://app.example/front?a=b".into(),
            session_required: true
        })
    );
    assert_eq!(party.default_max_age_seconds, Some(3600));
    // Registering what is told gives the same client.
    let again = ClientMetadata::from_members(told.as_object().unwrap().clone()).unwrap();
    let Ok(Decided::Ready(again)) = decide(&again, Sector::Vouched, &policy, &mut Trail::off()) else {
        panic!("what is stored is refused");
    };
    let mut made_again = self::made();
    made_again.authentication = Authentication::PrivateKeyJwt;
    assert_eq!(again.client(made_again), client);
}

#[test]
fn every_member_there_is_stands_in_that_test() {
    let here = everything();
    let elsewhere = [
        "jwks_uri",
        "request_object_encryption_alg",
        "request_object_encryption_enc",
        "software_statement",
    ];
    for member in ClientMetadata::MEMBERS {
        assert!(
            here.get(member).is_some() || elsewhere.contains(member),
            "{member}"
        );
    }
}

#[test]
fn grant_types_that_are_not_named_follow_from_the_response_types() {
    let mut policy = policy();
    policy.registration.allow_front_channel = true;
    let both = client(json!({"response_types": ["id_token token code"]}), &policy);
    let expected = [GrantType::AuthorizationCode, GrantType::Implicit].into();
    assert_eq!(both.grant_types, expected);
    let one = client(json!({"response_types": ["id_token"]}), &policy);
    assert_eq!(one.grant_types, [GrantType::Implicit].into());
}

#[test]
fn a_client_without_a_secret_runs_in_the_browser_and_must_use_pkce() {
    let mut policy = policy();
    policy.registration.require_pkce_of_confidential_clients = false;
    let public = client(json!({"token_endpoint_auth_method": "none"}), &policy);
    assert_eq!(public.application_type, ApplicationType::SinglePage);
    assert!(public.require_pkce);
    assert!(!client(json!({}), &policy).require_pkce, "the operator says so");
}

#[test]
fn a_native_client_comes_back_to_the_loopback_interface_or_its_own_scheme() {
    let native = client(
        json!({
            "application_type": "native", "token_endpoint_auth_method": "none",
            "redirect_uris": ["http://127.0.0.1/cb", "com.example.app:/cb", "https://app.example/cb"],
            "post_logout_redirect_uris": ["com.example.app:/bye"],
        }),
        &policy(),
    );
    assert_eq!(native.application_type, ApplicationType::Native);
    assert_eq!(native.redirect_uris.len(), 3);
    assert_eq!(native.name, "127.0.0.1");
}

#[test]
fn a_server_that_is_only_on_this_machine_takes_its_addresses() {
    let mut policy = policy();
    policy.issuer = "http://localhost:8080".into();
    let local = client(
        json!({
            "redirect_uris": ["http://localhost:8082/cb"], "logo_uri": "http://localhost:8082/logo.png",
            "jwks_uri": "http://127.0.0.1:8082/jwks", "initiate_login_uri": "http://localhost:8082/login",
            "backchannel_logout_uri": "http://localhost:8082/back",
            "frontchannel_logout_uri": "http://localhost:8082/front",
            "post_logout_redirect_uris": ["http://localhost:8082/bye"],
        }),
        &policy,
    );
    assert_eq!(local.application_type, ApplicationType::Web);
    let refusal = decided(
        json!({"logo_uri": "http://app.example/l"}),
        Sector::Unknown,
        &policy,
    );
    assert_eq!(refusal.unwrap_err().rule, Rule::RegisterUriNotHttps);
}

#[test]
fn a_client_that_only_acts_for_itself_is_a_service() {
    let mut policy = policy();
    policy
        .registration
        .grant_types
        .insert(GrantType::ClientCredentials);
    let service = client(
        json!({"grant_types": ["client_credentials"], "redirect_uris": []}),
        &policy,
    );
    assert_eq!(service.application_type, ApplicationType::Service);
    assert!(service.openid.response_types.is_empty());
    assert_eq!(service.name, "made", "there is no host to show");
}

#[test]
fn only_public_members_of_keys_that_are_understood_are_stored() {
    let noisy = json!({"keys": [
        {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
         "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "note": "x"},
        {"kty": "future", "z": "1"},
    ]});
    let client = client(json!({"jwks": noisy}), &policy());
    let stored: Value = serde_json::from_str(client.jwks().unwrap()).unwrap();
    assert_eq!(stored, keys());
}

#[test]
fn the_document_of_the_sector_is_asked_for_last_and_then_decides() {
    let policy = policy();
    let sector = json!({"sector_identifier_uri": "https://app.example/s.json", "subject_type": "pairwise",
        "redirect_uris": ["https://a.example/cb", "https://b.example/cb"]});
    let needs = Decided::NeedsDocument("https://app.example/s.json".into());
    assert_eq!(decided(sector.clone(), Sector::Unknown, &policy), Ok(needs));
    let mut bad = sector.clone();
    bad["logo_uri"] = json!("ftp://x");
    let refusal = decided(bad, Sector::Unknown, &policy).unwrap_err();
    assert_eq!(refusal.rule, Rule::RegisterUriNotHttps);
    for document in [
        "",
        "{}",
        "[]",
        "[1]",
        "{\"redirect_uris\":[\"https://a.example/cb\",\"https://b.example/cb\"]}",
        "[\"https://a.example/cb\"]",
        "[\"https://a.example/cb\",\"https://b.example/cb/\"]",
        "[\"https://a.example/cb\",\"https://b.example/cb\"",
        "<html>https://a.example/cb https://b.example/cb</html>",
    ] {
        let refused = decided(sector.clone(), Sector::Document(document.as_bytes()), &policy);
        assert_eq!(
            refused.unwrap_err().rule,
            Rule::RegisterSectorMismatch,
            "{document}"
        );
    }
    let gone = decided(sector.clone(), Sector::Unreachable, &policy).unwrap_err();
    assert_eq!(gone.rule, Rule::RegisterSectorMismatch);
    let good = r#"["https://b.example/cb","https://c.example/cb","https://a.example/cb"]"#;
    let taken = decided(sector, Sector::Document(good.as_bytes()), &policy).unwrap();
    assert!(matches!(taken, Decided::Ready(_)));
}

#[test]
fn public_clients_that_say_the_very_same_share_an_id_and_others_do_not() {
    let policy = policy();
    let id = |more: Value| shared_id(&ready(more, &policy));
    assert_eq!(id(json!({})), None, "a secret is nobody else's");
    let public = json!({"token_endpoint_auth_method": "none", "client_name": "App"});
    let first = id(public.clone()).unwrap();
    assert_eq!(Some(first.clone()), id(public.clone()));
    for (member, other) in [
        ("client_name", json!("Other")),
        ("redirect_uris", json!(["https://evil.example/cb"])),
        ("scope", json!("openid")),
        ("logo_uri", json!("https://evil.example/l.png")),
        ("software_version", json!("2")),
        ("backchannel_logout_uri", json!("https://evil.example/b")),
    ] {
        let mut changed = public.clone();
        changed[member] = other;
        assert_ne!(id(changed), Some(first.clone()), "{member}");
    }
}
