//! The device grant: when it ends without tokens, how it slows down, and how it ends well.

use std::sync::Arc;

use serde_json::json;
use valetkey_protocol::rule::Rule;

use super::{NOW, World, now, plain, refused};
use crate::{Client, ClientAuthentication, DeviceAuthorization, Error, HttpError, Polled, Tokens};

fn begin(client: &Client, scope: &str) -> DeviceAuthorization {
    now(client.begin_device(scope, None, NOW)).unwrap()
}

fn poll(client: &Client, device: &mut DeviceAuthorization) -> Result<Polled, Error> {
    now(client.poll_device(device, NOW))
}

fn says(world: &World, error: &str) {
    let body = json!({ "error": error }).to_string();
    *world.instead.lock().unwrap() = Some(plain(400, &body));
}

#[track_caller]
fn done(polled: Result<Polled, Error>) -> Tokens {
    match polled {
        Ok(Polled::Done(tokens)) => *tokens,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn wait(polled: Result<Polled, Error>) -> i64 {
    match polled {
        Ok(Polled::Pending { wait_seconds }) => wait_seconds,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_no_an_ended_code_and_any_other_error_end_the_polling() {
    let world = World::new();
    let client = world.client();
    let mut device = begin(&client, "photos.read");
    for word in ["access_denied", "expired_token", "invalid_grant"] {
        says(&world, word);
        let outcome = poll(&client, &mut device);
        assert!(
            matches!(outcome, Err(Error::Wire { ref error, .. }) if error == word),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_code_that_has_ended_is_not_sent_any_more() {
    let world = World::new();
    let client = world.client();
    let mut device = begin(&client, "photos.read");
    let outcome = now(client.poll_device(&mut device, NOW.plus_seconds(600)));
    assert!(
        matches!(outcome, Err(Error::Wire { ref error, .. }) if error == "expired_token"),
        "{outcome:?}"
    );
    assert!(world.asked("/token").is_empty());
    done(now(client.poll_device(&mut device, NOW.plus_seconds(599))));
}

#[test]
fn an_id_token_that_is_missing_or_carries_a_nonce_that_nobody_sent_is_refused() {
    let world = World::new();
    let client = world.client();
    let mut device = begin(&client, "openid");
    *world.token_answer.lock().unwrap() = json!({"id_token": null});
    refused(poll(&client, &mut device), Rule::IdTokenMalformed);
    *world.token_answer.lock().unwrap() = json!({});
    world.id_claims(json!({"nonce": "of another flow"}));
    refused(poll(&client, &mut device), Rule::IdTokenNonce);
    world.id_claims(json!({"aud": "another app"}));
    refused(poll(&client, &mut device), Rule::IdTokenAudience);
}

#[test]
fn a_server_without_the_endpoint_or_with_it_in_clear_is_not_asked() {
    let world = World::new();
    world.change(json!({"device_authorization_endpoint": null}));
    let outcome = now(world.client().begin_device("photos.read", None, NOW));
    assert!(matches!(outcome, Err(Error::NotOffered(_))), "{outcome:?}");
    world.change(json!({"device_authorization_endpoint": "http://login.example/device"}));
    let outcome = world.discover_as(ClientAuthentication::None);
    assert!(matches!(outcome, Err(Error::Config(_))));
}

#[test]
fn slow_down_adds_five_seconds_for_good_and_pending_adds_none() {
    let world = World::new();
    let client = world.client();
    let mut device = begin(&client, "photos.read");
    for (word, seconds) in [
        ("authorization_pending", 7),
        ("slow_down", 12),
        ("authorization_pending", 12),
        ("slow_down", 17),
    ] {
        says(&world, word);
        assert_eq!(wait(poll(&client, &mut device)), seconds);
        assert_eq!(device.interval_seconds, seconds);
    }
}

#[test]
fn a_server_that_does_not_answer_in_time_is_asked_half_as_often() {
    let world = World::new();
    let answers = Arc::clone(&world);
    let http = move |request: crate::HttpRequest| {
        let answer = match request.uri().path() {
            "/token" => Err(HttpError::Timeout),
            _ => answers.answer(&request),
        };
        async move { answer }
    };
    let registration = crate::Registration {
        issuer: super::ISSUER.to_owned(),
        client_id: "my app".to_owned(),
        authentication: ClientAuthentication::None,
        redirect_uri: None,
    };
    let client = now(Client::discover(Arc::new(http), registration)).unwrap();
    let mut device = begin(&client, "photos.read");
    assert_eq!(wait(poll(&client, &mut device)), 14);
    assert_eq!(wait(poll(&client, &mut device)), 28);
}

#[test]
fn without_an_interval_five_seconds_are_waited_and_never_none() {
    let world = World::new();
    let client = world.client();
    for (interval, seconds) in [(json!(null), 5), (json!(0), 1), (json!(-3), 1)] {
        *world.device_answer.lock().unwrap() = json!({ "interval": interval });
        assert_eq!(begin(&client, "").interval_seconds, seconds);
    }
}

#[test]
fn a_yes_brings_tokens_and_who_said_it() {
    let world = World::new();
    *world.device_answer.lock().unwrap() =
        json!({"verification_uri_complete": "https://login.example/device?user_code=W"});
    let client = world.client();
    let resource = Some("https://photos.example");
    let mut device = now(client.begin_device("openid photos.read", resource, NOW)).unwrap();
    assert_eq!(device.user_code, "WDJB-MJHT");
    assert_eq!(device.verification_uri, "https://login.example/device");
    assert!(
        device
            .verification_uri_complete
            .as_deref()
            .unwrap()
            .ends_with("user_code=W")
    );
    assert_eq!(device.expires_at, NOW.plus_seconds(600));
    let asked = &world.asked("/device")[0];
    assert_eq!(
        (asked.get("scope"), asked.get("resource")),
        (Some("openid photos.read"), resource)
    );
    let tokens = done(poll(&client, &mut device));
    assert_eq!(tokens.id_claims.unwrap().sub, "alice");
    assert_eq!(tokens.scope.to_string(), "openid photos.read");
    let asked = &world.asked("/token")[0];
    assert_eq!(
        asked.get("grant_type"),
        Some("urn:ietf:params:oauth:grant-type:device_code")
    );
    assert_eq!(asked.get("device_code"), Some("dc1"));
    let shown = format!("{device:?}");
    assert!(!shown.contains("dc1") && !shown.contains("WDJB"), "{shown}");
}
