//! What comes after the sign-in: userinfo, revocation, and tokens for the client itself.

use serde_json::json;
use valetkey_protocol::rule::Rule;

use super::{NOW, World, now, refused};
use crate::{ClientAuthentication, Error, Tokens};

#[test]
fn userinfo_about_another_person_is_refused() {
    let world = World::new();
    let client = world.client();
    let tokens = world.sign_in(&client).unwrap();
    for answer in [
        json!({"sub": "mallory"}),
        json!({"name": "Alice"}),
        json!({"sub": 1}),
        json!({"sub": "alice "}),
    ] {
        *world.userinfo.lock().unwrap() = answer;
        refused(now(client.userinfo(&tokens)), Rule::IdTokenSubjectDiffers);
    }
}

#[test]
fn userinfo_tells_the_claims_of_the_person_who_signed_in() {
    let world = World::new();
    let client = world.client();
    let tokens = world.sign_in(&client).unwrap();
    let info = now(client.userinfo(&tokens)).unwrap();
    assert_eq!(info.sub, "alice");
    assert_eq!(info.standard().unwrap().name.as_deref(), Some("Alice"));
    let without = Tokens {
        id_claims: None,
        ..tokens
    };
    assert_eq!(
        now(client.userinfo(&without)).unwrap_err(),
        Error::NoToken("ID token")
    );
}

#[test]
fn a_revocation_carries_the_token_and_the_clients_proof() {
    let world = World::new();
    let client = world.client();
    now(client.revoke("rt1", NOW)).unwrap();
    assert_eq!(world.asked("/revoke")[0].get("token"), Some("rt1"));
}

#[test]
fn an_endpoint_that_the_metadata_does_not_name_is_not_guessed() {
    let world = World::new();
    world.change(json!({"revocation_endpoint": null, "userinfo_endpoint": null, "token_endpoint": null}));
    let client = world.client();
    assert_eq!(
        now(client.revoke("rt1", NOW)).unwrap_err(),
        Error::NotOffered("revocation endpoint")
    );
    let outcome = now(client.client_credentials("", None, NOW));
    assert_eq!(outcome.unwrap_err(), Error::NotOffered("token endpoint"));
}

#[test]
fn a_client_gets_tokens_for_itself_and_no_person() {
    let world = World::new();
    let secret = valetkey_protocol::secret::ClientSecret::new(super::SECRET);
    let client = world
        .discover_as(ClientAuthentication::SecretPost(secret))
        .unwrap();
    let tokens = now(client.client_credentials("photos.read", Some("https://photos.example"), NOW)).unwrap();
    assert_eq!(
        (tokens.id_token.as_ref(), tokens.id_claims.as_ref()),
        (None, None)
    );
    let sent = world.asked("/token").remove(0);
    assert_eq!(sent.get("grant_type"), Some("client_credentials"));
    assert_eq!(
        (sent.get("scope"), sent.get("resource")),
        (Some("photos.read"), Some("https://photos.example"))
    );
    assert!(tokens.expires_within(300, NOW) && !tokens.expires_within(299, NOW));
}

#[test]
fn tokens_survive_the_session_store() {
    let world = World::new();
    let tokens = world.sign_in(&world.client()).unwrap();
    let stored = serde_json::to_string(&tokens).unwrap();
    assert_eq!(serde_json::from_str::<Tokens>(&stored).unwrap(), tokens);
}
