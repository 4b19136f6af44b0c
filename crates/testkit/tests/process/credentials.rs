//! Token credentials of OAuth 1.0a, and what a server that is killed with SIGKILL remembers of them.

use super::binary::{Dev, free_ports};
use http::Method;
use tempfile::TempDir;
use valetkey_testkit::{Browser, Consumer, FakeClock, Signed, cast};

/// The app of `valetkey dev`, as it signs.
fn app(server: &Dev, port: u16) -> Consumer {
    let callback = format!("http://localhost:{}/oauth1/callback", port + 2);
    let mut registered = cast::MYSWEETAPP.at(callback.leak());
    registered.secret = "mysweetapp-oauth1-secret";
    Consumer::at(server.site(), FakeClock::of_the_machine(), registered)
}

async fn asked_about(server: &Dev, signed: &Signed) -> serde_json::Value {
    let answer = server.api().posts("/oauth1/verify", &signed.to_verify()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_killed_server_keeps_token_credentials_used_nonces_and_what_was_taken_back() {
    let data = TempDir::new().expect("a folder can be made");
    let port = free_ports();
    let photos = format!("http://localhost:{}/photos", port + 1);
    let server = Dev::start(port, data.path()).await;
    let consumer = app(&server, port);
    let mut builder = cast::BOB;
    builder.password = "builder";
    let [alice, bob] = [cast::ALICE, builder].map(|person| Browser::at(server.site(), person));
    let kept = consumer.is_allowed_by(&alice, "photos.read").await;
    let taken_back = consumer.is_allowed_by(&bob, "photos.read").await;
    let page = bob.get("/account", &[]).await;
    assert!(bob.submits(&page, &[]).await.status.is_redirection());
    let used = consumer.asks(Method::GET, &photos, &kept).signed();
    assert_eq!(asked_about(&server, &used).await["active"], true);
    server.kill();

    let server = Dev::start(port, data.path()).await;
    let again = asked_about(&server, &used).await;
    assert_eq!(again["rule"], "VK-OAUTH1-NONCE-USED");
    let consumer = app(&server, port);
    let fresh = consumer.asks(Method::GET, &photos, &kept).signed();
    assert_eq!(asked_about(&server, &fresh).await["active"], true);
    let over = consumer.asks(Method::GET, &photos, &taken_back).signed();
    assert_eq!(
        asked_about(&server, &over).await["rule"],
        "VK-OAUTH1-TOKEN-REVOKED"
    );
    server.stop();
}
