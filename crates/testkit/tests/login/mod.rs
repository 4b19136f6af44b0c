//! `/login` and `/logout`: guessing, session fixation, cross-site forms, what the pages carry against framing.

use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Answer, Browser, TestServer, cast};

const WRONG: [(&str, &str); 2] = [("username", "alice"), ("password", "guess")];
const EVIL: [(&str, &str); 2] = [
    ("origin", "https://evil.example"),
    ("sec-fetch-site", "cross-site"),
];

async fn login_page(server: &TestServer, browser: &Browser) -> Answer {
    browser
        .opens(&server.app(cast::MYSWEETAPP).asks_for("openid"))
        .await
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down_and_the_right_one_does_not_tell_itself() {
    let server = TestServer::start().await;
    let guesser = server.browser(cast::ALICE);
    let page = login_page(&server, &guesser).await;
    for _ in 0..10 {
        let answer = guesser.submits(&page, &WRONG).await;
        assert_eq!(answer.status, 400);
    }
    let answer = guesser
        .submits(&page, &[("username", " ALICE "), ("password", "wonderland")])
        .await;
    assert_eq!(answer.status, 429);
    let wait: i64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&wait));

    // Somebody else is not kept out, and Alice is not for ever.
    let bob = server.browser(cast::BOB);
    assert!(
        bob.signs_in(&login_page(&server, &bob).await)
            .await
            .text()
            .contains("id=\"allow\"")
    );
    server.clock.advance(wait);
    let page = login_page(&server, &guesser).await;
    assert!(guesser.signs_in(&page).await.text().contains("id=\"allow\""));
}

#[tokio::test]
async fn guessing_at_many_names_from_one_address_is_slowed_down() {
    let server = TestServer::start_with(|settings| settings.policy.login_failures_per_address = 20).await;
    let guesser = server.browser(cast::ALICE);
    let page = login_page(&server, &guesser).await;
    for number in 0..20 {
        let name = format!("name-{number}");
        let answer = guesser
            .submits(&page, &[("username", &name), ("password", "guess")])
            .await;
        assert_eq!(answer.status, 400);
    }
    assert_eq!(
        guesser
            .submits(&page, &[("username", "name-21"), ("password", "guess")])
            .await
            .status,
        429
    );
    // The count lives in the store.
    drop((guesser, page));
    let server = server.restart().await;
    let guesser = server.browser(cast::ALICE);
    let page = login_page(&server, &guesser).await;
    assert_eq!(guesser.submits(&page, &WRONG).await.status, 429);
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_the_same() {
    let server = TestServer::start().await;
    let guesser = server.browser(cast::ALICE);
    let page = login_page(&server, &guesser).await;
    let says = |answer: Answer| {
        let text = answer.text();
        let start = text.find("id=\"problem\"").expect("it says what is wrong");
        text[start..].split("</p>").next().unwrap_or_default().to_owned()
    };
    let wrong_password = guesser.submits(&page, &WRONG).await;
    let wrong_name = guesser
        .submits(&page, &[("username", "nobody"), ("password", "guess")])
        .await;
    assert_eq!(wrong_name.status, wrong_password.status);
    assert_eq!(says(wrong_name), says(wrong_password));
}

#[tokio::test]
async fn session_fixation_does_not_work_a_sign_in_always_begins_a_new_session() {
    let server = TestServer::start().await;
    // The attacker signs in and plants the session in the victim's browser.
    let attacker = server.browser(cast::BOB);
    attacker.signs_in_for_the_account().await;
    let planted = attacker.cookie("vk_session");
    let victim = server.browser(cast::ALICE);
    victim.plant_cookie("__Host-vk_session", &planted);
    let login = victim
        .opens(
            &server
                .app(cast::MYSWEETAPP)
                .asks_for("openid")
                .and("prompt", "login"),
        )
        .await;
    victim.signs_in(&login).await;

    assert_ne!(victim.cookie("vk_session"), planted);
    assert!(!attacker.get("/account", &[]).await.text().contains("alice"));
    assert_eq!(
        attacker.get("/account", &[]).await.status,
        303,
        "the planted session ended"
    );
}

#[tokio::test]
async fn a_made_up_session_is_no_session() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let genuine = alice.cookie("vk_session");
    let (id, tag) = genuine.split_once('.').unwrap();
    for made_up in [
        id.to_owned(),
        format!("{id}."),
        format!("{id}.AAAA"),
        format!("AAAAAAAAAAAAAAAAAAAAAA.{tag}"),
    ] {
        let thief = server.browser(cast::BOB);
        thief.plant_cookie("__Host-vk_session", &made_up);
        assert_eq!(thief.get("/account", &[]).await.status, 303, "{made_up}");
    }
}

#[tokio::test]
async fn login_csrf_from_another_site_is_refused() {
    let server = TestServer::start().await;
    let victim = server.browser(cast::ALICE);
    let page = login_page(&server, &victim).await;
    let attacker = server.browser(cast::BOB);
    let attackers = login_page(&server, &attacker).await;
    let bobs = [("username", "bob"), ("password", "builder-1")];

    // The attacker's own form, sent by the victim's browser: wrong site, and wrong browser.
    let flow = attackers.form().hidden.remove(0).1;
    let pairs = [("flow", flow.as_str()), bobs[0], bobs[1]];
    let answer = victim.post_with("/login", &pairs, &EVIL).await;
    assert_eq!(answer.status, 403);
    let answer = victim.post("/login", &pairs).await;
    assert_eq!(answer.status, 400);
    assert!(victim.cookie("vk_session").is_empty());
    assert_eq!(server.refusals(Rule::FormCrossSite).await, 1);
    assert_eq!(server.refusals(Rule::InteractionOtherBrowser).await, 1);

    // Even the victim's own form, when the click came from elsewhere.
    let flow = page.form().hidden.remove(0).1;
    let pairs = [
        ("flow", flow.as_str()),
        ("username", "alice"),
        ("password", "wonderland"),
    ];
    for headers in [
        EVIL,
        [("origin", "https://evil.example"), ("x", "")],
        [("origin", "null"), ("x", "")],
    ] {
        assert_eq!(
            victim.post_with("/login", &pairs, &headers).await.status,
            403,
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn logout_csrf_is_refused_and_signing_out_ends_what_was_bound_to_the_session() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    let online = app
        .redeems(&alice.allows(&app.asks_for("openid photos.read")).await)
        .await
        .tokens();
    let offline = alice
        .allows(&app.asks_for("openid photos.read offline_access"))
        .await;
    let offline = app.redeems(&offline).await.tokens();

    assert_eq!(alice.post_with("/logout", &[], &EVIL).await.status, 403);
    assert_eq!(alice.post("/logout", &[("csrf", "guess")]).await.status, 403);
    assert_eq!(alice.post("/logout", &[]).await.status, 403);
    assert_eq!(alice.get("/account", &[]).await.status, 200);

    let page = alice.get("/logout", &[]).await;
    assert!(page.text().contains("id=\"logout\""));
    let session = alice.cookie("vk_session");
    let after = alice.submits(&page, &[]).await;
    assert!(alice.follows(after).await.text().contains("signed out"));
    alice.plant_cookie("__Host-vk_session", &session);
    assert_eq!(
        alice.get("/account", &[]).await.status,
        303,
        "the old cookie is worth nothing"
    );

    app.refreshes(&online).await.is_refused_by(Rule::GrantRevoked);
    app.refreshes(&offline).await.tokens();
}

#[tokio::test]
async fn no_page_can_be_framed_or_pull_in_anything_foreign() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let asked = server.app(cast::MYSWEETAPP).asks_for("photos.read");
    let login = alice.opens(&asked).await;
    let consent = alice.signs_in(&login).await;
    let account = alice.get("/account", &[]).await;
    let logout = alice.get("/logout", &[]).await;
    let error = alice.get("/authorize", &[]).await;
    for (name, page) in [
        ("login", login),
        ("consent", consent),
        ("account", account),
        ("logout", logout),
        ("error", error),
    ] {
        let policy = page.header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{name}: {policy}");
        }
        assert!(
            !policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'),
            "{name}: {policy}"
        );
        assert_eq!(page.header("x-frame-options"), "DENY", "{name}");
        assert_eq!(page.header("referrer-policy"), "same-origin", "{name}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{name}");
        assert!(page.header("cache-control").contains("no-store"), "{name}");
        let text = page.text();
        for foreign in [
            "src=\"http",
            "src=\"//",
            "href=\"//",
            "url(http",
            "<iframe",
            "javascript:",
            " onclick",
            " style=\"",
        ] {
            assert!(!text.contains(foreign), "{name} has {foreign}");
        }
    }
}

#[tokio::test]
async fn cookies_are_kept_from_scripts_other_sites_and_plain_http() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let first = alice
        .get(
            "/authorize",
            &server.app(cast::MYSWEETAPP).asks_for("openid").pairs(),
        )
        .await;
    let login = alice.follows(first.clone()).await;
    let signed_in = alice
        .submits(&login, &[("username", "alice"), ("password", "wonderland")])
        .await;
    for answer in [first, signed_in] {
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

#[tokio::test]
async fn hostile_texts_are_shown_as_text() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let nasty = "\"><script>alert(1)</script><b x='";
    let asked = server
        .app(cast::MYSWEETAPP)
        .asks_for("openid")
        .and("login_hint", nasty);
    let page = alice.opens(&asked).await;
    assert!(!page.text().contains("<script>alert"));
    let again = alice
        .submits(&page, &[("username", nasty), ("password", "guess")])
        .await;
    assert!(!again.text().contains("<script>alert") && !again.text().contains("<b x="));
    let error = alice.get("/authorize", &[("client_id", nasty)]).await;
    assert!(!error.text().contains("<script>alert"));
}
