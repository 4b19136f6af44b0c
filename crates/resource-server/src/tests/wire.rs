//! How the layer speaks (RFC 6750 §2 and §3, RFC 9728).

use serde_json::json;
use valetkey_protocol::rule::Rule;

use super::{API, Api, ISSUER, World};

const METADATA: &str = "https://photos.example/.well-known/oauth-protected-resource";

#[tokio::test]
async fn a_request_without_token_gets_a_challenge_without_error() {
    let world = World::new();
    let api = Api::new(world.builder().jwt().realm("photos"));
    for header in [&[][..], &["Basic YTpi"], &["Bearerx abc"], &["DPoP abc"]] {
        let answer = api.get("/photos", header).await;
        assert_eq!(answer.status, 401);
        let challenge =
            format!(r#"Bearer realm="photos", scope="photos.read", resource_metadata="{METADATA}""#);
        assert_eq!(answer.challenge, challenge);
        assert_eq!(answer.body, "");
    }
    assert!(world.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_token_in_the_query_is_never_taken() {
    let world = World::new();
    let api = world.jwt();
    let token = world.token(json!({}));
    let alone = api.get(&format!("/photos?access_token={token}"), &[]).await;
    assert_eq!(alone.status, 401);
    assert!(!alone.challenge.contains("error"), "{alone:?}");
    let both = api
        .get(
            &format!("/photos?access_token={token}"),
            &[&format!("Bearer {token}")],
        )
        .await;
    both.is_refused_by(Rule::BearerHeaderMalformed);
    let encoded_name = api
        .get(
            &format!("/photos?access%5ftoken={token}"),
            &[&format!("Bearer {token}")],
        )
        .await;
    encoded_name.is_refused_by(Rule::BearerHeaderMalformed);
}

#[tokio::test]
async fn two_authorization_headers_are_refused() {
    let world = World::new();
    let api = world.jwt();
    let good = format!("Bearer {}", world.token(json!({})));
    for second in [good.as_str(), "Bearer other", "Basic YTpi"] {
        api.get("/photos", &[&good, second])
            .await
            .is_refused_by(Rule::BearerHeaderMalformed);
        api.get("/photos", &[second, &good])
            .await
            .is_refused_by(Rule::BearerHeaderMalformed);
    }
}

#[tokio::test]
async fn a_malformed_bearer_header_is_a_bad_request() {
    let world = World::new();
    let api = world.jwt();
    for header in [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "bearer \"quoted\"",
        "BEARER a,b",
    ] {
        api.get("/photos", &[header])
            .await
            .is_refused_by(Rule::BearerHeaderMalformed);
    }
}

#[tokio::test]
async fn a_missing_scope_is_forbidden_and_the_challenge_names_what_would_do() {
    let world = World::new();
    let api = world.jwt();
    let token = format!("Bearer {}", world.token(json!({})));
    let answer = api.get("/upload", &[&token]).await;
    answer.is_refused_by(Rule::AccessTokenScope);
    assert_eq!(answer.status, 403);
    assert!(answer.challenge.contains(r#"scope="photos.read photos.write""#));
    let no_scope = format!("Bearer {}", world.token(json!({"scope": null})));
    api.get("/photos", &[&no_scope])
        .await
        .is_refused_by(Rule::AccessTokenScope);
    assert_eq!(api.get("/me", &[&no_scope]).await.status, 200);
}

#[tokio::test]
async fn the_scheme_is_read_without_case_and_the_service_behind_sees_the_access() {
    let world = World::new();
    let api = world.jwt();
    let token = world.token(json!({}));
    for scheme in ["Bearer", "bearer", "BEARER"] {
        api.get("/photos", &[&format!("{scheme} {token}")])
            .await
            .is_alice();
    }
}

#[test]
fn the_metadata_stands_where_rfc_9728_puts_it() {
    let build = |resource: &str| {
        let builder = crate::ResourceServer::builder(resource, ISSUER).jwt();
        builder
            .name("Photos")
            .scopes_supported(["photos.read"])
            .build()
            .unwrap()
    };
    let server = build(API);
    assert_eq!(server.metadata_path(), "/.well-known/oauth-protected-resource");
    let expected = json!({
        "resource": API, "authorization_servers": [ISSUER], "scopes_supported": ["photos.read"],
        "bearer_methods_supported": ["header"], "resource_name": "Photos",
    });
    assert_eq!(json!(server.metadata()), expected);
    let below = build("http://localhost:8081/v1/photos");
    assert_eq!(
        below.metadata_path(),
        "/.well-known/oauth-protected-resource/v1/photos"
    );
    assert_eq!(
        below.metadata_url(),
        "http://localhost:8081/.well-known/oauth-protected-resource/v1/photos"
    );
}
