//! What an attacker would try on a signed request.

use std::sync::atomic::Ordering;

use http::Method;
use serde_json::json;
use valetkey_client::oauth1::{Consumer, Once, Signing, TokenCredentials};
use valetkey_protocol::rule::Rule;
use valetkey_protocol::secret::OAuth1Secret;
use valetkey_protocol::time::Timestamp;

use super::super::NOW;
use super::*;

#[tokio::test]
async fn signature_stripping_gets_no_further_than_the_api() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    for missing in [
        "oauth_signature",
        "oauth_token",
        "oauth_consumer_key",
        "oauth_signature_method",
    ] {
        let request = get_photos();
        let all = as_parameters(&request);
        let kept: Vec<_> = all
            .split('&')
            .filter(|pair| !pair.starts_with(&format!("{missing}=")))
            .collect();
        let header = format!("OAuth {}", kept.join("\", ").replace('=', "=\"") + "\"");
        let answer = api
            .send(with_authorization(unsigned(Method::GET, "/photos", ""), &header))
            .await;
        answer.is_problem(Rule::OAuth1ParameterMissing);
        let query = format!("/photos?{missing}=&{}", kept.join("&"));
        api.send(unsigned(Method::GET, &query, ""))
            .await
            .is_problem(Rule::OAuth1ParameterMissing);
    }
    // With nothing left of it there is no signature to speak of, and no bearer token either.
    let bare = api
        .send(unsigned(Method::GET, "/photos?oauth_token=vko_alice", ""))
        .await;
    assert_eq!((bare.status.as_u16(), bare.body.as_str()), (401, ""));
    assert_eq!(provider.asked(), 0);
}

#[tokio::test]
async fn a_tampered_query_method_path_or_form_breaks_the_signature() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let query = signed(Method::GET, "/photos?of=alice", "");
    let mut method = get_photos();
    *method.method_mut() = Method::DELETE;
    let mut form = signed(Method::POST, "/photos", "to=bob&amount=1");
    *form.body_mut() = b"to=eve&amount=1".to_vec();
    let mut more = signed(Method::POST, "/photos", "to=bob");
    *more.body_mut() = b"to=bob&to=eve".to_vec();
    let mut hidden = get_photos();
    hidden.headers_mut().insert("content-type", FORM.parse().unwrap());
    *hidden.body_mut() = b"added=1".to_vec();
    for tampered in [
        at(query, "/photos?of=bob"),
        at(get_photos(), "/photos?more=1"),
        at(get_photos(), "/photos/1"),
        method,
        form,
        more,
        hidden,
    ] {
        api.send(tampered).await.is_problem(Rule::OAuth1SignatureInvalid);
    }
}

#[tokio::test]
async fn a_token_of_another_consumer_opens_nothing() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let evil = Consumer {
        key: "evil".into(),
        signing: Signing::HmacSha256(OAuth1Secret::new("evil-secret")),
    };
    let by_evil = || {
        let mut request = unsigned(Method::GET, "/photos", "");
        evil.sign_request(&mut request, Some(&token()), Timestamp(NOW))
            .unwrap();
        request
    };
    api.send(by_evil())
        .await
        .is_problem(Rule::OAuth1TokenOtherConsumer);
    // A server that forgets to look is not enough: the answer names another client than the request.
    *provider.lies.lock().unwrap() = Some(json!({
        "active": true, "token_type": "oauth1", "aud": super::super::API, "sub": "alice", "client_id": "mysweetapp",
        "scope": "photos.read",
    }));
    api.send(by_evil())
        .await
        .is_problem(Rule::OAuth1TokenOtherConsumer);
}

#[tokio::test]
async fn nonce_replay_is_refused_without_asking_again() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let request = get_photos();
    api.send(request.clone()).await.is_signed_alice("");
    for _ in 0..3 {
        api.send(request.clone()).await.is_problem(Rule::OAuth1NonceUsed);
    }
    assert_eq!(provider.asked(), 1);
    api.send(get_photos()).await.is_signed_alice("");
}

#[tokio::test]
async fn nonce_replay_at_another_node_is_refused_by_the_server_and_remembered() {
    let provider = Provider::new();
    let (one, other) = (Api::new(provider.builder()), Api::new(provider.builder()));
    let request = get_photos();
    one.send(request.clone()).await.is_signed_alice("");
    for _ in 0..3 {
        other
            .send(request.clone())
            .await
            .is_problem(Rule::OAuth1NonceUsed);
    }
    assert_eq!(provider.asked(), 2);
}

#[tokio::test]
async fn two_replays_at_once_give_one_answer() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let request = get_photos();
    let (a, b) = tokio::join!(api.send(request.clone()), api.send(request));
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn a_forged_signature_does_not_use_up_the_nonce_of_the_true_one() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let mut request = unsigned(Method::GET, "/photos", "");
    let once = Once {
        timestamp: Timestamp(NOW),
        nonce: "guessed",
    };
    let thief = TokenCredentials {
        secret: OAuth1Secret::new("a guess"),
        ..token()
    };
    consumer().sign(&mut request, Some(&thief), once).unwrap();
    api.send(request.clone())
        .await
        .is_problem(Rule::OAuth1SignatureInvalid);
    request.headers_mut().clear();
    consumer().sign(&mut request, Some(&token()), once).unwrap();
    api.send(request).await.is_signed_alice("");
}

#[tokio::test]
async fn both_schemes_at_once_are_refused_wherever_they_stand() {
    let provider = Provider::new();
    let api = Api::new(provider.builder().jwt());
    let bearer = format!("Bearer {}", provider.world.token(json!({})));
    let query = format!("/photos?{}", as_parameters(&get_photos()));
    let with_query = with_authorization(unsigned(Method::GET, &query, ""), &bearer);
    api.send(with_query)
        .await
        .is_problem(Rule::OAuth1ParametersInTwoPlaces);
    let form = as_parameters(&signed(Method::POST, "/photos", ""));
    let with_form = with_authorization(unsigned(Method::POST, "/photos", &form), &bearer);
    api.send(with_form)
        .await
        .is_problem(Rule::OAuth1ParametersInTwoPlaces);
    for both in [
        signed(Method::GET, "/photos?access_token=abc", ""),
        signed(Method::POST, "/photos", "access_token=abc"),
    ] {
        api.send(both).await.is_problem(Rule::OAuth1ParametersInTwoPlaces);
    }
    let both_headers = with_authorization(get_photos(), &bearer);
    api.send(both_headers)
        .await
        .is_refused_by(Rule::BearerHeaderMalformed);
    assert_eq!(provider.asked(), 0);
}

#[tokio::test]
async fn parameter_pollution_is_refused_before_anybody_is_asked() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let twice = at(get_photos(), "/photos?oauth_token=vko_alice");
    api.send(twice)
        .await
        .is_problem(Rule::OAuth1ParametersInTwoPlaces);
    let query = as_parameters(&get_photos());
    let repeated = unsigned(Method::GET, &format!("/photos?{query}&oauth_nonce=2"), "");
    api.send(repeated).await.is_problem(Rule::OAuth1ParameterRepeated);
    let header = get_photos().headers()["authorization"]
        .to_str()
        .unwrap()
        .to_owned();
    for second in [header.as_str(), "Basic YTpi"] {
        let request = with_authorization(get_photos(), second);
        api.send(request)
            .await
            .is_problem(Rule::OAuth1ParametersUnreadable);
    }
    for broken in [
        "OAuth",
        "OAuth oauth_token=bare",
        "OAuth oauth_token=\"%zz\"",
        "oauth a",
    ] {
        let request = with_authorization(unsigned(Method::GET, "/photos", ""), broken);
        let answer = api.send(request).await;
        assert_eq!(answer.status, 400, "{broken}: {answer:?}");
    }
    let many: String = (0..300).map(|n| format!("&p{n}=1")).collect();
    let flood = at(get_photos(), &format!("/photos?x=1{many}"));
    api.send(flood).await.is_problem(Rule::OAuth1ParametersUnreadable);
    assert_eq!(provider.asked(), 0);
}

#[tokio::test]
async fn a_nul_in_a_protocol_parameter_is_refused_before_anybody_is_asked() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let all = as_parameters(&get_photos());
    for name in ["oauth_signature", "oauth_nonce", "oauth_token", "oauth_x"] {
        let mut pairs: Vec<&str> = all.split('&').collect();
        pairs.retain(|pair| !pair.starts_with(&format!("{name}=")));
        let (nul, raw) = (format!("{name}=a%00"), format!("{name}=a\0"));
        let header = format!(
            "OAuth {}",
            [&pairs[..], &[&nul]].concat().join("\", ").replace('=', "=\"") + "\""
        );
        let in_header = with_authorization(unsigned(Method::GET, "/photos", ""), &header);
        let query = format!("/photos?{}&{nul}", pairs.join("&"));
        let form = format!("{}&{raw}", pairs.join("&"));
        for request in [
            in_header,
            unsigned(Method::GET, &query, ""),
            unsigned(Method::POST, "/photos", &form),
        ] {
            api.send(request)
                .await
                .is_problem(Rule::OAuth1ParametersUnreadable);
        }
    }
    assert_eq!(provider.asked(), 0);
}

#[tokio::test]
async fn a_form_that_is_too_long_is_refused_before_it_is_whole() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let longest = format!("a={}", "x".repeat(64 * 1024 - 2));
    api.send(signed(Method::POST, "/photos", &longest))
        .await
        .is_signed_alice(&longest);
    let answer = api
        .send(signed(Method::POST, "/photos", &format!("{longest}x")))
        .await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.challenge, "");
    assert!(answer.body.contains(Rule::RequestTooLarge.info().says));
    assert_eq!(provider.asked(), 1);
    // What the server does not read either is no reason to come back later.
    provider.reads_little.store(true, Ordering::SeqCst);
    assert_eq!(api.send(get_photos()).await.status, 413);
}

#[tokio::test]
async fn a_signed_request_opens_no_route_that_takes_bearer_tokens_alone() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let answer = api.send(signed(Method::GET, "/bearer-only", "")).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (401, ""));
    // Nor any, where the API does not take signatures at all.
    let api = Api::new(provider.world.introspecting());
    assert_eq!(api.send(get_photos()).await.status, 401);
    assert_eq!(provider.asked(), 0);
}

#[tokio::test]
async fn a_server_that_cannot_be_asked_or_answers_nonsense_makes_the_api_unavailable() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    provider.down.store(true, Ordering::SeqCst);
    let request = get_photos();
    api.send(request.clone()).await.is_unavailable();
    provider.down.store(false, Ordering::SeqCst);
    let active = json!({
        "active": true, "token_type": "oauth1", "aud": super::super::API, "client_id": "mysweetapp",
    });
    let other = |changes| {
        let mut answer = active.clone();
        super::super::merge(&mut answer, changes);
        answer
    };
    for nonsense in [
        json!([]),
        json!({}),
        other(json!({"token_type": "Bearer"})),
        other(json!({"token_type": null})),
        other(json!({"iss": "https://evil.example"})),
        other(json!({"client_id": null})),
    ] {
        *provider.lies.lock().unwrap() = Some(nonsense);
        api.send(request.clone()).await.is_unavailable();
    }
    // What could not be decided was not used up.
    *provider.lies.lock().unwrap() = None;
    api.send(request).await.is_signed_alice("");
}

#[tokio::test]
async fn what_the_server_refuses_is_passed_on_with_its_rule() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    for rule in [
        Rule::OAuth1TimestampRefused,
        Rule::OAuth1ConsumerUnknown,
        Rule::OAuth1NotAllowed,
        Rule::OAuth1TokenRevoked,
        Rule::OAuth1TokenExpired,
        Rule::OAuth1OtherResource,
        Rule::OAuth1PlaintextWithoutTls,
        Rule::OAuth1VersionUnsupported,
    ] {
        *provider.lies.lock().unwrap() = Some(json!({"active": false, "rule": rule.id()}));
        api.send(get_photos()).await.is_problem(rule);
    }
    for unknown in [
        json!({"active": false}),
        json!({"active": false, "rule": "VK-OAUTH1-OF-TOMORROW"}),
        json!({"active": false, "rule": Rule::TokenScopeWidened.id()}),
    ] {
        *provider.lies.lock().unwrap() = Some(unknown);
        api.send(get_photos()).await.is_problem(Rule::OAuth1TokenUnknown);
    }
}

#[tokio::test]
async fn token_credentials_for_another_api_that_have_ended_or_lack_the_scope_are_refused() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let says = |changes| *provider.says.lock().unwrap() = changes;
    for aud in [json!(null), json!("https://mail.example")] {
        says(json!({ "aud": aud }));
        api.send(get_photos()).await.is_problem(Rule::OAuth1OtherResource);
    }
    says(json!({"exp": NOW}));
    api.send(get_photos()).await.is_problem(Rule::OAuth1TokenExpired);
    says(json!({"exp": NOW + 1}));
    api.send(get_photos()).await.is_signed_alice("");
    says(json!({"scope": null}));
    api.send(get_photos()).await.is_problem(Rule::OAuth1ScopeMissing);
    says(json!({}));
    let upload = api.send(signed(Method::POST, "/upload", "")).await;
    upload.is_problem(Rule::OAuth1ScopeMissing);
    assert_eq!(upload.status, 403);
}
