//! Attacks on the way back, each by its name.

use serde_json::json;
use valetkey_protocol::rule::Rule;

use super::{ISSUER, NOW, OPENID, World, now, plain, refused};
use crate::{Ask, ClientAuthentication, Error};

/// Finishes with this query, and makes sure that the code went nowhere.
fn refuses(world: &std::sync::Arc<World>, query: &str, rule: Rule) {
    let client = world.client();
    let pending = world.begin(&client, &OPENID);
    let query = query.replace("STATE", pending.state());
    refused(now(client.finish(pending, &query, NOW)), rule);
    assert!(
        world.asked("/token").is_empty(),
        "{query}: the code left the client"
    );
}

#[test]
fn login_csrf_with_a_foreign_state_or_none_is_refused() {
    let world = World::new();
    let iss = "iss=https%3A%2F%2Flogin.example";
    for state in ["state=other", "state=", "x=1", "state=STATEx"] {
        refuses(
            &world,
            &format!("code=c1&{state}&{iss}"),
            Rule::ClientStateMismatch,
        );
    }
}

#[test]
fn mix_up_with_a_code_of_another_server_is_refused_before_the_token_call() {
    let world = World::new();
    for iss in [
        "https%3A%2F%2Fevil.example",
        "https%3A%2F%2Flogin.example%2F",
        "https%3A%2F%2FLOGIN.example",
    ] {
        refuses(
            &world,
            &format!("code=c1&state=STATE&iss={iss}"),
            Rule::ClientIssMismatch,
        );
    }
}

#[test]
fn mix_up_where_the_person_began_at_another_server_is_refused() {
    let world = World::new();
    let client = world.client();
    let mut pending = world.begin(&client, &OPENID);
    pending.issuer = "https://evil.example".to_owned();
    refused(
        now(client.finish(pending.clone(), &world.callback(), NOW)),
        Rule::ClientIssMismatch,
    );
    let says_evil = world.callback().replace("login.example", "evil.example");
    refused(
        now(client.finish(pending, &says_evil, NOW)),
        Rule::ClientIssMismatch,
    );
    assert!(world.asked("/token").is_empty());
}

#[test]
fn a_redirect_without_iss_is_refused_when_the_server_promises_one() {
    let world = World::new();
    refuses(&world, "code=c1&state=STATE", Rule::ClientIssMissing);
    world.change(json!({"authorization_response_iss_parameter_supported": null}));
    let client = world.client();
    let pending = world.begin(&client, &OPENID);
    let query = format!("?code=c1&state={}", pending.state());
    assert!(now(client.finish(pending, &query, NOW)).is_ok());
    refuses_wrong_iss_without_promise(&world);
}

/// An `iss` that nobody promised is held against the issuer all the same.
fn refuses_wrong_iss_without_promise(world: &std::sync::Arc<World>) {
    let client = world.client();
    let pending = world.begin(&client, &OPENID);
    let query = format!("code=c1&state={}&iss=https%3A%2F%2Fevil.example", pending.state());
    refused(now(client.finish(pending, &query, NOW)), Rule::ClientIssMismatch);
}

#[test]
fn an_error_response_with_a_wrong_state_or_issuer_is_not_believed() {
    let world = World::new();
    refuses(
        &world,
        "error=access_denied&state=other&iss=https%3A%2F%2Flogin.example",
        Rule::ClientStateMismatch,
    );
    refuses(
        &world,
        "error=access_denied&state=STATE&iss=https%3A%2F%2Fevil.example",
        Rule::ClientIssMismatch,
    );
    refuses(&world, "error=access_denied&state=STATE", Rule::ClientIssMissing);
}

#[test]
fn an_error_response_reaches_the_app_in_the_servers_words_and_no_code_is_used_beside_it() {
    let world = World::new();
    let client = world.client();
    let pending = world.begin(&client, &OPENID);
    let query = format!(
        "{}&error=access_denied&error_description=No+thanks",
        world.callback()
    );
    let error = now(client.finish(pending, &query, NOW)).unwrap_err();
    assert_eq!(error.rule(), Some(Rule::ClientErrorResponse));
    let expected = Error::Wire {
        error: "access_denied".into(),
        description: Some("No thanks".into()),
        uri: None,
    };
    assert_eq!(error, expected);
    assert!(world.asked("/token").is_empty());
}

#[test]
fn a_repeated_parameter_in_the_redirect_is_refused() {
    let world = World::new();
    let client = world.client();
    for twice in ["code=c2", "state=x", "iss=https%3A%2F%2Fevil.example"] {
        let pending = world.begin(&client, &OPENID);
        let query = format!("{}&{twice}", world.callback());
        let outcome = now(client.finish(pending, &query, NOW));
        assert!(matches!(outcome, Err(Error::Malformed { .. })), "{outcome:?}");
    }
    let pending = world.begin(&client, &OPENID);
    let no_code = world.callback().replace("code=c1&", "");
    assert!(matches!(
        now(client.finish(pending, &no_code, NOW)),
        Err(Error::Malformed { .. })
    ));
    assert!(world.asked("/token").is_empty());
}

#[test]
fn a_redirect_by_the_token_endpoint_is_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let world = World::new();
        let client = world.client();
        let mut answer = plain(status, "");
        let to = "https://evil.example/token".parse().unwrap();
        answer.headers_mut().insert("location", to);
        *world.instead.lock().unwrap() = Some(answer);
        let outcome = world.sign_in(&client);
        let expected = Error::Status {
            endpoint: "token endpoint",
            status,
        };
        assert_eq!(outcome.unwrap_err(), expected);
        assert_eq!(world.asked("/token").len(), 1);
    }
}

#[test]
fn a_token_of_another_type_than_bearer_is_refused() {
    let world = World::new();
    *world.token_answer.lock().unwrap() = json!({"token_type": "DPoP"});
    refused(world.sign_in(&world.client()), Rule::TokenTypeNotBearer);
}

#[test]
fn an_answer_that_is_no_token_answer_is_refused() {
    for (status, body) in [
        (200, "{}"),
        (200, "<html>"),
        (200, r#"{"access_token":"a"}"#),
        (200, r#"["a","Bearer",300,null,null,null]"#),
        (400, r#"["invalid_grant",null,null]"#),
        (201, "{}"),
        (500, "oops"),
    ] {
        let world = World::new();
        *world.instead.lock().unwrap() = Some(plain(status, body));
        let outcome = world.sign_in(&world.client());
        assert!(
            matches!(outcome, Err(Error::Malformed { .. } | Error::Status { .. })),
            "{outcome:?}"
        );
    }
}

#[test]
fn an_error_of_the_token_endpoint_reaches_the_app() {
    let world = World::new();
    *world.instead.lock().unwrap() = Some(plain(
        400,
        r#"{"error":"invalid_grant","error_description":"Used."}"#,
    ));
    let error = world.sign_in(&world.client()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the authorization server answered \"invalid_grant\": Used."
    );
    assert_eq!(error.rule(), Some(Rule::ClientErrorResponse));
}

#[test]
fn every_way_to_authenticate_redeems_a_code() {
    let world = World::new();
    let secret = || valetkey_protocol::secret::ClientSecret::new(super::SECRET);
    for authentication in [
        ClientAuthentication::None,
        ClientAuthentication::SecretBasic(secret()),
        ClientAuthentication::SecretPost(secret()),
    ] {
        let client = world.discover_as(authentication).unwrap();
        let tokens = world.sign_in(&client).unwrap();
        assert_eq!(tokens.access_token.expose(), "at1");
        assert_eq!(tokens.expires_at, Some(NOW.plus_seconds(300)));
        assert_eq!(tokens.scope.to_string(), "openid photos.read");
        assert_eq!(tokens.id_claims.unwrap().sub, "alice");
    }
}

#[test]
fn the_resource_that_was_asked_for_is_asked_for_at_the_token_endpoint_too() {
    let world = World::new();
    let client = world.client();
    let ask = Ask {
        resource: Some("https://photos.example"),
        ..OPENID
    };
    let pending = world.begin(&client, &ask);
    let tokens = now(client.finish(pending, &world.callback(), NOW)).unwrap();
    assert_eq!(
        world.asked("/token")[0].get("resource"),
        Some("https://photos.example")
    );
    assert!(!format!("{tokens:?}").contains("at1"));
    assert_eq!(client.issuer(), ISSUER);
}
