//! Signing out as the logout specs of OpenID Connect have it: a client asks (`/end_session`), clients hear of it in frames
//! and by tokens, pages of clients see it, and somebody ends a session elsewhere (`/account/sessions`).

mod back_channel;
mod end_session;
mod front_channel;
mod receiver;
mod session_state;
mod sessions;

use serde_json::Value;
use valetkey_jose::jwt::Unverified;
use valetkey_testkit::cast::{self, Registered};
use valetkey_testkit::{Answer, Browser, TestServer, Tokens};

/// The post-logout redirect URI of MySweetApp.
const OUT: &str = "https://app.example/signed-out?from=valetkey";

/// Where forms of another site come from.
const EVIL: [(&str, &str); 2] = [
    ("origin", "https://evil.example"),
    ("sec-fetch-site", "cross-site"),
];

/// A server where MySweetApp has registered where people go after signing out.
async fn server() -> TestServer {
    let server = TestServer::start().await;
    server
        .changes(cast::MYSWEETAPP, |client| {
            client.post_logout_redirect_uris = vec![OUT.to_owned()];
        })
        .await;
    server
}

/// Signs in for an app.
async fn signs_in(server: &TestServer, browser: &Browser, app: Registered) -> Tokens {
    let app = server.app(app);
    let code = browser.allows(&app.asks_for("openid")).await;
    app.redeems(&code).await.tokens()
}

/// The claims of an ID token of the server's own.
fn claims(id_token: &str) -> Value {
    let token = Unverified::parse(id_token).expect("it is a JWT");
    token.unverified_claims().expect("it has claims")
}

/// A claim that is a text.
fn claim(id_token: &str, name: &str) -> String {
    let claims = claims(id_token);
    let value = claims.get(name).and_then(Value::as_str);
    value
        .unwrap_or_else(|| panic!("no {name} in {claims}"))
        .to_owned()
}

/// Whether the browser has a session that the server knows.
async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/account", &[]).await.status == 200
}

/// Asserts that the page says that nobody is signed in, and that this is so.
async fn says_signed_out(browser: &Browser, answer: Answer) {
    let page = browser.follows(answer).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("You are signed out"), "{}", page.text());
    assert!(!is_signed_in(browser).await);
}
