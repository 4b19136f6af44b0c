//! Every response type in every response mode (OAuth 2.0 Multiple Response Types, Form Post Response Mode, Core §3).

use super::{NONCE, Place, allowed, asks, half_hash, id_token, returned};
use std::collections::BTreeSet;
use valetkey_protocol::authorize::ResponseType;
use valetkey_testkit::{Code, TestServer, VERIFIER, cast};

#[tokio::test]
async fn whoever_was_not_allowed_them_gets_no_token_through_the_browser() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    for response_type in ResponseType::ALL {
        if !response_type.is_front_channel() {
            continue;
        }
        let asked = asks(&server, response_type.as_str(), "openid");
        let (place, error) = returned(&alice.answers(&asked, "allow").await);
        assert_eq!(error["error"], "unauthorized_client");
        assert_eq!(place, Place::Fragment, "{response_type}");
    }
}

#[tokio::test]
async fn an_error_goes_where_the_answer_would_have_gone() {
    let server = TestServer::start().await;
    allowed(&server).await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    for (response_type, mode, place) in [
        ("code", None, Place::Query),
        ("code", Some("fragment"), Place::Fragment),
        ("code", Some("form_post"), Place::Form),
        ("id_token", None, Place::Fragment),
        ("id_token", Some("query"), Place::Fragment),
        ("code id_token", Some("query"), Place::Fragment),
        ("code token", Some("form_post"), Place::Form),
    ] {
        let mut asked = asks(&server, response_type, "openid photos.delete");
        if let Some(mode) = mode {
            asked = asked.with("response_mode", mode);
        }
        let (found, error) = returned(&alice.answers(&asked, "allow").await);
        assert_eq!(found, place, "{response_type} {mode:?}");
        let names: BTreeSet<&str> = error.keys().map(String::as_str).collect();
        let expected = ["error", "error_description", "error_uri", "iss", "state"];
        assert_eq!(names, BTreeSet::from(expected));
        assert_eq!(error["state"], "the-state");
    }
}

#[tokio::test]
async fn an_id_token_without_a_nonce_or_without_openid_is_refused() {
    let server = TestServer::start().await;
    allowed(&server).await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    for response_type in [
        "id_token",
        "id_token token",
        "code id_token",
        "code id_token token",
    ] {
        let asked = asks(&server, response_type, "openid");
        let (_, error) = returned(&alice.answers(&asked.clone().without("nonce"), "allow").await);
        assert_eq!(error["error"], "invalid_request", "{response_type}");
        let plain = asked.with("scope", "photos.read");
        let (_, error) = returned(&alice.answers(&plain, "allow").await);
        assert_eq!(error["error"], "invalid_scope", "{response_type}");
    }
}

#[tokio::test]
async fn every_response_type_is_answered_in_every_mode_that_it_goes_with() {
    let server = TestServer::start().await;
    allowed(&server).await;
    let alice = server.browser(cast::ALICE);
    for response_type in ResponseType::ALL {
        for mode in [None, Some("query"), Some("fragment"), Some("form_post")] {
            if mode == Some("query") && response_type.is_front_channel() {
                continue;
            }
            let mut asked = asks(&server, response_type.as_str(), "openid profile photos.read");
            if let Some(mode) = mode {
                asked = asked.with("response_mode", mode);
            }
            let answer = alice.answers(&asked, "allow").await;
            assert_eq!(answer.header("cache-control"), "no-store");
            let (place, all) = returned(&answer);
            let expected = match (mode, response_type.is_front_channel()) {
                (Some("form_post"), _) => Place::Form,
                (Some("fragment"), _) | (None, true) => Place::Fragment,
                _ => Place::Query,
            };
            assert_eq!(place, expected, "{response_type} {mode:?}");
            holds_what_was_asked_for(&server, response_type, &all).await;
        }
    }
}

async fn holds_what_was_asked_for(
    server: &TestServer,
    asked: ResponseType,
    all: &std::collections::BTreeMap<String, String>,
) {
    let app = server.app(cast::MYSWEETAPP);
    assert_eq!(all["state"], "the-state");
    assert_eq!(all["iss"], cast::ISSUER);
    assert!(all["session_state"].contains('.'));
    assert_eq!(all.contains_key("code"), asked.code);
    for name in ["access_token", "token_type", "expires_in", "scope"] {
        assert_eq!(all.contains_key(name), asked.token, "{asked} {name}");
    }
    assert_eq!(all.contains_key("id_token"), asked.id_token);
    let (code, token) = (all.get("code"), all.get("access_token"));
    if let Some(token) = token {
        assert_eq!(server.photos().shows(token).await.status, 200, "{asked}");
        assert_eq!(app.reads_userinfo(token).await.member("name"), "Alice Liddell");
    }
    let in_front = match all.get("id_token") {
        None => None,
        Some(text) => {
            let claims = id_token(server, text).await;
            assert_eq!(claims["nonce"], NONCE);
            assert_eq!(claims["sub"], cast::ALICE.sub());
            assert_eq!(claims["at_hash"].as_str(), token.map(|t| half_hash(t)).as_deref());
            assert_eq!(claims["c_hash"].as_str(), code.map(|c| half_hash(c)).as_deref());
            // Where there is no access token, userinfo cannot be asked (Core §5.4).
            let alone = !asked.code && !asked.token;
            assert_eq!(claims.get("name").is_some(), alone, "{asked}");
            Some(claims)
        }
    };
    let Some(code) = code else { return };
    let code = Code {
        code: code.clone(),
        redirect_uri: cast::MYSWEETAPP.redirect_uri.to_owned(),
        verifier: VERIFIER.to_owned(),
    };
    let tokens = app.redeems(&code).await.tokens();
    let claims = id_token(server, &tokens.id).await;
    assert_eq!(claims["nonce"], NONCE);
    if let Some(front) = in_front {
        // Core §3.3.3.6: both speak of the same sign-in.
        for name in ["iss", "sub", "auth_time", "sid"] {
            assert_eq!(claims[name], front[name], "{asked} {name}");
        }
    }
    // The second use of the code ends the token that came beside it, too.
    if let Some(token) = token {
        assert!(server.app(cast::PHOTOS_API).finds_active(token).await);
        assert_eq!(app.redeems(&code).await.error(), "invalid_grant");
        assert!(!server.app(cast::PHOTOS_API).finds_active(token).await, "{asked}");
    }
}

#[tokio::test]
async fn a_hybrid_token_counts_before_its_code_is_redeemed_and_ends_with_the_session() {
    let server = TestServer::start().await;
    allowed(&server).await;
    let alice = server.browser(cast::ALICE);
    let asked = asks(&server, "code token", "openid photos.read");
    let (_, all) = returned(&alice.answers(&asked, "allow").await);
    let api = server.app(cast::PHOTOS_API);
    assert!(api.finds_active(&all["access_token"]).await);
    let form = alice.get("/logout", &[]).await;
    alice.submits(&form, &[]).await;
    assert!(!api.finds_active(&all["access_token"]).await);
}

#[tokio::test]
async fn consent_is_remembered_for_every_response_type() {
    let server = TestServer::start().await;
    allowed(&server).await;
    let alice = server.browser(cast::ALICE);
    alice.answers(&asks(&server, "id_token", "openid"), "allow").await;
    for response_type in ResponseType::ALL {
        let silent = asks(&server, response_type.as_str(), "openid").and("prompt", "none");
        let (_, all) = returned(&alice.opens(&silent).await);
        assert_eq!(all.get("error"), None, "{response_type}");
    }
}

#[tokio::test]
async fn a_form_carries_hostile_values_as_values() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let hostile = "\"><script>alert(1)</script>";
    let asked = asks(&server, "code", "openid")
        .with("response_mode", "form_post")
        .with("state", hostile);
    let answer = alice.answers(&asked, "allow").await;
    assert_eq!(answer.status, 200);
    let page = answer.text();
    assert!(!page.contains("<script>alert"), "{page}");
    assert!(
        page.contains("id=\"continue\""),
        "a button works without a script"
    );
    let policy = answer.header("content-security-policy");
    assert!(
        !policy.contains("form-action"),
        "the app may send people on: {policy}"
    );
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert_eq!(answer.header("x-frame-options"), "DENY");
    let script = page.split("<script src=\"").nth(1).unwrap();
    let script = server.site.get(script.split('"').next().unwrap(), &[]).await;
    assert_eq!(script.status, 200);
}
