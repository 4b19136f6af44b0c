//! `/account/delete`: deletion ends everything.

use super::{open_server, person};
use valetkey_protocol::rule::Rule;
use valetkey_testkit::cast;

#[tokio::test]
async fn an_account_is_not_deleted_by_a_slip() {
    let (server, _mailbox) = open_server().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let page = alice.get("/account/delete", &[]).await;
    for typed in ["", "bob", "Alice"] {
        let answer = alice.submits(&page, &[("username", typed)]).await;
        assert_eq!(answer.status, 400, "{typed}");
        assert!(answer.text().contains("role=\"alert\" id=\"username-problem\""));
    }
    assert_eq!(server.refusals(Rule::AccountDeleteUnconfirmed).await, 3);
    assert!(person(&server, "alice").await.is_some());
    let looked = alice.get("/account/delete?username=alice", &[]).await;
    assert_eq!(looked.status, 200);
    assert!(person(&server, "alice").await.is_some());
}

#[tokio::test]
async fn deletion_ends_sessions_grants_consents_and_links_of_letters() {
    let (server, mailbox) = open_server().await;
    let (alice, elsewhere) = (server.browser(cast::ALICE), server.browser(cast::ALICE));
    let app = server.app(cast::MYSWEETAPP);
    let asked = app.asks_for("openid photos.read offline_access");
    let tokens = app.redeems(&alice.allows(&asked).await).await.tokens();
    let code = elsewhere.allows(&app.asks_for("openid photos.read")).await;
    let stranger = server.browser(cast::BOB);
    let forgot = stranger.get("/forgot-password", &[]).await;
    stranger.submits(&forgot, &[("username", "alice")]).await;
    let reset = mailbox.letter(&server, 1).await;

    let page = alice.get("/account/delete", &[]).await;
    let gone = alice.submits(&page, &[("username", "alice")]).await;
    assert_eq!(gone.status, 200);
    assert!(gone.text().contains("id=\"deleted\""));
    assert!(alice.cookie("vk_session").is_empty());
    assert!(person(&server, "alice").await.is_none());

    assert_eq!(elsewhere.get("/account", &[]).await.status, 303);
    assert_eq!(app.redeems(&code).await.error(), "invalid_grant");
    assert_eq!(app.refreshes(&tokens).await.error(), "invalid_grant");
    assert_eq!(app.reads_userinfo(&tokens.access).await.status, 401);
    let late = stranger.get(&reset.link(), &[]).await;
    assert_eq!(late.status, 400);
    let letter = mailbox.letter(&server, 2).await;
    assert_eq!(letter.subject, "Your account was deleted");
    let again = alice.submits(&page, &[("username", "alice")]).await;
    assert!(again.location().is_some_and(|to| to.contains("/login?")));
}
