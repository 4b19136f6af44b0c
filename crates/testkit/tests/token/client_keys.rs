//! Clients whose keys are at an address of their own (RFC 7591 §2 `jwks_uri`): fetched once, fetched again for a new key,
//! and never more often than that.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use valetkey_jose::{Algorithm, JwkSet, SigningKey};
use valetkey_model::client::ClientKeys;
use valetkey_protocol::rule::Rule;
use valetkey_server::listen::{self, Serving};
use valetkey_testkit::{TestServer, cast};

/// A client's own site, which publishes keys and counts who asks.
#[derive(Clone, Default)]
struct KeySite {
    published: Arc<Mutex<String>>,
    asked: Arc<Mutex<usize>>,
}

impl KeySite {
    /// Starts on a free port; gives the address of the keys.
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/jwks", get(keys)).with_state(self.clone());
        tokio::spawn(listen::serve(
            listener,
            router,
            Serving::default(),
            std::future::pending(),
        ));
        format!("http://{address}/jwks")
    }

    fn publishes(&self, keys: &[&SigningKey]) {
        let keys = keys.iter().map(|key| key.public_jwk()).collect();
        *self.published.lock().unwrap() = serde_json::to_string(&JwkSet { keys }).unwrap();
    }

    fn was_asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

async fn keys(State(site): State<KeySite>) -> String {
    *site.asked.lock().unwrap() += 1;
    site.published.lock().unwrap().clone()
}

/// A server that may ask this machine, and the photo backup with its keys at its site.
async fn stage() -> (TestServer, KeySite) {
    let server = TestServer::start_with(|settings| {
        settings.outbound.allow_private = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let site = KeySite::default();
    let uri = site.start().await;
    server
        .changes(cast::KEY_BACKUP, |client| {
            client.keys = Some(ClientKeys::JwksUri(uri));
        })
        .await;
    (server, site)
}

fn new_key() -> SigningKey {
    SigningKey::generate(Algorithm::ES256).unwrap()
}

#[tokio::test]
async fn keys_at_an_address_are_fetched_once_for_many_requests() {
    let (server, site) = stage().await;
    site.publishes(&[&*cast::key_backup_key()]);
    for _ in 0..3 {
        let assertion = server.assertion(cast::KEY_BACKUP).signed();
        server.asserts(&assertion).await.tokens();
    }
    assert_eq!(site.was_asked(), 1);
}

#[tokio::test]
async fn a_key_that_is_not_there_is_looked_for_again_but_strangers_cannot_make_the_server_ask_for_ever() {
    let (server, site) = stage().await;
    site.publishes(&[&*cast::key_backup_key()]);
    let stranger = new_key();
    for _ in 0..5 {
        let assertion = server.assertion(cast::KEY_BACKUP).signed_by(&stranger);
        let answer = server.asserts(&assertion).await;
        answer.is_refused_by(Rule::ClientAssertionKeyUnknown);
    }
    assert_eq!(
        site.was_asked(),
        2,
        "once, and once more because of the unknown key"
    );
}

#[tokio::test]
async fn a_client_that_rotates_its_key_is_known_by_the_new_one_at_once() {
    let (server, site) = stage().await;
    site.publishes(&[&*cast::key_backup_key()]);
    let assertion = server.assertion(cast::KEY_BACKUP).signed();
    server.asserts(&assertion).await.tokens();
    let new = new_key();
    site.publishes(&[&new]);
    let assertion = server.assertion(cast::KEY_BACKUP).signed_by(&new);
    server.asserts(&assertion).await.tokens();
    assert_eq!(site.was_asked(), 2);
}

#[tokio::test]
async fn a_client_whose_site_is_down_is_told_that_its_key_is_not_known() {
    let (server, _) = stage().await;
    server
        .changes(cast::KEY_BACKUP, |client| {
            client.keys = Some(ClientKeys::JwksUri(String::from("http://127.0.0.1:1/jwks")));
        })
        .await;
    let assertion = server.assertion(cast::KEY_BACKUP).signed();
    let answer = server.asserts(&assertion).await;
    answer.is_refused_by(Rule::ClientAssertionKeyUnknown);
}

#[tokio::test]
async fn ssrf_by_default_no_client_can_send_the_server_to_a_private_address() {
    let server = TestServer::start().await;
    let site = KeySite::default();
    let uri = site.start().await;
    site.publishes(&[&*cast::key_backup_key()]);
    server
        .changes(cast::KEY_BACKUP, |client| {
            client.keys = Some(ClientKeys::JwksUri(uri));
        })
        .await;
    let assertion = server.assertion(cast::KEY_BACKUP).signed();
    let answer = server.asserts(&assertion).await;
    answer.is_refused_by(Rule::ClientAssertionKeyUnknown);
    assert_eq!(site.was_asked(), 0);
}

#[tokio::test]
async fn an_assertion_by_another_algorithm_than_the_registered_one_is_refused() {
    let server = TestServer::start().await;
    server
        .changes(cast::KEY_BACKUP, |client| {
            client.openid.token_endpoint_auth_signing_alg = Some(String::from("RS256"));
        })
        .await;
    let assertion = server.assertion(cast::KEY_BACKUP).signed();
    let answer = server.asserts(&assertion).await;
    answer.is_refused_by(Rule::ClientAssertionAlgorithm);
}
