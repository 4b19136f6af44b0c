//! `/account/providers`: what is linked, linking another, and unlinking: refusals first.

use super::*;
use valetkey_model::user::PasswordHash;

pub(crate) async fn page(browser: &Browser) -> Answer {
    browser.get("/account/providers", &[]).await
}

/// The link of the page that begins linking.
pub(crate) fn link_flow(page: &Answer, id: &str) -> String {
    let text = page.text();
    let link = text
        .split(&format!("id=\"link-{id}\" href=\""))
        .nth(1)
        .expect("a button");
    let href = link.split('"').next().unwrap().to_owned();
    href.split("flow=").nth(1).unwrap().to_owned()
}

pub(crate) async fn signed_in(server: &TestServer, person: Person) -> Browser {
    let browser = server.browser(person);
    browser.signs_in_for_the_account().await;
    browser
}

#[tokio::test]
async fn nobody_sees_or_changes_links_without_a_recent_sign_in() {
    let (server, _provider) = with_corner().await;
    let user = linked(&server, cast::ALICE, "corner", SUB).await;
    let nobody = server.browser(cast::ALICE);
    assert!(
        page(&nobody)
            .await
            .location()
            .unwrap()
            .starts_with("/login?flow=")
    );
    let alice = signed_in(&server, cast::ALICE).await;
    let shown = page(&alice).await;
    assert_eq!(shown.status, 200, "{}", shown.text());
    server.clock.advance(10 * 60 + 1);
    assert!(page(&alice).await.location().unwrap().starts_with("/login?flow="));
    let answer = alice.submits(&shown, &[]).await;
    assert!(answer.location().unwrap().starts_with("/login?flow="));
    assert_eq!(links_of(&server, user.id).await.len(), 1);
}

#[tokio::test]
async fn csrf_a_form_without_the_field_of_the_session_unlinks_nothing() {
    let (server, _provider) = with_corner().await;
    let user = linked(&server, cast::ALICE, "corner", SUB).await;
    let alice = signed_in(&server, cast::ALICE).await;
    let pairs = [("provider", "corner"), ("subject", SUB), ("csrf", "guessed")];
    let answer = alice.post("/account/providers", &pairs).await;
    assert_eq!(answer.status, 403);
    assert_eq!(server.refusals(Rule::FormCrossSite).await, 1);
    assert_eq!(links_of(&server, user.id).await.len(), 1);
}

#[tokio::test]
async fn the_last_way_to_sign_in_is_not_unlinked() {
    let (server, provider) = with_corner().await;
    provider.tells(json!({"preferred_username": "carol"}));
    let browser = server.browser(cast::BOB);
    let answer = signs_in_at(&server, &browser, ("corner", &provider), &asked(&server)).await;
    let form = browser.follows(answer).await;
    let form = browser.submits(&form, &[("username", "carol")]).await;
    assert_eq!(form.status, 303, "{}", form.text());
    let carol = record(&server, "carol").await;
    let shown = page(&browser).await;
    assert!(
        shown.text().contains("only way") && !shown.text().contains("<form"),
        "{}",
        shown.text()
    );
    let csrf = csrf_of(&browser).await;
    let pairs = [("provider", "corner"), ("subject", SUB), ("csrf", csrf.as_str())];
    let answer = browser.post("/account/providers", &pairs).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(server.refusals(Rule::UpstreamLastWay).await, 1);
    assert_eq!(links_of(&server, carol.id).await.len(), 1);

    // A link to a provider that signs nobody in any more is no way in.
    let mut old = links_of(&server, carol.id).await.remove(0);
    old.provider = String::from("closed");
    server.store.insert_link(old).await.unwrap();
    let answer = browser.post("/account/providers", &pairs).await;
    assert_eq!(answer.status, 403);

    // With a password it may go.
    let hash = PasswordHash(String::from("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"));
    let now = server.clock.timestamp();
    server
        .store
        .set_password(carol.id, hash, None, now)
        .await
        .unwrap();
    let answer = signs_in_at(&server, &browser, ("corner", &provider), &asked(&server)).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let csrf = csrf_of(&browser).await;
    let pairs = [("provider", "corner"), ("subject", SUB), ("csrf", csrf.as_str())];
    let answer = browser.post("/account/providers", &pairs).await;
    assert_eq!(
        answer.location().as_deref(),
        Some("/account/providers?unlinked=corner")
    );
    assert_eq!(links_of(&server, carol.id).await.len(), 1, "the closed one");
}

/// The field of the session's forms, from a page that has one for everybody.
pub(crate) async fn csrf_of(browser: &Browser) -> String {
    let page = browser.get("/logout", &[]).await;
    let hidden = page.form().hidden;
    let field = hidden.into_iter().find(|(name, _)| name == "csrf");
    field.expect("the form has the field").1
}

#[tokio::test]
async fn an_account_of_somebody_else_is_not_taken_over_by_linking_it() {
    let (server, provider) = with_corner().await;
    linked(&server, cast::BOB, "corner", SUB).await;
    let alice = signed_in(&server, cast::ALICE).await;
    let flow = link_flow(&page(&alice).await, "corner");
    let begun = begins(&alice, "corner", &flow).await;
    let answer = comes_back(&server, &alice, &begun, &provider).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(server.refusals(Rule::UpstreamLinkTaken).await, 1);
    assert!(
        answer.text().contains("href=\"/account/providers\""),
        "{}",
        answer.text()
    );
    let links = links_of(&server, record(&server, "alice").await.id).await;
    assert!(links.is_empty());
}

#[tokio::test]
async fn linking_that_one_person_began_does_not_end_with_another() {
    let (server, provider) = with_corner().await;
    let browser = signed_in(&server, cast::ALICE).await;
    let flow = link_flow(&page(&browser).await, "corner");
    let begun = begins(&browser, "corner", &flow).await;
    // Meanwhile Bob signs in to the same browser.
    let login = browser.opens(&asked(&server).with("prompt", "login")).await;
    let bob = [("username", "bob"), ("password", "builder-1")];
    assert_eq!(browser.submits(&login, &bob).await.status, 303);
    let answer = comes_back(&server, &browser, &begun, &provider).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(
        presses(&browser, "corner", &flow).await.status,
        403,
        "nor does it begin"
    );
    assert_eq!(server.refusals(Rule::UpstreamLinkUnproved).await, 2);
    for name in ["alice", "bob"] {
        assert!(
            links_of(&server, record(&server, name).await.id).await.is_empty(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_link_is_made_shown_used_and_taken_away() {
    let (server, provider) = with_corner().await;
    provider
        .tells(json!({"preferred_username": "al<i>", "email": "x@corner.example", "email_verified": true}));
    let alice = signed_in(&server, cast::ALICE).await;
    let flow = link_flow(&page(&alice).await, "corner");
    let begun = begins(&alice, "corner", &flow).await;
    let answer = comes_back(&server, &alice, &begun, &provider).await;
    assert_eq!(
        answer.location().as_deref(),
        Some("/account/providers?linked=corner")
    );
    let shown = alice.follows(answer).await;
    let text = shown.text();
    assert!(
        text.contains("CORNER is linked") && text.contains("al&#60;i&#62;"),
        "{text}"
    );
    let user = record(&server, "alice").await;
    assert_eq!(links_of(&server, user.id).await.len(), 1);
    assert_eq!(
        user.claims.email.as_deref(),
        Some("alice@wonderland.example"),
        "hers stays"
    );

    // Twice is once.
    let flow = link_flow(&shown, "corner");
    let begun = begins(&alice, "corner", &flow).await;
    assert_eq!(comes_back(&server, &alice, &begun, &provider).await.status, 303);
    assert_eq!(links_of(&server, user.id).await.len(), 1);

    let answer = alice.submits(&shown, &[]).await;
    let text = alice.follows(answer).await.text();
    assert!(text.contains("CORNER is unlinked"), "{text}");
    assert!(links_of(&server, user.id).await.is_empty());
}

#[tokio::test]
async fn an_account_page_shows_names_of_the_operators_only() {
    let (server, _provider) = with_corner().await;
    let alice = signed_in(&server, cast::ALICE).await;
    let shown = alice
        .get("/account/providers", &[("linked", "You-won.example")])
        .await;
    assert!(!shown.text().contains("You-won"), "{}", shown.text());
}
