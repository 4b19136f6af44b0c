//! What `client` gives out or takes over works at the running server, and what was replaced does not: consumer secrets and
//! RSA keys of OAuth 1.0a, secrets and keys for client assertions.

use crate::clients::{client, json};
use crate::http::{Answer, form, post, send};
use crate::support::{Home, Served, done, secret_in, until};
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use valetkey_jose::hs256::HmacKey;
use valetkey_jose::oauth1::{Digest, RsaPrivateKey, hmac};
use valetkey_jose::{Algorithm, JwkSet, SigningKey};
use valetkey_protocol::client_auth::JWT_BEARER;
use valetkey_protocol::oauth1::{Collected, Protocol, authorization_header, base_string, signing_key};
use valetkey_server::clock::{Clock as _, SystemClock};
use valetkey_server::random::{self, SystemRandom};

const ISSUER: &str = "http://localhost:8080";

/// Asks for temporary credentials, signed by `sign`.
fn initiate(served: &Served, method: &str, sign: impl Fn(&str) -> Vec<u8>) -> Answer {
    static NONCES: AtomicU32 = AtomicU32::new(0);
    let mut said = Protocol {
        consumer_key: Some("printer".into()),
        signature_method: Some(method.into()),
        timestamp: Some(SystemClock.now().to_string()),
        nonce: Some(format!("n{}", NONCES.fetch_add(1, Ordering::Relaxed))),
        callback: Some("oob".into()),
        ..Protocol::default()
    };
    let header = authorization_header(None, &said);
    let collected = Collected::read(Some(header.as_bytes()), None, None).unwrap();
    let base = base_string("POST", &format!("{ISSUER}/oauth1/initiate"), &collected.signed).unwrap();
    said.signature = Some(base64(&sign(&base)));
    let header = authorization_header(None, &said);
    send(
        served.address,
        "POST /oauth1/initiate",
        &[("authorization", &header), ("content-length", "0")],
        "",
    )
}

fn base64(bytes: &[u8]) -> String {
    let url_safe = valetkey_jose::b64::encode_url(bytes);
    let plain = url_safe.replace('-', "+").replace('_', "/");
    let padding = "=".repeat((4 - plain.len() % 4) % 4);
    format!("{plain}{padding}")
}

fn with_secret(served: &Served, secret: &str) -> u16 {
    let key = signing_key(secret, "");
    initiate(served, "HMAC-SHA1", |base| {
        hmac(Digest::Sha1, key.expose().as_bytes(), base.as_bytes())
    })
    .status
}

#[test]
fn a_consumer_secret_signs_until_another_takes_its_place() {
    let home = Home::new();
    done(client(
        &home,
        "add printer --scope photos.read --redirect-uri URI --allow oauth1",
    ));
    let served = home.serve();
    assert_eq!(
        with_secret(&served, ""),
        400,
        "allowed, but no method fits a client without a key"
    );
    let made = json(&done(client(&home, "oauth1 printer --new-secret --json")));
    let made = made["oauth1"]["consumer_secret"]
        .as_str()
        .expect("shown once")
        .to_owned();
    until(|| (with_secret(&served, &made) == 200).then_some(()));
    done(home.admin_input(
        &["client", "oauth1", "printer", "--secret-stdin"],
        "kd94hf93k423kf44\n",
    ));
    until(|| (with_secret(&served, "kd94hf93k423kf44") == 200).then_some(()));
    assert_eq!(with_secret(&served, &made), 401);
    done(client(&home, "allow printer oauth1 --off"));
    until(|| (with_secret(&served, "kd94hf93k423kf44") == 401).then_some(()));
    let log = served.stop().join("\n");
    assert!(!log.contains(&made) && !log.contains("kd94hf93k423kf44"), "{log}");
}

#[test]
fn an_rsa_key_signs_and_without_it_nothing_does() {
    let home = Home::new();
    done(client(
        &home,
        "add printer --scope photos.read --redirect-uri URI --allow oauth1",
    ));
    let key = RsaPrivateKey::from_pem(include_str!("fixtures/consumer.key")).unwrap();
    let public = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/fixtures/consumer.pub.pem");
    done(home.admin(&["client", "oauth1", "printer", "--rsa-key", public]));
    let served = home.serve();
    let ask = || {
        initiate(&served, "RSA-SHA256", |base| {
            key.sign_sha256(base.as_bytes()).unwrap()
        })
        .status
    };
    assert_eq!(ask(), 200);
    assert_eq!(with_secret(&served, ""), 400, "an empty secret is none");
    done(client(&home, "oauth1 printer --no-rsa-key"));
    until(|| (ask() != 200).then_some(()));
}

/// Asks for a token with an assertion that `sign` signs.
fn assert_with(served: &Served, sign: impl Fn(&serde_json::Value) -> String) -> u16 {
    let now = SystemClock.now().0;
    let claims = json!({
        "iss": "robot",
        "sub": "robot",
        "aud": ISSUER,
        "jti": random::text::<16>(&SystemRandom),
        "iat": now,
        "exp": now + 60,
    });
    let fields = [
        ("grant_type", "client_credentials"),
        ("scope", "photos.read"),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", &sign(&claims)),
    ];
    post(served.address, "/token", &form(&fields)).status
}

#[test]
fn a_sealed_secret_signs_assertions_until_another_takes_its_place() {
    let home = Home::new();
    let secret_of = |output| secret_in(&done(output));
    let first = secret_of(client(
        &home,
        "add robot --type service --scope photos.read --auth-method client_secret_jwt --json",
    ));
    let served = home.serve();
    let ask = |secret: &str| {
        let key = HmacKey::new(secret.as_bytes()).unwrap();
        assert_with(&served, |claims| key.sign_jwt("JWT", claims).unwrap())
    };
    assert_eq!(ask(&first), 200);
    let second = secret_of(client(&home, "secret robot --json"));
    until(|| (ask(&first) == 401).then_some(()));
    assert_eq!(ask(&second), 200);
    let log = served.stop().join("\n");
    assert!(!log.contains(&first) && !log.contains(&second), "{log}");
}

#[test]
fn a_private_key_signs_assertions_until_other_keys_take_its_place() {
    let home = Home::new();
    let file = home.path("robot.json");
    let write = |key: &SigningKey| {
        let set = JwkSet {
            keys: vec![key.public_jwk()],
        };
        std::fs::write(&file, serde_json::to_string(&set).unwrap()).unwrap();
    };
    let (first, second) = (
        SigningKey::generate(Algorithm::ES256).unwrap(),
        SigningKey::generate(Algorithm::ES256).unwrap(),
    );
    write(&first);
    let add = format!(
        "add robot --type service --scope photos.read --jwks {}",
        file.display()
    );
    done(client(&home, &add));
    let served = home.serve();
    let ask = |key: &SigningKey| assert_with(&served, |claims| key.sign_jwt("JWT", claims).unwrap());
    assert_eq!((ask(&first), ask(&second)), (200, 401));
    write(&second);
    done(client(&home, &format!("jwks robot {}", file.display())));
    until(|| (ask(&first) == 401).then_some(()));
    assert_eq!(ask(&second), 200);
}
