//! Client assertions (RFC 7523) as the server gets them.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Deserialize;
use valetkey_jose::hs256::{self, HmacKey};
use valetkey_jose::{Algorithm, JwkSet, KeySet, SigningKey, jwt};
use valetkey_protocol::client_auth::JWT_BEARER;
use valetkey_protocol::params::Params;
use valetkey_protocol::secret::ClientSecret;
use valetkey_protocol::time::Timestamp;

use super::{ISSUER, KEY, NOW, World, now};
use crate::{ClientAuthentication, Error};

const LONG_SECRET: &str = "a client secret that carries 256 bits";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    jti: String,
    iat: Timestamp,
    exp: Timestamp,
}

/// What the server got with two token requests: the assertions, and that there is no other proof.
fn assertions(authentication: ClientAuthentication) -> Vec<String> {
    let world = World::new();
    let client = world.discover_as(authentication).unwrap();
    for _ in 0..2 {
        now(client.client_credentials("photos.read", None, NOW)).unwrap();
    }
    now(client.revoke("at1", NOW)).unwrap();
    let asked = [world.asked("/token"), world.asked("/revoke")].concat();
    assert_eq!(asked.len(), 3);
    let assertion = |params: &Params| {
        assert_eq!(params.get("client_assertion_type"), Some(JWT_BEARER));
        assert_eq!(
            (params.get("client_id"), params.get("client_secret")),
            (Some("my app"), None)
        );
        params.get_owned("client_assertion").unwrap()
    };
    asked.iter().map(assertion).collect()
}

fn check(all: &[Claims]) {
    for claims in all {
        assert_eq!((claims.iss.as_str(), claims.sub.as_str()), ("my app", "my app"));
        assert_eq!(claims.aud, ISSUER, "the issuer alone, no endpoint");
        assert_eq!((claims.iat, claims.exp), (NOW, NOW.plus_seconds(60)));
    }
    let ids: HashSet<&str> = all.iter().map(|claims| claims.jti.as_str()).collect();
    assert_eq!(ids.len(), all.len(), "an assertion is used once");
}

#[test]
fn a_secret_too_short_to_sign_with_is_not_used() {
    let world = World::new();
    let short = ClientAuthentication::ClientSecretJwt(ClientSecret::new("short"));
    let client = world.discover_as(short).unwrap();
    let outcome = now(client.client_credentials("photos.read", None, NOW));
    assert!(matches!(outcome, Err(Error::Config(_))), "{outcome:?}");
    assert!(world.asked("/token").is_empty());
}

#[test]
fn client_secret_jwt_sends_a_fresh_assertion_and_keeps_the_secret() {
    let sent = assertions(ClientAuthentication::ClientSecretJwt(ClientSecret::new(
        LONG_SECRET,
    )));
    let key = HmacKey::new(LONG_SECRET.as_bytes()).unwrap();
    let read = |text: &String| hs256::verify::<Claims>(text, &key, Some("JWT")).unwrap().claims;
    check(&sent.iter().map(read).collect::<Vec<_>>());
}

#[test]
fn private_key_jwt_sends_a_fresh_assertion_that_names_its_key() {
    let key = SigningKey::from_pkcs8(Algorithm::ES256, &KEY.to_pkcs8()).unwrap();
    let sent = assertions(ClientAuthentication::PrivateKeyJwt(Arc::new(key)));
    let registered = KeySet::from_jwks(&JwkSet {
        keys: vec![KEY.public_jwk()],
    });
    let expect = jwt::Expect {
        algs: &[Algorithm::ES256],
        typ: Some("JWT"),
    };
    let read = |text: &String| {
        let verified = jwt::verify::<Claims>(text, &registered, &expect).unwrap();
        assert_eq!(verified.header.kid.as_deref(), Some(KEY.kid()));
        verified.claims
    };
    check(&sent.iter().map(read).collect::<Vec<_>>());
}

#[test]
fn what_a_client_authenticates_with_does_not_print() {
    let key = SigningKey::from_pkcs8(Algorithm::ES256, &KEY.to_pkcs8()).unwrap();
    for authentication in [
        ClientAuthentication::ClientSecretJwt(ClientSecret::new(LONG_SECRET)),
        ClientAuthentication::PrivateKeyJwt(Arc::new(key)),
    ] {
        let shown = format!("{authentication:?}");
        assert!(!shown.contains("256 bits") && !shown.contains("pkcs8"), "{shown}");
    }
}
