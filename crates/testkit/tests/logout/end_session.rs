//! OpenID Connect RP-Initiated Logout.

use super::{EVIL, OUT, claim, is_signed_in, says_signed_out, server, signs_in};
use crate::bent;
use url::Url;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Answer, Browser, TestServer, cast};

/// Asserts that an error page named this rule, and that Alice is still signed in.
async fn refused(server: &TestServer, alice: &Browser, query: &[(&str, &str)], rule: Rule) {
    let before = server.refusals(rule).await;
    let answer = alice.get("/end_session", query).await;
    assert_eq!(
        (answer.status.as_u16(), answer.location()),
        (400, None),
        "{rule:?}"
    );
    assert_eq!(
        server.refusals(rule).await,
        before + 1,
        "{rule:?}: {}",
        answer.text()
    );
    assert!(is_signed_in(alice).await, "{rule:?}");
}

#[tokio::test]
async fn a_request_that_breaks_a_rule_shows_a_page_and_signs_nobody_out() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let hint = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    let bent = bent(&hint);
    let cases: [(&[(&str, &str)], Rule); 7] = [
        (&[("id_token_hint", &bent)], Rule::LogoutHintInvalid),
        (&[("id_token_hint", "no token")], Rule::LogoutHintInvalid),
        (
            &[("id_token_hint", &hint), ("client_id", "otherapp")],
            Rule::LogoutClientMismatch,
        ),
        (
            &[("id_token_hint", &hint), ("state", "1"), ("state", "2")],
            Rule::LogoutParameterRepeated,
        ),
        (&[("post_logout_redirect_uri", OUT)], Rule::LogoutClientUnknown),
        (
            &[("post_logout_redirect_uri", OUT), ("client_id", "nobody")],
            Rule::LogoutClientUnknown,
        ),
        (
            &[
                ("id_token_hint", &hint),
                ("post_logout_redirect_uri", "https://app.example/signed-out"),
            ],
            Rule::LogoutRedirectUriUnregistered,
        ),
    ];
    for (query, rule) in cases {
        refused(&server, &alice, query, rule).await;
    }
    let access = server
        .app(cast::MYSWEETAPP)
        .redeems(
            &alice
                .allows(&server.app(cast::MYSWEETAPP).asks_for("photos.read"))
                .await,
        )
        .await
        .tokens()
        .access;
    let query = [("id_token_hint", access.as_str())];
    refused(&server, &alice, &query, Rule::LogoutHintInvalid).await;
}

#[tokio::test]
async fn an_id_token_of_the_session_signs_out_at_once_and_goes_back_with_state() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let tokens = signs_in(&server, &alice, cast::MYSWEETAPP).await;
    // It may have expired (§2).
    server.clock.advance(3 * 3600);
    let query = [
        ("id_token_hint", tokens.id.as_str()),
        ("post_logout_redirect_uri", OUT),
        ("state", "a state & more"),
        ("logout_hint", "bob"),
        ("ui_locales", "de"),
        ("something", "else"),
    ];
    let answer = alice.get("/end_session", &query).await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.location().unwrap(),
        format!("{OUT}&state=a+state+%26+more")
    );
    assert!(alice.cookie("vk_session").is_empty() && alice.cookie("vk_state").is_empty());
    assert!(!is_signed_in(&alice).await);
    // RFC 9700: what was not given for the time of absence has ended.
    let refreshed = server.app(cast::MYSWEETAPP).refreshes(&tokens).await;
    assert_eq!(refreshed.error(), "invalid_grant");
}

#[tokio::test]
async fn without_an_address_to_go_back_to_a_page_says_that_it_is_done() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let hint = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    let answer = alice
        .get("/end_session", &[("id_token_hint", &hint), ("state", "s")])
        .await;
    says_signed_out(&alice, answer).await;
}

#[tokio::test]
async fn a_form_from_another_site_is_the_same_request() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let hint = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    let form = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", OUT),
        ("state", "s"),
    ];
    // Cookies do not come along with it; with the GET that follows they do.
    let answer = server.site.post_with("/end_session", &form, &EVIL).await;
    assert_eq!(answer.status, 303);
    let answer = alice.follows(answer).await;
    assert_eq!(answer.parameter("state"), "s");
    assert!(!is_signed_in(&alice).await);
}

#[tokio::test]
async fn a_head_request_signs_nobody_out() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let hint = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    let url = server.site.url("/end_session", &[("id_token_hint", &hint)]);
    let request = http::Request::head(url).body(Vec::new()).unwrap();
    let answer = server.site.send(request).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow").as_str()),
        (405, "GET, POST")
    );
    assert!(is_signed_in(&alice).await);
}

/// Alice is signed in, and MySweetApp asks without a hint: the page that asks her.
async fn asked(server: &TestServer, alice: &Browser) -> Answer {
    signs_in(server, alice, cast::MYSWEETAPP).await;
    let query = [
        ("client_id", "mysweetapp"),
        ("post_logout_redirect_uri", OUT),
        ("state", "the state"),
    ];
    let answer = alice.get("/end_session", &query).await;
    let page = alice.follows(answer).await;
    assert_eq!(page.status, 200);
    page
}

#[tokio::test]
async fn a_link_without_proof_asks_the_person_who_may_stay() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let page = asked(&server, &alice).await;
    let text = page.text();
    assert!(
        text.contains("The app mysweetapp</bdi> asks to sign you out"),
        "{text}"
    );
    assert!(
        text.contains("app.example") && text.contains("id=\"stay\""),
        "{text}"
    );
    // Browsers apply the policy to the redirect that follows the form.
    assert!(!page.header("content-security-policy").contains("form-action"));
    assert!(is_signed_in(&alice).await, "asking is not signing out");

    let answer = alice.submits(&page, &[]).await;
    assert_eq!(answer.location().unwrap(), format!("{OUT}&state=the+state"));
    assert!(!is_signed_in(&alice).await);
}

#[tokio::test]
async fn a_hint_of_somebody_else_or_of_another_session_asks() {
    let server = server().await;
    let (alice, bob) = (server.browser(cast::ALICE), server.browser(cast::BOB));
    let elsewhere = server.browser(cast::ALICE);
    signs_in(&server, &alice, cast::MYSWEETAPP).await;
    let of_bob = signs_in(&server, &bob, cast::MYSWEETAPP).await.id;
    let of_another_session = signs_in(&server, &elsewhere, cast::MYSWEETAPP).await.id;
    for hint in [of_bob, of_another_session] {
        let query = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", OUT),
        ];
        let page = alice.follows(alice.get("/end_session", &query).await).await;
        assert!(page.text().contains("id=\"logout\""), "{}", page.text());
        assert!(is_signed_in(&alice).await);
    }
    assert!(is_signed_in(&bob).await && is_signed_in(&elsewhere).await);
}

#[tokio::test]
async fn a_hint_from_before_the_person_signed_in_again_is_still_of_this_session() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let hint = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    let again = server
        .app(cast::MYSWEETAPP)
        .asks_for("openid")
        .with("prompt", "login");
    alice.allows(&again).await;
    let answer = alice.get("/end_session", &[("id_token_hint", &hint)]).await;
    says_signed_out(&alice, answer).await;
}

#[tokio::test]
async fn where_nobody_is_signed_in_only_an_id_token_sends_the_browser_on() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let hint = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    let nobody = server.browser(cast::BOB);
    let query = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", OUT),
    ];
    let answer = nobody.get("/end_session", &query).await;
    assert_eq!(answer.location().as_deref(), Some(OUT));
    assert!(is_signed_in(&alice).await, "it is not her browser");

    let query = [("client_id", "mysweetapp"), ("post_logout_redirect_uri", OUT)];
    let answer = nobody.get("/end_session", &query).await;
    assert!(!answer.location().unwrap().contains("app.example"));
    says_signed_out(&nobody, answer).await;
}

#[tokio::test]
async fn a_picture_of_another_site_that_asks_for_sign_out_takes_no_cookie_away() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let hint = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    // Browsers send the browser state along there, and not the session.
    let state = format!("__Host-vk_state={}", alice.cookie("vk_state"));
    for query in [vec![], vec![("id_token_hint", hint.as_str())]] {
        let url = server.site.url("/end_session", &query);
        let request = http::Request::get(url).header("cookie", &state).body(Vec::new());
        let answer = server.site.send(request.unwrap()).await;
        assert_eq!(answer.header("set-cookie"), "");
    }
    assert!(is_signed_in(&alice).await);
}

#[tokio::test]
async fn a_request_that_began_in_another_browser_is_refused_there() {
    let server = server().await;
    let (alice, victim) = (server.browser(cast::ALICE), server.browser(cast::ALICE));
    let page = asked(&server, &alice).await;
    let sealed = hidden(&page, "request");
    signs_in(&server, &victim, cast::MYSWEETAPP).await;
    let before = server.refusals(Rule::InteractionOtherBrowser).await;
    let status = Rule::InteractionOtherBrowser.info().status;
    assert_eq!(
        victim.get("/logout", &[("request", &sealed)]).await.status,
        status
    );
    let csrf = hidden(&victim.get("/logout", &[]).await, "csrf");
    let answer = victim
        .post("/logout", &[("request", &sealed), ("csrf", &csrf)])
        .await;
    assert_eq!(answer.status, status);
    assert_eq!(server.refusals(Rule::InteractionOtherBrowser).await, before + 2);
    assert!(is_signed_in(&victim).await);
}

#[tokio::test]
async fn a_request_that_was_changed_or_is_too_old_or_is_of_a_sign_in_is_refused() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let page = asked(&server, &alice).await;
    let (sealed, csrf) = (hidden(&page, "request"), hidden(&page, "csrf"));
    let login = server.browser(cast::BOB);
    let flow = login
        .opens(&server.app(cast::MYSWEETAPP).asks_for("openid"))
        .await;
    let of_a_sign_in = hidden(&flow, "flow");
    let first = if sealed.starts_with('A') { "B" } else { "A" };
    for bad in [
        format!("{first}{}", &sealed[1..]),
        String::from("x"),
        of_a_sign_in,
    ] {
        let before = server.refusals(Rule::InteractionUnreadable).await;
        let answer = alice.post("/logout", &[("request", &bad), ("csrf", &csrf)]).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, None));
        assert_eq!(server.refusals(Rule::InteractionUnreadable).await, before + 1);
    }
    server.clock.advance(24 * 3600 - 1);
    let before = server.refusals(Rule::InteractionExpired).await;
    alice
        .post("/logout", &[("request", &sealed), ("csrf", &csrf)])
        .await;
    assert_eq!(server.refusals(Rule::InteractionExpired).await, before + 1);
}

#[tokio::test]
async fn the_logout_csrf_of_a_form_without_our_field_or_from_elsewhere_is_refused() {
    let server = server().await;
    let (alice, mallory) = (server.browser(cast::ALICE), server.browser(cast::BOB));
    let page = asked(&server, &alice).await;
    let sealed = hidden(&page, "request");
    let csrf = hidden(&page, "csrf");
    let of_mallory = hidden(&asked(&server, &mallory).await, "csrf");
    for field in ["", "guess", &of_mallory] {
        let answer = alice
            .post("/logout", &[("request", &sealed), ("csrf", field)])
            .await;
        assert_eq!(answer.status, 403, "{field}");
    }
    let form = [("request", sealed.as_str()), ("csrf", csrf.as_str())];
    assert_eq!(alice.post_with("/logout", &form, &EVIL).await.status, 403);
    assert!(is_signed_in(&alice).await);
}

#[tokio::test]
async fn an_address_that_was_taken_from_the_client_while_the_person_was_asked_is_not_gone_to() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let page = asked(&server, &alice).await;
    server
        .changes(cast::MYSWEETAPP, |client| {
            client.post_logout_redirect_uris.clear()
        })
        .await;
    let answer = alice.submits(&page, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (400, None));
    assert!(is_signed_in(&alice).await);
}

#[tokio::test]
async fn who_signed_out_in_another_tab_meanwhile_still_gets_back_to_the_app() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let page = asked(&server, &alice).await;
    let own = alice.get("/logout", &[]).await;
    alice.submits(&own, &[]).await;
    // The page that asks shows the way instead; pressing its button, too, leads back.
    let sealed = hidden(&page, "request");
    let shown = alice.get("/logout", &[("request", &sealed)]).await.text();
    assert!(
        shown.contains("You are signed out") && shown.contains("id=\"continue\""),
        "{shown}"
    );
    let answer = alice.submits(&page, &[]).await;
    assert_eq!(answer.location().unwrap(), format!("{OUT}&state=the+state"));
}

#[tokio::test]
async fn the_metadata_names_what_is_there() {
    let server = server().await;
    let document = server.site.get("/.well-known/openid-configuration", &[]).await;
    for (member, path) in [
        ("end_session_endpoint", "/end_session"),
        ("check_session_iframe", "/session"),
    ] {
        assert_eq!(document.member(member), format!("{}{path}", cast::ISSUER));
    }
    for member in [
        "frontchannel_logout_supported",
        "frontchannel_logout_session_supported",
        "backchannel_logout_supported",
        "backchannel_logout_session_supported",
    ] {
        assert_eq!(document.json()[member], true, "{member}");
    }
}

#[tokio::test]
async fn a_client_that_is_told_a_sid_knows_it_from_its_id_token() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let one = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    let other = signs_in(&server, &alice, cast::OTHERAPP).await.id;
    assert_eq!(
        claim(&one, "sid"),
        claim(&other, "sid"),
        "one browser is one session"
    );
    let elsewhere = server.browser(cast::ALICE);
    let third = signs_in(&server, &elsewhere, cast::MYSWEETAPP).await.id;
    assert_ne!(claim(&one, "sid"), claim(&third, "sid"));
}

fn hidden(page: &Answer, name: &str) -> String {
    let form = page.form();
    let field = form.hidden.into_iter().find(|(field, _)| field == name);
    field.unwrap_or_else(|| panic!("no {name}: {}", page.text())).1
}

#[test]
fn the_address_to_go_back_to_has_a_query_of_its_own() {
    assert_eq!(Url::parse(OUT).unwrap().query(), Some("from=valetkey"));
}
