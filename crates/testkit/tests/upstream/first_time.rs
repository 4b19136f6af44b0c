//! The first time somebody comes from a provider: refusals first.

use super::*;
use valetkey_rules::upstream::SignUp;

/// What the provider tells of somebody new.
pub(crate) fn carol() -> Value {
    json!({
        "preferred_username": "Carol C", "name": "Carol <b>Clear</b>", "email": "carol@corner.example", "email_verified": true,
        "picture": "https://corner.example/carol.png",
    })
}

/// Comes for the first time; follows to the page that is shown then.
pub(crate) async fn arrives(server: &TestServer, browser: &Browser, provider: &Provider) -> Answer {
    let answer = signs_in_at(server, browser, ("corner", provider), &asked(server)).await;
    browser.follows(answer).await
}

#[tokio::test]
async fn where_sign_up_is_closed_nobody_new_gets_an_account() {
    for sign_up in [
        SignUp::Never,
        SignUp::Invited,
        SignUp::Domains(vec![String::from("example.com")]),
    ] {
        let (server, provider) = with_corner_as(|corner| corner.sign_up = sign_up.clone()).await;
        provider.tells(carol());
        let browser = server.browser(cast::BOB);
        let page = arrives(&server, &browser, &provider).await;
        is_refused(&server, &browser, &page, Rule::UpstreamSignUpClosed).await;
        assert!(
            page.text().contains("/login?flow="),
            "{sign_up:?}: another way is open"
        );
    }
}

#[tokio::test]
async fn an_unverified_or_unbelieved_address_opens_no_door_of_its_domain() {
    let ours = SignUp::Domains(vec![String::from("corner.example")]);
    for (trusted, verified) in [(true, false), (false, true)] {
        let (server, provider) = with_corner_as(|corner| {
            corner.sign_up = ours.clone();
            corner.trust_email = trusted;
        })
        .await;
        provider.tells(json!({"email": "carol@corner.example", "email_verified": verified}));
        let browser = server.browser(cast::BOB);
        let page = arrives(&server, &browser, &provider).await;
        is_refused(&server, &browser, &page, Rule::UpstreamSignUpClosed).await;
    }
    let (server, provider) = with_corner_as(|corner| corner.sign_up = ours).await;
    provider.tells(carol());
    let browser = server.browser(cast::BOB);
    let page = arrives(&server, &browser, &provider).await;
    assert_eq!(
        (page.status.as_u16(), page.text().contains("id=\"sign-up\"")),
        (200, true)
    );
}

#[tokio::test]
async fn takeover_by_e_mail_the_address_of_somebody_here_signs_nobody_in() {
    let (server, provider) = with_corner().await;
    provider.tells(json!({"email": "Alice@wonderland.example", "email_verified": true}));
    let mallory = server.browser(cast::BOB);
    let page = arrives(&server, &mallory, &provider).await;
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(
        text.contains("You have an account here already") && !text.contains("<form"),
        "{text}"
    );
    assert!(mallory.cookie("vk_session").is_empty());
    assert!(
        links_of(&server, record(&server, "alice").await.id)
            .await
            .is_empty()
    );
    // Nor by posting the answer, or the form of somebody new, without having signed in.
    let flow = href(&text, "sign-in");
    let flow = flow.split("flow=").nth(1).unwrap();
    let answer = mallory
        .post("/login/with/corner/link", &[("flow", flow), ("answer", "link")])
        .await;
    is_refused(&server, &mallory, &answer, Rule::UpstreamLinkUnproved).await;
    let answer = mallory
        .post(
            "/login/with/corner/sign-up",
            &[("flow", flow), ("username", "alice2")],
        )
        .await;
    is_refused(&server, &mallory, &answer, Rule::UpstreamEmailTaken).await;
    assert!(
        links_of(&server, record(&server, "alice").await.id)
            .await
            .is_empty()
    );
}

/// Where a link of the page leads.
pub(crate) fn href(text: &str, id: &str) -> String {
    let tag = text.split(&format!("id=\"{id}\" href=\"")).nth(1).expect(id);
    let link = tag.split('"').next().unwrap();
    link.replace("&#38;", "&").replace("&amp;", "&")
}

#[tokio::test]
async fn somebody_who_is_known_links_the_two_after_signing_in_here_and_saying_yes() {
    let (server, provider) = with_corner().await;
    provider.tells(json!({"email": "alice@wonderland.example", "email_verified": true}));
    let alice = server.browser(cast::ALICE);
    let page = arrives(&server, &alice, &provider).await;
    let login = alice
        .get(&server.site.resolved(&href(&page.text(), "sign-in")), &[])
        .await;
    let question = alice.signs_in(&login).await;
    assert!(question.text().contains("id=\"link\""), "{}", question.text());
    let user = record(&server, "alice").await;
    assert!(
        links_of(&server, user.id).await.is_empty(),
        "not before she says yes"
    );
    let answer = alice.submits(&question, &[("answer", "link")]).await;
    let links = links_of(&server, user.id).await;
    assert_eq!((links.len(), links[0].subject.as_str()), (1, SUB));
    let claims = id_claims(&server, &alice, &asked(&server), answer).await;
    assert_eq!(claims["sub"], cast::ALICE.sub());
    assert_eq!(claims["amr"], json!(["pwd"]), "this time by her password");

    // From then on the provider signs her in.
    let elsewhere = server.browser(cast::ALICE);
    let asked = asked(&server);
    let answer = signs_in_at(&server, &elsewhere, ("corner", &provider), &asked).await;
    let claims = id_claims(&server, &elsewhere, &asked, answer).await;
    assert_eq!(
        (&claims["sub"], &claims["acr"]),
        (&json!(cast::ALICE.sub()), &json!("1"))
    );
    assert_eq!(
        claims["amr"],
        json!(["fed"]),
        "not what the provider says of itself"
    );
}

#[tokio::test]
async fn not_now_links_nothing_and_goes_on() {
    let (server, provider) = with_corner().await;
    provider.tells(json!({"email": "alice@wonderland.example", "email_verified": true}));
    let alice = server.browser(cast::ALICE);
    let page = arrives(&server, &alice, &provider).await;
    let login = alice
        .get(&server.site.resolved(&href(&page.text(), "sign-in")), &[])
        .await;
    let question = alice.signs_in(&login).await;
    let answer = alice.submits(&question, &[("answer", "skip")]).await;
    let claims = id_claims(&server, &alice, &asked(&server), answer).await;
    assert_eq!(claims["sub"], cast::ALICE.sub());
    assert!(
        links_of(&server, record(&server, "alice").await.id)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn somebody_new_sees_what_was_told_chooses_a_name_and_has_an_account() {
    let (server, provider) = with_corner().await;
    provider.tells(carol());
    let browser = server.browser(cast::BOB);
    let page = arrives(&server, &browser, &provider).await;
    let text = page.text();
    assert!(
        text.contains("carol@corner.example") && text.contains("value=\"carol-c\""),
        "{text}"
    );
    assert!(
        text.contains("Carol &#60;b&#62;Clear") && !text.contains("<b>"),
        "{text}"
    );
    for (name, words) in [
        ("bob", "Somebody has this name"),
        ("not a name", "letters, digits"),
    ] {
        let refused = browser.submits(&page, &[("username", name)]).await;
        assert_eq!(refused.status, 400, "{name}");
        assert!(refused.text().contains(words), "{name}: {}", refused.text());
    }
    assert_eq!(server.refusals(Rule::UpstreamUsernameUnusable).await, 2);
    let answer = browser.submits(&page, &[("username", "carol")]).await;
    let asked = asked(&server);
    let claims = id_claims(&server, &browser, &asked, answer).await;
    let carol = record(&server, "carol").await;
    assert_eq!(claims["sub"], carol.id.to_string());
    assert_eq!(claims["amr"], json!(["fed"]));
    assert_eq!(carol.password_hash, None);
    assert_eq!(carol.claims.email.as_deref(), Some("carol@corner.example"));
    assert_eq!(carol.claims.email_verified, Some(true));
    assert_eq!(
        carol.claims.picture.as_deref(),
        Some("https://corner.example/carol.png")
    );
    let links = links_of(&server, carol.id).await;
    assert_eq!(
        (links[0].provider.as_str(), links[0].label.as_str()),
        ("corner", "Carol C")
    );

    // The form again makes nobody, and signs nobody in: the account is there.
    browser.forget_cookies();
    let again = browser.submits(&page, &[("username", "carol2")]).await;
    assert_eq!(again.status, 400, "another browser by now: {}", again.text());
    let elsewhere = server.browser(cast::BOB);
    let answer = signs_in_at(&server, &elsewhere, ("corner", &provider), &asked).await;
    let claims = id_claims(&server, &elsewhere, &asked, answer).await;
    assert_eq!(claims["sub"], carol.id.to_string());
}

#[tokio::test]
async fn the_form_of_a_first_sign_in_makes_one_account() {
    let (server, provider) = with_corner().await;
    provider.tells(carol());
    let browser = server.browser(cast::BOB);
    let page = arrives(&server, &browser, &provider).await;
    assert_eq!(browser.submits(&page, &[("username", "carol")]).await.status, 303);
    let again = browser.submits(&page, &[("username", "carol2")]).await;
    assert_eq!(again.status, 403, "{}", again.text());
    assert_eq!(server.refusals(Rule::UpstreamLinkTaken).await, 1);
    assert_eq!(server.store.find_user_by_username("carol2").await.unwrap(), None);
}

#[tokio::test]
async fn a_form_of_another_site_opens_and_links_no_account() {
    let (server, provider) = with_corner().await;
    provider.tells(carol());
    let browser = server.browser(cast::BOB);
    let page = arrives(&server, &browser, &provider).await;
    let flow = flow_in(&page);
    let evil = [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    for (path, field) in [("sign-up", ("username", "carol")), ("link", ("answer", "link"))] {
        let path = format!("/login/with/corner/{path}");
        let answer = browser
            .post_with(&path, &[("flow", flow.as_str()), field], &evil)
            .await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(server.refusals(Rule::FormCrossSite).await, 2);
    assert_eq!(server.store.find_user_by_username("carol").await.unwrap(), None);
}

#[tokio::test]
async fn what_one_provider_told_does_not_count_for_another() {
    let (corner, other) = (Provider::start().await, Provider::start().await);
    let server = server_with(vec![corner.openid("corner"), other.openid("other")]).await;
    corner.tells(carol());
    let browser = server.browser(cast::BOB);
    let page = arrives(&server, &browser, &corner).await;
    let flow = flow_in(&page);
    let pairs = [("flow", flow.as_str()), ("username", "carol")];
    let answer = browser.post("/login/with/other/sign-up", &pairs).await;
    is_refused(&server, &browser, &answer, Rule::InteractionUnreadable).await;
    let plain = flow_of(&browser, &asked(&server)).await;
    let answer = browser
        .post(
            "/login/with/corner/sign-up",
            &[("flow", plain.as_str()), ("username", "x")],
        )
        .await;
    assert_eq!(answer.status, 400, "nobody told anything");
}

#[tokio::test]
async fn an_answer_in_a_posted_form_is_taken() {
    let (server, provider) = with_corner_as(|corner| corner.form_post = true).await;
    linked(&server, cast::ALICE, "corner", SUB).await;
    let alice = server.browser(cast::ALICE);
    let asked = asked(&server);
    let flow = flow_of(&alice, &asked).await;
    let begun = begins(&alice, "corner", &flow).await;
    assert_eq!(begun.parameter("response_mode"), "form_post");
    provider.claims(Value::Object(begun.claims(&provider, server.clock.timestamp().0)));
    let answer = begun.answer(&provider);
    let pairs: Vec<(&str, &str)> = answer
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    // The browser keeps our cookies back from a form of another site; it shows them with the GET that follows.
    let bare = server.browser(cast::ALICE);
    let cross_site = [
        ("origin", provider.issuer.as_str()),
        ("sec-fetch-site", "cross-site"),
    ];
    let posted = bare
        .post_with("/login/with/corner/callback", &pairs, &cross_site)
        .await;
    assert_eq!(posted.status, 303, "{}", posted.text());
    let answer = alice
        .get(&server.site.resolved(&posted.location().unwrap()), &[])
        .await;
    let claims = id_claims(&server, &alice, &asked, answer).await;
    assert_eq!(claims["sub"], cast::ALICE.sub());
}

#[tokio::test]
async fn a_request_too_long_for_one_cookie_survives_the_way() {
    let (server, provider) = with_corner().await;
    linked(&server, cast::ALICE, "corner", SUB).await;
    let alice = server.browser(cast::ALICE);
    let long = "s".repeat(6000);
    let asked = asked(&server).with("state", &long);
    let answer = signs_in_at(&server, &alice, ("corner", &provider), &asked).await;
    let claims = id_claims(&server, &alice, &asked, answer).await;
    assert_eq!(claims["sub"], cast::ALICE.sub());
    assert!(
        alice.cookie("_0").is_empty() && alice.cookie("_1").is_empty(),
        "cleared away"
    );
}

#[tokio::test]
async fn cancel_at_the_provider_leads_back_to_the_sign_in_page_with_the_same_request() {
    let (server, provider) = with_corner().await;
    let alice = server.browser(cast::ALICE);
    let asked = asked(&server);
    let flow = flow_of(&alice, &asked).await;
    let begun = begins(&alice, "corner", &flow).await;
    let mut answer = begun.answer(&provider);
    answer.remove("code");
    answer.insert("error", String::from("access_denied"));
    let back = brings(&alice, &begun, &answer).await;
    let login = alice.follows(back).await;
    assert!(
        login.text().contains("You did not sign in with CORNER"),
        "{}",
        login.text()
    );
    let answer = alice.signs_in(&login).await;
    let claims = id_claims(&server, &alice, &asked, answer).await;
    assert_eq!(claims["sub"], cast::ALICE.sub());
}

#[tokio::test]
async fn cancel_without_the_right_state_or_iss_is_no_answer_of_the_provider() {
    let (server, provider) = with_corner().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "corner", &flow).await;
    let mut answer = begun.answer(&provider);
    answer.remove("code");
    answer.insert("error", String::from("access_denied"));
    answer.insert("iss", String::from("https://evil.example"));
    let refused = brings(&alice, &begun, &answer).await;
    is_refused(&server, &alice, &refused, Rule::UpstreamIssuerMismatch).await;
}

#[tokio::test]
async fn any_other_error_of_the_provider_is_told_with_the_way_back() {
    let (server, provider) = with_corner().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "corner", &flow).await;
    let mut answer = begun.answer(&provider);
    answer.remove("code");
    answer.insert("error", String::from("server_error"));
    answer.insert("error_description", String::from("<script>alert(1)</script>"));
    let page = brings(&alice, &begun, &answer).await;
    is_refused(&server, &alice, &page, Rule::UpstreamErrorResponse).await;
    let text = page.text();
    assert!(
        text.contains("CORNER did not sign you in") && text.contains("/login?flow="),
        "{text}"
    );
    assert!(!text.contains("<script>"), "{text}");
}

#[tokio::test]
async fn the_sign_in_page_has_a_button_for_each_provider() {
    let (corner, hub) = (Provider::start().await, Provider::start().await);
    let server = server_with(vec![corner.openid("corner"), hub.github()]).await;
    let alice = server.browser(cast::ALICE);
    let page = alice.opens(&asked(&server)).await.text();
    for id in ["corner", "hub"] {
        assert!(page.contains(&format!("/login/with/{id}?flow=")), "{id}: {page}");
    }
    assert_eq!(
        corner.says().discovered,
        0,
        "nobody asks a provider before somebody wants it"
    );
}
