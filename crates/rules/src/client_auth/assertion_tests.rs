//! Client assertions: each check violated first, each attack by its name (RFC 7523 §3, RFC 8725).

use super::super::{authenticate, claimed_id, needs_keys, needs_other_keys};
use super::*;
use crate::samples::{self, ISSUER, NOW, SECRET};
use crate::sealed::SecretKeys;
use serde_json::{Value, json};
use std::sync::LazyLock;
use valetkey_jose::{JwkSet, SigningKey, b64};
use valetkey_model::client::ClientKeys;

const TOKEN: &str = "https://as.example/token";
const REVOKE: &str = "https://as.example/revoke";
/// HS256 wants 32 bytes.
const SHARED: &str = "a-secret-that-carries-256-bits-of-randomness";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::ES256).unwrap());
static STRANGER: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::ES256).unwrap());

fn secrets() -> SecretKeys {
    SecretKeys::new(&[7; 32])
}

fn jwks(keys: &[&SigningKey]) -> String {
    let keys = keys.iter().map(|key| key.public_jwk()).collect();
    serde_json::to_string(&JwkSet { keys }).unwrap()
}

fn key_set(jwks: &str) -> Option<KeySet> {
    let set = JwkSet::from_json(jwks).ok()?;
    Some(KeySet::from_jwks(&set))
}

fn by_private_key() -> Client {
    Client {
        authentication: Authentication::PrivateKeyJwt,
        keys: Some(ClientKeys::Jwks(jwks(&[&KEY]))),
        ..samples::service_client()
    }
}

fn by_secret() -> Client {
    let client = samples::service_client();
    let secret = secrets().seal(Purpose::ClientSecretJwt, &client.id, SHARED);
    Client {
        authentication: Authentication::ClientSecretJwt { secret },
        ..client
    }
}

/// The claims that nothing is wrong with.
fn good() -> Value {
    json!({
        "iss": "photo-backup", "sub": "photo-backup", "aud": ISSUER,
        "exp": NOW.0 + 60, "iat": NOW.0, "jti": "j-1",
    })
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = good();
    claims[name] = value.into();
    claims
}

fn signed(claims: &Value) -> String {
    KEY.sign_jwt("JWT", claims).unwrap()
}

fn macced(claims: &Value) -> String {
    let key = HmacKey::new(SHARED.as_bytes()).unwrap();
    key.sign_jwt("JWT", claims).unwrap()
}

fn shows(assertion: &str) -> Presented {
    Presented {
        assertion: Some(ClientAssertion::new(assertion)),
        assertion_type: Some(JWT_BEARER.to_owned()),
        ..Presented::default()
    }
}

struct Server {
    policy: Policy,
    endpoint: &'static str,
}

fn server() -> Server {
    Server {
        policy: samples::policy(),
        endpoint: TOKEN,
    }
}

impl Server {
    fn asks(&self, presented: &Presented, client: &Client, trail: &mut Trail) -> Result<Once, Refusal> {
        let secrets = secrets();
        let keys = client.jwks().and_then(key_set);
        let facts = Facts {
            client: Some(client),
            token_endpoint: TOKEN,
            endpoint: self.endpoint,
            keys: keys.as_ref(),
            secrets: &secrets,
            policy: &self.policy,
            now: NOW,
        };
        authenticate(presented, &facts, trail).map(|once| once.expect("an assertion is used once"))
    }

    fn rule(&self, assertion: &str, client: &Client) -> Option<Rule> {
        let refusal = self.asks(&shows(assertion), client, &mut Trail::off()).err()?;
        let told = format!("{refusal:?}");
        assert!(!told.contains(assertion) && !told.contains(SHARED), "{told}");
        Some(refusal.rule)
    }
}

/// What the server says of these claims, rightly signed; the same for both methods.
fn refused(claims: &Value) -> Option<Rule> {
    let by_key = server().rule(&signed(claims), &by_private_key());
    assert_eq!(server().rule(&macced(claims), &by_secret()), by_key);
    by_key
}

#[test]
fn an_assertion_without_its_type_or_a_type_without_its_assertion_is_refused() {
    let assertion = signed(&good());
    let mut alone = shows(&assertion);
    alone.assertion = None;
    let mut untyped = shows(&assertion);
    untyped.assertion_type = None;
    let mut saml = shows(&assertion);
    saml.assertion_type = Some("urn:ietf:params:oauth:client-assertion-type:saml2-bearer".into());
    for presented in [alone, untyped, saml] {
        let refusal = claimed_id(&presented, &mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, Rule::ClientAssertionTypeUnsupported);
    }
}

#[test]
fn an_assertion_beside_another_method_is_refused() {
    let assertion = signed(&good());
    let with_header = Presented {
        basic: Some(valetkey_protocol::client_auth::Basic {
            id: "photo-backup".into(),
            secret: ClientSecret::new(SECRET),
        }),
        ..shows(&assertion)
    };
    let with_secret = Presented {
        body_secret: Some(ClientSecret::new(SECRET)),
        ..shows(&assertion)
    };
    for presented in [with_header, with_secret] {
        let refusal = claimed_id(&presented, &mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, Rule::ClientAuthTwoMethods);
        assert!(
            refusal.received.contains("client_assertion"),
            "{}",
            refusal.received
        );
    }
}

#[test]
fn what_is_no_jwt_names_no_client_and_proves_none() {
    for text in ["", "x", "a.b.c", "e30.e30.AA"] {
        let refusal = claimed_id(&shows(text), &mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, Rule::ClientAssertionMalformed, "{text}");
        for client in [by_private_key(), by_secret()] {
            let rule = server()
                .asks(&shows(text), &client, &mut Trail::off())
                .unwrap_err()
                .rule;
            assert_eq!(rule, Rule::ClientAssertionMalformed, "{text}");
        }
    }
}

#[test]
fn an_assertion_that_lacks_a_claim_is_refused() {
    for name in ["iss", "sub", "aud", "exp", "jti"] {
        let mut claims = good();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(refused(&claims), Some(Rule::ClientAssertionMalformed), "{name}");
    }
    for (name, value) in [
        ("jti", json!("")),
        ("jti", json!(7)),
        ("exp", json!("soon")),
        ("exp", json!(null)),
        ("nbf", json!(null)),
        ("aud", json!(null)),
        ("aud", json!({ "is": ISSUER })),
    ] {
        let rule = refused(&with(name, value));
        assert_eq!(rule, Some(Rule::ClientAssertionMalformed), "{name}");
    }
}

#[test]
fn algorithm_none_an_unsigned_assertion_is_refused() {
    let part = |value: &Value| b64::encode_url(value.to_string().as_bytes());
    for alg in ["none", "None", "NONE"] {
        let head = part(&json!({ "alg": alg, "typ": "JWT" }));
        let unsigned = format!("{head}.{}.AA", part(&good()));
        for client in [by_private_key(), by_secret()] {
            assert_eq!(
                server().rule(&unsigned, &client),
                Some(Rule::ClientAssertionAlgorithm)
            );
        }
    }
}

#[test]
fn algorithm_confusion_a_public_key_is_never_taken_for_a_shared_secret() {
    let public = jwks(&[&KEY]);
    let jwk = serde_json::to_string(&KEY.public_jwk()).unwrap();
    for key in [public.as_bytes(), jwk.as_bytes(), KEY.kid().as_bytes()] {
        let forged = HmacKey::new(key).unwrap().sign_jwt("JWT", &good()).unwrap();
        assert_eq!(
            server().rule(&forged, &by_private_key()),
            Some(Rule::ClientAssertionAlgorithm)
        );
    }
    assert_eq!(
        server().rule(&signed(&good()), &by_secret()),
        Some(Rule::ClientAssertionAlgorithm),
        "nor the other way round"
    );
}

#[test]
fn a_key_or_a_secret_that_is_not_the_clients_is_refused() {
    let foreign = STRANGER.sign_jwt("JWT", &good()).unwrap();
    assert_eq!(
        server().rule(&foreign, &by_private_key()),
        Some(Rule::ClientAssertionKeyUnknown)
    );
    let other = HmacKey::new(b"another secret with 256 bits of its own").unwrap();
    let foreign = other.sign_jwt("JWT", &good()).unwrap();
    assert_eq!(
        server().rule(&foreign, &by_secret()),
        Some(Rule::ClientAssertionSignature)
    );
}

#[test]
fn a_client_whose_registered_keys_are_of_no_use_gets_nowhere() {
    for broken in [
        "",
        "{}",
        "[]",
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#,
    ] {
        let client = Client {
            keys: Some(ClientKeys::Jwks(broken.into())),
            ..by_private_key()
        };
        assert_eq!(
            server().rule(&signed(&good()), &client),
            Some(Rule::ClientAssertionKeyUnknown),
            "{broken}"
        );
    }
    // Sealed for another client, for another use, under another master key.
    let id = by_secret().id;
    for secret in [
        secrets().seal(Purpose::ClientSecretJwt, &samples::web_client().id, SHARED),
        secrets().seal(Purpose::OAuth1, &id, SHARED),
        SecretKeys::new(&[8; 32]).seal(Purpose::ClientSecretJwt, &id, SHARED),
    ] {
        let client = Client {
            authentication: Authentication::ClientSecretJwt { secret },
            ..by_secret()
        };
        assert_eq!(
            server().rule(&macced(&good()), &client),
            Some(Rule::ClientAssertionKeyUnknown)
        );
    }
}

#[test]
fn a_changed_assertion_is_refused() {
    for (assertion, client) in [
        (signed(&good()), by_private_key()),
        (macced(&good()), by_secret()),
    ] {
        let mut parts: Vec<&str> = assertion.split('.').collect();
        let payload = b64::encode_url(with("jti", "j-2").to_string().as_bytes());
        parts[1] = &payload;
        assert_eq!(
            server().rule(&parts.join("."), &client),
            Some(Rule::ClientAssertionSignature)
        );
    }
}

#[test]
fn an_assertion_of_another_client_is_refused_even_under_the_same_key() {
    for claims in [
        with("sub", "mysweetapp"),
        with("iss", "mysweetapp"),
        with("iss", ISSUER),
        json!({
            "iss": "mysweetapp", "sub": "mysweetapp", "aud": ISSUER,
            "exp": NOW.0 + 60, "jti": "j-1",
        }),
    ] {
        assert_eq!(refused(&claims), Some(Rule::ClientAssertionSubject));
    }
    // The client_id in the body says whose key is asked; the assertion must be that client's.
    let mut claims = good();
    claims["iss"] = json!("mysweetapp");
    claims["sub"] = json!("mysweetapp");
    let presented = Presented {
        body_id: Some("photo-backup".into()),
        ..shows(&signed(&claims))
    };
    let id = claimed_id(&presented, &mut Trail::off()).unwrap();
    assert_eq!(id.as_str(), "photo-backup");
    let refusal = server().asks(&presented, &by_private_key(), &mut Trail::off());
    assert_eq!(refusal.unwrap_err().rule, Rule::ClientAssertionSubject);
}

#[test]
fn audience_confusion_an_assertion_for_another_server_is_refused() {
    for aud in [
        json!("https://evil.example"),
        json!("https://evil.example/token"),
        json!("https://as.example/"),
        json!("https://as.example.evil.example"),
        json!("HTTPS://AS.EXAMPLE"),
        json!("photo-backup"),
        json!(samples::PHOTOS),
        json!(REVOKE),
        json!([]),
        json!(["https://evil.example"]),
        json!(""),
    ] {
        assert_eq!(
            refused(&with("aud", aud.clone())),
            Some(Rule::ClientAssertionAudience),
            "{aud}"
        );
    }
}

#[test]
fn the_issuer_is_always_an_audience_and_an_endpoint_only_where_the_server_is_not_strict() {
    for aud in [
        json!(ISSUER),
        json!([ISSUER]),
        json!(TOKEN),
        json!([TOKEN, "https://other.example"]),
    ] {
        assert_eq!(refused(&with("aud", aud)), None);
    }
    let at_revocation = Server {
        endpoint: REVOKE,
        ..server()
    };
    for aud in [ISSUER, TOKEN, REVOKE] {
        assert_eq!(
            at_revocation.rule(&signed(&with("aud", aud)), &by_private_key()),
            None
        );
    }
    let mut strict = server();
    strict.policy.assertion_audience_issuer_only = true;
    for aud in [json!(ISSUER), json!([ISSUER])] {
        assert_eq!(strict.rule(&signed(&with("aud", aud)), &by_private_key()), None);
    }
    // Audience injection: one that is good for somebody else, too, is not for a strict server.
    for aud in [
        json!(TOKEN),
        json!([ISSUER, TOKEN]),
        json!([ISSUER, "https://evil.example"]),
    ] {
        assert_eq!(
            strict.rule(&signed(&with("aud", aud)), &by_private_key()),
            Some(Rule::ClientAssertionAudience)
        );
    }
}

#[test]
fn an_assertion_that_is_over_or_lasts_too_long_is_refused() {
    let policy = samples::policy();
    let (leeway, ttl) = (policy.clock_leeway_seconds, policy.assertion_ttl_seconds);
    for exp in [0, NOW.0 - leeway, NOW.0 + ttl + leeway + 1, i64::MAX] {
        assert_eq!(
            refused(&with("exp", exp)),
            Some(Rule::ClientAssertionExpired),
            "{exp}"
        );
    }
    for far in [json!(1e300), json!(u64::MAX), json!(-1e300)] {
        assert_eq!(refused(&with("exp", far)), Some(Rule::ClientAssertionExpired));
    }
    for exp in [NOW.0 - leeway + 1, NOW.0 + ttl + leeway] {
        assert_eq!(refused(&with("exp", exp)), None, "{exp}");
    }
    let fraction = f64::from(i32::try_from(NOW.0).unwrap()) + 60.5;
    assert_eq!(refused(&with("exp", fraction)), None);
}

#[test]
fn an_assertion_from_the_future_is_refused() {
    let leeway = samples::policy().clock_leeway_seconds;
    for name in ["iat", "nbf"] {
        let rule = refused(&with(name, NOW.0 + leeway + 1));
        assert_eq!(rule, Some(Rule::ClientAssertionExpired), "{name}");
        assert_eq!(refused(&with(name, NOW.0 + leeway)), None, "{name}");
    }
}

#[test]
fn a_client_proves_itself_by_the_method_it_is_registered_for() {
    for client in [
        samples::web_client(),
        samples::native_client(),
        samples::service_client(),
    ] {
        let presented = Presented {
            body_id: Some(client.id.as_str().to_owned()),
            ..shows(&signed(&good()))
        };
        let refusal = server().asks(&presented, &client, &mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, Rule::ClientAuthMethodNotRegistered);
    }
    for (client, name) in [
        (by_private_key(), "private_key_jwt"),
        (by_secret(), "client_secret_jwt"),
    ] {
        let mut presented = Presented {
            body_id: Some("photo-backup".into()),
            ..Presented::default()
        };
        let refusal = server().asks(&presented, &client, &mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, Rule::ClientAuthMissing);
        assert_eq!(refusal.expected, name);
        presented.body_secret = Some(ClientSecret::new(SHARED));
        let refusal = server().asks(&presented, &client, &mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, Rule::ClientAuthMethodNotRegistered);
    }
}

#[test]
fn assertion_replay_a_second_use_is_the_same_once_until_the_assertion_is_too_old() {
    let assertion = signed(&good());
    let once = || {
        let mut trail = Trail::off();
        server()
            .asks(&shows(&assertion), &by_private_key(), &mut trail)
            .unwrap()
    };
    let (first, second) = (once(), once());
    assert_eq!(first, second);
    assert_eq!(first.rule, Rule::ClientAssertionReplayed);
    let leeway = samples::policy().clock_leeway_seconds;
    assert_eq!(first.expires_at, NOW.plus_seconds(60 + leeway));
    // An ECDSA signature made anew is another text of the same assertion.
    let again = signed(&good());
    let mut trail = Trail::off();
    let other_text = server()
        .asks(&shows(&again), &by_private_key(), &mut trail)
        .unwrap();
    assert_eq!(other_text.key, first.key);
}

#[test]
fn a_good_assertion_names_its_client_and_passes_every_check() {
    for (assertion, client) in [
        (signed(&good()), by_private_key()),
        (macced(&good()), by_secret()),
    ] {
        let mut trail = Trail::recording();
        let presented = shows(&assertion);
        let id = claimed_id(&presented, &mut trail).unwrap();
        assert_eq!(id, client.id);
        let _ = server().asks(&presented, &client, &mut trail).unwrap();
        let checks = trail.into_checks();
        assert!(checks.iter().all(|check| check.refused.is_none()));
        for rule in [
            Rule::ClientAssertionTypeUnsupported,
            Rule::ClientAuthMethodNotRegistered,
            Rule::ClientAssertionMalformed,
            Rule::ClientAssertionAlgorithm,
            Rule::ClientAssertionKeyUnknown,
            Rule::ClientAssertionSignature,
            Rule::ClientAssertionSubject,
            Rule::ClientAssertionAudience,
            Rule::ClientAssertionExpired,
        ] {
            assert!(checks.iter().any(|check| check.rule == rule), "{rule}");
        }
    }
}

#[test]
fn an_assertion_by_another_algorithm_than_the_registered_one_is_refused() {
    let (mut by_key, mut by_secret) = (by_private_key(), by_secret());
    for (registered, key_rule, secret_rule) in [
        (
            "RS256",
            Some(Rule::ClientAssertionAlgorithm),
            Some(Rule::ClientAssertionAlgorithm),
        ),
        (
            "none",
            Some(Rule::ClientAssertionAlgorithm),
            Some(Rule::ClientAssertionAlgorithm),
        ),
        ("ES256", None, Some(Rule::ClientAssertionAlgorithm)),
        ("HS256", Some(Rule::ClientAssertionAlgorithm), None),
    ] {
        by_key.openid.token_endpoint_auth_signing_alg = Some(registered.into());
        by_secret.openid.token_endpoint_auth_signing_alg = Some(registered.into());
        assert_eq!(server().rule(&signed(&good()), &by_key), key_rule, "{registered}");
        assert_eq!(
            server().rule(&macced(&good()), &by_secret),
            secret_rule,
            "{registered}"
        );
    }
}

#[test]
fn a_client_whose_keys_are_not_to_be_had_proves_nothing() {
    let client = Client {
        keys: Some(ClientKeys::JwksUri("https://app.example/jwks".into())),
        ..by_private_key()
    };
    assert_eq!(
        server().rule(&signed(&good()), &client),
        Some(Rule::ClientAssertionKeyUnknown)
    );
}

#[test]
fn keys_are_fetched_again_only_when_none_of_them_made_the_assertion() {
    let (own, strange) = (key_set(&jwks(&[&KEY])), key_set(&jwks(&[&STRANGER])));
    let needs = |assertion: &str, keys: &Option<KeySet>| needs_other_keys(&shows(assertion), keys.as_ref());
    let assertion = signed(&good());
    assert!(needs(&assertion, &strange), "its kid is not there");
    assert!(needs(&assertion, &None), "there are none");
    assert!(!needs(&assertion, &own));
    for nothing in ["", "x", "a.b.c"] {
        assert!(!needs(nothing, &strange), "no key would help {nothing:?}");
    }
    let claims = b64::encode_url(good().to_string().as_bytes());
    let unnamed = format!("{}.{claims}", b64::encode_url(br#"{"alg":"ES256"}"#));
    let signature = b64::encode_url(&KEY.sign(unnamed.as_bytes()).unwrap());
    let unnamed = format!("{unnamed}.{signature}");
    assert!(needs(&unnamed, &strange) && !needs(&unnamed, &own));
    let no_assertion = Presented::default();
    assert!(!needs_other_keys(&no_assertion, None));
    assert!(needs_keys(&shows(&assertion), &by_private_key()));
    assert!(!needs_keys(&shows(&assertion), &by_secret()));
    assert!(!needs_keys(&no_assertion, &by_private_key()));
}
