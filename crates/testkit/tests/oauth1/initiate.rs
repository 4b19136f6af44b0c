//! `/oauth1/initiate`: temporary credentials (RFC 5849 §2.1).

use http::Method;
use valetkey_protocol::oauth1::{Place, SignatureMethod};
use valetkey_protocol::rule::Rule;
use valetkey_protocol::time::Timestamp;
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn oauth_1_is_off_by_default() {
    let server = TestServer::start().await;
    for registered in [cast::MYSWEETAPP, cast::OTHERAPP, cast::PHOTO_BACKUP] {
        let consumer = server.consumer(registered);
        let answer = consumer.tries(consumer.initiate("oob", "photos.read")).await;
        answer.is_refused_by(Rule::OAuth1NotAllowed);
        assert_eq!(answer.problem(), "consumer_key_refused");
        let page = server.site.get(&answer.field("more"), &[]).await.text();
        assert!(page.contains("valetkey client allow CLIENT oauth1"), "{page}");
    }
}

#[tokio::test]
async fn a_consumer_that_is_retired_begins_nothing_new() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    server
        .changes(cast::PRINTER, |client| {
            client.oauth1.as_mut().unwrap().retires_at = Some(Timestamp(1_800_000_010));
        })
        .await;
    let temporary = printer.begins("photos.read").await;
    server.clock.advance(10);
    printer
        .tries(printer.initiate("oob", "photos.read"))
        .await
        .is_refused_by(Rule::OAuth1NotAllowed);
    let alice = server.browser(cast::ALICE);
    assert_eq!(alice.answers_oauth1(&temporary.token, "allow").await.status, 400);
}

#[tokio::test]
async fn a_callback_is_registered_character_by_character() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    for callback in [
        "https://printer.example/ready/",
        "https://printer.example/ready?x=y",
        "https://PRINTER.example/ready",
        "http://printer.example/ready",
        "https://otherprinter.example/ready",
        "OOB",
        "oob ",
    ] {
        let answer = printer.tries(printer.initiate(callback, "photos.read")).await;
        answer.is_refused_by(Rule::OAuth1CallbackUnregistered);
    }
    let none = printer
        .initiate("oob", "photos.read")
        .but(|protocol| protocol.callback = None);
    let answer = printer.tries(none).await;
    answer.is_refused_by(Rule::OAuth1ParameterMissing);
}

#[tokio::test]
async fn a_nul_in_a_signed_parameter_is_refused() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let mut nonce = printer.initiate("oob", "photos.read");
    nonce.protocol.nonce = Some(String::from("n\0"));
    let of_scope = printer.initiate("oob", "photos.read\0");
    for draft in [nonce, of_scope] {
        printer
            .tries(draft)
            .await
            .is_refused_by(Rule::OAuth1ParametersUnreadable);
    }
}

#[tokio::test]
async fn a_scope_that_the_consumer_may_not_have_at_an_api_is_refused() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    for scope in [
        "photos.delete",
        "openid",
        "photos.read offline_access",
        "",
        "\"x\"",
    ] {
        let answer = printer.tries(printer.initiate("oob", scope)).await;
        answer.is_refused_by(Rule::OAuth1ScopeNotAllowed);
    }
}

#[tokio::test]
async fn a_token_in_a_request_for_temporary_credentials_is_refused() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let token = printer
        .is_allowed_by(&server.browser(cast::ALICE), "photos.read")
        .await;
    let mut draft = printer.initiate("oob", "photos.read");
    draft.protocol.token = Some(token.token.clone());
    printer.tries(draft).await.is_refused_by(Rule::OAuth1TokenUnknown);
}

#[tokio::test]
async fn only_post_is_answered() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let mut draft = printer.initiate("oob", "photos.read");
    draft.verb = Method::GET;
    let answer = printer.tries(draft).await;
    assert_eq!(answer.status, 405);
}

#[tokio::test]
async fn every_method_and_every_place_gives_temporary_credentials() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    for method in [
        SignatureMethod::HmacSha1,
        SignatureMethod::HmacSha256,
        SignatureMethod::Plaintext,
    ] {
        for place in [Place::Header, Place::Form, Place::Query] {
            let consumer = printer.by(method);
            let draft = consumer
                .initiate(cast::PRINTER.redirect_uri, "photos.read")
                .at(place);
            let answer = consumer.tries(draft).await;
            assert_eq!(answer.status, 200, "{method} {place:?} {}", answer.text());
            assert_eq!(answer.field("oauth_callback_confirmed"), "true");
            assert!(
                !answer.field("oauth_token").is_empty() && !answer.field("oauth_token_secret").is_empty()
            );
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("content-type"), "application/x-www-form-urlencoded");
        }
    }
    server.consumer(cast::BANK).begins("photos.read").await;
}

#[tokio::test]
async fn the_expected_base_string_is_shown_to_who_proved_itself_or_is_watched_alone() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let mut draft = printer.initiate("oob", "photos.read");
    draft.secret = "guess".into();
    let signed = draft.signed();
    let answer = printer.sends(signed.clone()).await;
    answer.is_refused_by(Rule::OAuth1SignatureInvalid);
    assert_eq!(answer.field("expected"), "", "a stranger learns nothing");
    server
        .changes(cast::PRINTER, |client| {
            client.inspect_until = Some(Timestamp(1_800_000_600));
        })
        .await;
    let answer = printer.sends(signed.clone()).await;
    assert_eq!(answer.field("expected"), signed.base_string);
    assert!(!answer.text().contains(cast::PRINTER.secret));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_anything_is_computed() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let filling = "x".repeat(70 * 1024);
    let draft = printer
        .initiate("oob", "photos.read")
        .form(&[("scope", "photos.read"), ("filling", &filling)]);
    let answer = printer.tries(draft).await;
    assert_eq!(answer.status, 413, "{}", answer.text());
}

#[tokio::test]
async fn at_an_issuer_with_a_path_the_path_is_signed() {
    let issuer = "https://id.example/tenant/a";
    let server = TestServer::start_with(|settings| settings.policy.issuer = issuer.into()).await;
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "photos.read").await;
    let signed = printer
        .asks(Method::GET, "https://photos.example/photos", &token)
        .signed();
    super::opens(&server, &signed).await;
    // The Host header, which anybody may write, is not signed.
    let elsewhere = printer.initiate("oob", "photos.read").signed().after(|request| {
        request
            .headers_mut()
            .insert("host", "evil.example".parse().unwrap());
    });
    assert_eq!(printer.sends(elsewhere).await.status, 200);
    let mut without = printer.initiate("oob", "photos.read");
    without.url = "https://id.example/oauth1/initiate".into();
    let signed = without.signed().after(|request| {
        *request.uri_mut() = "https://id.example/tenant/a/oauth1/initiate".parse().unwrap();
    });
    printer
        .sends(signed)
        .await
        .is_refused_by(Rule::OAuth1SignatureInvalid);
}
