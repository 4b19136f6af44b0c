//! Request objects: each refusal first, each attack by its name; then what a good one comes to (Core §6, RFC 9101).

use super::super::tests::{checked, facts, good, text};
use super::super::{Denied, RedirectError, ValidRequest, validate};
use super::*;
use crate::samples::{self, CHALLENGE, ISSUER, NOW, REDIRECT};
use serde_json::{Value, json};
use std::sync::LazyLock;
use valetkey_jose::{SigningKey, b64};
use valetkey_model::client::GrantType;
use valetkey_protocol::authorize::ResponseMode;

const SHARED: &str = "a-secret-that-carries-256-bits-of-randomness";
const URI: &str = "https://app.example/request.jwt";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::ES256).unwrap());
static STRANGER: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::ES256).unwrap());
static KEYS: LazyLock<KeySet> = LazyLock::new(|| [KEY.verifying_key().clone()].into_iter().collect());

fn client() -> Client {
    let mut client = samples::web_client();
    client.keys = Some(ClientKeys::JwksUri("https://app.example/jwks".into()));
    client.openid.request_uris = vec![URI.into()];
    client
}

/// A client that has to sign.
fn strict() -> Client {
    let mut client = client();
    client.openid.require_signed_request_object = true;
    client
}

/// The claims of a request object that nothing is wrong with.
fn claims() -> Value {
    json!({
        "iss": "mysweetapp", "aud": ISSUER, "exp": NOW.0 + 60, "nbf": NOW.0,
        "client_id": "mysweetapp", "response_type": "code", "redirect_uri": REDIRECT,
        "scope": "openid profile", "state": "inside", "nonce": "n-2",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    })
}

fn claims_with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[name] = value.into();
    claims
}

fn signed_by(key: &SigningKey, claims: &Value) -> String {
    key.sign_jwt(TYPE, claims).unwrap()
}

/// Beside the object stand the parameters of a good request.
fn beside(object: String) -> Request {
    Request {
        request: Some(object),
        ..good()
    }
}

fn judged(request: &Request, client: &Client, loaded: Loaded<'_>) -> Result<ValidRequest, Denied> {
    let facts = Facts {
        loaded,
        ..facts(Some(client))
    };
    validate(request, &facts, &mut Trail::off())
}

fn with_keys() -> Loaded<'static> {
    Loaded {
        keys: Some(&KEYS),
        ..Loaded::default()
    }
}

fn accepted(object: String, client: &Client) -> ValidRequest {
    judged(&beside(object), client, with_keys()).unwrap()
}

fn error(request: &Request, client: &Client, loaded: Loaded<'_>) -> RedirectError {
    match judged(request, client, loaded) {
        Err(Denied::Redirect(error)) => *error,
        other => panic!("not a redirect: {other:?}"),
    }
}

/// What is refused goes to the plain redirect URI, with the plain state.
fn refused(object: String, client: &Client) -> Refusal {
    let error = error(&beside(object), client, with_keys());
    assert_eq!(error.redirect_uri, REDIRECT);
    assert_eq!(
        error.state.as_deref(),
        Some("s-1"),
        "what stands inside is not believed"
    );
    error.refusal
}

fn refused_claims(claims: &Value) -> Rule {
    refused(signed_by(&KEY, claims), &client()).rule
}

#[test]
fn a_nul_in_a_signed_parameter_is_refused() {
    for name in ["nonce", "state", "login_hint"] {
        assert_eq!(
            refused_claims(&claims_with(name, "a\0")),
            Rule::RequestObjectMalformed
        );
    }
}

#[test]
fn an_unsigned_request_object_is_refused() {
    let part = |value: Value| b64::encode_url(value.to_string().as_bytes());
    for alg in ["none", "None", "NONE"] {
        let header = part(json!({"alg": alg, "typ": TYPE}));
        for signature in ["", "AAAA"] {
            let object = format!("{header}.{}.{signature}", part(claims()));
            assert_eq!(
                refused(object, &client()).rule,
                Rule::RequestObjectUnsigned,
                "{alg}"
            );
        }
    }
}

#[test]
fn a_text_that_is_no_signed_jwt_of_parameters_is_refused() {
    let other_type = KEY.sign_jwt("at+jwt", &claims()).unwrap();
    for bad in [
        String::from("x"),
        String::from("e30.e30."),
        String::from("a.b.c"),
        "x".repeat(20_000),
        other_type,
        signed_by(&KEY, &claims_with("scope", json!(["openid"]))),
        signed_by(&KEY, &claims_with("exp", "soon")),
    ] {
        let refusal = refused(bad.clone(), &client());
        assert_eq!(refusal.rule, Rule::RequestObjectMalformed, "{bad:.40}");
    }
    let encrypted = refused(String::from("a.b.c.d.e"), &client());
    assert_eq!(encrypted.rule, Rule::RequestObjectMalformed);
    assert!(encrypted.received.contains("encrypted"));
}

#[test]
fn a_request_object_inside_a_request_object_is_refused() {
    for name in ["request", "request_uri"] {
        let inside = claims_with(name, "https://evil.example/r");
        assert_eq!(refused_claims(&inside), Rule::RequestObjectMalformed, "{name}");
    }
}

#[test]
fn a_signature_by_another_key_or_algorithm_is_refused() {
    let forged = refused(signed_by(&STRANGER, &claims()), &client());
    assert_eq!(forged.rule, Rule::RequestObjectSignatureInvalid);

    let good = signed_by(&KEY, &claims());
    let (head, _) = good.rsplit_once('.').unwrap();
    let swapped = format!("{head}.{}", b64::encode_url(&[1; 64]));
    assert_eq!(
        refused(swapped, &client()).rule,
        Rule::RequestObjectSignatureInvalid
    );

    let mut registered = client();
    registered.openid.request_object_signing_alg = Some(SigningAlg::PS256);
    let refusal = refused(good.clone(), &registered);
    assert_eq!(refusal.rule, Rule::RequestObjectSignatureInvalid);
    assert_eq!(
        (refusal.expected.as_str(), refusal.received.as_str()),
        ("PS256", "ES256")
    );

    let without_keys = error(&beside(good), &client(), Loaded::default());
    assert_eq!(without_keys.refusal.rule, Rule::RequestObjectSignatureInvalid);
}

#[test]
fn algorithm_confusion_a_public_key_is_no_shared_secret() {
    let jwk = serde_json::to_string(&KEY.public_jwk()).unwrap();
    let object = HmacKey::new(jwk.as_bytes())
        .unwrap()
        .sign_jwt(TYPE, &claims())
        .unwrap();
    for client in [client(), by_secret()] {
        let refusal = refused(object.clone(), &client);
        assert_eq!(refusal.rule, Rule::RequestObjectSignatureInvalid);
    }
}

/// A client whose secret is kept readable. The tests' facts open it.
fn by_secret() -> Client {
    let mut client = client();
    let secret = facts(None)
        .secrets
        .seal(Purpose::ClientSecretJwt, &client.id, SHARED);
    client.authentication = Authentication::ClientSecretJwt { secret };
    client
}

#[test]
fn only_a_secret_that_is_kept_readable_signs_request_objects() {
    let object = HmacKey::new(SHARED.as_bytes())
        .unwrap()
        .sign_jwt(TYPE, &claims())
        .unwrap();
    assert_eq!(
        refused(object.clone(), &client()).rule,
        Rule::RequestObjectSignatureInvalid
    );
    let mut registered = by_secret();
    registered.openid.request_object_signing_alg = Some(SigningAlg::ES256);
    assert_eq!(
        refused(object.clone(), &registered).rule,
        Rule::RequestObjectSignatureInvalid
    );
    assert_eq!(accepted(object, &by_secret()).state.as_deref(), Some("inside"));
}

#[test]
fn a_request_object_counts_in_its_time_alone() {
    let leeway = samples::policy().clock_leeway_seconds;
    for (name, value, holds) in [
        ("exp", NOW.0 - leeway, false),
        ("exp", NOW.0 - leeway + 1, true),
        ("nbf", NOW.0 + leeway + 1, false),
        ("nbf", NOW.0 + leeway, true),
    ] {
        let object = signed_by(&KEY, &claims_with(name, value));
        if holds {
            accepted(object, &client());
        } else {
            assert_eq!(
                refused(object, &client()).rule,
                Rule::RequestObjectExpired,
                "{name}"
            );
        }
    }
    let mut timeless = claims();
    timeless["exp"] = Value::Null;
    timeless["nbf"] = Value::Null;
    accepted(signed_by(&KEY, &timeless), &client());
}

#[test]
fn parameter_mismatch_what_stands_outside_too_must_be_the_same() {
    for (name, value) in [
        ("client_id", "another"),
        ("iss", "another"),
        ("response_type", "code id_token"),
    ] {
        assert_eq!(
            refused_claims(&claims_with(name, value)),
            Rule::RequestObjectMismatch,
            "{name}"
        );
    }
    let twisted = Request {
        response_type: text("code id_token"),
        ..beside(signed_by(&KEY, &claims()))
    };
    let refusal = error(&twisted, &strict(), with_keys()).refusal;
    assert_eq!(refusal.rule, Rule::RequestObjectMismatch);
}

#[test]
fn a_response_type_inside_is_enough_and_one_is_needed() {
    for client in [client(), strict()] {
        let alone = Request {
            response_type: None,
            ..beside(signed_by(&KEY, &claims()))
        };
        judged(&alone, &client, with_keys()).unwrap();
        let nowhere = Request {
            response_type: None,
            ..beside(signed_by(&KEY, &claims_with("response_type", Value::Null)))
        };
        let refusal = error(&nowhere, &client, with_keys()).refusal;
        assert_eq!(refusal.rule, Rule::AuthorizeResponseTypeMissing);
    }
}

#[test]
fn a_request_object_for_another_server_is_refused() {
    for aud in [
        json!("https://other.example"),
        json!(["https://other.example", "x"]),
    ] {
        assert_eq!(
            refused_claims(&claims_with("aud", aud)),
            Rule::RequestObjectAudience
        );
    }
    let among = claims_with("aud", json!(["https://other.example", ISSUER]));
    accepted(signed_by(&KEY, &among), &client());
    accepted(signed_by(&KEY, &claims_with("aud", Value::Null)), &client());
}

#[test]
fn downgrade_a_client_that_must_sign_is_not_heard_without() {
    let refusal = error(&good(), &strict(), Loaded::default()).refusal;
    assert_eq!(refusal.rule, Rule::RequestObjectRequired);
    checked(&good(), &client()).unwrap();
}

#[test]
fn both_ways_at_once_are_refused() {
    let both = Request {
        request_uri: text(URI),
        ..beside(signed_by(&KEY, &claims()))
    };
    assert_eq!(needs(&both, Some(&client()), &Loaded::default()), None);
    let refusal = error(&both, &client(), with_keys()).refusal;
    assert_eq!(refusal.rule, Rule::RequestObjectTwice);
    assert_eq!(refusal.rule.info().error.as_str(), "invalid_request");
}

fn by_reference(uri: &str) -> Request {
    Request {
        request_uri: text(uri),
        ..good()
    }
}

#[test]
fn server_side_request_forgery_only_a_registered_https_address_is_fetched() {
    let mut client = client();
    client.openid.request_uris.push("http://plain.example/r".into());
    client.openid.request_uris.push("ftp://app.example/r".into());
    for other in [
        "https://evil.example/request.jwt",
        "https://app.example/request.jwt?x=1",
        "https://app.example/request.jwt/",
        "https://APP.example/request.jwt",
        "https://app.example/x/../request.jwt",
        "http://app.example/request.jwt",
        "http://plain.example/r",
        "ftp://app.example/r",
        "http://169.254.169.254/latest",
        "urn:x",
    ] {
        let request = by_reference(other);
        assert_eq!(
            needs(&request, Some(&client), &Loaded::default()),
            None,
            "{other}"
        );
        let refusal = error(&request, &client, Loaded::default()).refusal;
        assert_eq!(refusal.rule, Rule::RequestUriUnregistered, "{other}");
        assert_eq!(refusal.rule.info().error.as_str(), "invalid_request_uri");
    }
}

#[test]
fn a_document_that_cannot_be_had_is_refused() {
    let unreadable = NoDocument::Unreadable("the answer has the status 404".into());
    for (document, rule) in [
        (None, Rule::RequestUriUnreadable),
        (Some(Err(&unreadable)), Rule::RequestUriUnreadable),
        (Some(Err(&NoDocument::TooOften)), Rule::RequestUriTooOften),
    ] {
        let loaded = Loaded {
            document,
            ..with_keys()
        };
        let refusal = error(&by_reference(URI), &client(), loaded).refusal;
        assert_eq!(refusal.rule, rule);
    }
    let loaded = Loaded {
        document: Some(Ok("<html>")),
        ..with_keys()
    };
    let refusal = error(&by_reference(URI), &client(), loaded).refusal;
    assert_eq!(refusal.rule, Rule::RequestObjectMalformed);
}

#[test]
fn a_request_by_reference_is_what_the_document_says_and_its_fragment_may_change() {
    let object = format!("{}\n", signed_by(&KEY, &claims()));
    let loaded = Loaded {
        document: Some(Ok(&object)),
        ..with_keys()
    };
    let mut versioned = client();
    versioned.openid.request_uris = vec![format!("{URI}#old")];
    for (uri, client) in [
        (URI.to_owned(), client()),
        (format!("{URI}#abc"), client()),
        (format!("{URI}#new"), versioned),
    ] {
        let valid = judged(&by_reference(&uri), &client, loaded).unwrap();
        assert_eq!(valid.state.as_deref(), Some("inside"), "{uri}");
    }
}

#[test]
fn what_must_be_fetched_is_asked_for_step_by_step() {
    let (client, object) = (client(), signed_by(&KEY, &claims()));
    let asked = |request: &Request, loaded: &Loaded<'_>| needs(request, Some(&client), loaded);
    let nothing = Loaded::default();
    assert_eq!(asked(&good(), &nothing), None);
    let request = by_reference(URI);
    assert_eq!(asked(&request, &nothing), Some(Need::Document(URI.into())));
    let document = Loaded {
        document: Some(Ok(&object)),
        ..nothing
    };
    assert_eq!(asked(&request, &document), Some(Need::Keys));
    let stale = KeySet::default();
    let with_stale = Loaded {
        keys: Some(&stale),
        ..document
    };
    assert_eq!(asked(&request, &with_stale), Some(Need::FreshKeys));
    let fresh = Loaded {
        keys_are_fresh: true,
        ..with_stale
    };
    assert_eq!(asked(&request, &fresh), None, "once");
    let known = Loaded {
        keys: Some(&KEYS),
        ..document
    };
    assert_eq!(asked(&request, &known), None);
    let failed = Loaded {
        document: Some(Err(&NoDocument::TooOften)),
        ..nothing
    };
    assert_eq!(asked(&request, &failed), None);

    let mut here = client.clone();
    here.keys = Some(ClientKeys::Jwks(String::from("{\"keys\":[]}")));
    assert_eq!(
        needs(&request, Some(&here), &with_stale),
        None,
        "nothing newer is to be had"
    );
    let mut other_alg = client.clone();
    other_alg.openid.request_object_signing_alg = Some(SigningAlg::RS256);
    assert_eq!(needs(&beside(object), Some(&other_alg), &nothing), None);
    assert_eq!(needs(&request, None, &nothing), None, "nobody's request");
}

#[test]
fn tampering_what_stands_inside_wins_over_what_stands_outside() {
    let inside = claims_with("prompt", "login");
    let valid = accepted(signed_by(&KEY, &inside), &client());
    assert_eq!(valid.state.as_deref(), Some("inside"));
    assert_eq!(valid.nonce.as_deref(), Some("n-2"));
    assert_eq!(valid.scope, samples::scope("openid profile"));
    assert_eq!(valid.prompt.len(), 1);
}

#[test]
fn tampering_a_client_that_must_sign_is_heard_by_what_it_signed_alone() {
    let outside = Request {
        max_age: text("0"),
        ..beside(signed_by(&KEY, &claims()))
    };
    assert_eq!(judged(&outside, &strict(), with_keys()).unwrap().max_age, None);
    assert_eq!(judged(&outside, &client(), with_keys()).unwrap().max_age, Some(0));
}

#[test]
fn the_redirect_uri_inside_is_checked_like_any_other() {
    let elsewhere = signed_by(&KEY, &claims_with("redirect_uri", "https://evil.example/cb"));
    match judged(&beside(elsewhere), &client(), with_keys()) {
        Err(Denied::ShowPage(refusal)) => {
            assert_eq!(refusal.rule, Rule::AuthorizeRedirectUriUnregistered);
        }
        other => panic!("not a page: {other:?}"),
    }
    let only_inside = Request {
        redirect_uri: None,
        ..beside(signed_by(&KEY, &claims()))
    };
    let valid = judged(&only_inside, &client(), with_keys()).unwrap();
    assert!(valid.redirect_uri_was_given);
    // Nobody knows where to answer when the object is not good.
    let lost = Request {
        request: text("x"),
        ..only_inside
    };
    assert!(matches!(
        judged(&lost, &client(), with_keys()),
        Err(Denied::ShowPage(refusal)) if refusal.rule == Rule::RequestObjectMalformed
    ));
}

#[test]
fn an_error_after_a_good_request_object_goes_where_the_object_says() {
    let mut client = client();
    client.grant_types.insert(GrantType::Implicit);
    let mut inside = claims_with("scope", "openid admin");
    inside["response_type"] = json!("id_token");
    inside["response_mode"] = json!("form_post");
    let request = Request {
        response_type: text("id_token"),
        ..beside(signed_by(&KEY, &inside))
    };
    let error = error(&request, &client, with_keys());
    assert_eq!(error.refusal.rule, Rule::AuthorizeScopeNotAllowed);
    assert_eq!(error.mode, ResponseMode::FormPost);
    assert_eq!(error.state.as_deref(), Some("inside"));
}

#[test]
fn a_good_request_object_satisfies_every_rule_about_it() {
    let (client, object) = (strict(), signed_by(&KEY, &claims()));
    let facts = Facts {
        loaded: Loaded {
            document: Some(Ok(&object)),
            ..with_keys()
        },
        ..facts(Some(&client))
    };
    let mut trail = Trail::recording();
    validate(&by_reference(URI), &facts, &mut trail).unwrap();
    let passed: Vec<Rule> = trail.into_checks().iter().map(|check| check.rule).collect();
    let group = Rule::GROUPS.iter().find(|(title, _)| *title == "Request objects");
    for rule in group.unwrap().1 {
        assert!(passed.contains(rule), "{rule:?}");
    }
}
