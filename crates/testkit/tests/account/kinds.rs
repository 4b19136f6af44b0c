//! A grant is a grant on the account page, whichever way it came: each is listed, and ends when it is taken back.

use http::Method;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Answer, Browser, TestServer, cast};

fn csrf(page: &Answer) -> String {
    let hidden = page.form().hidden;
    let found = hidden.into_iter().find(|(name, _)| name == "csrf");
    found.expect("the form has its field").1
}

async fn takes_back(person: &Browser, client: &str) {
    let page = person.get("/account", &[]).await;
    assert!(
        page.text().contains(&format!("id=\"revoke-{client}\"")),
        "{client}"
    );
    let pairs = [("client_id", client), ("csrf", &csrf(&page))];
    let answer = person.post("/account/apps/revoke", &pairs).await;
    let after = person.follows(answer).await;
    assert!(
        !after.text().contains(&format!("id=\"revoke-{client}\"")),
        "{client}"
    );
}

#[tokio::test]
async fn access_of_every_kind_is_listed_and_ends_when_it_is_taken_back() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let api = server.app(cast::PHOTOS_API);

    let printer = server.consumer(cast::PRINTER);
    let signing = printer.is_allowed_by(&alice, "photos.read").await;
    let other = server.consumer(cast::OTHERPRINTER);
    let old = other.is_allowed_by(&alice, "photos.read").await;
    let moved = other.tries(other.migrate(&old, &[])).await.tokens();
    let tv = server.app(cast::TV);
    let begun = tv.shows_a_code("photos.read offline_access").await;
    alice.answers_the_device(&begun.user_code, "allow").await;
    let on_the_tv = tv.polls(&begun).await.tokens();
    let mobile = server.app(cast::OLDMOBILE);
    let pairs = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", "wonderland"),
        ("scope", "photos.read offline_access"),
    ];
    let by_password = mobile.posts("/token", &pairs).await.tokens();
    let spa = server.app(cast::OLDSPA);
    let asked = spa.asks_for("photos.read").with("response_type", "token");
    let by_fragment = alice.answers(&asked, "allow").await.fragment("access_token");

    let page = alice.get("/account", &[]).await.text();
    for says in [
        "OAuth 1.0a",
        "until you take it back",
        "moved from OAuth 1.0a",
        "on a device",
        "with your password",
        "signed in here",
        "You typed your password into this app",
    ] {
        assert!(page.contains(says), "{says:?} is not on the page: {page}");
    }

    takes_back(&alice, "printer").await;
    let signed = printer
        .asks(Method::GET, "https://photos.example/photos", &signing)
        .signed();
    let answer = api.posts("/oauth1/verify", &signed.to_verify()).await;
    assert_eq!(answer.member("rule"), Rule::OAuth1TokenRevoked.info().id);
    for (app, client, tokens) in [
        (server.app(cast::OTHERPRINTER), "otherprinter", moved),
        (tv, "tv", on_the_tv),
        (mobile, "oldmobile", by_password),
    ] {
        assert!(api.finds_active(&tokens.access).await, "{client}");
        takes_back(&alice, client).await;
        assert!(!api.finds_active(&tokens.access).await, "{client}");
        app.refreshes(&tokens).await.is_refused_by(Rule::GrantRevoked);
    }
    takes_back(&alice, "oldspa").await;
    assert!(!api.finds_active(&by_fragment).await);
    let page = alice.get("/account", &[]).await.text();
    assert!(page.contains("No app has access to your account"), "{page}");
}

#[tokio::test]
async fn what_bob_takes_back_does_not_end_what_alice_allowed() {
    let server = TestServer::start().await;
    let (alice, bob) = (server.browser(cast::ALICE), server.browser(cast::BOB));
    let printer = server.consumer(cast::PRINTER);
    let of_alice = printer.is_allowed_by(&alice, "photos.read").await;
    let of_bob = printer.is_allowed_by(&bob, "photos.read").await;
    takes_back(&bob, "printer").await;
    let api = server.app(cast::PHOTOS_API);
    for (token, is_active) in [(of_alice, true), (of_bob, false)] {
        let signed = printer
            .asks(Method::GET, "https://photos.example/photos", &token)
            .signed();
        let answer = api.posts("/oauth1/verify", &signed.to_verify()).await;
        assert_eq!(answer.json()["active"], is_active);
    }
}
