//! `/account/sessions`: where somebody is signed in, and ending it from elsewhere.

use super::{EVIL, claim, is_signed_in, server, signs_in};
use valetkey_testkit::{Answer, Browser, TestServer, cast};

async fn page(browser: &Browser) -> Answer {
    let page = browser.get("/account/sessions", &[]).await;
    assert_eq!(page.status, 200);
    page
}

fn csrf(page: &Answer) -> String {
    let text = page.text();
    let (_, value) = text.split_once("name=\"csrf\" value=\"").unwrap();
    value.split('"').next().unwrap().to_owned()
}

/// Alice in two browsers.
async fn twice(server: &TestServer) -> (Browser, Browser) {
    let (here, there) = (server.browser(cast::ALICE), server.browser(cast::ALICE));
    signs_in(server, &here, cast::MYSWEETAPP).await;
    server.clock.advance(60);
    signs_in(server, &there, cast::MYSWEETAPP).await;
    (here, there)
}

#[tokio::test]
async fn the_page_lists_each_browser_and_marks_this_one() {
    let server = server().await;
    let (here, there) = twice(&server).await;
    let bob = server.browser(cast::BOB);
    signs_in(&server, &bob, cast::MYSWEETAPP).await;
    for browser in [&here, &there] {
        let text = page(browser).await.text();
        assert_eq!(text.matches("<li class=\"ticket\">").count(), 2, "{text}");
        assert_eq!(text.matches("this browser").count(), 1);
        assert_eq!(text.matches("Sign out there").count(), 1);
        assert_eq!(text.matches("from 127.0.0.1").count(), 2);
    }
    let alone = page(&bob).await.text();
    assert!(!alone.contains("id=\"end-others\"") && alone.contains("nowhere else"));
}

#[tokio::test]
async fn signing_out_there_ends_that_session_and_its_grants_and_no_other() {
    let server = server().await;
    let (here, there) = (server.browser(cast::ALICE), server.browser(cast::ALICE));
    let kept = signs_in(&server, &here, cast::MYSWEETAPP).await;
    let lost = signs_in(&server, &there, cast::MYSWEETAPP).await;
    let form = page(&here).await;
    let answer = here.submits(&form, &[]).await;
    assert_eq!(answer.location().unwrap(), "/account/sessions?ended=1");
    let shown = here.follows(answer).await.text();
    assert!(shown.contains("Signed out in one browser"), "{shown}");
    assert!(is_signed_in(&here).await && !is_signed_in(&there).await);
    let app = server.app(cast::MYSWEETAPP);
    assert_eq!(app.refreshes(&kept).await.status, 200);
    assert_eq!(app.refreshes(&lost).await.error(), "invalid_grant");
}

#[tokio::test]
async fn signing_out_everywhere_else_leaves_this_browser() {
    let server = server().await;
    let (here, there) = twice(&server).await;
    let third = server.browser(cast::ALICE);
    signs_in(&server, &third, cast::OTHERAPP).await;
    let csrf = csrf(&page(&here).await);
    let answer = here
        .post("/account/sessions", &[("csrf", &csrf), ("session", "others")])
        .await;
    assert_eq!(answer.location().unwrap(), "/account/sessions?ended=2");
    assert!(is_signed_in(&here).await);
    assert!(!is_signed_in(&there).await && !is_signed_in(&third).await);
}

#[tokio::test]
async fn this_very_browser_is_signed_out_on_the_page_that_tells_apps_through_it() {
    let server = server().await;
    let here = server.browser(cast::ALICE);
    let id = signs_in(&server, &here, cast::MYSWEETAPP).await.id;
    signs_in(&server, &server.browser(cast::ALICE), cast::MYSWEETAPP).await;
    let csrf = csrf(&page(&here).await);
    let sid = claim(&id, "sid");
    let answer = here
        .post("/account/sessions", &[("csrf", &csrf), ("session", &sid)])
        .await;
    assert_eq!(answer.location().unwrap(), "/logout");
    assert!(is_signed_in(&here).await);
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let server = server().await;
    let (alice, bob) = (server.browser(cast::ALICE), server.browser(cast::BOB));
    let id = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    signs_in(&server, &bob, cast::MYSWEETAPP).await;
    signs_in(&server, &server.browser(cast::BOB), cast::MYSWEETAPP).await;
    let csrf = csrf(&page(&bob).await);
    for named in [claim(&id, "sid").as_str(), "", "no session"] {
        let answer = bob
            .post("/account/sessions", &[("csrf", &csrf), ("session", named)])
            .await;
        assert_eq!(answer.location().unwrap(), "/account/sessions?ended=0", "{named}");
    }
    assert!(is_signed_in(&alice).await);
}

#[tokio::test]
async fn csrf_at_the_sessions_is_refused() {
    let server = server().await;
    let (here, there) = twice(&server).await;
    let bob = server.browser(cast::BOB);
    signs_in(&server, &bob, cast::MYSWEETAPP).await;
    signs_in(&server, &server.browser(cast::BOB), cast::MYSWEETAPP).await;
    let of_bob = csrf(&page(&bob).await);
    for field in ["", "guess", &of_bob] {
        let answer = here
            .post("/account/sessions", &[("csrf", field), ("session", "others")])
            .await;
        assert_eq!(answer.status, 403, "{field}");
    }
    let csrf = csrf(&page(&here).await);
    let form = [("csrf", csrf.as_str()), ("session", "others")];
    assert_eq!(
        here.post_with("/account/sessions", &form, &EVIL).await.status,
        403
    );
    assert!(is_signed_in(&there).await);
}

#[tokio::test]
async fn who_is_not_signed_in_signs_in_and_comes_back() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let login = alice.follows(alice.get("/account/sessions", &[]).await).await;
    assert!(login.text().contains("id=\"login\""));
    let back = alice.signs_in(&login).await;
    assert!(back.text().contains("Where you are signed in"), "{}", back.text());
}
