//! Stories of the rules about authorization requests of OpenID Connect, request objects, and what tokens and userinfo need.

use super::satisfied::Satisfaction;
use super::stage::{SCOPE, Stage, Told};
use super::violated::Story;
use Rule as R;
use serde_json::{Value, json};
use std::sync::LazyLock;
use valetkey_jose::{Algorithm, JwkSet, SigningKey, b64};
use valetkey_model::client::{ClientKeys, GrantType};
use valetkey_model::relying_party::Encryption;
use valetkey_protocol::authorize::ResponseType;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Asked, cast};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::ES256).unwrap());
static OTHER: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::ES256).unwrap());

/// Nobody listens there, and it is registered.
const NOWHERE: &str = "https://127.0.0.1:1/request.jwt";
const WEBFINGER: &str = "/.well-known/webfinger";

/// The violation of a rule of this area.
pub(super) fn violation(rule: Rule) -> Story {
    match rule {
        R::AuthorizeResponseTypeNotRegistered => |s| Box::pin(not_registered(s)),
        R::AuthorizeRegistrationUnsupported => |s| s.authorize(|asked| asked.and("registration", "{}")),
        R::AuthorizeScopeOpenidMissing => |s| front_channel(s, "photos.read", Some("n")),
        R::AuthorizeNonceMissing => |s| front_channel(s, "openid", None),
        R::AuthorizeClaimsMalformed => |s| s.authorize(|asked| asked.and("claims", "[]")),
        R::AuthorizeAcrUnmet => |s| {
            s.authorize(|asked| {
                let claims = r#"{"id_token":{"acr":{"essential":true,"values":["9"]}}}"#;
                asked.and("claims", claims)
            })
        },
        R::RequestObjectTwice => {
            |s| s.authorize(|asked| asked.and("request", "x").and("request_uri", NOWHERE))
        }
        R::RequestObjectRequired => |s| Box::pin(unsigned_of_a_client_that_must_sign(s)),
        R::RequestUriUnregistered => {
            |s| s.authorize(|asked| asked.and("request_uri", "https://127.0.0.1:1/other"))
        }
        R::RequestUriTooOften => |s| Box::pin(again_and_again(s)),
        R::RequestUriUnreadable => |s| Box::pin(from_nowhere(s)),
        R::RequestObjectMalformed => |s| s.authorize(|asked| asked.and("request", "x")),
        R::RequestObjectUnsigned => |s| {
            let text = |part: &str| b64::encode_url(part.as_bytes());
            let object = format!("{}.{}.", text(r#"{"alg":"none"}"#), text("{}"));
            Box::pin(async move { Some(s.alice.answers(&s.good().and("request", &object), "allow").await) })
        },
        R::RequestObjectSignatureInvalid => |s| signed(s, &OTHER, |_| ()),
        R::RequestObjectExpired => |s| signed(s, &KEY, |claims| claims["exp"] = 1.into()),
        R::RequestObjectMismatch => |s| signed(s, &KEY, |claims| claims["client_id"] = "otherapp".into()),
        R::RequestObjectAudience => {
            |s| signed(s, &KEY, |claims| claims["aud"] = "https://other.example".into())
        }
        R::AuthorizeEncryptionKeyMissing => |s| {
            Box::pin(async {
                wants_id_tokens_encrypted(s).await;
                front_channel(s, "openid", Some("n")).await
            })
        },
        R::ClientEncryptionKeyMissing => |s| Box::pin(encrypted_for_nobody(s)),
        R::WebfingerResourceMissing => |s| Box::pin(async { Some(s.server.site.get(WEBFINGER, &[]).await) }),
        R::WebfingerResourceElsewhere => |s| {
            Box::pin(async {
                let of = [("resource", "acct:alice@elsewhere.example")];
                Some(s.server.site.get(WEBFINGER, &of).await)
            })
        },
        other => panic!("{other:?} has no story"),
    }
}

/// How the satisfaction of a rule of this area shows.
pub(super) fn satisfaction(rule: Rule) -> Satisfaction {
    match rule {
        // Who looks for a provider is no client yet, and nobody's flow.
        R::WebfingerResourceMissing | R::WebfingerResourceElsewhere => Satisfaction::Answered(|s| {
            Box::pin(async {
                let of = [("resource", s.server.site.issuer.as_str())];
                let answer = s.server.site.get(WEBFINGER, &of).await;
                assert_eq!(answer.status, 200, "{}", answer.text());
                None
            })
        }),
        _ => Satisfaction::Recorded,
    }
}

/// Requests that keep the rules of this area.
pub(super) async fn good_ways(s: &Stage) {
    has_key(s, &KEY).await;
    allowed_through_the_browser(s).await;
    // Asked by a signed object, by the letter of Core §6.
    let asked = s
        .good()
        .and("nonce", "n")
        .and("claims", r#"{"userinfo":{"email":null}}"#);
    let object = object(&KEY, &claims(&asked));
    let code = s.alice.allows(&asked.clone().and("request", &object)).await;
    s.app.redeems(&code).await.tokens();
    by_reference(s, &object).await;
    // Tokens through the browser.
    let hybrid = asked
        .with("response_type", "code id_token")
        .with("scope", "openid");
    assert_ne!(
        s.alice.answers(&hybrid, "allow").await.callback().fragment(),
        None
    );
    // An ID token that only the client can read.
    let recipient = valetkey_jose::jwe::DecryptingKey::generate(valetkey_jose::jwe::KeyManagement::EcdhEs);
    let jwk = recipient.unwrap().public_jwk();
    s.server
        .changes(cast::MYSWEETAPP, |client| {
            client.keys = Some(ClientKeys::Jwks(json!({ "keys": [jwk] }).to_string()));
            client.openid.id_token_encryption = Some(ecdh());
        })
        .await;
    assert_eq!(s.tokens().await.id.split('.').count(), 5);
    let answer = s.alice.answers(&hybrid, "allow").await;
    assert_eq!(answer.fragment("id_token").split('.').count(), 5);
    s.server
        .changes(cast::MYSWEETAPP, |client| {
            client.openid.id_token_encryption = None
        })
        .await;
}

fn ecdh() -> Encryption {
    Encryption {
        alg: "ECDH-ES".into(),
        enc: "A256GCM".into(),
    }
}

async fn has_key(s: &Stage, key: &SigningKey) {
    let keys = vec![key.public_jwk()];
    let jwks = serde_json::to_string(&JwkSet { keys }).unwrap();
    s.server
        .changes(cast::MYSWEETAPP, |client| {
            client.keys = Some(ClientKeys::Jwks(jwks));
            client.openid.request_uris = vec![NOWHERE.into()];
        })
        .await;
}

async fn allowed_through_the_browser(s: &Stage) {
    s.server
        .changes(cast::MYSWEETAPP, |client| {
            client.grant_types.insert(GrantType::Implicit);
        })
        .await;
}

/// The parameters of a request, as claims.
fn claims(asked: &Asked) -> Value {
    let mut claims = json!({"iss": cast::MYSWEETAPP.id, "aud": cast::ISSUER});
    for (name, value) in asked.pairs() {
        claims[name] = Value::from(value);
    }
    claims
}

fn object(key: &SigningKey, claims: &Value) -> String {
    key.sign_jwt("oauth-authz-req+jwt", claims).unwrap()
}

/// A request by a request object that was changed before it was signed.
fn signed<'a>(s: &'a Stage, key: &'static SigningKey, change: fn(&mut Value)) -> Told<'a> {
    Box::pin(async move {
        has_key(s, &KEY).await;
        let asked = s.good();
        let mut claims = claims(&asked);
        change(&mut claims);
        let asked = asked.and("request", &object(key, &claims));
        Some(s.alice.answers(&asked, "allow").await)
    })
}

/// Asks for an ID token through the browser.
fn front_channel<'a>(s: &'a Stage, scope: &'static str, nonce: Option<&'static str>) -> Told<'a> {
    Box::pin(async move {
        allowed_through_the_browser(s).await;
        let asked = s.app.asks_for(scope).with("response_type", "code id_token");
        let asked = match nonce {
            Some(nonce) => asked.and("nonce", nonce),
            None => asked,
        };
        Some(s.alice.answers(&asked, "allow").await)
    })
}

async fn not_registered(s: &Stage) -> Option<valetkey_testkit::Answer> {
    s.server
        .changes(cast::MYSWEETAPP, |client| {
            let hybrid = ResponseType::parse("code id_token").unwrap();
            client.openid.response_types = [hybrid].into();
        })
        .await;
    Some(s.alice.answers(&s.good(), "allow").await)
}

async fn unsigned_of_a_client_that_must_sign(s: &Stage) -> Option<valetkey_testkit::Answer> {
    s.server
        .changes(cast::MYSWEETAPP, |client| {
            client.openid.require_signed_request_object = true;
        })
        .await;
    Some(s.alice.answers(&s.good(), "allow").await)
}

async fn from_nowhere(s: &Stage) -> Option<valetkey_testkit::Answer> {
    has_key(s, &KEY).await;
    Some(
        s.alice
            .answers(&s.good().and("request_uri", NOWHERE), "allow")
            .await,
    )
}

/// Makes the server fetch until it does so no more.
async fn again_and_again(s: &Stage) -> Option<valetkey_testkit::Answer> {
    has_key(s, &KEY).await;
    let asked = s.good();
    let uri = referred_to(s, &object(&KEY, &claims(&asked))).await;
    let asked = asked.and("request_uri", &uri);
    for _ in 0..60 {
        s.alice.opens(&asked).await;
    }
    Some(s.alice.answers(&asked, "allow").await)
}

async fn wants_id_tokens_encrypted(s: &Stage) {
    s.server
        .changes(cast::MYSWEETAPP, |client| {
            client.openid.id_token_encryption = Some(ecdh());
        })
        .await;
}

async fn encrypted_for_nobody(s: &Stage) -> Option<valetkey_testkit::Answer> {
    wants_id_tokens_encrypted(s).await;
    let code = s.alice.allows(&s.app.asks_for(SCOPE)).await;
    Some(s.app.redeems(&code).await)
}

/// The same object, at an address that the client has registered.
async fn by_reference(s: &Stage, object: &str) {
    let uri = referred_to(s, object).await;
    s.alice.allows(&s.good().and("request_uri", &uri)).await;
}

async fn referred_to(s: &Stage, object: &str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/request.jwt", listener.local_addr().unwrap());
    let object = object.to_owned();
    let router = axum::Router::new().route("/request.jwt", axum::routing::get(|| async { object }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    s.server
        .changes(cast::MYSWEETAPP, |client| {
            client.openid.request_uris.push(uri.clone());
        })
        .await;
    uri
}
