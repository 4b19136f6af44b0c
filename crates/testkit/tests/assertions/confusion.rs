//! Assertions that are good somewhere else: for another server, under another algorithm.

use valetkey_jose::b64;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn audience_confusion_an_assertion_for_another_server_is_refused() {
    let server = TestServer::start().await;
    for audience in [
        "https://evil.example",
        "https://evil.example/token",
        "https://id.example/",
        "https://id.example.evil.example",
        "HTTPS://ID.EXAMPLE",
        "id.example",
        "",
    ] {
        let assertion = server.assertion(cast::KEY_BACKUP).with("aud", audience).signed();
        let answer = server.asserts(&assertion).await;
        assert_eq!(answer.status, 401, "{audience:?}");
        answer.is_refused_by(Rule::ClientAssertionAudience);
    }
    // The issuer, and for the libraries that send it the token endpoint, alone or in a list.
    for audience in [
        serde_json::json!("https://id.example"),
        serde_json::json!("https://id.example/token"),
        serde_json::json!(["https://id.example"]),
    ] {
        let assertion = server.assertion(cast::KEY_BACKUP).with("aud", audience).signed();
        server.asserts(&assertion).await.tokens();
    }
}

#[tokio::test]
async fn audience_injection_a_strict_server_takes_its_issuer_alone() {
    let server =
        TestServer::start_with(|settings| settings.policy.assertion_audience_issuer_only = true).await;
    for audience in [
        serde_json::json!("https://id.example/token"),
        serde_json::json!(["https://id.example", "https://evil.example"]),
        serde_json::json!(["https://id.example", "https://id.example/token"]),
        serde_json::json!([]),
    ] {
        let assertion = server
            .assertion(cast::KEY_BACKUP)
            .with("aud", audience.clone())
            .signed();
        let answer = server.asserts(&assertion).await;
        assert_eq!(answer.status, 401, "{audience}");
        answer.is_refused_by(Rule::ClientAssertionAudience);
    }
    let assertion = server.assertion(cast::KEY_BACKUP).signed();
    server.asserts(&assertion).await.tokens();
}

#[tokio::test]
async fn algorithm_confusion_a_public_key_is_never_taken_for_a_secret() {
    let server = TestServer::start().await;
    let jwk = serde_json::to_string(&cast::key_backup_key().public_jwk()).unwrap();
    let set = format!("{{\"keys\":[{jwk}]}}");
    for public in [jwk, set] {
        let assertion = server.assertion(cast::KEY_BACKUP).signed_with(&public);
        let answer = server.asserts(&assertion).await;
        answer.is_refused_by(Rule::ClientAssertionAlgorithm);
    }
    // Nor is a secret's client let in by a key.
    let assertion = server
        .assertion(cast::HS_BACKUP)
        .signed_by(&cast::key_backup_key());
    let answer = server.asserts(&assertion).await;
    answer.is_refused_by(Rule::ClientAssertionAlgorithm);
}

#[tokio::test]
async fn algorithm_confusion_an_unsigned_assertion_is_none() {
    let server = TestServer::start().await;
    for registered in [cast::HS_BACKUP, cast::KEY_BACKUP] {
        let signed = server.assertion(registered).signed();
        let payload = signed.split('.').nth(1).unwrap();
        for alg in ["none", "None", "NONE", "nOnE"] {
            let header = b64::encode_url(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#).as_bytes());
            for text in [format!("{header}.{payload}."), format!("{header}.{payload}.AAAA")] {
                let answer = server.asserts(&text).await;
                assert_eq!(answer.status, 401, "{alg}");
                assert_eq!(answer.error(), "invalid_client");
            }
        }
    }
}

#[tokio::test]
async fn a_token_of_the_server_itself_is_no_assertion() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    let code = alice.allows(&app.asks_for("openid photos.read")).await;
    let tokens = app.redeems(&code).await.tokens();
    for token in [&tokens.id, &tokens.access] {
        let answer = server
            .asserts_with(token, &[("client_id", cast::KEY_BACKUP.id)])
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.error().as_str()),
            (401, "invalid_client")
        );
    }
}

#[tokio::test]
async fn an_assertion_of_one_client_lets_no_other_in() {
    let server = TestServer::start().await;
    for other in [
        cast::HS_BACKUP.id,
        cast::PHOTO_BACKUP.id,
        cast::MYSWEETCLI.id,
        "nobody",
    ] {
        let assertion = server.assertion(cast::KEY_BACKUP).signed();
        let answer = server.asserts_with(&assertion, &[("client_id", other)]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error().as_str()),
            (401, "invalid_client"),
            "{other}"
        );
    }
    // Nor is one that stands in the URL read.
    let assertion = server.assertion(cast::KEY_BACKUP).signed();
    let query = [
        ("client_assertion", assertion.as_str()),
        (
            "client_assertion_type",
            valetkey_protocol::client_auth::JWT_BEARER,
        ),
    ];
    let url = server.site.url("/token", &query);
    let answer = server
        .site
        .post(&url, &[("grant_type", "client_credentials")])
        .await;
    answer.is_refused_by(Rule::ClientAuthMissing);
}
