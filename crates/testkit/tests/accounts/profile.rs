//! `/account/profile`, and what apps learn of it; the overview.

use super::{open_server, person};
use valetkey_protocol::rule::Rule;
use valetkey_testkit::cast;

#[tokio::test]
async fn what_a_claim_cannot_hold_is_refused_and_nothing_is_changed() {
    let (server, _mailbox) = open_server().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let page = alice.get("/account/profile", &[]).await;
    let before = person(&server, "alice").await;
    let fields = [
        ("name", "Somebody"),
        ("picture", "javascript:alert(1)"),
        ("birthdate", "31.12.1990"),
    ];
    let answer = alice.submits(&page, &fields).await;
    assert_eq!(answer.status, 400);
    let text = answer.text();
    for field in ["picture", "birthdate"] {
        assert!(
            text.contains(&format!("role=\"alert\" id=\"{field}-problem\"")),
            "{text}"
        );
    }
    assert!(!text.contains("id=\"name-problem\"") && text.contains("value=\"Somebody\""));
    assert_eq!(person(&server, "alice").await, before);
    assert_eq!(server.refusals(Rule::AccountProfileMalformed).await, 1);
}

#[tokio::test]
async fn nobody_vouches_for_themselves() {
    let (server, _mailbox) = open_server().await;
    let bob = server.browser(cast::BOB);
    bob.signs_in_for_the_account().await;
    let page = bob.get("/account/profile", &[]).await;
    let fields = [
        ("phone_number", "+44 1865 000000"),
        ("phone_number_verified", "true"),
        ("email", "alice@wonderland.example"),
        ("email_verified", "true"),
        ("sub", "x"),
    ];
    let saved = bob.submits(&page, &fields).await;
    let page = bob.follows(saved).await;
    assert!(page.text().contains("role=\"status\">Saved.<"));
    let claims = person(&server, "bob").await.expect("he is there").claims;
    assert_eq!(claims.phone_number_verified, Some(false));
    assert_eq!((claims.email, claims.email_verified), (None, None));
}

#[tokio::test]
async fn an_app_reads_what_the_person_says_now() {
    let (server, _mailbox) = open_server().await;
    let bob = server.browser(cast::BOB);
    bob.signs_in_for_the_account().await;
    server.clock.advance(60);
    let page = bob.get("/account/profile", &[]).await;
    let fields = [
        ("name", "Bob <b>Builder</b>"),
        ("locale", "pt-BR"),
        ("birthdate", "0000-02-29"),
        ("street_address", "1 Broad Street\r\nFlat 2"),
        ("country", "GB"),
    ];
    bob.submits(&page, &fields).await;
    let page = bob.get("/account/profile", &[]).await.text();
    assert!(!page.contains("<b>Builder") && page.contains("pt-BR"));
    let app = server.app(cast::MYSWEETAPP);
    let code = bob.allows(&app.asks_for("openid profile address")).await;
    let tokens = app.redeems(&code).await.tokens();
    let told = app.reads_userinfo(&tokens.access).await.json();
    assert_eq!(told["name"], "Bob <b>Builder</b>");
    assert_eq!(told["birthdate"], "0000-02-29");
    assert_eq!(told["address"]["street_address"], "1 Broad Street\nFlat 2");
    assert_eq!(told["updated_at"], server.clock.timestamp().0);
}

#[tokio::test]
async fn the_overview_leads_to_every_page_and_into_apps_that_begin_by_themselves() {
    let (server, _mailbox) = open_server().await;
    server
        .changes(cast::MYSWEETAPP, |client| {
            client.openid.initiate_login_uri = Some(String::from("https://app.example/start?a=1"));
        })
        .await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    alice.allows(&app.asks_for("openid")).await;
    let page = alice.get("/account", &[]).await.text();
    assert!(page.contains("alice@wonderland.example") && !page.contains("not confirmed"));
    let href = "https://app.example/start?a=1&#38;iss=https%3A%2F%2Fid.example";
    assert!(
        page.contains(&format!("id=\"open-mysweetapp\" href=\"{href}\"")),
        "{page}"
    );
    for path in [
        "/account/profile",
        "/account/sessions",
        "/account/password",
        "/account/email",
        "/account/second-factor",
        "/account/passkeys",
        "/account/providers",
        "/account/delete",
    ] {
        assert!(page.contains(&format!("href=\"{path}\"")), "{path}");
        assert_eq!(alice.get(path, &[]).await.status, 200, "{path}");
    }
}
