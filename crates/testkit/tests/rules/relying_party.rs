//! Stories of the rules about what the client library refuses about OpenID Connect.

use super::clients;
use super::satisfied::Satisfaction;
use super::stage::{Stage, Told};
use super::violated::Story;
use Rule as R;
use serde_json::{Value, json};
use valetkey_client::{Ask, ThirdPartyLogin};
use valetkey_jose::{Algorithm, SigningKey};
use valetkey_protocol::logout::{LOGOUT_EVENT, LOGOUT_TOKEN_TYPE};
use valetkey_protocol::rule::Rule;
use valetkey_server::keys::KeyRing;
use valetkey_testkit::{Asked, cast};

const APP: &str = "https://app.example/";

/// The violation of a rule of this area.
pub(super) fn violation(rule: Rule) -> Story {
    match rule {
        R::IdTokenAcr => |s| Box::pin(less_sure_than_asked(s)),
        R::ClientLogoutTokenMalformed => |s| logout_token(s, |claims| claims["nonce"] = "n".into()),
        R::ClientLogoutTokenSignature => |s| Box::pin(by_a_strangers_key(s)),
        R::ClientLogoutTokenMisdirected => |s| logout_token(s, |claims| claims["aud"] = "otherapp".into()),
        R::ClientLogoutTokenExpired => |s| logout_token(s, |claims| claims["exp"] = 1.into()),
        R::ClientLoginIssuerUnknown => |s| login(s, "iss=https%3A%2F%2Fevil.example"),
        R::ClientLoginTargetForeign => |s| {
            let query = "iss=https%3A%2F%2Fas.example&target_link_uri=https%3A%2F%2Fevil.example%2F";
            login(s, query)
        },
        other => panic!("{other:?} has no story"),
    }
}

/// How the satisfaction of a rule of this area shows.
pub(super) fn satisfaction(rule: Rule) -> Satisfaction {
    match rule {
        // Reading a query is a function without an observer.
        R::ClientLoginIssuerUnknown | R::ClientLoginTargetForeign => Satisfaction::Answered(|_| {
            Box::pin(async {
                let query = "iss=https%3A%2F%2Fas.example&target_link_uri=https%3A%2F%2Fapp.example%2Fphotos";
                let read = ThirdPartyLogin::read(query, &["https://as.example"], APP).unwrap();
                assert_eq!(read.target_link_uri.unwrap().path(), "/photos");
                None
            })
        }),
        _ => Satisfaction::Recorded,
    }
}

/// Requests that keep the rules of this area.
pub(super) async fn good_ways(s: &Stage) {
    let client = clients::client(s, None).await;
    let claims = json!({"id_token": {"acr": {"essential": true, "values": ["1"]}}});
    let ask = Ask {
        scope: "openid",
        claims: Some(&claims),
        ..Ask::default()
    };
    let (url, pending) = client.begin(&ask).unwrap();
    let answer = s.alice.answers(&Asked::of_url(&url, cast::ISSUER), "allow").await;
    let query = answer.callback().query().unwrap_or_default().to_owned();
    client
        .finish(pending, &query, s.server.clock.timestamp())
        .await
        .unwrap();
    let token = signed_by_the_server(s, &good_claims(s)).await;
    client
        .verify_logout_token(&token, s.server.clock.timestamp())
        .await
        .unwrap();
}

/// Somebody changes on the way what the server said about how sure it is.
async fn less_sure_than_asked(s: &Stage) -> Option<valetkey_testkit::Answer> {
    let keys = ring(s).await;
    let change = move |body: &mut Value| {
        let id_token = body["id_token"].as_str().unwrap();
        let unverified = valetkey_jose::jwt::Unverified::parse(id_token).unwrap();
        let mut claims: Value = unverified.unverified_claims().unwrap();
        claims["acr"] = "0".into();
        let key = keys.current();
        let again = key
            .signing(Algorithm::RS256)
            .unwrap()
            .sign_jwt("JWT", &claims)
            .unwrap();
        body["id_token"] = again.into();
    };
    let client = clients::client(s, Some(Box::new(change))).await;
    let claims = json!({"id_token": {"acr": {"essential": true, "values": ["1"]}}});
    let ask = Ask {
        scope: "openid",
        claims: Some(&claims),
        ..Ask::default()
    };
    let (url, pending) = client.begin(&ask).unwrap();
    let answer = s.alice.answers(&Asked::of_url(&url, cast::ISSUER), "allow").await;
    let query = answer.callback().query().unwrap_or_default().to_owned();
    let error = client.finish(pending, &query, s.server.clock.timestamp()).await;
    s.saw(error.expect_err("it is refused").rule());
    None
}

fn good_claims(s: &Stage) -> Value {
    let now = s.server.clock.timestamp().0;
    json!({
        "iss": cast::ISSUER, "aud": cast::MYSWEETAPP.id, "sub": cast::ALICE.sub(), "sid": "s-1",
        "iat": now, "exp": now + 120, "jti": "j-1", "events": { LOGOUT_EVENT: {} },
    })
}

async fn ring(s: &Stage) -> KeyRing {
    let store = s.server.store.as_ref();
    KeyRing::open(store, &cast::MASTER_KEY, &s.server.clock)
        .await
        .unwrap()
}

async fn signed_by_the_server(s: &Stage, claims: &Value) -> String {
    let keys = ring(s).await.current();
    keys.signing(Algorithm::RS256)
        .unwrap()
        .sign_jwt(LOGOUT_TOKEN_TYPE, claims)
        .unwrap()
}

async fn shown(s: &Stage, token: &str) -> Option<valetkey_testkit::Answer> {
    let client = clients::client(s, None).await;
    let error = client
        .verify_logout_token(token, s.server.clock.timestamp())
        .await;
    s.saw(error.expect_err("it is refused").rule());
    None
}

fn logout_token(s: &Stage, change: fn(&mut Value)) -> Told<'_> {
    Box::pin(async move {
        let mut claims = good_claims(s);
        change(&mut claims);
        let token = signed_by_the_server(s, &claims).await;
        shown(s, &token).await
    })
}

async fn by_a_strangers_key(s: &Stage) -> Option<valetkey_testkit::Answer> {
    let key = SigningKey::generate(Algorithm::RS256).unwrap();
    let token = key.sign_jwt(LOGOUT_TOKEN_TYPE, &good_claims(s)).unwrap();
    shown(s, &token).await
}

fn login<'a>(s: &'a Stage, query: &'static str) -> Told<'a> {
    Box::pin(async move {
        let error = ThirdPartyLogin::read(query, &["https://as.example"], APP).unwrap_err();
        s.saw(error.rule());
        None
    })
}
