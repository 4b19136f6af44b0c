//! The metadata documents (RFC 8414, OpenID Connect Discovery), the keys, and cross-origin rules (RFC 10017).

mod webfinger;

use http::Request;
use std::collections::BTreeSet;
use valetkey_protocol::token::{ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE};
use valetkey_testkit::{Answer, TestServer, cast};

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

async fn preflight(server: &TestServer, path: &str, method: &str) -> Answer {
    let request = Request::options(server.site.url(path, &[]))
        .header("origin", "https://spa.example")
        .header("access-control-request-method", method)
        .header("access-control-request-headers", "authorization,content-type");
    server.site.send(request.body(Vec::new()).unwrap()).await
}

async fn from_the_spa(server: &TestServer, path: &str) -> Answer {
    let request = Request::get(server.site.url(path, &[])).header("origin", "https://spa.example");
    server.site.send(request.body(Vec::new()).unwrap()).await
}

#[tokio::test]
async fn nothing_is_advertised_that_does_not_work() {
    let server = TestServer::start().await;
    let document = server.site.get(OAUTH, &[]).await.json();
    assert_eq!(document, server.site.get(OPENID, &[]).await.json());
    assert_eq!(document["issuer"], cast::ISSUER);
    let allowed = [404, 500, 501];
    for (name, value) in document.as_object().unwrap() {
        let Some(path) = value.as_str().and_then(|url| url.strip_prefix(cast::ISSUER)) else {
            continue;
        };
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let status = server.site.get(path, &[]).await.status.as_u16();
            assert!(!allowed.contains(&status), "{name} answers {status}");
        }
    }
    assert_eq!(
        document["code_challenge_methods_supported"],
        serde_json::json!(["S256"])
    );
    let grants: BTreeSet<&str> = document["grant_types_supported"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|x| x.as_str())
        .collect();
    assert_eq!(grants, work(&server).await);
    assert_eq!(
        document["device_authorization_endpoint"],
        "https://id.example/device_authorization"
    );
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    for absent in ["registration_endpoint", "pushed_authorization_request_endpoint"] {
        assert!(document.get(absent).is_none(), "{absent}");
    }
}

/// OpenID Connect Discovery §3 and what the logout specs add: each member that the server can fill.
#[tokio::test]
async fn the_openid_configuration_tells_all_that_is_there() {
    let server = TestServer::start_with(|settings| {
        settings.links.policy_uri = Some("https://id.example/policy".into());
        settings.links.tos_uri = Some("https://id.example/terms".into());
        settings.links.documentation_uri = Some("https://id.example/docs".into());
    })
    .await;
    let document = server.site.get(OPENID, &[]).await.json();
    let algs = serde_json::json!(["RS256", "PS256", "ES256", "ES384", "Ed25519"]);
    let management = serde_json::json!(["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"]);
    let content = serde_json::json!(["A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"]);
    let assertions = serde_json::json!(["HS256", "RS256", "PS256", "ES256", "ES384", "Ed25519"]);
    for (name, value) in [
        (
            "response_types_supported",
            serde_json::json!([
                "code",
                "token",
                "id_token",
                "id_token token",
                "code id_token",
                "code token",
                "code id_token token"
            ]),
        ),
        (
            "response_modes_supported",
            serde_json::json!(["query", "fragment", "form_post"]),
        ),
        (
            "subject_types_supported",
            serde_json::json!(["public", "pairwise"]),
        ),
        ("acr_values_supported", serde_json::json!(["1", "2"])),
        ("id_token_signing_alg_values_supported", algs.clone()),
        ("userinfo_signing_alg_values_supported", algs.clone()),
        ("request_object_signing_alg_values_supported", algs),
        ("id_token_encryption_alg_values_supported", management.clone()),
        ("userinfo_encryption_alg_values_supported", management),
        ("id_token_encryption_enc_values_supported", content.clone()),
        ("userinfo_encryption_enc_values_supported", content),
        (
            "token_endpoint_auth_signing_alg_values_supported",
            assertions.clone(),
        ),
        (
            "revocation_endpoint_auth_signing_alg_values_supported",
            assertions.clone(),
        ),
        (
            "introspection_endpoint_auth_signing_alg_values_supported",
            assertions,
        ),
        ("display_values_supported", serde_json::json!(["page"])),
        ("claim_types_supported", serde_json::json!(["normal"])),
        ("ui_locales_supported", serde_json::json!(["en"])),
        ("end_session_endpoint", "https://id.example/end_session".into()),
        ("check_session_iframe", "https://id.example/session".into()),
        ("op_policy_uri", "https://id.example/policy".into()),
        ("op_tos_uri", "https://id.example/terms".into()),
        ("service_documentation", "https://id.example/docs".into()),
    ] {
        assert_eq!(document[name], value, "{name}");
    }
}

#[tokio::test]
async fn the_openid_configuration_says_yes_to_what_there_is_and_nothing_of_what_there_is_not() {
    let server = TestServer::start().await;
    let document = server.site.get(OPENID, &[]).await.json();
    for name in [
        "claims_parameter_supported",
        "request_parameter_supported",
        "request_uri_parameter_supported",
        "require_request_uri_registration",
        "frontchannel_logout_supported",
        "frontchannel_logout_session_supported",
        "backchannel_logout_supported",
        "backchannel_logout_session_supported",
    ] {
        assert_eq!(document[name], true, "{name}");
    }
    // No key of ours opens request objects, so nobody is told to encrypt them.
    assert!(
        document
            .get("request_object_encryption_alg_values_supported")
            .is_none()
    );
}

#[tokio::test]
async fn every_claim_that_is_told_is_advertised() {
    let server = TestServer::start().await;
    let document = server.site.get(OPENID, &[]).await.json();
    let advertised: BTreeSet<&str> = document["claims_supported"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|name| name.as_str())
        .collect();
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let asked = app
        .asks_for("openid profile email address phone")
        .and("nonce", "n");
    let tokens = app.redeems(&alice.allows(&asked).await).await.tokens();
    let in_id_token = valetkey_jose::jwt::Unverified::parse(&tokens.id)
        .unwrap()
        .unverified_claims::<serde_json::Value>()
        .unwrap();
    let in_userinfo = app.reads_userinfo(&tokens.access).await.json();
    for told in [in_id_token, in_userinfo] {
        for name in told.as_object().unwrap().keys() {
            assert!(advertised.contains(name.as_str()), "{name}");
        }
    }
}

/// The grant types that give a token to who may use them.
async fn work(server: &TestServer) -> BTreeSet<&'static str> {
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    let code = alice.allows(&app.asks_for("photos.read")).await;
    let tokens = app.redeems(&code).await.tokens();
    app.refreshes(&tokens).await.tokens();
    let backup = server.app(cast::PHOTO_BACKUP);
    backup.asks_for_itself(&[("scope", "photos.read")]).await.tokens();
    let spa = server.app(cast::OLDSPA);
    let asked = spa.asks_for("photos.read").with("response_type", "token");
    assert!(
        !alice
            .answers(&asked, "allow")
            .await
            .fragment("access_token")
            .is_empty()
    );
    let password = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", "wonderland"),
        ("scope", "photos.read"),
    ];
    server
        .app(cast::OLDMOBILE)
        .posts("/token", &password)
        .await
        .tokens();
    let tv = server.app(cast::TV);
    let begun = tv.shows_a_code("photos.read").await;
    alice.answers_the_device(&begun.user_code, "allow").await;
    tv.polls(&begun).await.tokens();
    let exchange = [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token", tokens.access.as_str()),
        ("subject_token_type", ACCESS_TOKEN_TYPE),
    ];
    server
        .app(cast::SUPPORT)
        .posts("/token", &exchange)
        .await
        .tokens();
    [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "implicit",
        "password",
        "urn:ietf:params:oauth:grant-type:device_code",
        TOKEN_EXCHANGE,
    ]
    .into()
}

#[tokio::test]
async fn every_way_of_client_authentication_that_is_advertised_works() {
    let server = TestServer::start().await;
    let document = server.site.get(OAUTH, &[]).await.json();
    let alice = server.browser(cast::ALICE);
    for registered in [cast::MYSWEETAPP, cast::TWODOORS, cast::MYSWEETCLI] {
        let app = server.app(registered);
        let code = alice.allows(&app.asks_for("photos.read")).await;
        app.redeems(&code).await.tokens();
    }
    for registered in [cast::HS_BACKUP, cast::KEY_BACKUP] {
        let assertion = server.assertion(registered).signed();
        server.asserts(&assertion).await.tokens();
    }
    assert_eq!(
        document["token_endpoint_auth_methods_supported"],
        serde_json::json!([
            "none",
            "client_secret_basic",
            "client_secret_post",
            "client_secret_jwt",
            "private_key_jwt"
        ])
    );
}

#[tokio::test]
async fn an_issuer_with_a_path_is_found_by_insertion() {
    let issuer = "https://id.example/tenant/a";
    let server = TestServer::start_with(|settings| settings.policy.issuer = issuer.into()).await;
    let at = |path: &str| format!("https://id.example{path}");
    for url in [
        at(&format!("{OAUTH}/tenant/a")),
        at(&format!("{OPENID}/tenant/a")),
        at(&format!("/tenant/a{OPENID}")),
    ] {
        let answer = server.site.get(&url, &[]).await;
        assert_eq!(answer.json()["issuer"], issuer, "{url}");
    }
    let app = server.app(cast::MYSWEETAPP);
    let code = server.browser(cast::ALICE).allows(&app.asks_for("openid")).await;
    let tokens = app.redeems(&code).await.tokens();
    assert_eq!(app.reads_userinfo(&tokens.access).await.status, 200);
}

#[tokio::test]
async fn browser_apps_may_call_what_they_need_from_their_own_origin() {
    let server = TestServer::start().await;
    for path in ["/token", "/revoke", "/userinfo"] {
        let answer = preflight(&server, path, "POST").await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "", "{path}");
        assert!(
            answer
                .header("access-control-allow-headers")
                .to_lowercase()
                .contains("authorization"),
            "{path}"
        );
    }
    for path in [OAUTH, OPENID, "/jwks"] {
        assert_eq!(
            from_the_spa(&server, path)
                .await
                .header("access-control-allow-origin"),
            "*",
            "{path}"
        );
    }
    // Errors, too, must be readable.
    let request = Request::post(server.site.url("/token", &[])).header("origin", "https://spa.example");
    let answer = server.site.send(request.body(Vec::new()).unwrap()).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
}

#[tokio::test]
async fn browser_apps_may_call_the_same_below_the_path_of_an_issuer_and_nothing_else() {
    let issuer = "https://id.example/tenant/a";
    let server = TestServer::start_with(|settings| settings.policy.issuer = issuer.into()).await;
    let allowed = |answer: &Answer| answer.header("access-control-allow-origin") == "*";
    let below = |path: &str| format!("https://id.example/tenant/a{path}");
    for open in ["/token", "/userinfo"] {
        let answer = preflight(&server, &below(open), "POST").await;
        assert!(allowed(&answer) && answer.status == 200, "{open}");
        assert_eq!(answer.header("access-control-allow-methods"), "GET,POST");
        assert_eq!(answer.header("access-control-max-age"), "3600");
        let refused = from_the_spa(&server, &below(open)).await;
        assert!(allowed(&refused) && refused.status.is_client_error(), "{open}");
        assert_eq!(
            refused.header("access-control-expose-headers"),
            "www-authenticate,retry-after"
        );
    }
    for closed in ["/authorize", "/login", "/introspect"] {
        assert!(
            !allowed(&preflight(&server, &below(closed), "GET").await),
            "{closed}"
        );
        assert!(!allowed(&from_the_spa(&server, &below(closed)).await), "{closed}");
    }
    let beside = preflight(&server, "https://id.example/token", "POST").await;
    assert!(!allowed(&beside), "no endpoint of this issuer");
}

#[tokio::test]
async fn no_script_of_another_origin_reads_the_authorization_endpoint_or_a_page() {
    let server = TestServer::start().await;
    for path in [
        "/authorize",
        "/login",
        "/consent",
        "/logout",
        "/account",
        "/introspect",
        "/device",
        "/device_authorization",
        "/oauth1/initiate",
        "/oauth1/authorize",
        "/oauth1/token",
        "/oauth1/verify",
    ] {
        for answer in [
            from_the_spa(&server, path).await,
            preflight(&server, path, "GET").await,
        ] {
            assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        }
    }
}

#[tokio::test]
async fn token_answers_are_never_cached() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let code = server.browser(cast::ALICE).allows(&app.asks_for("openid")).await;
    let good = app.redeems(&code).await;
    let tokens = good.tokens();
    let bad = app.redeems(&code).await;
    for answer in [
        good,
        bad,
        app.reads_userinfo(&tokens.access).await,
        app.posts("/introspect", &[("token", "x")]).await,
    ] {
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("content-type"), "application/json");
    }
}

#[tokio::test]
async fn details_of_a_refusal_are_for_a_client_that_proved_who_it_is_alone() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let mut code = server.browser(cast::ALICE).allows(&app.asks_for("openid")).await;
    code.redirect_uri = "https://app.example/other".into();
    let to_the_app = app.redeems(&code).await.json();
    assert_eq!(to_the_app["valetkey"]["rule"], "VK-CODE-REDIRECT-URI-MISMATCH");
    assert_eq!(
        to_the_app["valetkey"]["received"]
            .as_str()
            .map(|text| text.contains("/other")),
        Some(true)
    );

    let cli = server.app(cast::MYSWEETCLI);
    let mut code = server.browser(cast::ALICE).allows(&cli.asks_for("openid")).await;
    code.redirect_uri = "http://127.0.0.1/other".into();
    let to_anybody = cli.redeems(&code).await.json();
    assert_eq!(to_anybody["error"], "invalid_grant");
    assert!(to_anybody.get("valetkey").is_none());
    let page = server
        .browser(cast::BOB)
        .get(
            "/authorize",
            &cli.asks_for("openid")
                .with("redirect_uri", "https://x.example/")
                .pairs(),
        )
        .await;
    assert!(
        !page.text().contains("http://127.0.0.1/callback"),
        "the registration is not told to strangers"
    );
}
